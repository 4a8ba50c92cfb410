// SPDX-License-Identifier: MIT
// One thread's share of the server: its connections, its timeouts and its loop, a turn at a time.
//
// Everything that hangs from a worker is touched by that worker's thread alone, so nothing here is locked. A turn is what it
// does between two sleeps: it handles what is ready, does what was put off to the turn's end (turn.h), and writes what has
// gathered in the connections meanwhile. It sleeps on the poller, where the connections are; libuv's loop, for timers and
// all else that is not a connection, has its own descriptor there.
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

// Closes all connections and lets their on_close run; worker_run() must have returned.
void worker_close_conns(struct worker *w);

// Closes every other handle of the loop and frees everything.
void worker_fini(struct worker *w);

#endif
