// SPDX-License-Identifier: MIT
// How a connection begins, and moves to another worker; see conn_open.h.
#include "net/conn_open.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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

void conn_drop(const struct conn_transfer *t)
{
    if (t->tls)
        tls_close(t->tls);
    if (t->source)
        source_release(t->source, 0);
    if (t->sources)
        sources_leave(t->sources, t->is_extra);
    close(t->fd);
}

struct conn *conn_adopt(struct conn_group *g, const struct conn_transfer *t, const struct conn_handler *handler,
                        void *user)
{
    struct conn *c = conn_make(g, t, handler, user);
    if (!c)
        conn_drop(t);
    return c;
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
    g->stats.n_accepted++;
    bool is_proxied = conn_opts_trust(opts, &peer);
    if (!is_proxied && !opts->tls)
        return c;
    c->opts = opts;
    c->state = is_proxied ? CONN_PROXIED : CONN_SECURING;
    if (!is_proxied)
        c->begun_at = (uint32_t)uv_now(g->loop);
    deadline_set(g->deadlines, &c->deadline, opts->greeting_ms);
    return c;
}

int conn_detach(struct conn *c, struct conn_transfer *t)
{
    conn_flush(c);
    if (c->state != CONN_OPEN || conn_out_len(c))
        return -EBUSY;
    int fd = fcntl(c->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    conn_set_named(c);
    *t = (struct conn_transfer){ .fd = fd,
                                 .tls = c->tls,
                                 .sources = c->is_counted ? c->group->sources : NULL,
                                 .source = c->source,
                                 .is_told = c->is_told,
                                 .is_extra = c->is_extra,
                                 .verdict = c->verdict };
    c->tls = NULL;
    c->source = NULL;
    c->is_counted = false;
    conn_close(c, 0); // closes its own descriptor alone
    return 0;
}
