// SPDX-License-Identifier: MIT
// Memory set aside for libuv; see reserve.h.
#include "net/reserve.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <uv.h>

enum { RESERVE_SIZE = 16 << 20 }; // libuv's table for a million descriptors, and its next one

// libuv's allocators have no place for a pointer of ours.
static void *_Atomic reserve;

static void set_aside(void)
{
    if (atomic_load_explicit(&reserve, memory_order_relaxed))
        return;
    void *old = atomic_exchange(&reserve, malloc(RESERVE_SIZE));
    free(old); // another thread was as quick
}

static void *reallocate(void *p, size_t size)
{
    void *q = realloc(p, size);
    if (!q && size) {
        free(atomic_exchange(&reserve, NULL));
        q = realloc(p, size);
    }
    set_aside();
    return q;
}

void reserve_init(void)
{
    set_aside();
    uv_replace_allocator(malloc, reallocate, calloc, free);
}
