// SPDX-License-Identifier: MIT
// How a connection begins: whom it is from, whether there is room for it, and what comes first on it; and how it moves from
// one worker to another.
#ifndef STROWGER_NET_CONN_OPEN_H
#define STROWGER_NET_CONN_OPEN_H

#include "net/conn.h"

// Takes over the connected, non-blocking socket FD and starts reading. OPTS must live as long as the conn; NULL is a
// plain one. NULL when memory is short, or when the connection is over a limit and can't be told so; FD is closed then.
// One that can be told has another verdict than SOURCE_WELCOME.
struct conn *conn_open(struct conn_group *g, int fd, const struct conn_opts *opts, const struct conn_handler *handler,
                       void *user);

// Takes the connection out of C, which closes, for another worker. 0, -EBUSY while output waits to leave, or another
// negative errno; C is as before then.
[[gnu::warn_unused_result]] int conn_detach(struct conn *c, struct conn_transfer *t);

// Takes over what conn_detach() gave out, and starts reading. NULL when memory is short; the connection is gone then.
struct conn *conn_adopt(struct conn_group *g, const struct conn_transfer *t, const struct conn_handler *handler,
                        void *user);

// Ends a connection that conn_detach() gave out and nobody took over, on any thread.
void conn_drop(const struct conn_transfer *t);

#endif
