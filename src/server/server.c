// SPDX-License-Identifier: MIT
// The whole server; see server.h.
#include "server/server.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "host/privileges.h"
#include "net/sock.h"
#include "server/qr.h"
#include "server/reload.h"
#include "server/sockets.h"

// As many connections as the system lets this process have.
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// Has each thread's heap keep little at its end. By itself it would keep more after each large thing that is freed; and it
// gives its end back only while freeing, so that small things must not be put aside then, which the workers hardly have.
static void bound_heap(void)
{
#ifdef __GLIBC__
    enum { KEPT_AT_END = 1 << 20 }; // bytes
    mallopt(M_TRIM_THRESHOLD, KEPT_AT_END);
    mallopt(M_MXFAST, 0);
#endif
}

// ---- stations

// Links the N stations, in whose branches all sites' realms are.
static int connect_stations(struct server *s, int n)
{
    uint32_t n_realms = 0;
    for (size_t i = 0; i < s->live->n_sites; i++)
        n_realms += s->live->sites[i].n_realms;
    s->bus = bus_local_new(n, n_realms);
    int err = s->bus ? 0 : -ENOMEM;
    for (int i = 0; i < n && !err; i++)
        err = station_connect(&s->stations[i], s->bus, i);
    return err;
}

// A station that has nobody left still answers the others, until none has.
static void on_drained(void *user)
{
    struct server *s = user;
    if (atomic_fetch_sub(&s->n_undrained, 1) > 1)
        return;
    for (int i = 0; i < s->n_running; i++)
        station_stop(&s->stations[i], STATION_STOP);
}

static int begin_stations(struct server *s, int n, char error[SERVER_ERROR_LEN])
{
    const struct station_opts opts = { .common = &s->common,
                                       .live = s->live,
                                       .max_sockets = s->places.n_addrs + s->inherited.n,
                                       .on_drained = on_drained,
                                       .user = s };
    s->stations = calloc((size_t)n, sizeof *s->stations);
    int err = s->stations ? 0 : -ENOMEM;
    for (int i = 0; i < n && !err; i++) {
        s->n_stations++;
        err = station_init(&s->stations[i], &opts);
    }
    err = err ? err : connect_stations(s, n);
    if (err)
        snprintf(error, SERVER_ERROR_LEN, "can't make %d worker%s: %s%s", n, n == 1 ? "" : "s", uv_strerror(err),
                 err == -EMFILE ? "; allow it more open files: ulimit -n" : "");
    return err ? -EIO : 0;
}

// ERR. When it is one, ERROR is told who claims CLAIM and WHY that can't be.
static int blame(int err, const struct config_claim *claim, const char *why, char error[SERVER_ERROR_LEN])
{
    if (err)
        config_fault(error, claim, "%s", why);
    return err;
}

static int inherit(struct server *s, char error[SERVER_ERROR_LEN])
{
    if (inherited_from_environment(&s->inherited, error) != 0)
        return -EIO;
    char why[HANDOVER_ERROR_LEN];
    int err = handover_take(&s->handover, s->config->hand_over, &s->inherited, why);
    return blame(err, &CONFIG_CLAIM(s->config, hand_over, NULL), why, error);
}

// A socket that was handed down and that nobody listens at would let its clients wait for ever. A predecessor's may have had
// other settings: it closes with the predecessor.
static int check_inherited(const struct server *s, char error[SERVER_ERROR_LEN])
{
    for (size_t i = 0; i < s->inherited.n; i++) {
        const struct inherited_socket *in = &s->inherited.list[i];
        if (in->is_used)
            continue;
        char addr[INHERITED_TEXT_LEN];
        const char *type = in->type == SOCK_STREAM ? "TCP" : "UDP";
        inherited_format(in, addr);
        if (in->is_held) {
            snprintf(error, SERVER_ERROR_LEN,
                     "nothing is to listen at %s (%s), a socket that was handed down; add --listen %s", addr, type,
                     addr);
            return -EIO;
        }
        log_write(LOG_WARN, "no longer listened at", LOG_TEXT("address", addr), LOG_TEXT("type", type));
    }
    return 0;
}

static int open_sockets(struct server *s, char error[SERVER_ERROR_LEN])
{
    const struct sockets sockets = { &s->inherited, s->stations, (size_t)s->n_stations };
    int err = sockets_open(&sockets, &s->places, error);
    err = err ? err : admin_open(&s->admin, s->config, &sockets, error);
    err = err ? err : check_inherited(s, error);
    inherited_fini(&s->inherited);
    if (err)
        return err;
    char why[HANDOVER_ERROR_LEN];
    err = handover_open(&s->handover, why);
    return blame(err, &CONFIG_CLAIM(s->config, hand_over, NULL), why, error);
}

// The last that can fail: who connects beside a predecessor's clients to one that fails would be refused.
static int start_stations(struct server *s, char error[SERVER_ERROR_LEN])
{
    int err = 0;
    for (int i = 0; i < s->n_stations && !err; i++)
        err = station_start(&s->stations[i]);
    if (err)
        snprintf(error, SERVER_ERROR_LEN, "can't listen: %s", strerror(-err));
    return err ? -EIO : 0;
}

// Certificates, secrets, settings and pages are read again and again.
static int drop_privileges(const struct server *s, char error[SERVER_ERROR_LEN])
{
    bool keeps_reading = reload_has_files(s->live);
    for (size_t i = 0; i < s->live->n_sites; i++)
        keeps_reading = keeps_reading || web_root_is_open(&s->live->sites[i].web_root);
    char why[PRIVILEGES_ERROR_LEN];
    int err = privileges_drop(s->config->user, keeps_reading, why);
    return blame(err, &CONFIG_CLAIM(s->config, user, NULL), why, error);
}

static int count_workers(const struct server *s)
{
    int64_t n = s->config->workers ? s->config->workers : (int64_t)uv_available_parallelism();
    return n < BUS_LOCAL_MAX_WORKERS ? (int)n : BUS_LOCAL_MAX_WORKERS;
}

// ---- running

// Has all stations do as LEVEL says, for REASON, if they are not to do more already.
static void leave(struct server *s, int level, const char *reason)
{
    if (handover_has_successor(&s->handover))
        admin_leave(&s->admin); // which it has too
    handover_close(&s->handover);
    notify_stopping(&s->notify);
    log_write(LOG_INFO, level == STATION_DRAIN ? "stopping" : "stopping now", LOG_TEXT("reason", reason));
    if (level <= s->stop_level)
        return;
    s->stop_level = level;
    for (int i = 0; i < s->n_stations; i++)
        station_stop(&s->stations[i], level);
}

static void on_taken(struct handover *h)
{
    struct server *s = CONTAINER_OF(h, struct server, handover);
    admin_leave(&s->admin);
    leave(s, STATION_DRAIN, "handed over");
}

// Lets a successor have all that we listen with.
static int offer_sockets(struct server *s)
{
    size_t n = 0, max = (size_t)s->admin.n_listeners;
    for (int i = 0; i < s->n_stations; i++)
        max += s->stations[i].n_endpoints + s->stations[i].n_stuns;
    int *fds = malloc(max * sizeof *fds);
    if (!fds)
        return -ENOMEM;
    for (int i = 0; i < s->n_stations; i++)
        n += station_put_sockets(&s->stations[i], fds + n);
    for (int i = 0; i < s->admin.n_listeners; i++)
        fds[n++] = s->admin.listeners[i].fd;
    int err = handover_start(&s->handover, &s->stations[0].worker.loop, fds, n, on_taken);
    free(fds);
    return err;
}

// The first one has all drain, as a successor does, and the second end.
static void handle_stop(struct server *s, int number)
{
    leave(s, s->n_stops++ ? STATION_STOP : STATION_DRAIN, number == SIGTERM ? "SIGTERM" : "SIGINT");
}

static void take_up(struct server *s, struct live *live)
{
    live_offer(live); // to ourselves, so that it is settled last
    common_apply(&s->common, live);
    for (int i = 0; i < s->n_running; i++)
        station_change(&s->stations[i], live);
    live_settle(live);
}

static void handle_hangup(struct server *s, int number)
{
    (void)number;
    notify_reloading(&s->notify);
    struct live *live = reload_read(s->live, &s->addresses, s->common.tls);
    if (live)
        take_up(s, live);
    live_release(live);
    notify_ready(&s->notify);
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
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < N_SIGNALS; i++)
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

static int check_user(const struct config *c, char error[SERVER_ERROR_LEN])
{
    char why[PRIVILEGES_ERROR_LEN];
    int err = privileges_check(c->user, why);
    return blame(err, &CONFIG_CLAIM(c, user, NULL), why, error);
}

// All that the settings ask for but what others on this machine would notice.
static int prepare(struct server *s, struct config_set *set, char error[SERVER_ERROR_LEN])
{
    *s = (struct server){ .signal_fd = -1, .notify.fd = -1 };
    handover_init(&s->handover);
    own_addresses_find(&s->addresses);
    int err = live_read(&s->live, set, &s->addresses, error);
    if (err)
        return err;
    s->config = s->live->config;
    err = admin_init(&s->admin, s->config, error);
    err = err ? err : check_user(s->config, error);
    err = err ? err : common_init(&s->common, s->live, error);
    return err ? err : places_find(&s->places, s->live->set.sites, s->live->set.n_sites, error);
}

int server_check(struct config_set *set, char error[SERVER_ERROR_LEN])
{
    struct server s;
    int err = prepare(&s, set, error);
    server_stop(&s);
    return err;
}

int server_start(struct server *s, struct config_set *set, char error[SERVER_ERROR_LEN])
{
    raise_descriptor_limit();
    bound_heap();
    int err = prepare(s, set, error);
    err = err ? err : inherit(s, error);
    err = err ? err : begin_stations(s, count_workers(s), error);
    err = err ? err : open_sockets(s, error);
    if (!err && watch_signals(s) != 0) {
        snprintf(error, SERVER_ERROR_LEN, "can't watch for signals");
        err = -EIO;
    }
    notify_open(&s->notify);
    err = err ? err : drop_privileges(s, error);
    err = err ? err : start_stations(s, error);
    if (err) {
        server_stop(s);
        return err;
    }
    s->common.room = limits_find_room();
    common_apply(&s->common, s->live);
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
    s->n_running = n_running;
    atomic_store(&s->n_undrained, n_running);
    admin_set_running(&s->admin, n_running);
    watchdog_start(&s->watchdog, &s->notify, s->stations, n_running);
    int err = offer_sockets(s);
    if (err)
        log_write(LOG_ERROR, "sockets can't be handed over", LOG_TEXT("reason", strerror(-err)));
    notify_ready(&s->notify);
    station_run(&s->stations[0]);
    for (int i = 1; i < n_running; i++)
        uv_thread_join(&s->stations[i].thread);
}

void server_stop(struct server *s)
{
    handover_close(&s->handover);
    admin_close(&s->admin);
    for (int i = 0; i < s->n_stations; i++)
        station_close(&s->stations[i]);
    if (s->bus)
        bus_local_settle(s->bus);
    admin_fini(&s->admin);
    for (int i = 0; i < s->n_stations; i++)
        station_fini(&s->stations[i]);
    if (s->bus)
        bus_local_free(s->bus);
    free(s->stations);
    places_fini(&s->places);
    inherited_fini(&s->inherited);
    common_fini(&s->common);
    live_release(s->live);
    notify_close(&s->notify);
    if (s->signal_fd >= 0)
        close(s->signal_fd);
}
