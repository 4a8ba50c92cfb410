// SPDX-License-Identifier: MIT
// One thread's share of the server; see worker.h.
#include "net/worker.h"

static void on_awake(uv_idle_t *idle)
{
    (void)idle;
}

static void on_before_sleep(uv_prepare_t *prepare)
{
    struct worker *w = CONTAINER_OF(prepare, struct worker, before_sleep);
    conn_group_flush(&w->conns);
    // Who sends a large file is called back as it leaves, and may have more; others have their turn in between.
    if (conn_group_has_more(&w->conns))
        uv_idle_start(&w->awake, on_awake);
    else
        uv_idle_stop(&w->awake);
}

int worker_init(struct worker *w)
{
    int err = uv_loop_init(&w->loop);
    if (err)
        return err;
    err = conn_group_init(&w->conns, &w->loop, &w->clock.deadlines);
    if (err) {
        uv_loop_close(&w->loop);
        return err;
    }
    loop_clock_init(&w->clock, &w->loop);
    uv_idle_init(&w->loop, &w->awake);
    uv_prepare_init(&w->loop, &w->before_sleep);
    uv_prepare_start(&w->before_sleep, on_before_sleep);
    return 0;
}

void worker_run(struct worker *w)
{
    uv_run(&w->loop, UV_RUN_DEFAULT);
}

void worker_stop(struct worker *w)
{
    uv_stop(&w->loop);
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
    while (!list_is_empty(&w->conns.conns))
        uv_run(&w->loop, UV_RUN_NOWAIT);
    conn_group_flush(&w->conns);
}

void worker_fini(struct worker *w)
{
    uv_walk(&w->loop, close_handle, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    uv_loop_close(&w->loop);
    conn_group_fini(&w->conns);
}
