// SPDX-License-Identifier: MIT
// Somebody whom others can reach: what a session becomes when it takes a name, or a seat in a room.
//
// Peers are made and freed by the switchboard and belong to their session. Others never hold a pointer to one beyond a
// callback, but a peer_ref, which goes stale when the peer goes.
#ifndef STROWGER_SWITCHBOARD_PEER_H
#define STROWGER_SWITCHBOARD_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/span.h"
#include "switchboard/bus.h"

struct seat;
struct session;

struct peer {
    struct bus_name *name; // owned; NULL: it has none
    struct peer_ref ref;
    struct session *session;
    struct realm *realm;
    struct call *calls; // the latest first
    struct seat *seats; // in the order of joining
};

static inline struct span peer_name(const struct peer *p)
{
    return p->name ? (struct span){ p->name->text, p->name->len } : (struct span){ 0 };
}

// One end of a call: P is in a call with OTHER, rings it or is rung by it. Each peer owns its own end; they are kept
// in step by the messages that pass between the two.
struct call {
    struct call *next; // of the same peer
    struct peer_ref other;
    // The dialect's own, all 0 in a new one: the numbers of P's first and its last offer, and of the last that it heard.
    uint32_t first_offer, last_offer, last_heard;
    uint32_t is_timed : 1, is_answered : 1; // P began it, and was answered
    uint32_t since : 30;                    // one or the other, in ms of the worker's time; it wraps
};

// P's end of its call with OTHER, or NULL.
struct call *peer_find_call(const struct peer *p, struct peer_ref other);

// P's latest call, or NULL.
static inline struct call *peer_latest_call(const struct peer *p)
{
    return p->calls;
}

// Notes that P is in a call with OTHER, and that it is its latest. 0, -ENOMEM, or -EMFILE beyond the realm's max_calls.
[[gnu::warn_unused_result]] int peer_add_call(struct peer *p, struct peer_ref other);

// For the measure of how long calls take: P rings in CALL, one of P's, for the first time, and is answered.
void peer_ring(struct peer *p, struct call *call);
void peer_hear_answer(struct peer *p, struct call *call);

// Forgets CALL, one of P's; its memory goes.
void peer_remove_call(struct peer *p, struct call *call);

#endif
