// SPDX-License-Identifier: MIT
// One worker's whole share of the server; see station.h.
#include "server/station.h"

#include <errno.h>
#include <stdlib.h>

#include "net/conn_open.h"
#include "server/route.h"

static void on_accept(struct listener *l, int fd)
{
    const struct endpoint *e = CONTAINER_OF(l, struct endpoint, listener);
    http_conn_open(&e->branch->station->worker.conns, fd, e->how, &e->branch->http);
}

static void close_endpoints(struct station *s)
{
    while (s->n_endpoints)
        listener_close(&s->endpoints[--s->n_endpoints].listener);
    while (s->n_stuns)
        stun_service_close(&s->stuns[--s->n_stuns]);
}

static void on_drained(struct drain *d)
{
    const struct station *s = CONTAINER_OF(d, struct station, drain);
    s->on_drained(s->user);
}

static void on_stop(uv_async_t *async)
{
    struct station *s = CONTAINER_OF(async, struct station, stop);
    s->is_ending = true;
    if (atomic_load(&s->stop_level) >= STATION_STOP) {
        worker_stop(&s->worker);
        return;
    }
    for (size_t i = 0; i < s->n_endpoints; i++)
        listener_accept_waiting(&s->endpoints[i].listener);
    close_endpoints(s);
    drain_start(&s->drain, &s->worker.conns, (uint64_t)s->live->config->drain_time, on_drained);
}

// ---- settings that change

static void apply_to_conns(struct station *s)
{
    const struct live *l = s->live;
    struct conn_limits limits = l->limits.conns;
    limits.sources = s->common->sources;
    limits.backlog = &s->common->backlog;
    conn_group_set_limits(&s->worker.conns, &limits);
    s->plain = (struct conn_opts){ .proxies = l->proxies,
                                   .n_proxies = l->config->behind_proxy.n,
                                   .greeting_ms = (uint64_t)l->config->handshake_timeout };
    s->secure = s->plain;
    s->secure.tls = s->common->tls;
    s->stun_limit.opts = &l->limits.stun;
    s->ice_limit.opts = &l->limits.ice;
}

static void apply_to_branch(struct branch *b, const struct live *l)
{
    b->site = &l->sites[b->number];
    b->dialect_opts = b->site->dialect_opts;
    mounts_apply(&b->mounts);
    const struct config_list *origins = &b->site->config->allow_origin;
    b->origins = (struct origin_list){ origins->items, origins->n };
    b->http.head_timeout_ms = (uint64_t)l->config->head_timeout;
    b->http.proxies = l->proxies;
    b->http.n_proxies = l->config->behind_proxy.n;
    b->ws.websocket = b->heartbeat_ws.websocket = l->websocket;
    b->heartbeat_ws.websocket.alive_ms = b->dialect_opts.alive_ms;
}

// Has all of S do as S->live says. All that connections and sessions look at is S's own, so that nothing they know of goes
// away with the settings before.
static void apply(struct station *s)
{
    const struct websocket_opts *opts = &s->live->websocket;
    apply_to_conns(s);
    for (size_t i = 0; i < s->n_branches; i++)
        apply_to_branch(&s->branches[i], s->live);
    s->engineio = s->live->engineio;
    s->socket.websocket = (struct websocket_opts){
        .limits = { .max_message = s->engineio.max_payload, .max_fragments = opts->limits.max_fragments },
        .ping_interval_ms = opts->ping_interval_ms,
        .ping_timeout_ms = opts->ping_timeout_ms,
        .message_ms = opts->message_ms,
        .max_controls = opts->max_controls,
    };
}

static void on_change(uv_async_t *async)
{
    struct station *s = CONTAINER_OF(async, struct station, change);
    struct live *before = s->live, *next = atomic_exchange(&s->next_live, NULL);
    if (!next) // two changes came at once, and both were taken up
        return;
    s->live = next;
    apply(s);
    live_settle(next);
    live_release(before);
}

void station_change(struct station *s, struct live *live)
{
    live_offer(live);
    struct live *skipped = atomic_exchange(&s->next_live, live_hold(live));
    if (skipped)
        live_settle(skipped);
    live_release(skipped);
    uv_async_send(&s->change);
}

// ---- connections

// A connection on its way to the same site's branch at another station, with what came on it.
struct moving {
    struct bus_errand errand;
    size_t branch; // its number
    struct conn_transfer conn;
    size_t len;
    char bytes[];
};

static void run_move(struct bus_errand *e, struct bus_port *p)
{
    struct moving *m = CONTAINER_OF(e, struct moving, errand);
    struct station *s = p->user;
    if (s->is_closing)
        conn_drop(&m->conn);
    else
        http_conn_adopt(&s->worker.conns, &m->conn, &s->branches[m->branch].http, m->bytes, m->len);
    free(m);
}

static void on_move(void *user, int worker, const struct conn_transfer *conn, struct span bytes)
{
    const struct branch *b = user;
    struct moving *m = malloc(sizeof *m + bytes.len);
    if (!m) {
        conn_drop(conn);
        return;
    }
    *m = (struct moving){ .errand = { .run = run_move }, .branch = b->number, .conn = *conn, .len = bytes.len };
    memcpy(m->bytes, bytes.p, bytes.len);
    bus_port_post(&b->station->port, worker, &m->errand);
}

// Opens S's next branch, with realms from FIRST_REALM on. 0 or -ENOMEM.
static int add_branch(struct station *s, uint32_t first_realm)
{
    struct branch *b = &s->branches[s->n_branches];
    *b = (struct branch){
        .station = s,
        .number = s->n_branches,
        .ice_limit = &s->ice_limit,
        .n_credentials = &s->n_credentials,
        .ws = { .pool = &s->ws_pool },
        .heartbeat_ws = { .pool = &s->ws_pool },
        .engineio = { .home = &s->engineio_home, .socket = &s->socket, .origins = &b->origins },
        .http = { .on_request = route_request, .on_move = on_move, .user = b, .pool = &s->http_pool },
    };
    s->n_branches++;
    mounts_init(&b->mounts, &s->switchboard, &s->port.bus, first_realm);
    const struct site *site = &s->live->sites[b->number];
    b->dialect_opts = site->dialect_opts; // which say what namespaces there are to be mounted
    const char *bad;
    return site_mount(site, &b->mounts, &b->dialect_opts, &bad);
}

static int add_branches(struct station *s)
{
    s->branches = calloc(s->live->n_sites, sizeof *s->branches);
    int err = s->branches ? 0 : -ENOMEM;
    uint32_t realm = 0;
    for (size_t i = 0; i < s->live->n_sites && !err; i++) {
        err = add_branch(s, realm);
        realm = s->branches[i].mounts.next_realm;
    }
    return err;
}

int station_init(struct station *s, const struct station_opts *opts)
{
    *s = (struct station){
        .common = opts->common, .live = live_hold(opts->live), .on_drained = opts->on_drained, .user = opts->user
    };
    pool_init(&s->http_pool, sizeof(struct http_conn), false);
    pool_init(&s->ws_pool, sizeof(struct ws_session), false);
    pool_init(&s->socket_pool, sizeof(struct engineio_socket), false);
    switchboard_init(&s->switchboard);
    int err = worker_init(&s->worker);
    if (err)
        return err;
    s->has_loop = true;
    s->switchboard.deadlines = &s->worker.clock.deadlines;
    engineio_home_init(&s->engineio_home, &s->engineio, &s->worker.conns);
    s->socket.pool = &s->socket_pool;
    answer_limit_init(&s->stun_limit, &opts->live->limits.stun);
    answer_limit_init(&s->ice_limit, &opts->live->limits.ice);
    uv_async_init(&s->worker.loop, &s->stop, on_stop);
    uv_async_init(&s->worker.loop, &s->change, on_change);
    s->endpoints = calloc(opts->max_sockets, sizeof *s->endpoints);
    s->stuns = calloc(opts->max_sockets, sizeof *s->stuns);
    err = s->endpoints && s->stuns ? add_branches(s) : -ENOMEM;
    if (!err)
        apply(s);
    return err;
}

int station_connect(struct station *s, struct bus_local *local, int i)
{
    int err = bus_port_open(&s->port, local, i, &s->worker.loop, &s->worker.conns.turn);
    s->port.user = s;
    s->engineio_home.worker = i;
    s->engineio_home.n_workers = bus_local_n_workers(local);
    if (!err)
        switchboard_connect(&s->switchboard, &s->port.bus);
    return err;
}

int station_listen(struct station *s, size_t site, int fd, bool is_tls)
{
    struct endpoint *e = &s->endpoints[s->n_endpoints];
    int err = listener_open(&e->listener, &s->worker.loop, &s->worker.clock.deadlines, fd);
    if (err)
        return err;
    e->branch = &s->branches[site];
    e->listener.on_accept = on_accept;
    e->how = is_tls ? &s->secure : &s->plain;
    s->n_endpoints++;
    return 0;
}

int station_start(struct station *s)
{
    int err = 0;
    for (size_t i = 0; i < s->n_endpoints && !err; i++)
        err = listener_start(&s->endpoints[i].listener);
    return err;
}

int station_answer_stun(struct station *s, int fd)
{
    int err = stun_service_open(&s->stuns[s->n_stuns], &s->worker.loop, fd, &s->stun_limit, &s->stun_stats);
    s->n_stuns += !err;
    return err;
}

size_t station_put_sockets(const struct station *s, int *fds)
{
    for (size_t i = 0; i < s->n_endpoints; i++)
        *fds++ = s->endpoints[i].listener.fd;
    for (size_t i = 0; i < s->n_stuns; i++)
        *fds++ = s->stuns[i].udp.fd;
    return s->n_endpoints + s->n_stuns;
}

void station_close_endpoints(struct station *s)
{
    if (!s->n_endpoints && !s->n_stuns)
        return;
    close_endpoints(s);
    uv_run(&s->worker.loop, UV_RUN_NOWAIT); // their handles close before their memory is used again
}

const char *station_refusal(const struct station *s)
{
    struct sources *sources = s->worker.conns.sources;
    if (s->is_ending)
        return "draining";
    return sources && sources_are_full(sources) ? "full" : NULL;
}

void station_run(struct station *s)
{
    worker_run(&s->worker);
}

void station_stop(struct station *s, int level)
{
    atomic_store(&s->stop_level, level);
    uv_async_send(&s->stop);
}

void station_close(struct station *s)
{
    s->is_closing = true;
    if (!s->has_loop)
        return;
    station_close_endpoints(s);
    engineio_home_close(&s->engineio_home);
    worker_close_conns(&s->worker);
}

// Frees what station_init() made once there was a loop.
static void fini_with_loop(struct station *s)
{
    if (s->port.local)
        bus_port_close(&s->port);
    worker_fini(&s->worker);
    engineio_home_fini(&s->engineio_home);
    for (size_t i = 0; i < s->n_branches; i++)
        mounts_fini(&s->branches[i].mounts);
    free(s->branches);
    free(s->endpoints);
    free(s->stuns);
    switchboard_fini(&s->switchboard);
    pool_fini(&s->http_pool);
    pool_fini(&s->ws_pool);
    pool_fini(&s->socket_pool);
}

void station_fini(struct station *s)
{
    if (s->has_loop)
        fini_with_loop(s);
    live_release(s->live);
    live_release(atomic_load(&s->next_live));
}
