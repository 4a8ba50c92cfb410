// SPDX-License-Identifier: MIT
// The peers of one worker; see roster.h.
#include "switchboard/roster.h"

#include <stdlib.h>

enum { FIRST_BLOCKS = 16, MAX_BLOCKS = (1 << 24) / ROSTER_BLOCK }; // as many as a ref can tell apart

void roster_init(struct roster *r, uint8_t worker)
{
    *r = (struct roster){ .worker = worker };
    list_init(&r->roomy);
    pool_init(&r->block_pool, sizeof(struct roster_block), false);
}

void roster_fini(struct roster *r)
{
    pool_fini(&r->block_pool);
    free(r->blocks);
}

// Where a block can go. n_blocks when there is no such place.
static uint32_t find_gap(struct roster *r)
{
    uint32_t i = 0;
    while (i < r->n_blocks && r->blocks[i])
        i++;
    if (i < r->n_blocks)
        return i;
    uint32_t n = r->n_blocks ? r->n_blocks * 2 : FIRST_BLOCKS;
    struct roster_block **blocks = n > MAX_BLOCKS ? NULL : realloc(r->blocks, n * sizeof(struct roster_block *));
    if (!blocks)
        return i;
    for (uint32_t j = i; j < n; j++)
        blocks[j] = NULL;
    r->blocks = blocks;
    r->n_blocks = n;
    return i;
}

// What stands in a free place, with the NEXT free one of the block: no peer's ref is like it.
static struct peer_ref free_ref(uint32_t next)
{
    return (struct peer_ref){ .worker = PEER_REF_NOBODY.worker, .slot = next & 0xffffff };
}

static struct roster_block *add_block(struct roster *r)
{
    uint32_t i = find_gap(r);
    struct roster_block *block = i < r->n_blocks ? pool_take(&r->block_pool) : NULL;
    if (!block)
        return NULL;
    block->first_slot = i * ROSTER_BLOCK;
    block->n_used = block->first_free = 0;
    for (uint32_t j = 0; j < ROSTER_BLOCK; j++)
        block->peers[j].ref = free_ref(j + 1);
    r->blocks[i] = block;
    list_init(&block->node);
    list_append(&r->roomy, &block->node);
    return block;
}

struct peer *roster_enter(struct roster *r)
{
    struct roster_block *block =
        list_is_empty(&r->roomy) ? add_block(r) : CONTAINER_OF(r->roomy.next, struct roster_block, node);
    if (!block)
        return NULL;
    uint32_t slot = block->first_slot + block->first_free;
    struct peer *peer = &block->peers[block->first_free];
    block->first_free = (uint16_t)peer->ref.slot;
    *peer = (struct peer){
        .ref = { .worker = r->worker, .slot = slot & 0xffffff, .generation = r->n_entered++ },
    };
    if (++block->n_used == ROSTER_BLOCK)
        list_remove(&block->node);
    return peer;
}

void roster_leave(struct roster *r, struct peer *peer)
{
    uint32_t slot = peer->ref.slot;
    struct roster_block *block = r->blocks[slot / ROSTER_BLOCK];
    if (block->n_used-- == ROSTER_BLOCK)
        list_prepend(&r->roomy, &block->node);
    peer->ref = free_ref(block->first_free);
    block->first_free = slot % ROSTER_BLOCK;
    if (block->n_used)
        return;
    list_remove(&block->node);
    r->blocks[slot / ROSTER_BLOCK] = NULL;
    pool_give(&r->block_pool, block);
}
