// SPDX-License-Identifier: MIT
// A set of names and rooms of its own; each mount has one, so that a name taken there is free elsewhere.
#ifndef STROWGER_SWITCHBOARD_REALM_H
#define STROWGER_SWITCHBOARD_REALM_H

#include "base/map.h"

struct switchboard;

struct realm {
    struct switchboard *switchboard;
    struct map names; // struct peer
    struct map rooms; // struct room
};

#endif
