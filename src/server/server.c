// SPDX-License-Identifier: MIT
// The whole server; see server.h.
#include "server/server.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/log.h"
#include "net/sock.h"
#include "server/ws_session.h"

const char *const server_default_mounts[] = { "/=auto", "/login=login", "/join=join", NULL };

static void on_accept(struct listener *l, int fd)
{
    struct server *s = l->user;
    http_conn_open(&s->worker.conns, fd, &s->http);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct server *s = signal->data;
    log_write(LOG_INFO, "stopping", LOG_TEXT("reason", number == SIGTERM ? "SIGTERM" : "SIGINT"));
    worker_stop(&s->worker);
}

static void watch_signals(struct server *s)
{
    static const int numbers[SERVER_N_SIGNALS] = { SIGTERM, SIGINT };
    for (int i = 0; i < SERVER_N_SIGNALS; i++) {
        uv_signal_init(&s->worker.loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
    signal(SIGPIPE, SIG_IGN); // a closed stderr must not end the calls of others
}

// As many connections as the system lets this process have.
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int add_mount(struct server *s, const char *item, char error[SERVER_ERROR_LEN])
{
    int err = mounts_add(&s->mounts, item, &s->switchboard, &s->dialect_opts);
    if (err == -EINVAL)
        snprintf(error, SERVER_ERROR_LEN, "--mount takes PATH=DIALECT with a path that begins with '/', not '%.200s'",
                 item);
    else if (err == -ENOENT)
        snprintf(error, SERVER_ERROR_LEN, "--mount '%.200s': there is no such dialect; --help lists them", item);
    else if (err)
        snprintf(error, SERVER_ERROR_LEN, "out of memory");
    return err ? -1 : 0;
}

static int add_mounts(struct server *s, char error[SERVER_ERROR_LEN])
{
    for (size_t i = 0; server_default_mounts[i]; i++)
        if (add_mount(s, server_default_mounts[i], error) != 0)
            return -1;
    for (size_t i = 0; i < s->config->mount.n; i++)
        if (add_mount(s, s->config->mount.items[i], error) != 0)
            return -1;
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
    return err ? -1 : 0;
}

static void fill_options(struct server *s)
{
    const struct config *c = s->config;
    s->dialect_opts =
        (struct dialect_opts){ .greeting = span_of(c->greeting), .unknown_text = span_of(c->unknown_text) };
    s->site = (struct site){
        .mounts = s->mounts.list,
        .n_mounts = s->mounts.n,
        .web_root = c->web_root ? &s->web_root : NULL,
        .ws = { .websocket = { .limits = { .max_message = (uint64_t)c->max_message,
                                           .max_fragments = (uint32_t)c->max_fragments },
                               .ping_interval_ms = (uint64_t)c->ws_ping_interval,
                               .ping_timeout_ms = (uint64_t)c->ws_ping_timeout },
                .pool = &s->ws_pool },
    };
    s->http = (struct http_opts){ .head_timeout_ms = (uint64_t)c->head_timeout,
                                  .on_request = route_request,
                                  .user = &s->site,
                                  .pool = &s->http_pool };
}

static int open_endpoint(struct server *s, struct endpoint *e, struct sockaddr *addr)
{
    int err = listener_open(&e->listener, &s->worker.loop, &s->worker.deadlines, addr);
    if (err)
        return err;
    e->listener.on_accept = on_accept;
    e->listener.user = s;
    sock_set_port(addr, listener_port(&e->listener)); // the one that was free, when it was 0
    err = stun_service_open(&e->stun, &s->worker.loop, addr);
    if (err)
        listener_close(&e->listener);
    return err;
}

static void close_endpoints(struct server *s)
{
    while (s->n_endpoints) {
        struct endpoint *e = &s->endpoints[--s->n_endpoints];
        listener_close(&e->listener);
        stun_service_close(&e->stun);
    }
    uv_run(&s->worker.loop, UV_RUN_NOWAIT); // their handles close before their memory is used again
}

static int open_endpoints(struct server *s, struct sockaddr_storage *addrs, int n)
{
    for (int i = 0; i < n; i++) {
        struct sockaddr *addr = (struct sockaddr *)&addrs[i];
        if (i)
            sock_set_port(addr, sock_port((struct sockaddr *)&addrs[0]));
        int err = open_endpoint(s, &s->endpoints[i], addr);
        if (err) {
            close_endpoints(s);
            return err;
        }
        s->n_endpoints = i + 1;
    }
    s->port = sock_port((struct sockaddr *)&addrs[0]);
    return 0;
}

// With port 0 the kernel picks a free TCP port, and the UDP port of that number may be taken: then another is picked.
static int listen_on(struct server *s, char error[SERVER_ERROR_LEN])
{
    enum { MAX_TRIES = 20 };
    const struct config *c = s->config;
    struct sockaddr_storage addrs[SERVER_MAX_ADDRESSES];
    int err = 0;
    for (int i = 0; i < MAX_TRIES; i++) {
        int n = sock_resolve(c->host, (int)c->port, addrs, SERVER_MAX_ADDRESSES);
        if (n <= 0) {
            snprintf(error, SERVER_ERROR_LEN, "--host '%.200s': %s", c->host, gai_strerror(n));
            return -1;
        }
        err = open_endpoints(s, addrs, n);
        if (err != -EADDRINUSE || c->port != 0)
            break;
    }
    if (!err)
        return 0;
    snprintf(error, SERVER_ERROR_LEN, "can't listen on %s port %d: %s%s", c->host ? c->host : "any address,",
             (int)c->port, strerror(-err), err == -EADDRINUSE ? "; choose another with --port" : "");
    return -1;
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
    *s = (struct server){ .config = c };
    raise_descriptor_limit();
    int err = worker_init(&s->worker);
    if (err) {
        snprintf(error, SERVER_ERROR_LEN, "can't make an event loop: %s", uv_strerror(err));
        return -1;
    }
    switchboard_init(&s->switchboard);
    pool_init(&s->http_pool, sizeof(struct http_conn));
    pool_init(&s->ws_pool, sizeof(struct ws_session));
    if (add_mounts(s, error) != 0 || open_web_root(s, error) != 0)
        goto fail;
    fill_options(s);
    if (listen_on(s, error) != 0)
        goto fail;
    watch_signals(s);
    log_url(s);
    return 0;
fail:
    server_stop(s);
    return -1;
}

void server_run(struct server *s)
{
    worker_run(&s->worker);
}

void server_stop(struct server *s)
{
    close_endpoints(s);
    worker_fini(&s->worker);
    mounts_fini(&s->mounts);
    switchboard_fini(&s->switchboard);
    pool_fini(&s->http_pool);
    pool_fini(&s->ws_pool);
    if (s->web_root.fd >= 0)
        web_root_close(&s->web_root);
}
