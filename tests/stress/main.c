// SPDX-License-Identifier: MIT
// Runs the workers' threads against the model in stress.h, with pauses in which everything must add up.
//
// usage: stress [--operations N] [--seed S] [--workers W]
#include <getopt.h>
#include <malloc.h>
#include <time.h>

#include "../unit/chance.h"
#include "stress.h"

enum {
    STRETCH = 20000, // operations of a worker between two pauses
    MAX_BATCH = 30,  // operations of a worker in one turn of its loop
    // Turns after which nothing can be under way: a letter's, its wake-up's, and those of its return.
    N_QUIET_TURNS = 6,
    LEAK_BYTES = 256 * 1024, // the heap's own change of mind
};

struct options {
    uint64_t n_operations, seed;
    int n_workers;
};

// ---- between the switchboard and its bus

static bool deliver(void *user, struct peer_ref to, const struct relay *r)
{
    struct stress_worker *w = user;
    CHECK(pthread_equal(w->thread, pthread_self()), "on another's thread");
    return w->switchboard_handler->deliver(&w->switchboard, to, r);
}

static void undelivered(void *user, const struct relay *r)
{
    struct stress_worker *w = user;
    CHECK(pthread_equal(w->thread, pthread_self()), "on another's thread");
    w->stats.n_returned++;
    w->switchboard_handler->undelivered(&w->switchboard, r);
}

// ---- a worker

static void turn(struct stress_worker *w)
{
    worker_turn(&w->worker, false);
}

static void add(struct stress_stats *sum, const struct stress_stats *s)
{
    const uint64_t *from = (const uint64_t *)s;
    for (size_t i = 0; i < sizeof *s / sizeof *from; i++)
        ((uint64_t *)sum)[i] += from[i];
}

static struct stress_stats sum_of(const struct field *f)
{
    struct stress_stats sum = { 0 };
    for (int i = 0; i < f->n_workers; i++)
        add(&sum, &f->workers[i].stats);
    return sum;
}

// Everything must add up now that nothing is under way.
static void check(struct field *f)
{
    const struct order *orders[MAX_STRESS_WORKERS];
    uint32_t n_events = atomic_load(&f->n_events);
    struct stress_stats sum = sum_of(f);
    CHECK(sum.n_sent == sum.n_arrived + sum.n_returned, "%ju sent, %ju arrived, %ju returned", (uintmax_t)sum.n_sent,
          (uintmax_t)sum.n_arrived, (uintmax_t)sum.n_returned);
    for (int i = 0; i < f->n_workers; i++)
        orders[i] = &f->workers[i].order;
    CHECK(order_is_possible(orders, f->n_workers, n_events), "members of a room saw different orders");
    callers_check(f);
    for (uint32_t i = 0; i < n_events; i++)
        atomic_store(&f->finished_at[i], 0);
    atomic_store(&f->n_events, 0);
}

static void pause_and_check(struct stress_worker *w)
{
    struct field *f = w->field;
    for (int i = 0; i < N_QUIET_TURNS; i++) {
        pthread_barrier_wait(&f->pause);
        turn(w);
    }
    pthread_barrier_wait(&f->pause);
    if (w == f->workers)
        check(f);
    pthread_barrier_wait(&f->pause);
    callers_resume(w);
}

static void *run(void *user)
{
    struct stress_worker *w = user;
    pthread_barrier_wait(&w->field->pause); // until all know their threads
    for (uint64_t n = 0; n < w->n_operations;) {
        uint64_t end = n + STRETCH < w->n_operations ? n + STRETCH : w->n_operations;
        while (n < end) {
            for (size_t batch = 1 + chance_below(&w->chance, MAX_BATCH); batch && n < end; batch--, n++)
                callers_act(w);
            turn(w);
        }
        pause_and_check(w);
    }
    callers_close(w);
    pause_and_check(w);
    return NULL;
}

// ---- beginning and end

static void worker_begin(struct field *f, struct bus_local *local, int i, const struct options *o)
{
    static const struct bus_handler handler = { .deliver = deliver, .undelivered = undelivered };
    struct stress_worker *w = &f->workers[i];
    struct bus *bus = &w->port.bus;
    w->field = f;
    w->n_operations = o->n_operations / (uint64_t)f->n_workers;
    w->chance = (o->seed + (uint64_t)i + 1) * 0x9e3779b97f4a7c15;
    CHECK(worker_init(&w->worker) == 0, "no loop");
    CHECK(bus_port_open(&w->port, local, i, &w->worker.loop, &w->worker.conns.turn) == 0, "no port");
    w->port.user = w;
    switchboard_init(&w->switchboard);
    switchboard_connect(&w->switchboard, bus);
    w->switchboard_handler = bus->handler;
    bus->handler = &handler;
    bus->user = w;
    w->realm = (struct realm){
        .switchboard = &w->switchboard, .bus = bus, .seats = &w->switchboard.seats, .peer_ops = &caller_peer_ops
    };
    callers_init(w);
}

static void worker_end(struct stress_worker *w)
{
    CHECK(w->switchboard.roster.block_pool.n_in_use == 0, "somebody is left");
    CHECK(w->switchboard.seats.n_in_use == 0, "a seat is left");
    bus_port_close(&w->port);
    worker_fini(&w->worker);
    switchboard_fini(&w->switchboard);
    order_fini(&w->order);
}

static void check_empty(const struct field *f)
{
    for (int i = 0; i < N_NAMES; i++)
        CHECK(atomic_load(&f->owners[i]) == 0, "the name %d is still owned", i);
    for (int i = 0; i < N_ROOMS; i++)
        CHECK(atomic_load(&f->seats[i]) == 0, "a seat in room %d is still taken", i);
}

static struct stress_stats stress(const struct options *o)
{
    struct field *f = calloc(1, sizeof *f);
    struct bus_local *local = bus_local_new(o->n_workers, 1);
    CHECK(f && local, "no memory");
    f->n_workers = o->n_workers;
    f->workers = calloc((size_t)o->n_workers, sizeof *f->workers);
    f->finished_at = calloc(MAX_EVENTS, sizeof *f->finished_at);
    CHECK(f->workers && f->finished_at, "no memory");
    pthread_barrier_init(&f->pause, NULL, (unsigned)o->n_workers);
    for (int i = 0; i < f->n_workers; i++)
        worker_begin(f, local, i, o);
    for (int i = 0; i < f->n_workers; i++)
        CHECK(pthread_create(&f->workers[i].thread, NULL, run, &f->workers[i]) == 0, "no thread");
    for (int i = 0; i < f->n_workers; i++)
        pthread_join(f->workers[i].thread, NULL);
    check_empty(f);
    struct stress_stats sum = sum_of(f);
    bus_local_settle(local);
    for (int i = 0; i < f->n_workers; i++)
        worker_end(&f->workers[i]);
    bus_local_free(local);
    pthread_barrier_destroy(&f->pause);
    free(f->finished_at);
    free(f->workers);
    free(f);
    return sum;
}

static uint64_t number(const char *text, uint64_t max)
{
    char *end;
    unsigned long long n = strtoull(text, &end, 10);
    if (*end || end == text || n < 1 || n > max) {
        fprintf(stderr, "stress: not a number from 1 to %ju: %s\n", (uintmax_t)max, text);
        exit(2);
    }
    return n;
}

static struct options parse(int argc, char **argv)
{
    static const struct option long_options[] = {
        { "operations", required_argument, NULL, 'o' },
        { "seed", required_argument, NULL, 's' },
        { "workers", required_argument, NULL, 'w' },
        { 0 },
    };
    struct options o = { .n_operations = 1000000, .seed = 1, .n_workers = 4 };
    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (c == 'o')
            o.n_operations = number(optarg, UINT64_MAX);
        else if (c == 's')
            o.seed = number(optarg, UINT64_MAX);
        else if (c == 'w')
            o.n_workers = (int)number(optarg, MAX_STRESS_WORKERS);
        else
            exit(2);
    }
    return o;
}

// A run that never met a refusal or a full room has shown nothing.
static void check_reach(const struct stress_stats *sum)
{
    const uint64_t *counts = (const uint64_t *)sum;
    for (size_t i = 0; i < sizeof *sum / sizeof *counts; i++)
        CHECK(counts[i] > 0, "counter %zu is 0: too few operations", i);
}

int main(int argc, char **argv)
{
    struct options o = parse(argc, argv);
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    size_t before = mallinfo2().uordblks;
    struct stress_stats sum = stress(&o);
    size_t after = mallinfo2().uordblks;
    clock_gettime(CLOCK_MONOTONIC, &ended);
    CHECK(after < before + LEAK_BYTES, "%zu bytes in use before, %zu after", before, after);
    if (o.n_workers > 1)
        check_reach(&sum);
    printf("%ju operations on %d workers in %.1f s, seed %ju:\n", (uintmax_t)o.n_operations, o.n_workers,
           (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9, (uintmax_t)o.seed);
    printf("  %ju logins, %ju refused, %ju taken over, %ju closes\n", (uintmax_t)sum.n_logins, (uintmax_t)sum.n_refused,
           (uintmax_t)sum.n_taken_over, (uintmax_t)sum.n_closes);
    printf("  %ju messages to one: %ju arrived, %ju returned\n", (uintmax_t)sum.n_sent, (uintmax_t)sum.n_arrived,
           (uintmax_t)sum.n_returned);
    printf("  %ju joins, %ju refused; %ju messages to a room, heard %ju times with joins and leaves\n",
           (uintmax_t)sum.n_joins, (uintmax_t)sum.n_full, (uintmax_t)sum.n_published, (uintmax_t)sum.n_heard);
    return 0;
}
