// SPDX-License-Identifier: MIT
// Bytes that wait to leave on a socket: copied into chunks from a pool, sent together, dropped as the socket takes
// them.
//
// Zero-initialised is empty and holds no memory. Small writes share chunks; what is left of a write from four chunks on
// gets a block of its own size, so that a long message takes neither many chunks nor a large pool.
#ifndef STROWGER_NET_OUTQ_H
#define STROWGER_NET_OUTQ_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/pool.h"
#include "base/span.h"

enum { OUTQ_CHUNK_SIZE = 4096 }; // of which the chunk's head is a part

struct outq_chunk;

// Where the queues of one worker have their bytes.
struct outq_memory {
    struct pool chunks; // of OUTQ_CHUNK_SIZE
    size_t large_len;   // bytes in blocks of their own size
};

struct outq {
    struct outq_chunk *first, *last;
    size_t len; // bytes in all chunks
};

void outq_memory_init(struct outq_memory *m);

// Frees it; every queue must be empty.
void outq_memory_fini(struct outq_memory *m);

// The bytes that are taken.
static inline size_t outq_memory_len(const struct outq_memory *m)
{
    return m->chunks.n_in_use * OUTQ_CHUNK_SIZE + m->large_len;
}

static inline bool outq_is_empty(const struct outq *q)
{
    return !q->first;
}

// Appends copies of the N spans. 0, or -ENOMEM with a part of them appended.
[[gnu::warn_unused_result]] int outq_put(struct outq *q, struct outq_memory *memory, const struct span *spans,
                                         size_t n);

// Appends S without copying it: it must stay as it is for as long as it may wait. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int outq_put_static(struct outq *q, struct span s);

// The first bytes, at most MAX: where they lie when a chunk has so many or no other follows it, else gathered at BUF.
struct span outq_peek(const struct outq *q, char *buf, size_t max);

// Sends as much of the front as one system call takes. Returns the bytes sent, or a negative errno; *OFFERED is how
// many there were to send; it may be none.
[[gnu::warn_unused_result]] ssize_t outq_send(const struct outq *q, int fd, size_t *offered);

// Drops the first N bytes, which must be there.
void outq_drop(struct outq *q, struct outq_memory *memory, size_t n);

// Drops everything.
void outq_clear(struct outq *q, struct outq_memory *memory);

#endif
