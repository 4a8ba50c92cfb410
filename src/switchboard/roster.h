// SPDX-License-Identifier: MIT
// The peers of one worker, each at a slot of its own: the way from a peer_ref to the peer.
//
// Peers lie in blocks, which never move, come when they are needed, and go when nobody is left in them; so a slot costs
// nothing beside the peer that is in it.
#ifndef STROWGER_SWITCHBOARD_ROSTER_H
#define STROWGER_SWITCHBOARD_ROSTER_H

#include <stdint.h>

#include "base/list.h"
#include "base/pool.h"
#include "switchboard/bus.h"
#include "switchboard/peer.h"

enum { ROSTER_BLOCK = 128 }; // peers in a block

struct roster_block {
    struct list node; // in roomy, while there is a free place
    uint32_t first_slot;
    uint16_t n_used;
    uint16_t first_free;             // free places are strung together by their peer's ref.slot
    struct peer peers[ROSTER_BLOCK]; // in a free place one whose ref is no peer's
};

struct roster {
    uint8_t worker;
    uint32_t n_entered; // all that ever were: a generation for each
    uint32_t n_blocks;
    struct roster_block **blocks; // by slot; NULL: nobody is there
    struct list roomy;
    struct pool block_pool;
};

// Makes R empty, which holds no memory yet. Its peers' refs will say WORKER.
void roster_init(struct roster *r, uint8_t worker);

// Frees it; everyone must have left.
void roster_fini(struct roster *r);

// A new peer of which only the ref is filled in, or NULL.
struct peer *roster_enter(struct roster *r);

// Frees PEER; its ref is stale from now on.
void roster_leave(struct roster *r, struct peer *peer);

// The peer that REF names, or NULL when it is gone or was never here.
static inline struct peer *roster_find(const struct roster *r, struct peer_ref ref)
{
    uint32_t i = ref.slot / ROSTER_BLOCK;
    if (i >= r->n_blocks || !r->blocks[i])
        return NULL;
    struct peer *peer = &r->blocks[i]->peers[ref.slot % ROSTER_BLOCK];
    return peer_ref_equal(peer->ref, ref) ? peer : NULL;
}

#endif
