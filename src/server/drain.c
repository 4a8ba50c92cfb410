// SPDX-License-Identifier: MIT
// Ends a worker's connections a few at a time; see drain.h.
#include "server/drain.h"

enum {
    TICK_MS = 20,
    MIN_PER_TICK = 2, // 100 a second: who has few connections need not wait
};

static uint64_t ticks_left(const struct drain *d)
{
    uint64_t now = uv_now(d->conns->loop);
    return now < d->ends_at ? (d->ends_at - now) / TICK_MS + 1 : 1;
}

static void on_tick(struct deadline *deadline)
{
    struct drain *d = CONTAINER_OF(deadline, struct drain, tick);
    size_t n = d->n_left / ticks_left(d) + MIN_PER_TICK;
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
