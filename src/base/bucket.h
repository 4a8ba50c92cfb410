// SPDX-License-Identifier: MIT
// A token bucket kept as one instant, that at which it will be full again (the generic cell rate algorithm, ITU-T I.371).
//
// Taking never fails: it puts the bucket into debt and says how long until that is paid, which is how long to take no
// more. It has no clock: the caller tells the time. Zero-initialised is full. The rate may be another one each time.
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

// The milliseconds, rounded up, until what B owes is paid; 0: it owes nothing.
static inline uint64_t bucket_debt(const struct bucket *b, const struct bucket_rate *rate, uint64_t now_ms)
{
    uint64_t covered = now_ms * BUCKET_NS_PER_MS + bucket_cost(rate, rate->burst);
    return rate->per_s && b->full_at > covered ? (b->full_at - covered + BUCKET_NS_PER_MS - 1) / BUCKET_NS_PER_MS : 0;
}

// Takes N tokens, at most 2^32. Returns what it owes then.
static inline uint64_t bucket_take(struct bucket *b, const struct bucket_rate *rate, uint64_t n, uint64_t now_ms)
{
    uint64_t now = now_ms * BUCKET_NS_PER_MS;
    b->full_at = (b->full_at > now ? b->full_at : now) + bucket_cost(rate, n);
    return bucket_debt(b, rate, now_ms);
}

// Takes N tokens if it owes nothing then. Whether it did.
static inline bool bucket_try(struct bucket *b, const struct bucket_rate *rate, uint64_t n, uint64_t now_ms)
{
    struct bucket then = *b;
    if (bucket_take(&then, rate, n, now_ms) > 0)
        return false;
    *b = then;
    return true;
}

// Gives back N of the tokens that were taken.
static inline void bucket_give(struct bucket *b, const struct bucket_rate *rate, uint64_t n)
{
    uint64_t cost = bucket_cost(rate, n);
    b->full_at -= cost < b->full_at ? cost : b->full_at;
}

static inline bool bucket_is_full(const struct bucket *b, uint64_t now_ms)
{
    return b->full_at <= now_ms * BUCKET_NS_PER_MS;
}

#endif
