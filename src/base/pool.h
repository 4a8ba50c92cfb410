// SPDX-License-Identifier: MIT
// Many things of one size: taken and given back in constant time, without the heap's per-block cost.
//
// Things come from slabs of 256 KiB, taken from the system and given back to it whole, so that memory follows the crowd down
// as well as up. One empty slab is kept, so that a single thing taken and given back never costs a system call; a pool that
// empties and fills all the time may keep more, until pool_trim() finds that they were not needed.
#ifndef STROWGER_BASE_POOL_H
#define STROWGER_BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"

struct pool {
    size_t item_size; // rounded up to 8
    size_t n_in_use;
    size_t n_empty;      // slabs with nothing taken
    size_t n_unneeded;   // the least that n_empty was since the last pool_trim()
    bool keeps_empty;    // for pool_trim() to give back
    struct list partial; // slabs that have something free, the empty ones last
    struct list full;    // slabs that have nothing free
};

// Makes P a pool of things of SIZE bytes (at most 8 KiB). KEEPS_EMPTY: pool_trim() will be called now and then. Holds no
// memory yet.
void pool_init(struct pool *p, size_t size, bool keeps_empty);

// Frees all slabs; everything taken must have been given back.
void pool_fini(struct pool *p);

// Gives back the empty slabs that nobody needed since the last call.
void pool_trim(struct pool *p);

// A thing of unspecified content, aligned to 8, or NULL.
void *pool_take(struct pool *p);

// Gives ITEM back, which pool_take(P) gave out.
void pool_give(struct pool *p, void *item);

#endif
