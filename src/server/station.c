// SPDX-License-Identifier: MIT
// One worker's whole share of the server; see station.h.
#include "server/station.h"

#include <stdlib.h>

#include "net/sock.h"
#include "server/ws_session.h"

static void on_accept(struct listener *l, int fd)
{
    struct station *s = l->user;
    http_conn_open(&s->worker.conns, fd, &CONTAINER_OF(l, struct endpoint, listener)->how, &s->http);
}

static void close_endpoints(struct station *s)
{
    while (s->n_endpoints) {
        struct endpoint *e = &s->endpoints[--s->n_endpoints];
        listener_close(&e->listener);
        stun_service_close(&e->stun);
    }
}

static void on_drained(struct drain *d)
{
    worker_stop(&CONTAINER_OF(d, struct station, drain)->worker);
}

static void on_stop(uv_async_t *async)
{
    struct station *s = CONTAINER_OF(async, struct station, stop);
    s->switchboard.is_ending = true;
    if (atomic_load(&s->stop_level) >= STATION_STOP) {
        worker_stop(&s->worker);
        return;
    }
    close_endpoints(s);
    drain_start(&s->drain, &s->worker.conns, s->drain_ms, on_drained);
}

// A connection on its way to another station, with what came on it.
struct moving {
    struct bus_errand errand;
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
        http_conn_adopt(&s->worker.conns, &m->conn, &s->http, m->bytes, m->len);
    free(m);
}

static void on_move(void *user, int worker, const struct conn_transfer *conn, struct span bytes)
{
    struct station *s = CONTAINER_OF(user, struct station, site);
    struct moving *m = malloc(sizeof *m + bytes.len);
    if (!m) {
        conn_drop(conn);
        return;
    }
    *m = (struct moving){ .errand = { .run = run_move }, .conn = *conn, .len = bytes.len };
    memcpy(m->bytes, bytes.p, bytes.len);
    bus_port_post(&s->port, worker, &m->errand);
}

static int add_mounts(struct station *s, const struct station_opts *opts, const char **bad_mount)
{
    mounts_init(&s->mounts, &s->switchboard, &s->port.bus);
    for (size_t i = 0; i < opts->n_mounts; i++) {
        *bad_mount = opts->mounts[i];
        int err = mounts_add(&s->mounts, opts->mounts[i], opts->dialect);
        if (err)
            return err;
    }
    return 0;
}

static void fill_engineio(struct station *s, const struct station_opts *opts)
{
    struct ws_limits limits = { .max_message = opts->engineio->max_payload, .max_fragments = opts->max_fragments };
    engineio_home_init(&s->engineio.home, opts->engineio, &s->worker.conns);
    s->engineio.socket = (struct engineio_socket_opts){ .websocket = { .limits = limits }, .pool = &s->socket_pool };
    s->engineio.origins = &opts->origins;
}

static void fill_site(struct station *s, const struct station_opts *opts)
{
    s->site = (struct site){
        .mounts = s->mounts.list,
        .n_mounts = s->mounts.n,
        .web_root = opts->web_root,
        .ws = { .websocket = opts->websocket, .pool = &s->ws_pool },
        .heartbeat_ws = { .websocket = opts->websocket, .pool = &s->ws_pool },
        .engineio = &s->engineio,
        .origins = opts->origins,
    };
    s->drain_ms = opts->drain_ms;
    s->site.heartbeat_ws.websocket.message_timeout_ms = opts->dialect->alive_ms;
    s->http = (struct http_opts){ .head_timeout_ms = opts->head_timeout_ms,
                                  .on_request = route_request,
                                  .on_move = on_move,
                                  .user = &s->site,
                                  .pool = &s->http_pool,
                                  .proxies = opts->how.proxies,
                                  .n_proxies = opts->how.n_proxies };
    s->how = opts->how;
}

int station_init(struct station *s, const struct station_opts *opts, const char **bad_mount)
{
    *s = (struct station){ 0 };
    pool_init(&s->http_pool, sizeof(struct http_conn), false);
    pool_init(&s->ws_pool, sizeof(struct ws_session), false);
    pool_init(&s->socket_pool, sizeof(struct engineio_socket), false);
    switchboard_init(&s->switchboard);
    int err = worker_init(&s->worker);
    if (err)
        return err;
    s->has_loop = true;
    s->switchboard.deadlines = &s->worker.clock.deadlines;
    err = add_mounts(s, opts, bad_mount);
    fill_engineio(s, opts);
    fill_site(s, opts);
    uv_async_init(&s->worker.loop, &s->stop, on_stop);
    return err;
}

int station_connect(struct station *s, struct bus_local *local, int i)
{
    int err = bus_port_open(&s->port, local, i, &s->worker.loop, &s->worker.conns.turn, s);
    s->engineio.home.worker = i;
    s->engineio.home.n_workers = bus_local_n_workers(local);
    if (!err)
        switchboard_connect(&s->switchboard, &s->port.bus);
    return err;
}

int station_listen(struct station *s, struct sockaddr *addr, bool is_tls, bool is_shared)
{
    struct endpoint *e = &s->endpoints[s->n_endpoints];
    int err = listener_open(&e->listener, &s->worker.loop, &s->worker.clock.deadlines, addr, is_shared);
    if (err)
        return err;
    e->listener.on_accept = on_accept;
    e->listener.user = s;
    e->how = s->how;
    if (!is_tls)
        e->how.tls = NULL;
    sock_set_port(addr, listener_port(&e->listener)); // the one that was free, when it was 0
    err = stun_service_open(&e->stun, &s->worker.loop, addr, is_shared);
    if (err) {
        listener_close(&e->listener);
        uv_run(&s->worker.loop, UV_RUN_NOWAIT); // its handle closes before its memory is used again
        return err;
    }
    s->n_endpoints++;
    return 0;
}

void station_close_endpoints(struct station *s)
{
    if (!s->n_endpoints)
        return;
    close_endpoints(s);
    uv_run(&s->worker.loop, UV_RUN_NOWAIT); // their handles close before their memory is used again
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
    engineio_home_close(&s->engineio.home);
    worker_close_conns(&s->worker);
}

void station_fini(struct station *s)
{
    if (!s->has_loop)
        return;
    if (s->port.local)
        bus_port_close(&s->port);
    worker_fini(&s->worker);
    engineio_home_fini(&s->engineio.home);
    mounts_fini(&s->mounts);
    switchboard_fini(&s->switchboard);
    pool_fini(&s->http_pool);
    pool_fini(&s->ws_pool);
    pool_fini(&s->socket_pool);
}
