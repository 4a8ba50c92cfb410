// SPDX-License-Identifier: MIT
// Ends a worker's connections a few at a time, so that their clients don't all come back in one moment.
#ifndef STROWGER_SERVER_DRAIN_H
#define STROWGER_SERVER_DRAIN_H

#include "base/deadline.h"
#include "net/conn_group.h"

struct drain {
    struct deadline tick;
    struct conn_group *conns;
    uint64_t ends_at; // loop time in milliseconds
    size_t n_left;    // connections that have not been asked to end yet
    void (*on_done)(struct drain *d);
};

// Asks all connections of G to end, spread over MS milliseconds, or less when they are few; ON_DONE is called when the last
// one is gone, or soon after that time.
void drain_start(struct drain *d, struct conn_group *g, uint64_t ms, void (*on_done)(struct drain *d));

#endif
