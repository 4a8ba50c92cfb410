// SPDX-License-Identifier: MIT
// What an operator is told of a message beyond its type: how long it is, and what can be seen without understanding it.
#ifndef STROWGER_SERVER_TAP_LOOK_H
#define STROWGER_SERVER_TAP_LOOK_H

#include "switchboard/bus.h"
#include "switchboard/traffic.h"

struct tap_look {
    enum message_type type; // an offer, an answer or a candidate also where the dialect passes on what it does not know
    const char *candidate;  // "host", "srflx", "prflx", "relay", or "end" for the last; NULL when it is none
    size_t len;
};

// Fills LOOK with what can be seen of R, a message of TYPE; R may be NULL.
void tap_look(struct tap_look *look, enum message_type type, const struct relay *r);

// "offer" and so on.
const char *tap_type_name(enum message_type type);

#endif
