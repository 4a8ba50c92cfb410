// SPDX-License-Identifier: MIT
// How many answers of a kind a neighbourhood of addresses gets: a bucket for each IPv4 /24 and IPv6 /56, in constant memory.
//
// Who asks STUN in a victim's name has us answer the victim, so that what one network can be sent must be bounded, and what
// that costs us too: nothing is allocated, nothing is looked for. A keyed hash picks the bucket. Two networks that it puts
// together share one, which is as if they were neighbours; nobody can tell which these are without the key.
#ifndef STROWGER_SERVER_ANSWER_LIMIT_H
#define STROWGER_SERVER_ANSWER_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/bucket.h"

enum { ANSWER_LIMIT_BUCKETS = 4096 }; // 32 KiB

struct answer_limit_opts {
    struct bucket_rate rate; // answers; without per_s: any number
    bool trusts_loopback;    // this machine's own addresses get as many as they ask for
};

struct answer_limit {
    const struct answer_limit_opts *opts;
    uint64_t k0, k1;
    struct bucket buckets[ANSWER_LIMIT_BUCKETS];
};

// Makes all of L's buckets full; OPTS must live as long.
void answer_limit_init(struct answer_limit *l, const struct answer_limit_opts *opts);

// Whether A may be answered once more at NOW_MS; then that is counted.
[[gnu::warn_unused_result]] bool answer_limit_take(struct answer_limit *l, const struct addr *a, uint64_t now_ms);

#endif
