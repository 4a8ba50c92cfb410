// SPDX-License-Identifier: MIT
// A hash table of things by name, safe against names chosen to collide.
//
// Intrusive: the things embed a map_node and own it; the map owns only its buckets. The hash is SipHash-1-3 under a key
// drawn at random for each map, so an attacker can't aim at one bucket.
#ifndef STROWGER_BASE_MAP_H
#define STROWGER_BASE_MAP_H

#include <stdint.h>

#include "base/span.h"

struct map_node {
    struct map_node *next; // in the same bucket
    uint64_t hash;
};

// Gives the name of a thing that is in the map; it must not change while it is there.
typedef struct span map_key_fn(const struct map_node *node);

struct map {
    struct map_node **buckets; // NULL until the first insertion
    size_t n_buckets;          // a power of two
    size_t n;                  // things in the map
    map_key_fn *key_of;
    uint64_t k0, k1;
};

// Makes M an empty map whose nodes' names KEY_OF tells. Holds no memory yet.
void map_init(struct map *m, map_key_fn *key_of);

// Frees the buckets; the things stay with their owners.
void map_fini(struct map *m);

// The thing called KEY, or NULL.
struct map_node *map_find(const struct map *m, struct span key);

// Puts NODE in, whose name must not be there yet. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int map_insert(struct map *m, struct map_node *node);

// Takes NODE, which must be in M, out.
void map_remove(struct map *m, struct map_node *node);

// The first thing after NODE in no particular order (NULL: the first of all), or NULL. M must not change meanwhile.
struct map_node *map_next(const struct map *m, const struct map_node *node);

// SipHash-1-3 of S under the key K0, K1 (Aumasson and Bernstein, "SipHash: a fast short-input PRF").
uint64_t siphash13(uint64_t k0, uint64_t k1, struct span s);

#endif
