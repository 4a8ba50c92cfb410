// SPDX-License-Identifier: MIT
// The whole server; see server.h.
#include "server/server.h"

#include <errno.h>
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

// As many connections as the system lets this process have.
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
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

static int begin_limits(struct server *s, char error[SERVER_ERROR_LEN])
{
    int err = limits_init(&s->limits, s->config, error);
    if (err)
        return err;
    s->sources = sources_new(&s->limits.source);
    if (s->sources)
        return 0;
    snprintf(error, SERVER_ERROR_LEN, "out of memory");
    return -EIO;
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

static void fill_station_opts(struct server *s)
{
    const struct config *c = s->config;
    struct ws_limits limits = { .max_message = (uint64_t)c->max_message, .max_fragments = (uint32_t)c->max_fragments };
    fill_engineio_opts(s);
    s->station_opts = (struct station_opts){
        .sites = s->sites,
        .n_sites = s->n_sites,
        .max_endpoints = s->places.n_addrs,
        .engineio = &s->engineio_opts,
        .websocket = { .limits = limits,
                       .ping_interval_ms = (uint64_t)c->ws_ping_interval,
                       .ping_timeout_ms = (uint64_t)c->ws_ping_timeout },
        .max_fragments = (uint32_t)c->max_fragments,
        .head_timeout_ms = (uint64_t)c->head_timeout,
        .drain_ms = (uint64_t)c->drain_time,
        .sources = s->sources,
        .meter = s->limits.has_rates ? &s->limits.meter : NULL,
        .how = { .tls = s->tls,
                 .proxies = s->proxies,
                 .n_proxies = c->behind_proxy.n,
                 .greeting_ms = (uint64_t)c->handshake_timeout },
    };
}

static int begin_sites(struct server *s, const struct config *sites, size_t n, char error[SERVER_ERROR_LEN])
{
    own_addresses_find(&s->addresses);
    s->sites = calloc(n, sizeof *s->sites);
    if (!s->sites) {
        snprintf(error, SERVER_ERROR_LEN, "out of memory");
        return -EIO;
    }
    int err = 0;
    while (s->n_sites < n && !err) {
        err = site_init(&s->sites[s->n_sites], &sites[s->n_sites], &s->addresses, error);
        s->n_sites++;
    }
    return err;
}

// ---- stations

static int begin_stations(struct server *s, int n, char error[SERVER_ERROR_LEN])
{
    s->stations = calloc((size_t)n, sizeof *s->stations);
    int err = s->stations ? 0 : -ENOMEM;
    for (int i = 0; i < n && !err; i++) {
        s->n_stations++;
        err = station_init(&s->stations[i], &s->station_opts);
    }
    uint32_t n_realms = 0;
    for (size_t i = 0; i < s->n_sites; i++)
        n_realms += s->sites[i].n_realms;
    s->bus = err ? NULL : bus_local_new(n, n_realms);
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
            err = station_listen(&s->stations[j], p->site, addr, p->where.is_tls);
        if (err)
            return err;
        p->where.bound_port = sock_port(addr);
    }
    return 0;
}

// 0, or a negative errno with *FAILED the place that it is about and nothing left open.
static int open_places(struct server *s, const struct place **failed)
{
    for (size_t i = 0; i < s->places.n; i++) {
        int err = open_place(s, &s->places.list[i]);
        if (err) {
            *failed = &s->places.list[i];
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
    bool is_own_port = failed->where.port == failed->config->port && !failed->config->listen.n;
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
    for (size_t i = 0; i < s->places.n; i++) {
        const struct listen_place *l = &s->places.list[i].where;
        log_place(l);
        secure = secure || !l->is_tls ? secure : l;
    }
    if (s->config->dev && secure)
        show_dev_url(s, secure);
}

// All that the settings ask for but what others on this machine would notice.
static int prepare(struct server *s, const struct config *sites, size_t n, char error[SERVER_ERROR_LEN])
{
    *s = (struct server){ .config = sites, .signal_fd = -1 };
    int err = begin_sites(s, sites, n, error);
    err = err ? err : open_certificates(s, error);
    err = err ? err : read_proxies(s, error);
    err = err ? err : begin_limits(s, error);
    return err ? err : places_find(&s->places, sites, n, error);
}

int server_check(const struct config *sites, size_t n, char error[SERVER_ERROR_LEN])
{
    struct server s;
    int err = prepare(&s, sites, n, error);
    server_stop(&s);
    return err;
}

int server_start(struct server *s, const struct config *sites, size_t n, char error[SERVER_ERROR_LEN])
{
    raise_descriptor_limit();
    int err = prepare(s, sites, n, error);
    if (!err)
        fill_station_opts(s);
    err = err ? err : begin_stations(s, count_workers(s), error);
    err = err ? err : listen_on(s, error);
    err = err ? err : admin_open(&s->admin, s->config, s->stations, s->n_stations, error);
    if (!err && watch_signals(s) != 0) {
        snprintf(error, SERVER_ERROR_LEN, "can't watch for signals");
        err = -EIO;
    }
    if (err) {
        server_stop(s);
        return err;
    }
    limits_fit(&s->limits);
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
    s->admin.n_stations = n_running;
    station_run(&s->stations[0]);
    for (int i = 1; i < n_running; i++)
        uv_thread_join(&s->stations[i].thread);
}

void server_stop(struct server *s)
{
    admin_close(&s->admin);
    for (int i = 0; i < s->n_stations; i++)
        station_close(&s->stations[i]);
    if (s->bus)
        bus_local_settle(s->bus);
    for (int i = 0; i < s->n_stations; i++)
        station_fini(&s->stations[i]);
    if (s->bus)
        bus_local_free(s->bus);
    free(s->stations);
    for (size_t i = 0; i < s->n_sites; i++)
        site_fini(&s->sites[i]);
    free(s->sites);
    places_fini(&s->places);
    free(s->proxies);
    sources_free(s->sources);
    tls_context_free(s->tls);
    if (s->signal_fd >= 0)
        close(s->signal_fd);
}
