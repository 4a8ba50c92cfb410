// SPDX-License-Identifier: MIT
// The memory of output that waits, of all workers together.
#ifndef STROWGER_NET_BACKLOG_H
#define STROWGER_NET_BACKLOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct backlog {
    atomic_size_t len; // bytes
};

enum { BACKLOG_GRAIN = 64 * 1024 }; // what a worker may have without saying so

// Has B know that a worker has LEN now, of which it knows *REPORTED. Nothing is said of small changes.
static inline void backlog_report(struct backlog *b, size_t *reported, size_t len)
{
    if (len / BACKLOG_GRAIN == *reported / BACKLOG_GRAIN)
        return;
    atomic_fetch_add(&b->len, len - *reported); // modulo 2^64, so it may be less
    *reported = len;
}

// Whether more than MOST waits; 0: any number may.
static inline bool backlog_is_above(const struct backlog *b, size_t most)
{
    return most && atomic_load_explicit(&b->len, memory_order_relaxed) > most;
}

#endif
