// SPDX-License-Identifier: MIT
// Whose a connection is, and what is counted there; see conn.h.
#include "net/conn.h"

#include "net/sock.h"

static uint64_t now_ms(const struct conn *c)
{
    return uv_now(c->group->loop);
}

struct addr conn_client_address(const struct conn *c)
{
    if (!c->is_told)
        return sock_peer_addr(c->fd);
    return c->source ? *source_addr(c->source) : (struct addr){ 0 };
}

void conn_forget_source(struct conn *c)
{
    conn_set_named(c);
    if (c->state >= CONN_OPEN)
        meter_return(&c->meter);
    if (c->source)
        source_release(c->source, now_ms(c));
    c->source = NULL;
}

// Counts C among the connections of ADDR, in place of whose it was. One that is only there to be refused is nobody's.
static void set_source(struct conn *c, const struct addr *addr)
{
    enum source_verdict verdict = SOURCE_WELCOME;
    if (!c->group->sources || c->is_extra || (c->source && source_is_of(c->source, addr)))
        return;
    conn_forget_source(c);
    if (c->is_throttled)
        conn_throttle(c, false); // that was somebody else's debt
    c->source = source_take(c->group->sources, addr, now_ms(c), &verdict);
    c->verdict = verdict;
    if (verdict != SOURCE_WELCOME)
        c->group->stats.n_refused[verdict]++;
}

void conn_set_client_address(struct conn *c, const struct addr *addr)
{
    c->is_told = true;
    set_source(c, addr);
}

bool conn_set_nameless(struct conn *c)
{
    if (!c->source || c->is_nameless)
        return true;
    c->is_nameless = source_add_nameless(c->source);
    c->group->stats.n_nameless_refused += !c->is_nameless;
    return c->is_nameless;
}

struct source *conn_pass_nameless(struct conn *c)
{
    struct source *source = c->is_nameless ? c->source : NULL;
    c->is_nameless = false;
    return source;
}

void conn_set_named(struct conn *c)
{
    if (c->is_nameless)
        source_remove_nameless(c->source, now_ms(c));
    c->is_nameless = false;
}
