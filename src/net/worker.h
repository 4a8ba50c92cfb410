// SPDX-License-Identifier: MIT
// One thread's share of the server: its loop, its timeouts and its connections.
//
// Everything that hangs from a worker is touched by that worker's thread alone, so nothing here is locked. Output gathers
// in the connections while events are handled and leaves once a turn, just before the worker sleeps. It sleeps on the
// poller, where the connections are; libuv's loop, for all that is not a connection, has its own descriptor there.
#ifndef STROWGER_NET_WORKER_H
#define STROWGER_NET_WORKER_H

#include <uv.h>

#include "base/histogram.h"
#include "net/conn_group.h"
#include "net/loop_clock.h"
#include "net/poller.h"

// Of turns, and of what passes within them.
extern const struct histogram_scale worker_scale;

struct worker_stats {
    struct histogram turns;  // how long each took, from finding something to do to having nothing more
    struct histogram relays; // how long each message took, from coming to a worker to having left to whom it was for
};

struct worker {
    uv_loop_t loop;
    struct poller poller;
    struct loop_clock clock;
    struct conn_group conns;
    struct worker_stats stats;
    bool is_stopped;
};

// Makes W ready to run. 0 or a negative errno, with nothing left behind.
[[gnu::warn_unused_result]] int worker_init(struct worker *w);

// Handles what is ready, or once it is if W MAY_SLEEP, and all that follows from it.
void worker_turn(struct worker *w, bool may_sleep);

// Takes one turn after the other until worker_stop().
void worker_run(struct worker *w);

// Makes worker_run() return after the present turn. From W's own thread.
void worker_stop(struct worker *w);

// Closes all connections and lets their on_close run; the loop must not be running any more.
void worker_close_conns(struct worker *w);

// Closes every other handle of the loop and frees everything.
void worker_fini(struct worker *w);

#endif
