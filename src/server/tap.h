// SPDX-License-Identifier: MIT
// One worker's end of `tail`: tells the watchers what passes there, each what it asked for, as lines of JSON.
//
// A line is made where the thing happened and goes to the first worker as an errand. Only so many are under way at a time;
// what is too much is left out and counted.
#ifndef STROWGER_SERVER_TAP_H
#define STROWGER_SERVER_TAP_H

#include <stdatomic.h>

#include "base/buf.h"
#include "cluster/bus_local.h"
#include "switchboard/watch.h"

enum { TAP_MAX_WATCHERS = 16, TAP_MAX_UNDER_WAY = 4096 };

// What a watcher wants to see: all that has to do with a room, or with a peer, or, where both are NULL, everything.
struct tap_filter {
    const char *room, *peer;
};

struct taps;

struct tap {
    struct watch watch;
    struct taps *all;
    struct bus_port *port;                              // the worker's
    const struct tap_filter *filters[TAP_MAX_WATCHERS]; // NULL: nobody watches by that number
    atomic_uint n_under_way;                            // lines that have not arrived
    atomic_ullong n_missed;                             // that could not leave since a watcher was told of some
};

// The taps of all workers.
struct taps {
    int n;
    struct tap *list;
    // LINE, with its line end, arrived on the first worker's thread for those of the watchers whose bits are in WATCHERS.
    void (*on_line)(struct taps *t, uint32_t watchers, struct span line);
};

// Makes T of N workers' taps, before they run. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int taps_init(struct taps *t, int n,
                                          void (*on_line)(struct taps *t, uint32_t watchers, struct span line));
void taps_fini(struct taps *t);

// Has P's worker, whose thread this is, tell watcher number I what FILTER lets through, or nothing more (NULL).
void tap_set(struct taps *t, struct bus_port *p, int i, const struct tap_filter *filter);

#endif
