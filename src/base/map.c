// SPDX-License-Identifier: MIT
// A hash table of things by name; see map.h.
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>

#include "base/rand.h"
#include "base/word.h"

enum { FIRST_BUCKETS = 16 };

static inline uint64_t rotate_left(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate_left(v[1], 13) ^ v[0];
    v[0] = rotate_left(v[0], 32);
    v[2] += v[3];
    v[3] = rotate_left(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate_left(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate_left(v[1], 17) ^ v[2];
    v[2] = rotate_left(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

uint64_t siphash13(uint64_t k0, uint64_t k1, struct span s)
{
    uint64_t v[4] = { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                      k1 ^ 0x7465646279746573 };
    const char *p = s.len ? s.p : "", *rest = p + (s.len & ~(size_t)7); // an empty span may point nowhere
    for (; p < rest; p += 8)
        sip_word(v, word_load(p));
    sip_word(v, (uint64_t)s.len << 56 | word_load_few(rest, s.len & 7));
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_init(struct map *m, map_key_fn *key_of)
{
    *m = (struct map){ .key_of = key_of };
    rand_fill(&m->k0, sizeof m->k0);
    rand_fill(&m->k1, sizeof m->k1);
}

void map_fini(struct map *m)
{
    free(m->buckets);
    m->buckets = NULL;
    m->n_buckets = m->n = 0;
}

static inline bool is_called(struct span name, struct span key)
{
    return name.len == key.len && word_is_same(name.p, key.p, key.len);
}

static struct map_node **bucket_of(const struct map *m, uint64_t hash)
{
    return &m->buckets[hash & (m->n_buckets - 1)];
}

struct map_node *map_find(const struct map *m, struct span key)
{
    if (m->n == 0)
        return NULL;
    uint64_t hash = siphash13(m->k0, m->k1, key);
    for (struct map_node *node = *bucket_of(m, hash); node; node = node->next)
        if (node->hash == hash && is_called(m->key_of(node), key))
            return node;
    return NULL;
}

// Doubles the buckets. When memory is short the old ones go on serving: longer chains are slower, not wrong.
static int grow(struct map *m)
{
    size_t n_buckets = m->n_buckets ? m->n_buckets * 2 : FIRST_BUCKETS;
    struct map_node **buckets = calloc(n_buckets, sizeof(struct map_node *));
    if (!buckets)
        return m->n_buckets ? 0 : -ENOMEM;
    struct map old = *m;
    m->buckets = buckets;
    m->n_buckets = n_buckets;
    for (size_t i = 0; i < old.n_buckets; i++)
        for (struct map_node *node = old.buckets[i], *next; node; node = next) {
            next = node->next;
            struct map_node **bucket = bucket_of(m, node->hash);
            node->next = *bucket;
            *bucket = node;
        }
    free(old.buckets);
    return 0;
}

int map_insert(struct map *m, struct map_node *node)
{
    if (m->n >= m->n_buckets && grow(m) != 0)
        return -ENOMEM;
    node->hash = siphash13(m->k0, m->k1, m->key_of(node));
    struct map_node **bucket = bucket_of(m, node->hash);
    node->next = *bucket;
    *bucket = node;
    m->n++;
    return 0;
}

void map_remove(struct map *m, struct map_node *node)
{
    struct map_node **at = bucket_of(m, node->hash);
    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    m->n--;
}

struct map_node *map_next(const struct map *m, const struct map_node *node)
{
    if (node && node->next)
        return node->next;
    size_t i = node ? (size_t)(node->hash & (m->n_buckets - 1)) + 1 : 0;
    for (; i < m->n_buckets; i++)
        if (m->buckets[i])
            return m->buckets[i];
    return NULL;
}
