// SPDX-License-Identifier: MIT
// A set of names and rooms of its own; each mount has one, so that a name taken there is free elsewhere.
#ifndef STROWGER_SWITCHBOARD_REALM_H
#define STROWGER_SWITCHBOARD_REALM_H

#include <stddef.h>
#include <stdint.h>

#include "switchboard/traffic.h"

struct bus;
struct switchboard;

// One worker's door to a realm.
struct realm {
    struct switchboard *switchboard;
    struct bus *bus;   // the switchboard's
    uint32_t id;       // the same for all workers
    uint32_t n_offers; // that left here, for a dialect that numbers them
    size_t kept_len;   // bytes that a dialect keeps here for those who are not there yet
    struct traffic traffic;
};

#endif
