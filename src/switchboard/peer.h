// SPDX-License-Identifier: MIT
// Someone with a name: what a session becomes once it has said who it is.
//
// Peers are made and freed by the switchboard and belong to their session. Others never hold a pointer to one beyond a
// callback, but a peer_ref, which goes stale when the peer goes.
#ifndef STROWGER_SWITCHBOARD_PEER_H
#define STROWGER_SWITCHBOARD_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/span.h"

struct peer;
struct session;

enum { PEER_MAX_CALLS = 1024 }; // that one peer may be in, ring and be rung by, all together

// Names a peer from anywhere. A slot is used again, its generation never.
struct peer_ref {
    uint32_t slot, generation;
};

// A message on its way from one peer to another.
struct relay {
    struct peer_ref from;
    struct span from_name;
    int kind; // the dialect's own
    const struct span *parts;
    size_t n_parts;
};

// What the dialect that made a peer wants to hear.
struct peer_ops {
    // R arrived for P. It is gone when this returns.
    void (*on_relay)(struct peer *p, const struct relay *r);
};

struct peer {
    struct map_node by_name; // in realm->names
    const struct peer_ops *ops;
    struct session *session;
    struct realm *realm;
    struct list calls; // struct call
    struct list seats; // struct seat
    struct peer_ref ref;
    char *name;
    uint32_t name_len;
    uint32_t n_calls, n_seats;
};

static inline struct span peer_name(const struct peer *p)
{
    return (struct span){ p->name, p->name_len };
}

static inline bool peer_ref_equal(struct peer_ref a, struct peer_ref b)
{
    return a.slot == b.slot && a.generation == b.generation;
}

// One end of a call: P is in a call with OTHER, rings it or is rung by it. Each peer owns its own end; they are kept
// in step by the messages that pass between the two.
struct call {
    struct list in_peer; // in peer->calls, the latest first
    struct peer_ref other;
};

// P's end of its call with OTHER, or NULL.
struct call *peer_find_call(const struct peer *p, struct peer_ref other);

// P's latest call, or NULL.
struct call *peer_latest_call(const struct peer *p);

// Notes that P is in a call with OTHER, and that it is its latest. 0, -ENOMEM, or -EMFILE beyond PEER_MAX_CALLS.
[[gnu::warn_unused_result]] int peer_add_call(struct peer *p, struct peer_ref other);

// Forgets CALL, one of P's; its memory goes.
void peer_remove_call(struct peer *p, struct call *call);

#endif
