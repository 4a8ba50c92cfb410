// SPDX-License-Identifier: MIT
// The operator's door; see admin.h.
#include "server/admin.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "net/sock.h"
#include "server/metrics.h"
#include "server/status.h"
#include "server/survey.h"

// ---- answers

static struct station *home_of(const struct admin *a)
{
    return &a->stations[0];
}

static bool is_draining(const struct admin *a)
{
    return home_of(a)->is_ending;
}

static void respond(struct http_conn *h, int status, struct span type, struct span body)
{
    const struct admin *a = h->opts->user;
    struct http_response response = { .status = status,
                                      .type = type,
                                      .fields = SPAN("Cache-Control: no-store\r\n"),
                                      .body = body,
                                      .is_last = is_draining(a) };
    http_respond(h, &response);
}

static void respond_text(struct http_conn *h, int status, struct span text)
{
    respond(h, status, SPAN("text/plain; charset=utf-8"), text);
}

static void on_gone(struct http_conn *h)
{
    struct survey *s = h->waiter_user;
    s->user = NULL;
}

static const struct http_waiter waiter = { .on_gone = on_gone };

// Holds the request H until every worker was asked; ON_DONE answers it.
static void ask_all(struct http_conn *h, void (*on_done)(struct survey *s))
{
    const struct admin *a = h->opts->user;
    struct survey *s = survey_begin(a->stations, a->n_stations, on_done, h);
    if (s)
        http_hold(h, &waiter, s);
    else
        respond_text(h, 503, SPAN("out of memory\n"));
}

static void on_healthy(struct survey *s)
{
    if (s->user)
        respond_text(s->user, 200, SPAN("ok\n"));
}

static void healthz(struct http_conn *h, const struct http_request *r)
{
    (void)r;
    ask_all(h, on_healthy);
}

// Answers H with what PUT makes of a report on S.
static void respond_report(struct http_conn *h, const struct survey *s, struct span type,
                           int (*put)(struct buf *out, const struct report *r))
{
    const struct admin *a = h->opts->user;
    struct report report;
    struct buf body = { 0 };
    report_init(&report, s, home_of(a));
    report.n_watchers = tail_count(&a->tail);
    if (put(&body, &report) == 0)
        respond(h, 200, type, buf_span(&body));
    else
        respond_text(h, 503, SPAN("out of memory\n"));
    buf_fini(&body);
    report_fini(&report);
}

static void on_metered(struct survey *s)
{
    if (s->user)
        respond_report(s->user, s, SPAN("text/plain; version=0.0.4; charset=utf-8"), metrics_put);
}

static void metrics(struct http_conn *h, const struct http_request *r)
{
    (void)r;
    ask_all(h, on_metered);
}

static void on_looked_at(struct survey *s)
{
    if (s->user)
        respond_report(s->user, s, SPAN("application/json"), status_put);
}

static void status(struct http_conn *h, const struct http_request *r)
{
    (void)r;
    ask_all(h, on_looked_at);
}

static void readyz(struct http_conn *h, const struct http_request *r)
{
    (void)r;
    const char *refusal = station_refusal(home_of(h->opts->user));
    char text[32];
    int len = snprintf(text, sizeof text, "%s\n", refusal ? refusal : "ready");
    respond_text(h, refusal ? 503 : 200, (struct span){ text, (size_t)len });
}

static void version(struct http_conn *h, const struct http_request *r)
{
    (void)r;
    respond(h, 200, SPAN("application/json"), SPAN("{\"name\":\"strowger\",\"version\":\"" STROWGER_VERSION "\"}\n"));
}

static void tail(struct http_conn *h, const struct http_request *r)
{
    struct admin *a = h->opts->user;
    if (r->method == HTTP_GET)
        tail_serve(&a->tail, h, r);
    else
        respond_text(h, 200, SPAN(""));
}

static void list_pages(struct http_conn *h, const struct http_request *r);

static const struct page {
    struct span path;
    void (*answer)(struct http_conn *h, const struct http_request *r);
    const char *summary;
} pages[] = {
    { SPAN("/"), list_pages, "this list" },
    { SPAN("/healthz"), healthz, "200 while every worker answers" },
    { SPAN("/health"), healthz, "the same" },
    { SPAN("/readyz"), readyz, "200 while new clients are welcome, else 503" },
    { SPAN("/metrics"), metrics, "all that is counted, for Prometheus" },
    { SPAN("/status"), status, "what is going on, as JSON" },
    { SPAN("/tail"), tail, "what passes from now on, ?room=R or ?peer=P, a line of JSON each" },
    { SPAN("/version"), version, "which version this is, as JSON" },
};

enum { N_PAGES = sizeof pages / sizeof *pages };

static void list_pages(struct http_conn *h, const struct http_request *r)
{
    (void)r;
    char text[N_PAGES * 100];
    size_t len = 0;
    for (size_t i = 0; i < N_PAGES; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%-10s %s\n", pages[i].path.p, pages[i].summary);
    respond_text(h, 200, (struct span){ text, len });
}

// A page of a stranger's, open in the operator's browser, can have its own name lead to this machine; then it would read
// what is here. Such a request says that name. Other machines reach us by names that we can't know.
static bool is_expected_host(const struct admin_place *place, struct span host)
{
    struct addr addr;
    bool is_loopback = strncmp(place->where.host, "127.", 4) == 0 || strcmp(place->where.host, "::1") == 0 ||
                       strcmp(place->where.host, "localhost") == 0;
    size_t len = host.len;
    while (len && host.p[len - 1] != ':' && host.p[len - 1] != ']')
        len--;
    if (len && host.p[len - 1] == ':')
        host.len = len - 1;
    if (host.len > 2 && host.p[0] == '[')
        host = (struct span){ host.p + 1, host.len - 2 };
    return place->socket_path || !is_loopback || span_equal_nocase(host, SPAN("localhost")) ||
           addr_parse(&addr, host) == 0;
}

static void on_request(struct http_conn *h, const struct http_request *r)
{
    const struct admin *a = h->opts->user;
    if (!is_expected_host(&a->place, r->host)) {
        respond_text(h, 403, SPAN("Ask for this by its address.\n"));
        return;
    }
    if (r->method != HTTP_GET && r->method != HTTP_HEAD) {
        http_respond_text(h, 405, SPAN("Allow: GET, HEAD\r\n"), SPAN("Only GET and HEAD are understood here.\n"));
        return;
    }
    for (size_t i = 0; i < N_PAGES; i++)
        if (span_equal(r->path, pages[i].path)) {
            pages[i].answer(h, r);
            return;
        }
    respond_text(h, 404, SPAN("There is nothing here; / lists what there is.\n"));
}

// ---- the door

static void on_accept(struct listener *l, int fd)
{
    struct admin *a = l->user;
    int on = 1; // who watches may be silent for hours, but not gone
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    // Adopted, not opened, and no client: the operator comes in when the house is full, and stays when it is emptied.
    struct conn_transfer t = { .fd = fd, .is_apart = true };
    http_conn_adopt(&home_of(a)->worker.conns, &t, &a->http, NULL, 0);
}

// Has what connects to FD, which may be a negative errno instead, come to us. 0 or a negative errno.
static int listen_with(struct admin *a, int fd)
{
    struct worker *w = &home_of(a)->worker;
    struct listener *l = &a->listeners[a->n_listeners];
    int err = fd < 0 ? fd : listener_open(l, &w->loop, &w->clock.deadlines, fd);
    if (err)
        return err;
    a->n_listeners++;
    l->on_accept = on_accept;
    l->user = a;
    return listener_start(l);
}

static int listen_at_port(struct admin *a, struct inherited *in)
{
    struct listen_place *where = &a->place.where;
    struct sockaddr_storage addrs[ADMIN_MAX_LISTENERS];
    int n = sock_resolve(*where->host ? where->host : NULL, where->port, addrs, ADMIN_MAX_LISTENERS);
    if (n <= 0)
        return -EADDRNOTAVAIL;
    where->bound_port = where->port;
    for (int i = 0; i < n; i++) {
        struct sockaddr *addr = (struct sockaddr *)&addrs[i];
        sock_set_port(addr, where->bound_port);
        int err = listen_with(a, inherited_open(in, addr, SOCK_STREAM, 0, 1));
        if (err)
            return err;
        where->bound_port = listener_port(&a->listeners[i]);
    }
    return 0;
}

static void log_door(const struct admin *a)
{
    char url[LISTEN_URL_LEN];
    if (a->place.socket_path) {
        log_write(LOG_INFO, "admin listener ready", LOG_TEXT("path", a->place.socket_path));
    } else {
        listen_put_url(&a->place.where, *a->place.where.host ? a->place.where.host : "localhost", url);
        log_write(LOG_INFO, "admin listener ready", LOG_TEXT("url", url));
    }
}

static int listen_at_path(struct admin *a, struct inherited *in)
{
    bool is_held;
    int fd = inherited_open_path(in, a->place.socket_path, &is_held);
    a->owns_path = !is_held;
    return listen_with(a, fd);
}

static int try_to_listen(struct admin *a, struct inherited *in, const struct config *c, char error[CONFIG_ERROR_LEN])
{
    int err = a->place.socket_path ? listen_at_path(a, in) : listen_at_port(a, in);
    if (!err) {
        log_door(a);
    } else if (c->admin) {
        config_fault(error, &CONFIG_CLAIM(c, admin, NULL), "'%.200s': %s", c->admin, strerror(-err));
        return -EIO;
    } else {
        admin_leave(a);
        log_write(LOG_WARN, "no admin listener; choose another place with --admin",
                  LOG_TEXT("place", ADMIN_PLACE_DEFAULT), LOG_TEXT("reason", strerror(-err)));
    }
    return 0;
}

int admin_init(struct admin *a, const struct config *c, char error[CONFIG_ERROR_LEN])
{
    *a = (struct admin){ 0 };
    if (admin_place_parse(&a->place, c->admin) == 0)
        return 0;
    return config_fault(error, &CONFIG_CLAIM(c, admin, NULL), "takes HOST:PORT, unix:PATH or off, not '%.200s'",
                        c->admin);
}

int admin_open(struct admin *a, const struct config *c, const struct sockets *k, char error[CONFIG_ERROR_LEN])
{
    a->stations = k->stations;
    a->n_stations = (int)k->n_stations;
    a->http = (struct http_opts){ .head_timeout_ms = (uint64_t)c->head_timeout,
                                  .on_request = on_request,
                                  .user = a,
                                  .pool = &home_of(a)->http_pool };
    if (tail_init(&a->tail, &home_of(a)->port, a->n_stations) != 0) {
        snprintf(error, CONFIG_ERROR_LEN, "out of memory");
        return -EIO;
    }
    return a->place.is_off ? 0 : try_to_listen(a, k->inherited, c, error);
}

void admin_set_running(struct admin *a, int n)
{
    a->n_stations = a->tail.taps.n = n;
}

void admin_leave(struct admin *a)
{
    while (a->n_listeners)
        listener_close(&a->listeners[--a->n_listeners]);
}

void admin_close(struct admin *a)
{
    if (a->n_listeners && a->owns_path)
        unlink(a->place.socket_path);
    admin_leave(a);
}

void admin_fini(struct admin *a)
{
    tail_fini(&a->tail);
}
