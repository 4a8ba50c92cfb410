// SPDX-License-Identifier: MIT
// What one address has and uses; see source.h.
#include "net/source.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/rand.h"

enum {
    N_SHARDS = 64,
    MAX_UNHELD = 512, // sources that nobody holds, in a shard
    N_SWEPT = 4,      // of them that are looked at whenever one is taken or released
    IPV6_KEY_LEN = 8,
};

struct shard {
    pthread_mutex_t lock;
    struct source_opts opts;
    struct map sources;
    struct list unheld; // the longest of them first
    uint32_t n_unheld;
};

struct sources {
    atomic_uint n_conns, n_refused;
    atomic_uint max_conns, max_refused; // of the options, what is looked at without a lock
    atomic_bool trusts_loopback;
    atomic_bool is_told_full; // the log, of who was turned away since
    uint64_t k0, k1;          // of the hash that picks a shard
    struct shard shards[N_SHARDS];
};

struct source {
    struct map_node by_addr; // in shard->sources
    struct addr addr;
    struct sources *table;
    struct shard *shard;
    struct list in_unheld; // in shard->unheld while nobody holds it
    uint32_t n_conns, n_nameless;
    bool is_loopback;
    struct bucket conns, flows[N_FLOWS];
};

static struct source *of_addr(struct map_node *node)
{
    return CONTAINER_OF(node, struct source, by_addr);
}

static struct span key_of(const struct map_node *node)
{
    const struct source *s = CONTAINER_OF(node, const struct source, by_addr);
    return (struct span){ (const char *)s->addr.ip, sizeof s->addr.ip };
}

// What stands for A: an IPv4 address, or an IPv6 one's first half.
static struct addr key_addr(const struct addr *a)
{
    struct addr key = *a;
    if (!addr_is_ipv4(a))
        memset(key.ip + IPV6_KEY_LEN, 0, sizeof key.ip - IPV6_KEY_LEN);
    return key;
}

// ---- the table

struct sources *sources_new(const struct source_opts *opts)
{
    struct sources *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    rand_fill(&t->k0, sizeof t->k0);
    rand_fill(&t->k1, sizeof t->k1);
    for (int i = 0; i < N_SHARDS; i++) {
        pthread_mutex_init(&t->shards[i].lock, NULL);
        map_init(&t->shards[i].sources, key_of);
        list_init(&t->shards[i].unheld);
    }
    sources_set_opts(t, opts);
    return t;
}

void sources_set_opts(struct sources *t, const struct source_opts *opts)
{
    atomic_store(&t->max_conns, opts->max_conns);
    atomic_store(&t->max_refused, opts->max_refused);
    atomic_store(&t->trusts_loopback, opts->trusts_loopback);
    for (int i = 0; i < N_SHARDS; i++) {
        pthread_mutex_lock(&t->shards[i].lock);
        t->shards[i].opts = *opts;
        pthread_mutex_unlock(&t->shards[i].lock);
    }
}

static void forget(struct source *s)
{
    list_remove(&s->in_unheld);
    s->shard->n_unheld--;
    map_remove(&s->shard->sources, &s->by_addr);
    free(s);
}

void sources_free(struct sources *t)
{
    if (!t)
        return;
    for (int i = 0; i < N_SHARDS; i++) {
        LIST_EACH(&t->shards[i].unheld, node)
        forget(CONTAINER_OF(node, struct source, in_unheld));
        map_fini(&t->shards[i].sources);
        pthread_mutex_destroy(&t->shards[i].lock);
    }
    free(t);
}

size_t sources_count(struct sources *t)
{
    size_t n = 0;
    for (int i = 0; i < N_SHARDS; i++) {
        pthread_mutex_lock(&t->shards[i].lock);
        n += t->shards[i].sources.n;
        pthread_mutex_unlock(&t->shards[i].lock);
    }
    return n;
}

// Counts one more in N, of at most MOST (0: any number). Whether there was room.
static bool count_in(atomic_uint *n, uint32_t most)
{
    if (atomic_fetch_add(n, 1) < most || !most)
        return true;
    atomic_fetch_sub(n, 1);
    return false;
}

bool sources_enter(struct sources *t, bool is_refused)
{
    uint32_t most = atomic_load(is_refused ? &t->max_refused : &t->max_conns);
    if (is_refused)
        return most && count_in(&t->n_refused, most);
    if (count_in(&t->n_conns, most))
        return true;
    if (!atomic_exchange(&t->is_told_full, true))
        log_write(LOG_WARN,
                  "no more connections are let in: --max-connections or descriptors (ulimit -n) allow no more",
                  LOG_INT("connections", most));
    return false;
}

bool sources_are_full(struct sources *t)
{
    uint32_t most = atomic_load(&t->max_conns);
    return most && atomic_load(&t->n_conns) >= most;
}

// A sixteenth must be free for it, or who comes and goes at the edge would fill the log.
static void tell_room(struct sources *t)
{
    uint32_t most = atomic_load(&t->max_conns), n = atomic_load(&t->n_conns);
    if ((!most || n <= most - most / 16) && atomic_exchange(&t->is_told_full, false))
        log_write(LOG_WARN, "there is room for connections again", LOG_INT("connections", n));
}

void sources_leave(struct sources *t, bool is_refused)
{
    atomic_fetch_sub(is_refused ? &t->n_refused : &t->n_conns, 1);
    if (!is_refused && atomic_load(&t->is_told_full))
        tell_room(t);
}

// ---- one source

static bool is_fresh(const struct source *s, uint64_t now_ms)
{
    bool is_full = bucket_is_full(&s->conns, now_ms);
    for (int i = 0; i < N_FLOWS; i++)
        is_full = is_full && bucket_is_full(&s->flows[i], now_ms);
    return is_full;
}

// Forgets those that nobody holds and that are as if new. Those that are not go too when there are too many of them.
static void sweep(struct shard *shard, uint64_t now_ms)
{
    int n_left = N_SWEPT;
    LIST_EACH(&shard->unheld, node)
    {
        struct source *s = CONTAINER_OF(node, struct source, in_unheld);
        if (n_left-- == 0)
            return;
        if (is_fresh(s, now_ms) || shard->n_unheld > MAX_UNHELD)
            forget(s);
    }
}

static void hold(struct source *s)
{
    if (list_is_empty(&s->in_unheld))
        return;
    list_remove(&s->in_unheld);
    s->shard->n_unheld--;
}

static void let_go(struct source *s, uint64_t now_ms)
{
    if (s->n_conns || s->n_nameless || !list_is_empty(&s->in_unheld))
        return;
    list_append(&s->shard->unheld, &s->in_unheld);
    s->shard->n_unheld++;
    sweep(s->shard, now_ms);
}

static struct source *make(struct sources *t, struct shard *shard, const struct addr *key)
{
    static const struct addr_prefix ipv4 = { .addr.ip = { [10] = 0xff, [11] = 0xff, [12] = 127 }, .n_bits = 104 };
    static const struct addr_prefix ipv6 = { .n_bits = 64 }; // of ::1
    struct source *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->addr = *key;
    s->table = t;
    s->shard = shard;
    list_init(&s->in_unheld);
    s->is_loopback = addr_is_in(key, &ipv4) || addr_is_in(key, &ipv6);
    if (map_insert(&shard->sources, &s->by_addr) == 0)
        return s;
    free(s);
    return NULL;
}

static bool is_trusted(const struct source *s)
{
    return s->is_loopback && atomic_load_explicit(&s->table->trusts_loopback, memory_order_relaxed);
}

static enum source_verdict judge(struct source *s, uint64_t now_ms)
{
    const struct source_opts *opts = &s->shard->opts;
    if (is_trusted(s))
        return SOURCE_WELCOME;
    if (opts->max_conns_each && s->n_conns >= opts->max_conns_each)
        return SOURCE_CROWDED;
    // Those that are turned away cost nothing, or they would keep the rest out.
    return bucket_try(&s->conns, &opts->conns_each, 1, now_ms) ? SOURCE_WELCOME : SOURCE_HASTY;
}

struct source *source_take(struct sources *t, const struct addr *addr, uint64_t now_ms, enum source_verdict *verdict)
{
    struct addr key = key_addr(addr);
    struct span name = { (const char *)key.ip, sizeof key.ip };
    struct shard *shard = &t->shards[siphash13(t->k0, t->k1, name) % N_SHARDS];
    *verdict = SOURCE_WELCOME;
    pthread_mutex_lock(&shard->lock);
    sweep(shard, now_ms);
    struct map_node *node = map_find(&shard->sources, name);
    struct source *s = node ? of_addr(node) : make(t, shard, &key);
    if (s)
        *verdict = judge(s, now_ms);
    if (*verdict != SOURCE_WELCOME) {
        let_go(s, now_ms);
        s = NULL;
    } else if (s) {
        hold(s);
        s->n_conns++;
    }
    pthread_mutex_unlock(&shard->lock);
    return s;
}

void source_release(struct source *s, uint64_t now_ms)
{
    struct shard *shard = s->shard;
    pthread_mutex_lock(&shard->lock);
    s->n_conns--;
    let_go(s, now_ms);
    pthread_mutex_unlock(&shard->lock);
}

bool source_is_of(const struct source *s, const struct addr *addr)
{
    struct addr key = key_addr(addr);
    return addr_is_equal(&s->addr, &key);
}

const struct addr *source_addr(const struct source *s)
{
    return &s->addr;
}

bool source_add_nameless(struct source *s)
{
    pthread_mutex_lock(&s->shard->lock);
    uint32_t most = is_trusted(s) ? 0 : s->shard->opts.max_nameless_each;
    bool has_room = !most || s->n_nameless < most;
    s->n_nameless += has_room;
    pthread_mutex_unlock(&s->shard->lock);
    return has_room;
}

void source_remove_nameless(struct source *s, uint64_t now_ms)
{
    struct shard *shard = s->shard;
    pthread_mutex_lock(&shard->lock);
    s->n_nameless--;
    let_go(s, now_ms);
    pthread_mutex_unlock(&shard->lock);
}

uint64_t source_charge(struct source *s, enum flow flow, uint32_t n, uint64_t now_ms)
{
    if (is_trusted(s))
        return 0;
    pthread_mutex_lock(&s->shard->lock);
    uint64_t wait_ms = bucket_take(&s->flows[flow], &s->shard->opts.flows_each[flow], n, now_ms);
    pthread_mutex_unlock(&s->shard->lock);
    return wait_ms;
}

void source_refund(struct source *s, enum flow flow, uint32_t n)
{
    if (is_trusted(s))
        return;
    pthread_mutex_lock(&s->shard->lock);
    bucket_give(&s->flows[flow], &s->shard->opts.flows_each[flow], n);
    pthread_mutex_unlock(&s->shard->lock);
}
