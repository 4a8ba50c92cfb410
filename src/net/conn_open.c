// SPDX-License-Identifier: MIT
// How an accepted connection begins; see conn_open.h.
#include "net/conn_open.h"

#include "net/sock.h"

// Counts T, from PEER, in. Whether it may live, be it only to be refused.
static bool admit(struct conn_group *g, struct conn_transfer *t, const struct addr *peer, const struct conn_opts *opts)
{
    if (!sources_enter(g->sources, false))
        t->verdict = SOURCE_FULL;
    else if (!conn_opts_trust(opts, peer)) // a proxy will say whom it is for
        t->source = source_take(g->sources, peer, uv_now(g->loop), &t->verdict);
    t->sources = g->sources;
    if (t->verdict == SOURCE_WELCOME)
        return true;
    g->stats.n_refused[t->verdict]++;
    if (t->verdict != SOURCE_FULL)
        sources_leave(g->sources, false);
    // Before a TLS handshake nothing can be told that would be understood.
    t->is_extra = !opts->tls && sources_enter(g->sources, true);
    if (!t->is_extra)
        t->sources = NULL;
    return t->is_extra;
}

struct conn *conn_open(struct conn_group *g, int fd, const struct conn_opts *opts, const struct conn_handler *handler,
                       void *user)
{
    static const struct conn_opts plain = { 0 };
    opts = opts ? opts : &plain;
    struct conn_transfer t = { .fd = fd };
    struct addr peer = g->sources || opts->n_proxies ? sock_peer_addr(fd) : (struct addr){ 0 };
    if (g->sources && !admit(g, &t, &peer, opts)) {
        conn_drop(&t);
        return NULL;
    }
    struct conn *c = conn_adopt(g, &t, handler, user);
    if (!c)
        return NULL;
    c->opts = opts;
    if (conn_opts_trust(opts, &peer))
        c->state = CONN_PROXIED;
    else if (opts->tls)
        c->state = CONN_SECURING;
    if (c->state < CONN_OPEN)
        deadline_set(g->deadlines, &c->deadline, opts->greeting_ms);
    return c;
}
