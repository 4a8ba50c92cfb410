// SPDX-License-Identifier: MIT
// A socket that waits for connections; when the process has no descriptor left it pauses instead of spinning.
#ifndef STROWGER_NET_LISTENER_H
#define STROWGER_NET_LISTENER_H

#include <stdbool.h>
#include <uv.h>

#include "base/deadline.h"

enum { LISTENER_RETRY_MS = 100 }; // how often accepting is tried again after running out of descriptors

struct listener;

struct listener {
    uv_poll_t poll;
    struct deadlines *deadlines;
    struct deadline retry;
    // Takes over the connected socket FD, non-blocking and with TCP_NODELAY set.
    void (*on_accept)(struct listener *l, int fd);
    void *user;
    int fd;
    bool is_paused;
};

// Makes L ready to listen on LOOP with FD, a bound stream socket that is L's from now on. 0, or a negative errno with nothing
// left behind and FD closed. L's memory may go once the loop's handles are closed.
[[gnu::warn_unused_result]] int listener_open(struct listener *l, uv_loop_t *loop, struct deadlines *deadlines, int fd);

// Listens. 0 or a negative errno; listener_close() is due in any case.
[[gnu::warn_unused_result]] int listener_start(struct listener *l);

// Takes all connections that wait, which listener_close() would refuse when nobody else has the socket.
void listener_accept_waiting(struct listener *l);

// Stops listening; the handle closes at the end of the turn.
void listener_close(struct listener *l);

// The port that L listens on.
int listener_port(const struct listener *l);

#endif
