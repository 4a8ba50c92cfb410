// SPDX-License-Identifier: MIT
// The whole server inside a fuzz target; see rig.h.
#include "rig.h"

#define OPENSSL_SUPPRESS_DEPRECATED // a method of our own for chance; the providers' way takes ten times the code
#include <arpa/inet.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/rand.h"
#include "base/utf8.h"
#include "proto/json.h"
#include "server/server.h"
#include "server/tap.h"

enum {
    N_WORKERS = 2,
    MAX_CALLS = 16,           // that wait for a worker: each handle waits once
    SCRIPTS_PER_START = 4096, // before the server is taken apart and built anew
};

static const uint64_t first_chance = 88172645463325252;

static struct rig {
    struct config_set set;
    struct server server;
    struct taps taps;
    uint64_t now_ms;
    uint64_t chance;
    uv_async_t *calls[MAX_CALLS]; // what uv_async_send() was asked to have called
    size_t n_calls;
    unsigned n_scripts;
    bool is_up;
} rig = { .now_ms = 1000000 };

// ---- the libraries' functions

uint64_t uv_now(const uv_loop_t *loop)
{
    (void)loop;
    return rig.now_ms;
}

int uv_async_send(uv_async_t *async)
{
    for (size_t i = 0; i < rig.n_calls; i++)
        if (rig.calls[i] == async)
            return 0;
    must(rig.n_calls < MAX_CALLS);
    rig.calls[rig.n_calls++] = async;
    return 0;
}

void rand_fill(void *p, size_t len)
{
    for (size_t i = 0; i < len; i++) { // xorshift64
        rig.chance ^= rig.chance << 13;
        rig.chance ^= rig.chance >> 7;
        rig.chance ^= rig.chance << 17;
        ((unsigned char *)p)[i] = (unsigned char)rig.chance;
    }
}

static int fill_for_openssl(unsigned char *p, int len)
{
    rand_fill(p, (size_t)len);
    return 1;
}

// What was freed long ago need not be watched: a script is over by then, and fresh memory costs more than all else.
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=16:malloc_context_size=10";
}

// ---- the server

static struct station *station(int i)
{
    return &rig.server.stations[i];
}

static void on_fault(void *user, const char *line)
{
    (void)user;
    fprintf(stderr, "%s\n", line);
    abort();
}

static void on_line(struct taps *t, uint32_t watchers, struct span line)
{
    struct json_value value;
    (void)t;
    must(watchers == 1 && line.len && line.p[line.len - 1] == '\n');
    must(memchr(line.p, '\n', line.len) == line.p + line.len - 1); // one line a record
    must(utf8_is_valid(line.p, line.len) && json_parse(line, &value) == JSON_OK);
}

static void start(int n, char **argv)
{
    static const RAND_METHOD chance = { .bytes = fill_for_openssl, .pseudorand = fill_for_openssl };
    char error[SERVER_ERROR_LEN];
    sigset_t before;
    must(RAND_set_rand_method(&chance) == 1);
    must(config_read(&rig.set, n, argv, (struct fault_sink){ .on_fault = on_fault }) == CONFIG_OK);
    log_set_level((enum log_level)rig.set.sites[0].log_level);
    sigprocmask(SIG_SETMASK, NULL, &before);
    int err = server_start(&rig.server, &rig.set, error);
    if (err)
        on_fault(NULL, error);
    sigprocmask(SIG_SETMASK, &before, NULL); // the fuzzer's own signals go on coming
    must(taps_init(&rig.taps, N_WORKERS, on_line) == 0);
    rig.is_up = true;
}

void rig_begin(int n, char **argv)
{
    rig.chance = first_chance;
    if (!rig.is_up)
        start(n, argv);
    rig.chance = first_chance;
}

static void check_nothing_left(void)
{
    for (int i = 0; i < N_WORKERS; i++) {
        struct station *s = station(i);
        const struct pool *pools[] = { &s->http_pool,
                                       &s->ws_pool,
                                       &s->socket_pool,
                                       &s->engineio_home.session_pool,
                                       &s->worker.conns.conn_pool,
                                       &s->worker.conns.out_memory.chunks,
                                       &s->switchboard.roster.block_pool,
                                       &s->switchboard.seats };
        for (size_t j = 0; j < sizeof pools / sizeof *pools; j++)
            must(pools[j]->n_in_use == 0);
        must(atomic_load(&rig.taps.list[i].n_under_way) == 0);
    }
}

// No name may be held either.
static void stop(void)
{
    const struct mounts *mounts = &station(0)->branches[0].mounts;
    for (size_t i = 0; i < mounts->n; i++)
        must(switchboard_names(mounts->list[i].realm, NULL, NULL) == 0);
    server_stop(&rig.server);
    taps_fini(&rig.taps);
    config_free(&rig.set);
    rig.is_up = false;
}

void rig_end(void)
{
    must(rig_is_empty());
    check_nothing_left();
    if (++rig.n_scripts % SCRIPTS_PER_START == 0)
        stop();
}

// ---- its workers

// Calls what LOOP was asked to call. Whether there was anything.
static bool take_calls(const uv_loop_t *loop)
{
    bool had_any = false;
    for (size_t i = 0; i < rig.n_calls;) {
        uv_async_t *async = rig.calls[i];
        if (async->loop != loop) {
            i++;
            continue;
        }
        rig.calls[i] = rig.calls[--rig.n_calls];
        async->async_cb(async);
        had_any = true;
    }
    return had_any;
}

static bool turn(struct worker *w)
{
    if (!take_calls(&w->loop) && !conn_group_has_more(&w->conns) && !wire_has_ready(&w->poller))
        return false;
    worker_turn(w, false);
    return true;
}

bool rig_turn(void)
{
    bool had_any = false;
    for (int i = 0; i < N_WORKERS; i++)
        had_any = turn(&station(i)->worker) || had_any;
    return had_any;
}

void rig_pass(uint64_t ms)
{
    rig.now_ms += ms;
    for (int i = 0; i < N_WORKERS; i++)
        deadlines_call(&station(i)->worker.clock.deadlines);
}

void rig_shed(size_t n)
{
    for (int i = 0; i < N_WORKERS; i++)
        conn_group_shed(&station(i)->worker.conns, n);
}

void rig_tail(bool is_on)
{
    static const struct tap_filter everything;
    for (int i = 0; i < N_WORKERS; i++)
        tap_set(&rig.taps, &station(i)->port, 0, is_on ? &everything : NULL);
}

struct wire *rig_connect(int worker, int endpoint, const char *address)
{
    int fd;
    struct wire *w = wire_open(inet_addr(address), &fd);
    struct listener *l = &station(worker)->endpoints[endpoint].listener;
    l->on_accept(l, fd);
    return w;
}

static bool is_empty_at(const struct station *s)
{
    return s->worker.conns.stats.n_open == 0 && s->engineio_home.sessions.n == 0;
}

bool rig_is_empty(void)
{
    for (int i = 0; i < N_WORKERS; i++)
        if (!is_empty_at(station(i)))
            return false;
    return true;
}
