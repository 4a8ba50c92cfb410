// SPDX-License-Identifier: MIT
// The whole server; see server.h.
#include "server/server.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/log.h"
#include "net/sock.h"

const char *const server_default_mounts[] = { "/=auto", "/login=login", "/join=join", "/socket.io/=rooms", NULL };

// ---- settings

// As many connections as the system lets this process have.
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// What the rooms dialect's events are called elsewhere must name something.
static int check_renames(const struct server *s, char error[SERVER_ERROR_LEN])
{
    const struct config_list *list = &s->config->room_event;
    for (size_t i = 0; i < list->n; i++)
        if (!strchr(list->items[i], '=')) {
            snprintf(error, SERVER_ERROR_LEN, "--room-event takes THEIRS=OURS, not '%.200s'", list->items[i]);
            return -EINVAL;
        }
    return 0;
}

static int open_web_root(struct server *s, char error[SERVER_ERROR_LEN])
{
    s->web_root.fd = -1;
    if (!s->config->web_root)
        return 0;
    int err = web_root_open(&s->web_root, s->config->web_root);
    if (err)
        snprintf(error, SERVER_ERROR_LEN, "--web-root '%.200s': %s", s->config->web_root, strerror(-err));
    return err ? -EIO : 0;
}

// The IPv4 addresses of this machine that others can reach, as the codelab's server tells them.
static void find_own_addresses(struct own_addresses *a)
{
    uv_interface_address_t *found;
    int n;
    if (uv_interface_addresses(&found, &n) != 0)
        return;
    for (int i = 0; i < n && a->n < SERVER_MAX_OWN_ADDRESSES; i++)
        if (!found[i].is_internal && found[i].address.address4.sin_family == AF_INET) {
            uv_ip4_name(&found[i].address.address4, a->texts[a->n], SERVER_ADDRESS_LEN);
            a->spans[a->n] = span_of(a->texts[a->n]);
            a->n++;
        }
    uv_free_interface_addresses(found, n);
}

static void fill_dialect_opts(struct server *s)
{
    const struct config *c = s->config;
    find_own_addresses(&s->addresses);
    s->dialect_opts = (struct dialect_opts){
        .greeting = span_of(c->greeting),
        .unknown_text = span_of(c->unknown_text),
        .rooms = { .capacity = (size_t)c->room_capacity,
                   .has_log = c->room_log,
                   .has_sentences = c->room_sentences,
                   .is_broadcast = c->room_broadcast,
                   .renames = c->room_event.items,
                   .n_renames = c->room_event.n,
                   .addresses = s->addresses.spans,
                   .n_addresses = s->addresses.n },
        .namespaces = c->namespace.items,
        .n_namespaces = c->namespace.n,
    };
}

static void fill_engineio_opts(struct server *s)
{
    const struct config *c = s->config;
    s->engineio_opts = (struct engineio_opts){ .ping_interval_ms = (uint64_t)c->ping_interval,
                                               .ping_timeout_ms = (uint64_t)c->ping_timeout,
                                               .connect_timeout_ms = (uint64_t)c->connect_timeout,
                                               .upgrade_timeout_ms = (uint64_t)c->upgrade_timeout,
                                               .max_payload = (uint64_t)c->max_payload };
}

static int fill_mounts(struct server *s)
{
    size_t n_default = sizeof server_default_mounts / sizeof *server_default_mounts - 1, n = 0;
    s->mounts = calloc(n_default + s->config->mount.n, sizeof *s->mounts);
    if (!s->mounts)
        return -ENOMEM;
    for (size_t i = 0; i < n_default; i++)
        s->mounts[n++] = server_default_mounts[i];
    for (size_t i = 0; i < s->config->mount.n; i++)
        s->mounts[n++] = s->config->mount.items[i];
    s->station_opts.mounts = s->mounts;
    s->station_opts.n_mounts = n;
    return 0;
}

static int fill_station_opts(struct server *s)
{
    const struct config *c = s->config;
    struct ws_limits limits = { .max_message = (uint64_t)c->max_message, .max_fragments = (uint32_t)c->max_fragments };
    fill_dialect_opts(s);
    fill_engineio_opts(s);
    s->station_opts = (struct station_opts){
        .dialect = &s->dialect_opts,
        .engineio = &s->engineio_opts,
        .web_root = c->web_root ? &s->web_root : NULL,
        .origins = { c->allow_origin.items, c->allow_origin.n },
        .websocket = { .limits = limits,
                       .ping_interval_ms = (uint64_t)c->ws_ping_interval,
                       .ping_timeout_ms = (uint64_t)c->ws_ping_timeout },
        .max_fragments = (uint32_t)c->max_fragments,
        .head_timeout_ms = (uint64_t)c->head_timeout,
    };
    return fill_mounts(s);
}

// ---- stations

static void complain_mount(int err, const char *mount, char error[SERVER_ERROR_LEN])
{
    if (err == -EINVAL)
        snprintf(error, SERVER_ERROR_LEN, "--mount takes PATH=DIALECT with a path that begins with '/', not '%.200s'",
                 mount);
    else
        snprintf(error, SERVER_ERROR_LEN, "--mount '%.200s': there is no such dialect; --help lists them", mount);
}

static int begin_stations(struct server *s, int n, char error[SERVER_ERROR_LEN])
{
    const char *bad_mount = NULL;
    s->stations = calloc((size_t)n, sizeof *s->stations);
    int err = s->stations ? 0 : -ENOMEM;
    for (int i = 0; i < n && !err; i++) {
        s->n_stations++;
        err = station_init(&s->stations[i], &s->station_opts, &bad_mount);
    }
    if (err == -EINVAL || err == -ENOENT) {
        complain_mount(err, bad_mount, error);
        return -EINVAL;
    }
    s->bus = err ? NULL : bus_local_new(n, s->stations[0].mounts.n_realms);
    if (!s->bus && !err)
        err = -ENOMEM;
    for (int i = 0; i < n && !err; i++)
        err = station_connect(&s->stations[i], s->bus, i);
    if (err)
        snprintf(error, SERVER_ERROR_LEN, "can't make worker %d: %s", s->n_stations - 1, uv_strerror(err));
    return err ? -EIO : 0;
}

static void close_endpoints(struct server *s)
{
    for (int i = 0; i < s->n_stations; i++)
        station_close_endpoints(&s->stations[i]);
}

// A port is shared among the stations, which would hide that somebody else has it already.
static int probe(const struct sockaddr *addr)
{
    int err = sock_probe(addr, SOCK_STREAM);
    return err ? err : sock_probe(addr, SOCK_DGRAM);
}

static int open_endpoints(struct server *s, struct sockaddr_storage *addrs, int n_addrs)
{
    for (int i = 0; i < n_addrs; i++) {
        struct sockaddr *addr = (struct sockaddr *)&addrs[i];
        if (i)
            sock_set_port(addr, sock_port((struct sockaddr *)&addrs[0]));
        int err = sock_port(addr) ? probe(addr) : 0;
        for (int j = 0; j < s->n_stations && !err; j++)
            err = station_listen(&s->stations[j], addr, s->n_stations > 1);
        if (err) {
            close_endpoints(s);
            return err;
        }
    }
    s->port = sock_port((struct sockaddr *)&addrs[0]);
    return 0;
}

// With port 0 the kernel picks a free TCP port, and the UDP port of that number may be taken: then another is picked.
static int listen_on(struct server *s, char error[SERVER_ERROR_LEN])
{
    enum { MAX_TRIES = 20 };
    const struct config *c = s->config;
    struct sockaddr_storage addrs[STATION_MAX_ENDPOINTS];
    int err = 0;
    for (int i = 0; i < MAX_TRIES; i++) {
        int n = sock_resolve(c->host, (int)c->port, addrs, STATION_MAX_ENDPOINTS);
        if (n <= 0) {
            snprintf(error, SERVER_ERROR_LEN, "--host '%.200s': %s", c->host, gai_strerror(n));
            return -EIO;
        }
        err = open_endpoints(s, addrs, n);
        if (err != -EADDRINUSE || c->port != 0)
            break;
    }
    if (!err)
        return 0;
    snprintf(error, SERVER_ERROR_LEN, "can't listen on %s port %d: %s%s", c->host ? c->host : "any address,",
             (int)c->port, strerror(-err), err == -EADDRINUSE ? "; choose another with --port" : "");
    return -EIO;
}

static int count_workers(const struct server *s)
{
    int64_t n = s->config->workers ? s->config->workers : (int64_t)uv_available_parallelism();
    return n < BUS_LOCAL_MAX_WORKERS ? (int)n : BUS_LOCAL_MAX_WORKERS;
}

// ---- running

static void on_signal(uv_signal_t *signal, int number)
{
    struct server *s = signal->data;
    log_write(LOG_INFO, "stopping", LOG_TEXT("reason", number == SIGTERM ? "SIGTERM" : "SIGINT"));
    for (int i = 0; i < s->n_stations; i++)
        station_stop(&s->stations[i]);
}

static void watch_signals(struct server *s)
{
    static const int numbers[SERVER_N_SIGNALS] = { SIGTERM, SIGINT };
    for (int i = 0; i < SERVER_N_SIGNALS; i++) {
        uv_signal_init(&s->stations[0].worker.loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
    signal(SIGPIPE, SIG_IGN); // a closed stderr must not end the calls of others
}

static void log_url(const struct server *s)
{
    char message[300];
    const char *host = s->config->host ? s->config->host : "localhost";
    bool is_ipv6 = strchr(host, ':') != NULL;
    snprintf(message, sizeof message, "listening on http://%s%s%s:%d/", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "",
             s->port);
    log_write(LOG_INFO, message);
}

int server_start(struct server *s, const struct config *c, char error[SERVER_ERROR_LEN])
{
    *s = (struct server){ .config = c, .web_root.fd = -1 };
    raise_descriptor_limit();
    int err = check_renames(s, error);
    err = err ? err : open_web_root(s, error);
    if (!err && fill_station_opts(s) != 0) {
        snprintf(error, SERVER_ERROR_LEN, "out of memory");
        err = -EIO;
    }
    err = err ? err : begin_stations(s, count_workers(s), error);
    err = err ? err : listen_on(s, error);
    if (err) {
        server_stop(s);
        return err;
    }
    watch_signals(s);
    log_url(s);
    return 0;
}

static void run_station(void *station)
{
    station_run(station);
}

void server_run(struct server *s)
{
    int n_running = 1;
    while (n_running < s->n_stations &&
           uv_thread_create(&s->stations[n_running].thread, run_station, &s->stations[n_running]) == 0)
        n_running++;
    for (int i = n_running; i < s->n_stations; i++) { // or the kernel would go on giving it connections
        log_write(LOG_WARN, "no thread for a worker", LOG_INT("worker", i));
        station_close_endpoints(&s->stations[i]);
    }
    station_run(&s->stations[0]);
    for (int i = 1; i < n_running; i++)
        uv_thread_join(&s->stations[i].thread);
}

void server_stop(struct server *s)
{
    for (int i = 0; i < s->n_stations; i++)
        station_close(&s->stations[i]);
    if (s->bus)
        bus_local_settle(s->bus);
    for (int i = 0; i < s->n_stations; i++)
        station_fini(&s->stations[i]);
    if (s->bus)
        bus_local_free(s->bus);
    free(s->stations);
    free(s->mounts);
    if (s->web_root.fd >= 0)
        web_root_close(&s->web_root);
}
