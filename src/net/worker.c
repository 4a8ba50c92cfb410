// SPDX-License-Identifier: MIT
// One thread's share of the server; see worker.h.
#include "net/worker.h"

#define US(n) (1000ULL * (n))
#define MS(n) (1000ULL * US(n))
const struct histogram_scale worker_scale = {
    .per_unit = 1e9,
    .bounds = { US(10), US(25), US(50), US(100), US(250), US(500), MS(1), MS(2), MS(5), MS(10), MS(25), MS(50), MS(100),
                MS(500), UINT64_MAX },
};

int worker_init(struct worker *w)
{
    *w = (struct worker){ 0 };
    int err = uv_loop_init(&w->loop);
    if (err)
        return err;
    err = poller_open(&w->poller);
    if (err)
        goto fail_loop;
    err = poller_watch(&w->poller, uv_backend_fd(&w->loop), NULL, 0, EPOLLIN);
    err = err ? err : conn_group_init(&w->conns, &w->loop, &w->poller, &w->clock.deadlines);
    if (err)
        goto fail_poller;
    loop_clock_init(&w->clock, &w->loop);
    return 0;
fail_poller:
    poller_close(&w->poller);
fail_loop:
    uv_loop_close(&w->loop);
    return err;
}

// All messages of a turn leave at its end: two looks at the clock are enough for them.
static void note_turn(struct worker *w, uint64_t began_at)
{
    struct turn *t = &w->conns.turn;
    uint64_t now = uv_hrtime();
    histogram_add(&w->stats.turns, &worker_scale, now - began_at, 1);
    if (t->n_relayed)
        histogram_add(&w->stats.relays, &worker_scale, now - t->heard_at, t->n_relayed);
    t->n_relayed = 0;
}

void worker_turn(struct worker *w, bool may_sleep)
{
    may_sleep = may_sleep && !conn_group_has_more(&w->conns);
    int n = poller_wait(&w->poller, may_sleep ? uv_backend_timeout(&w->loop) : 0);
    bool is_loop_ready = false;
    uint64_t began_at = uv_hrtime();
    w->conns.turn.heard_at = began_at;
    uv_update_time(&w->loop);
    for (int i = 0; i < n; i++) {
        struct conn *c = w->poller.ready[i].data.ptr;
        if (c)
            conn_on_ready(c, w->poller.ready[i].events);
        else
            is_loop_ready = true;
    }
    // A timer may be due, a handle to be closed, or the loop have something new to watch for.
    if (is_loop_ready || uv_backend_timeout(&w->loop) == 0)
        uv_run(&w->loop, UV_RUN_NOWAIT);
    conn_group_flush(&w->conns);
    note_turn(w, began_at);
}

void worker_run(struct worker *w)
{
    while (!w->is_stopped)
        worker_turn(w, true);
}

void worker_stop(struct worker *w)
{
    w->is_stopped = true;
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void worker_close_conns(struct worker *w)
{
    conn_group_flush(&w->conns); // what was put off must not be lost with the loop
    conn_group_close(&w->conns);
    while (conn_group_has_more(&w->conns))
        conn_group_flush(&w->conns);
}

void worker_fini(struct worker *w)
{
    uv_walk(&w->loop, close_handle, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    uv_loop_close(&w->loop);
    poller_close(&w->poller);
    conn_group_fini(&w->conns);
}
