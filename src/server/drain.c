// SPDX-License-Identifier: MIT
// Ends a worker's connections a few at a time; see drain.h.
#include "server/drain.h"

#include "base/rand.h"

enum {
    TICK_MS = 20,
    MAX_GAP = 5, // ticks from one connection to the next: who has few need not wait
};

static uint64_t ticks_left(const struct drain *d)
{
    uint64_t now = uv_now(d->conns->loop);
    return now < d->ends_at ? (d->ends_at - now) / TICK_MS + 1 : 1;
}

// How many are to be asked now. What is no whole number is left to chance, so that no two workers, and no two servers, keep
// step.
static size_t n_due(const struct drain *d)
{
    uint64_t ticks = ticks_left(d), most = d->n_left * MAX_GAP;
    uint32_t chance;
    if (!most) // those who came while it was counted
        return 1;
    ticks = ticks < most ? ticks : most;
    rand_fill(&chance, sizeof chance);
    return (size_t)((d->n_left + chance % ticks) / ticks);
}

static void on_tick(struct deadline *deadline)
{
    struct drain *d = CONTAINER_OF(deadline, struct drain, tick);
    size_t n = n_due(d);
    conn_group_shed(d->conns, n);
    d->n_left -= n < d->n_left ? n : d->n_left;
    bool is_late = uv_now(d->conns->loop) >= d->ends_at + CONN_LINGER_MS;
    if (d->conns->stats.n_open == 0 || is_late)
        d->on_done(d);
    else
        deadline_set(d->conns->deadlines, &d->tick, TICK_MS);
}

void drain_start(struct drain *d, struct conn_group *g, uint64_t ms, void (*on_done)(struct drain *d))
{
    *d = (struct drain){
        .conns = g, .ends_at = uv_now(g->loop) + ms, .n_left = (size_t)g->stats.n_open, .on_done = on_done
    };
    deadline_init(&d->tick, on_tick);
    deadline_set(g->deadlines, &d->tick, 0);
}
