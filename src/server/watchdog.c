// SPDX-License-Identifier: MIT
// Shows the supervisor that every worker is alive; see watchdog.h.
#include "server/watchdog.h"

enum { STATUS_MS = 10000, MIN_INTERVAL_MS = 1 };

static void on_answered(struct survey *s)
{
    struct watchdog *w = s->user;
    struct sample sum;
    survey_sum(s, &sum);
    w->is_asking = false;
    notify_alive(w->notify, sum.conns.n_open);
}

static void on_beat(struct deadline *d)
{
    struct watchdog *w = CONTAINER_OF(d, struct watchdog, beat);
    if (!w->is_asking)
        w->is_asking = survey_begin(w->stations, w->n_stations, on_answered, w) != NULL;
    deadline_set(&w->stations->worker.clock.deadlines, &w->beat, w->interval_ms);
}

void watchdog_start(struct watchdog *w, const struct notify *notify, struct station *stations, int n)
{
    *w = (struct watchdog){ .stations = stations, .n_stations = n, .notify = notify, .interval_ms = STATUS_MS };
    deadline_init(&w->beat, on_beat);
    if (!notify_is_wanted(notify))
        return;
    uint64_t half = notify->watchdog_ms / 2;
    if (half && half < w->interval_ms)
        w->interval_ms = half;
    deadline_set(&stations->worker.clock.deadlines, &w->beat, MIN_INTERVAL_MS);
}
