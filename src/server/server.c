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

const char *const server_default_mounts[] = { "/=auto", "/login=login", "/join=join", "/socket.io/=rooms", NULL };

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
    return err == -ENOENT ? -EINVAL : err;
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

static int add_mounts(struct server *s, char error[SERVER_ERROR_LEN])
{
    int err = 0;
    for (size_t i = 0; !err && server_default_mounts[i]; i++)
        err = add_mount(s, server_default_mounts[i], error);
    for (size_t i = 0; !err && i < s->config->mount.n; i++)
        err = add_mount(s, s->config->mount.items[i], error);
    return err;
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
static void find_own_addresses(struct addresses *a)
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

static void fill_engineio(struct server *s)
{
    const struct config *c = s->config;
    s->engineio_opts = (struct engineio_opts){ .ping_interval_ms = (uint64_t)c->ping_interval,
                                               .ping_timeout_ms = (uint64_t)c->ping_timeout,
                                               .connect_timeout_ms = (uint64_t)c->connect_timeout,
                                               .upgrade_timeout_ms = (uint64_t)c->upgrade_timeout,
                                               .max_payload = (uint64_t)c->max_payload };
    struct ws_limits limits = { .max_message = (uint64_t)c->max_payload, .max_fragments = (uint32_t)c->max_fragments };
    s->engineio.socket = (struct engineio_socket_opts){ .websocket = { .limits = limits }, .pool = &s->socket_pool };
    s->engineio.origins = &s->site.origins;
}

static void fill_site(struct server *s)
{
    const struct config *c = s->config;
    struct ws_limits limits = { .max_message = (uint64_t)c->max_message, .max_fragments = (uint32_t)c->max_fragments };
    s->site = (struct site){
        .mounts = s->mounts.list,
        .n_mounts = s->mounts.n,
        .web_root = c->web_root ? &s->web_root : NULL,
        .ws = { .websocket = { .limits = limits,
                               .ping_interval_ms = (uint64_t)c->ws_ping_interval,
                               .ping_timeout_ms = (uint64_t)c->ws_ping_timeout },
                .pool = &s->ws_pool },
        .engineio = &s->engineio,
        .origins = { c->allow_origin.items, c->allow_origin.n },
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
        return -EIO;
    }
    switchboard_init(&s->switchboard);
    pool_init(&s->http_pool, sizeof(struct http_conn));
    pool_init(&s->ws_pool, sizeof(struct ws_session));
    pool_init(&s->socket_pool, sizeof(struct engineio_socket));
    engineio_home_init(&s->engineio.home, &s->engineio_opts, &s->worker.conns);
    err = check_renames(s, error);
    err = err ? err : add_mounts(s, error);
    err = err ? err : open_web_root(s, error);
    if (err)
        goto fail;
    fill_dialect_opts(s);
    fill_engineio(s);
    fill_site(s);
    err = listen_on(s, error);
    if (err)
        goto fail;
    watch_signals(s);
    log_url(s);
    return 0;
fail:
    server_stop(s);
    return err;
}

void server_run(struct server *s)
{
    worker_run(&s->worker);
}

void server_stop(struct server *s)
{
    close_endpoints(s);
    engineio_home_close(&s->engineio.home);
    worker_fini(&s->worker);
    engineio_home_fini(&s->engineio.home);
    mounts_fini(&s->mounts);
    switchboard_fini(&s->switchboard);
    pool_fini(&s->http_pool);
    pool_fini(&s->ws_pool);
    pool_fini(&s->socket_pool);
    if (s->web_root.fd >= 0)
        web_root_close(&s->web_root);
}
