// SPDX-License-Identifier: MIT
// Whether what many saw can have happened in one order; see order.h.
#include "order.h"

#include <stdlib.h>

struct pair {
    uint32_t before, after;
};

// All pairs of all witnesses, sorted by what came before.
struct graph {
    uint32_t n_events;
    uint32_t *begin; // of an event's successors in AFTER; one more for the end
    uint32_t *after;
    uint32_t *n_before; // by event: how many pairs have it behind
};

static void *must_calloc(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (!p)
        abort();
    return p;
}

void order_note(struct order *o, uint32_t before, uint32_t after)
{
    struct pair pair = { before, after };
    if (before != NO_EVENT && buf_put(&o->pairs, &pair, sizeof pair) != 0)
        abort();
}

void order_fini(struct order *o)
{
    buf_fini(&o->pairs);
}

static size_t n_pairs(const struct order *o)
{
    return o->pairs.len / sizeof(struct pair);
}

static struct pair pair_at(const struct order *o, size_t i)
{
    struct pair pair;
    memcpy(&pair, o->pairs.p + i * sizeof pair, sizeof pair);
    return pair;
}

static void graph_init(struct graph *g, const struct order *const *orders, int n, uint32_t n_events)
{
    size_t n_all = 0;
    for (int i = 0; i < n; i++)
        n_all += n_pairs(orders[i]);
    g->n_events = n_events;
    g->begin = must_calloc((size_t)n_events + 2, sizeof *g->begin);
    g->n_before = must_calloc(n_events + 1, sizeof *g->n_before);
    g->after = must_calloc(n_all + 1, sizeof *g->after);
    for (int i = 0; i < n; i++)
        for (size_t j = 0; j < n_pairs(orders[i]); j++) {
            g->begin[pair_at(orders[i], j).before + 2]++;
            g->n_before[pair_at(orders[i], j).after]++;
        }
    for (uint32_t e = 2; e < n_events + 2; e++)
        g->begin[e] += g->begin[e - 1];
    for (int i = 0; i < n; i++) // begin[e + 1] is where e's next successor goes, and in the end where e + 1's begin
        for (size_t j = 0; j < n_pairs(orders[i]); j++)
            g->after[g->begin[pair_at(orders[i], j).before + 1]++] = pair_at(orders[i], j).after;
}

static void graph_fini(struct graph *g)
{
    free(g->begin);
    free(g->after);
    free(g->n_before);
}

// Takes away, over and over, what has nothing before it (Kahn): in a circle everything has something before it.
bool order_is_possible(const struct order *const *orders, int n, uint32_t n_events)
{
    struct graph g;
    graph_init(&g, orders, n, n_events);
    uint32_t *ready = must_calloc((size_t)n_events + 1, sizeof *ready), n_ready = 0;
    for (uint32_t e = 0; e < n_events; e++)
        if (!g.n_before[e])
            ready[n_ready++] = e;
    for (uint32_t i = 0; i < n_ready; i++)
        for (uint32_t j = g.begin[ready[i]]; j < g.begin[ready[i] + 1]; j++)
            if (--g.n_before[g.after[j]] == 0)
                ready[n_ready++] = g.after[j];
    free(ready);
    graph_fini(&g);
    return n_ready == n_events;
}
