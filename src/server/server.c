// SPDX-License-Identifier: MIT
// The whole server; see server.h.
#include "server/server.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "net/sock.h"
#include "server/certificates.h"
#include "server/qr.h"

const char *const server_default_mounts[] = { "/=auto",          "/login=login",   "/join=join", "/socket.io/=rooms",
                                              "/peerjs/=peerjs", "/topics=topics", NULL };

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

// What the rooms dialect's events are called elsewhere must name something, and so must a namespace.
static int check_names(const struct config *c, char error[SERVER_ERROR_LEN])
{
    for (size_t i = 0; i < c->room_event.n; i++)
        if (!strchr(c->room_event.items[i], '=')) {
            snprintf(error, SERVER_ERROR_LEN, "--room-event takes THEIRS=OURS, not '%.200s'", c->room_event.items[i]);
            return -EINVAL;
        }
    for (size_t i = 0; i < c->namespace.n; i++)
        if (c->namespace.items[i][0] != '/') {
            snprintf(error, SERVER_ERROR_LEN, "--namespace takes a name that begins with '/', not '%.200s'",
                     c->namespace.items[i]);
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

static int open_certificates(struct server *s, char error[SERVER_ERROR_LEN])
{
    if (!certificates_are_wanted(s->config))
        return 0;
    s->tls = tls_context_new();
    if (s->tls)
        return certificates_load(s->tls, s->config, error);
    snprintf(error, SERVER_ERROR_LEN, "out of memory");
    return -EIO;
}

static int read_proxies(struct server *s, char error[SERVER_ERROR_LEN])
{
    const struct config_list *list = &s->config->behind_proxy;
    s->proxies = calloc(list->n + 1, sizeof *s->proxies);
    if (!s->proxies) {
        snprintf(error, SERVER_ERROR_LEN, "out of memory");
        return -EIO;
    }
    for (size_t i = 0; i < list->n; i++)
        if (addr_parse_prefix(&s->proxies[i], span_of(list->items[i])) != 0) {
            snprintf(error, SERVER_ERROR_LEN, "--behind-proxy takes addresses such as 10.0.0.0/8 or ::1, not '%.64s'",
                     list->items[i]);
            return -EINVAL;
        }
    return 0;
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
        .peerjs = { .key = span_of(c->peerjs_key),
                    .expire_ms = (uint64_t)c->expire_timeout,
                    .max_peers = (size_t)c->concurrent_limit,
                    .has_discovery = c->allow_discovery,
                    .has_leave = c->peerjs_leave },
        .alive_ms = (uint64_t)c->alive_timeout,
        .topics = { .max_topics = (size_t)c->max_topics, .max_subscribers = (size_t)c->max_subscribers },
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

// Where else PeerJS's clients may look for us: at the path that they were told, and where they are told none, at their key.
static size_t put_peerjs_mounts(struct server *s, const char **mounts)
{
    const char *paths[SERVER_N_PEERJS_MOUNTS] = { s->config->peerjs_path, s->config->peerjs_key };
    for (size_t i = 0; i < SERVER_N_PEERJS_MOUNTS; i++) {
        size_t len = strlen(paths[i]);
        const char *before = paths[i][0] == '/' ? "" : "/", *after = paths[i][len - 1] == '/' ? "" : "/";
        snprintf(s->peerjs_mounts[i], sizeof s->peerjs_mounts[i], "%s%s%s=/peerjs/", before, paths[i], after);
        if (strcmp(s->peerjs_mounts[i], "/peerjs/=/peerjs/") != 0)
            *mounts++ = s->peerjs_mounts[i];
    }
    return (size_t)(mounts - s->mounts);
}

static int fill_mounts(struct server *s)
{
    size_t n_default = sizeof server_default_mounts / sizeof *server_default_mounts - 1, n = 0;
    s->mounts = calloc(n_default + SERVER_N_PEERJS_MOUNTS + s->config->mount.n, sizeof *s->mounts);
    if (!s->mounts)
        return -ENOMEM;
    for (size_t i = 0; i < n_default; i++)
        s->mounts[n++] = server_default_mounts[i];
    n = put_peerjs_mounts(s, s->mounts + n);
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
        .drain_ms = (uint64_t)c->drain_time,
        .how = { .tls = s->tls,
                 .proxies = s->proxies,
                 .n_proxies = c->behind_proxy.n,
                 .greeting_ms = (uint64_t)c->handshake_timeout },
    };
    return fill_mounts(s);
}

// ---- places

// Without --listen it is --port, which speaks TLS when there are certificates; --dev keeps it plain, with https beside it.
static void fill_own_places(struct server *s)
{
    enum { DEV_PORT = 8443 };
    const struct config *c = s->config;
    struct listen_place own = { .port = (int)c->port, .is_tls = c->tls_cert.n > 0 };
    snprintf(own.host, sizeof own.host, "%s", c->host ? c->host : "");
    s->places[s->n_places++].where = own;
    if (!c->dev)
        return;
    own.is_tls = true;
    own.port = own.port ? DEV_PORT : 0;
    s->places[s->n_places++].where = own;
}

static int parse_places(struct server *s, char error[SERVER_ERROR_LEN])
{
    const struct config_list *list = &s->config->listen;
    bool has_tls = false;
    for (size_t i = 0; i < list->n; i++) {
        struct listen_place *l = &s->places[s->n_places++].where;
        if (listen_parse(l, list->items[i]) != 0) {
            snprintf(error, SERVER_ERROR_LEN,
                     "--listen takes [tls:]HOST:PORT, an IPv6 address in brackets, not '%.200s'", list->items[i]);
            return -EINVAL;
        }
        if (l->is_tls && !s->tls) {
            snprintf(error, SERVER_ERROR_LEN, "--listen '%.200s' needs --tls-cert and --tls-key, or --dev",
                     list->items[i]);
            return -EINVAL;
        }
        has_tls = has_tls || l->is_tls;
    }
    if (s->tls && !has_tls) {
        snprintf(error, SERVER_ERROR_LEN, "there is a certificate but no --listen tls:HOST:PORT to use it at");
        return -EINVAL;
    }
    return 0;
}

static int resolve_places(struct server *s, char error[SERVER_ERROR_LEN])
{
    int n_left = STATION_MAX_ENDPOINTS;
    for (size_t i = 0; i < s->n_places; i++) {
        struct place *p = &s->places[i];
        const char *host = *p->where.host ? p->where.host : NULL;
        p->n_addrs = n_left ? sock_resolve(host, p->where.port, p->addrs, n_left) : 0;
        if (p->n_addrs <= 0) {
            snprintf(error, SERVER_ERROR_LEN, "--%s '%.200s': %s", s->config->listen.n ? "listen" : "host",
                     p->where.host, n_left ? gai_strerror(p->n_addrs) : "too many addresses to listen on");
            return -EIO;
        }
        n_left -= p->n_addrs;
    }
    return 0;
}

static int find_places(struct server *s, char error[SERVER_ERROR_LEN])
{
    s->places = calloc(s->config->listen.n + 2, sizeof *s->places);
    if (!s->places) {
        snprintf(error, SERVER_ERROR_LEN, "out of memory");
        return -EIO;
    }
    int err = 0;
    if (s->config->listen.n)
        err = parse_places(s, error);
    else
        fill_own_places(s);
    return err ? err : resolve_places(s, error);
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

// Listens at each address of P: with port 0 at the one that the first of them got.
static int open_place(struct server *s, struct place *p)
{
    p->where.bound_port = p->where.port;
    for (int i = 0; i < p->n_addrs; i++) {
        struct sockaddr *addr = (struct sockaddr *)&p->addrs[i];
        sock_set_port(addr, p->where.bound_port);
        int err = p->where.bound_port ? probe(addr) : 0;
        for (int j = 0; j < s->n_stations && !err; j++)
            err = station_listen(&s->stations[j], addr, p->where.is_tls, s->n_stations > 1);
        if (err)
            return err;
        p->where.bound_port = sock_port(addr);
    }
    return 0;
}

// 0, or a negative errno with *FAILED the place that it is about and nothing left open.
static int open_places(struct server *s, const struct place **failed)
{
    for (size_t i = 0; i < s->n_places; i++) {
        int err = open_place(s, &s->places[i]);
        if (err) {
            *failed = &s->places[i];
            close_endpoints(s);
            return err;
        }
    }
    return 0;
}

// With port 0 the kernel picks a free TCP port, and the UDP port of that number may be taken: then another is picked.
static int listen_on(struct server *s, char error[SERVER_ERROR_LEN])
{
    enum { MAX_TRIES = 20 };
    const struct place *failed;
    int err = -EADDRINUSE;
    for (int i = 0; i < MAX_TRIES && err == -EADDRINUSE; i++) {
        err = open_places(s, &failed);
        if (err && failed->where.port)
            break;
    }
    if (!err)
        return 0;
    const struct listen_place *l = &failed->where;
    bool is_own_port = failed == s->places && !s->config->listen.n;
    snprintf(error, SERVER_ERROR_LEN, "can't listen on %s port %d: %s%s", *l->host ? l->host : "any address,", l->port,
             strerror(-err),
             err != -EADDRINUSE ? ""
             : is_own_port      ? "; choose another with --port"
                                : "; choose another with --listen");
    return -EIO;
}

static int count_workers(const struct server *s)
{
    int64_t n = s->config->workers ? s->config->workers : (int64_t)uv_available_parallelism();
    return n < BUS_LOCAL_MAX_WORKERS ? (int)n : BUS_LOCAL_MAX_WORKERS;
}

// ---- running

static void handle_stop(struct server *s, int number)
{
    int level = ++s->n_stops == 1 ? STATION_DRAIN : STATION_STOP;
    log_write(LOG_INFO, level == STATION_DRAIN ? "stopping" : "stopping now",
              LOG_TEXT("reason", number == SIGTERM ? "SIGTERM" : "SIGINT"));
    for (int i = 0; i < s->n_stations; i++)
        station_stop(&s->stations[i], level);
}

static void handle_hangup(struct server *s, int number)
{
    char error[TLS_ERROR_LEN];
    (void)number;
    if (certificates_load(s->tls, s->config, error) == 0)
        log_write(LOG_INFO, "certificates read again");
    else
        log_write(LOG_ERROR, "certificates kept as they were", LOG_TEXT("reason", error));
}

static const struct {
    int number;
    void (*handle)(struct server *s, int number);
} watched_signals[] = { { SIGTERM, handle_stop }, { SIGINT, handle_stop }, { SIGHUP, handle_hangup } };

enum { N_SIGNALS = sizeof watched_signals / sizeof *watched_signals };

static void on_signal(uv_poll_t *poll, int status, int events)
{
    struct server *s = CONTAINER_OF(poll, struct server, signals);
    struct signalfd_siginfo info;
    (void)status;
    (void)events;
    while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        for (int i = 0; i < N_SIGNALS; i++)
            if (watched_signals[i].number == (int)info.ssi_signo)
                watched_signals[i].handle(s, (int)info.ssi_signo);
}

// Signals are read like everything else, on one thread: the others, begun after this, have them blocked too. 0 or a
// negative errno.
static int watch_signals(struct server *s)
{
    // Without certificates a hangup is what it says: the terminal is gone, and who started us there with it.
    int n = s->config->tls_cert.n ? N_SIGNALS : N_SIGNALS - 1;
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < n; i++)
        sigaddset(&set, watched_signals[i].number);
    s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (s->signal_fd < 0)
        return -errno;
    int err = uv_poll_init(&s->stations[0].worker.loop, &s->signals, s->signal_fd);
    if (err)
        return err;
    uv_poll_start(&s->signals, UV_READABLE, on_signal);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN); // a closed stderr must not end the calls of others
    return 0;
}

static void log_place(const struct listen_place *l)
{
    char url[LISTEN_URL_LEN], message[LISTEN_URL_LEN + 16];
    listen_put_url(l, *l->host ? l->host : "localhost", url);
    snprintf(message, sizeof message, "listening on %s", url);
    log_write(LOG_INFO, message);
}

// Where a telephone on the same network finds the page.
static void show_dev_url(const struct server *s, const struct listen_place *l)
{
    char url[LISTEN_URL_LEN];
    const char *own = s->addresses.n ? s->addresses.texts[0] : "localhost";
    listen_put_url(l, *l->host ? l->host : own, url);
    log_write(LOG_INFO, "for telephones, which will warn of the certificate", LOG_TEXT("url", url));
    if (isatty(STDOUT_FILENO) && qr_print(stdout, url) == 0)
        fflush(stdout);
}

static void log_places(const struct server *s)
{
    const struct listen_place *secure = NULL;
    for (size_t i = 0; i < s->n_places; i++) {
        const struct listen_place *l = &s->places[i].where;
        log_place(l);
        secure = secure || !l->is_tls ? secure : l;
    }
    if (s->config->dev && secure)
        show_dev_url(s, secure);
}

int server_start(struct server *s, const struct config *c, char error[SERVER_ERROR_LEN])
{
    *s = (struct server){ .config = c, .web_root.fd = -1, .signal_fd = -1 };
    raise_descriptor_limit();
    int err = check_names(c, error);
    err = err ? err : open_certificates(s, error);
    err = err ? err : read_proxies(s, error);
    err = err ? err : find_places(s, error);
    err = err ? err : open_web_root(s, error);
    if (!err && fill_station_opts(s) != 0) {
        snprintf(error, SERVER_ERROR_LEN, "out of memory");
        err = -EIO;
    }
    err = err ? err : begin_stations(s, count_workers(s), error);
    err = err ? err : listen_on(s, error);
    if (!err && watch_signals(s) != 0) {
        snprintf(error, SERVER_ERROR_LEN, "can't watch for signals");
        err = -EIO;
    }
    if (err) {
        server_stop(s);
        return err;
    }
    log_places(s);
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
    free(s->places);
    free(s->proxies);
    tls_context_free(s->tls);
    if (s->web_root.fd >= 0)
        web_root_close(&s->web_root);
    if (s->signal_fd >= 0)
        close(s->signal_fd);
}
