// SPDX-License-Identifier: MIT
// All connections of one worker: written together before it sleeps, ended together.
#ifndef STROWGER_NET_CONN_GROUP_H
#define STROWGER_NET_CONN_GROUP_H

#include "net/conn.h"

// Makes G the group of the connections that POLLER watches, with LOOP's time, their timeouts among DEADLINES. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int conn_group_init(struct conn_group *g, uv_loop_t *loop, struct poller *poller,
                                                struct deadlines *deadlines);

// Has G keep to LIMITS, which it copies. Once it has conns, sources and backlog must be the same ones.
void conn_group_set_limits(struct conn_group *g, const struct conn_limits *limits);

// Ends the turn: frees the conns that were closed in it, runs G's put-off tasks, then writes what was gathered in its conns
// as far as the sockets take it. Called once a turn, before the worker sleeps.
void conn_group_flush(struct conn_group *g);

// Whether something was gathered, put off or closed while conn_group_flush() ran: the worker must not sleep yet.
static inline bool conn_group_has_more(const struct conn_group *g)
{
    return !list_is_empty(&g->to_flush) || !list_is_empty(&g->turn.tasks) || !list_is_empty(&g->closed);
}

// Asks N of G's conns that have not been asked yet to end; see on_shutdown.
void conn_group_shed(struct conn_group *g, size_t n);

// Closes all of G's conns; their on_close follows in conn_group_flush().
void conn_group_close(struct conn_group *g);

// Frees what G holds, once it has no conns.
void conn_group_fini(struct conn_group *g);

#endif
