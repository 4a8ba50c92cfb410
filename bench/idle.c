// SPDX-License-Identifier: MIT
// A crowd that comes, stays silent, and goes, some times over.
#include <err.h>
#include <time.h>

#include "caller.h"
#include "crowd.h"
#include "modes.h"
#include "sample.h"

enum { FEW = 10 };

// What is freed after a wave is freed soon, not at once: servers have timers, and some have garbage collectors.
static void settle(const struct options *o)
{
    struct timespec t = { (time_t)o->settle, (long)((o->settle - (double)(time_t)o->settle) * 1e9) };
    nanosleep(&t, NULL);
}

struct wave {
    uint64_t rss_empty, rss_full, rss_after;
    uint64_t kernel_empty, kernel_full;
    double connect_us, close_us; // processor time of the server for one caller
};

static bool run_wave(const struct options *o, struct wave *w)
{
    struct crowd crowd;
    w->rss_empty = sample_rss(o->server_pid);
    w->kernel_empty = sample_kernel();
    struct sample start = sample_take(o->server_pid);
    bool is_well = crowd_start(&crowd, o, o->first_id);
    settle(o);
    struct sample full = sample_take(o->server_pid);
    w->rss_full = sample_rss(o->server_pid);
    w->kernel_full = sample_kernel();
    is_well &= crowd_end(&crowd);
    settle(o);
    struct sample end = sample_take(o->server_pid);
    w->rss_after = sample_rss(o->server_pid);
    w->connect_us = (double)(full.server_ns - start.server_ns) / 1e3 / o->n_idle;
    w->close_us = (double)(end.server_ns - full.server_ns) / 1e3 / o->n_idle;
    return is_well;
}

// The first callers bring the server's code into memory, which is no cost of any later one.
static bool warm_up(const struct options *o)
{
    struct options few = *o;
    struct crowd crowd;
    few.n_idle = FEW;
    bool is_well = crowd_start(&crowd, &few, o->first_id);
    is_well &= crowd_end(&crowd);
    settle(o);
    return is_well;
}

bool idle_run(const struct options *o, struct report *r)
{
    struct wave first = { 0 }, w = { 0 };
    if (o->n_idle == 0)
        errx(2, "idle needs --idle N");
    bool is_well = warm_up(o);
    for (uint32_t i = 0; i < o->n_waves && is_well; i++) {
        is_well = run_wave(o, &w);
        if (i == 0)
            first = w;
    }
    report_count(r, "idle", o->n_idle);
    report_count(r, "waves", o->n_waves);
    report_count(r, "rss_empty", first.rss_empty);
    report_count(r, "rss_full", first.rss_full);
    report_number(r, "bytes_per_idle", ((double)first.rss_full - (double)first.rss_empty) / o->n_idle);
    // Both ends of each connection are on this machine.
    report_number(r, "kernel_per_idle", ((double)first.kernel_full - (double)first.kernel_empty) / 2 / o->n_idle);
    report_number(r, "connect_us", first.connect_us);
    report_number(r, "close_us", first.close_us);
    report_count(r, "rss_full_last", w.rss_full);
    report_count(r, "rss_after_first", first.rss_after);
    report_count(r, "rss_after_last", w.rss_after);
    return is_well;
}
