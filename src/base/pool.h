// SPDX-License-Identifier: MIT
// Many things of one size: taken and given back in constant time, without the heap's per-block cost.
//
// Things come from slabs of about 64 KiB. A slab whose things have all come back is freed, but for one that is kept, so
// that memory follows the crowd down as well as up and a single thing taken and given back never touches the heap.
#ifndef STROWGER_BASE_POOL_H
#define STROWGER_BASE_POOL_H

#include <stddef.h>

#include "base/list.h"

struct pool {
    size_t item_size; // rounded up to 16
    size_t n_in_use;
    struct list partial; // slabs that have something free
    struct list full;    // slabs that have nothing free
    struct list *spare;  // an empty slab kept for the next taker, also in partial; or NULL
};

// Makes P a pool of things of SIZE bytes (at most 8 KiB). Holds no memory yet.
void pool_init(struct pool *p, size_t size);

// Frees all slabs; everything taken must have been given back.
void pool_fini(struct pool *p);

// A thing of unspecified content, aligned to 16, or NULL.
void *pool_take(struct pool *p);

// Gives ITEM back, which pool_take(P) gave out.
void pool_give(struct pool *p, void *item);

#endif
