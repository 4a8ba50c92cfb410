// SPDX-License-Identifier: MIT
// How an accepted connection begins: whom it is from, whether there is room for it, and what comes first on it.
#ifndef STROWGER_NET_CONN_OPEN_H
#define STROWGER_NET_CONN_OPEN_H

#include "net/conn.h"

// Takes over the connected, non-blocking socket FD and starts reading. OPTS must live as long as the conn; NULL is a
// plain one. NULL when memory is short, or when the connection is over a limit and can't be told so; FD is closed then.
// One that can be told has another verdict than SOURCE_WELCOME.
struct conn *conn_open(struct conn_group *g, int fd, const struct conn_opts *opts, const struct conn_handler *handler,
                       void *user);

#endif
