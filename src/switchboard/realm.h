// SPDX-License-Identifier: MIT
// A set of names and rooms of its own; each mount has one, so that a name taken there is free elsewhere.
#ifndef STROWGER_SWITCHBOARD_REALM_H
#define STROWGER_SWITCHBOARD_REALM_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "switchboard/traffic.h"

struct bus;
struct peer;
struct deadlines;
struct pool;
struct relay;
struct switchboard;

// What the dialect whose peers these are wants to hear.
struct peer_ops {
    // R arrived for P. It is gone when this returns.
    void (*on_relay)(struct peer *p, const struct relay *r);
    // R, which P sent to one peer elsewhere, came too late: that one is gone. May be NULL.
    void (*on_undelivered)(struct peer *p, const struct relay *r);
    // How an operator knows P. NULL: by its name.
    struct span (*label)(const struct peer *p);
};

// One worker's door to a realm.
struct realm {
    struct switchboard *switchboard;
    struct bus *bus;                   // the switchboard's
    struct pool *seats;                // the switchboard's
    const struct deadlines *deadlines; // the switchboard's, for the time
    const struct peer_ops *peer_ops;
    uint32_t id;         // the same for all workers
    uint32_t max_calls;  // that one peer may be in, ring and be rung by, all together; 0: any number
    uint32_t n_numbered; // messages that left here, as far as a dialect numbers them
    size_t kept_len;     // bytes that a dialect keeps here for those who are not there yet
    struct traffic traffic;
};

#endif
