// SPDX-License-Identifier: MIT
// How many answers a neighbourhood gets; see answer_limit.h.
#include "server/answer_limit.h"

#include "base/map.h"
#include "base/rand.h"

enum { IPV4_KEY_LEN = 12 + 3, IPV6_KEY_LEN = 7 }; // a /24 and a /56, in bytes of struct addr

void answer_limit_init(struct answer_limit *l, const struct answer_limit_opts *opts)
{
    *l = (struct answer_limit){ .opts = opts };
    rand_fill(&l->k0, sizeof l->k0);
    rand_fill(&l->k1, sizeof l->k1);
}

bool answer_limit_take(struct answer_limit *l, const struct addr *a, uint64_t now_ms)
{
    if (l->opts->trusts_loopback && addr_is_loopback(a))
        return true;
    struct span key = { (const char *)a->ip, addr_is_ipv4(a) ? IPV4_KEY_LEN : IPV6_KEY_LEN };
    struct bucket *b = &l->buckets[siphash13(l->k0, l->k1, key) % ANSWER_LIMIT_BUCKETS];
    if (bucket_take(b, &l->opts->rate, 1, now_ms) == 0)
        return true;
    bucket_give(b, &l->opts->rate, 1); // who is refused owes nothing for it
    return false;
}
