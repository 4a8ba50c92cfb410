// SPDX-License-Identifier: MIT
// One thread's share of the server; see worker.h.
#include "net/worker.h"

int worker_init(struct worker *w)
{
    w->is_stopped = false;
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

void worker_turn(struct worker *w, bool may_sleep)
{
    may_sleep = may_sleep && !conn_group_has_more(&w->conns);
    int n = poller_wait(&w->poller, may_sleep ? uv_backend_timeout(&w->loop) : 0);
    bool is_loop_ready = false;
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
