// SPDX-License-Identifier: MIT
// What is said in a realm and who is there, counted at one worker; all counters but the ones that say so only grow.
#ifndef STROWGER_SWITCHBOARD_TRAFFIC_H
#define STROWGER_SWITCHBOARD_TRAFFIC_H

#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"

// What a client says, as far as it is told apart when it is counted or watched.
enum message_type {
    MESSAGE_NONE, // no client's: what peers of one dialect say among themselves
    MESSAGE_OFFER,
    MESSAGE_ANSWER,
    MESSAGE_CANDIDATE,
    MESSAGE_JOIN,    // who the client is, or where it wants to be
    MESSAGE_LEAVE,   // the end of a call, or of being somewhere
    MESSAGE_MESSAGE, // what the dialect passes on without knowing what it is
    MESSAGE_OTHER,
    N_MESSAGE_TYPES
};

// Why a message was of no use.
enum message_fault {
    FAULT_ABSENT,    // whom it is for is not there
    FAULT_LATE,      // was there when it was sent, but not when it came
    FAULT_MALFORMED, // not what the dialect's messages are made of
    FAULT_UNKNOWN,   // a type that the dialect has no use for
    FAULT_REFUSED,   // not now, not from this client, or not with this name
    N_MESSAGE_FAULTS
};

struct traffic_count {
    uint64_t n, bytes;
};

// How a call's set-up ends.
enum call_result { CALL_ANSWERED, CALL_UNANSWERED, N_CALL_RESULTS };

extern const struct histogram_scale traffic_setup_scale, traffic_call_scale;

struct traffic {
    struct traffic_count heard[N_MESSAGE_TYPES]; // from clients
    uint64_t passed_on[N_MESSAGE_TYPES];         // to clients, once for each
    uint64_t faults[N_MESSAGE_FAULTS];
    uint64_t n_begun;                        // sessions that ever began
    uint64_t n_turned_away;                  // sessions for which there was no room
    uint64_t n_sessions;                     // that there are now
    uint64_t n_peers;                        // likewise
    uint64_t n_call_ends;                    // likewise; most calls have two
    struct histogram setups[N_CALL_RESULTS]; // from a call's first offer on, in ms
    struct histogram calls;                  // from its answer to its end, in ms
};

// Counts a client's message of LEN bytes.
static inline void traffic_hear(struct traffic *t, enum message_type type, size_t len)
{
    t->heard[type].n++;
    t->heard[type].bytes += len;
}

#endif
