// SPDX-License-Identifier: MIT
// A token bucket kept as one instant, that at which it will be full again (the generic cell rate algorithm, ITU-T I.371).
//
// Taking never fails: it puts the bucket into debt and says how long until that is paid, which is how long to take no
// more. It has no clock: the caller tells the time. Zero-initialised is full.
#ifndef STROWGER_BASE_BUCKET_H
#define STROWGER_BASE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket_rate {
    uint64_t per_s; // tokens that come in a second; 0: any number may be taken
    uint64_t burst; // tokens in a full bucket
};

struct bucket {
    uint64_t full_at; // nanoseconds
};

enum { BUCKET_NS_PER_MS = 1000 * 1000 };

// How long N tokens, at most 2^32, take to come, in nanoseconds.
static inline uint64_t bucket_cost(const struct bucket_rate *rate, uint64_t n)
{
    return rate->per_s ? n * 1000 * BUCKET_NS_PER_MS / rate->per_s : 0;
}

// Takes N tokens, at most 2^32. Returns the milliseconds, rounded up, until the debt that this leaves is paid; 0: there is none.
static inline uint64_t bucket_take(struct bucket *b, const struct bucket_rate *rate, uint64_t n, uint64_t now_ms)
{
    uint64_t now = now_ms * BUCKET_NS_PER_MS, covered = now + bucket_cost(rate, rate->burst);
    b->full_at = (b->full_at > now ? b->full_at : now) + bucket_cost(rate, n);
    return b->full_at > covered ? (b->full_at - covered + BUCKET_NS_PER_MS - 1) / BUCKET_NS_PER_MS : 0;
}

// Gives back N of the tokens that were taken.
static inline void bucket_give(struct bucket *b, const struct bucket_rate *rate, uint64_t n)
{
    b->full_at -= bucket_cost(rate, n);
}

static inline bool bucket_is_full(const struct bucket *b, uint64_t now_ms)
{
    return b->full_at <= now_ms * BUCKET_NS_PER_MS;
}

#endif
