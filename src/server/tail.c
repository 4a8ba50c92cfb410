// SPDX-License-Identifier: MIT
// Those who watch what passes; see tail.h.
#include "server/tail.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/uri.h"

enum {
    MAX_WAITING = 256 * 1024, // bytes that a watcher may leave unread
    MAX_NAME = 1024,
};

// Tells one worker of one watcher, and comes back.
struct order {
    struct bus_errand errand;
    struct tail_watcher *watcher;
    const struct tap_filter *filter; // NULL: it goes
};

struct tail_watcher {
    struct tail *tail;
    int number;
    struct http_conn *http; // NULL: it has gone
    int n_watched;          // workers that tell it what passes
    int n_told;             // workers that know that it has gone
    struct tap_filter filter;
    char room[MAX_NAME], peer[MAX_NAME];
    struct order orders[]; // two for each worker: that it comes, and that it goes
};

// ---- coming and going

static void on_gone(struct http_conn *h);

static const struct http_waiter waiter = { .on_gone = on_gone };

static bool is_watching(const struct tail_watcher *w)
{
    return w && w->http && w->n_watched == w->tail->taps.n;
}

static void run_return(struct bus_errand *e, struct bus_port *p)
{
    (void)p;
    struct order *o = CONTAINER_OF(e, struct order, errand);
    struct tail_watcher *w = o->watcher;
    if (o->filter) {
        w->n_watched++;
        if (is_watching(w)) // what passes from now on is told, wherever it does
            http_stream(w->http, SPAN("application/jsonl"), &waiter, w);
    } else if (++w->n_told == w->tail->taps.n) {
        w->tail->watchers[w->number] = NULL; // no line for it is under way any more
        free(w);
    }
}

static void run_order(struct bus_errand *e, struct bus_port *p)
{
    struct order *o = CONTAINER_OF(e, struct order, errand);
    struct tail *t = o->watcher->tail;
    tap_set(&t->taps, p, o->watcher->number, o->filter);
    o->errand.run = run_return;
    bus_port_post(p, t->port->bus.worker, &o->errand);
}

static void order_all(struct tail_watcher *w, struct order *orders, const struct tap_filter *filter)
{
    for (int i = 0; i < w->tail->taps.n; i++) {
        orders[i] = (struct order){ .errand = { .run = run_order }, .watcher = w, .filter = filter };
        bus_port_post(w->tail->port, i, &orders[i].errand);
    }
}

static void on_gone(struct http_conn *h)
{
    struct tail_watcher *w = h->waiter_user;
    w->http = NULL;
    order_all(w, w->orders + w->tail->taps.n, NULL);
}

// ---- lines

static void on_line(struct taps *taps, uint32_t watchers, struct span line)
{
    struct tail *t = CONTAINER_OF(taps, struct tail, taps);
    for (int i = 0; i < TAP_MAX_WATCHERS; i++) {
        struct tail_watcher *w = watchers >> i & 1 ? t->watchers[i] : NULL;
        if (is_watching(w))
            http_stream_put(w->http, line, MAX_WAITING);
    }
}

// ---- requests

// Reads the parameter NAME of QUERY into OUT. False when it can't be a name.
static bool read_name(struct span query, struct span name, char out[MAX_NAME], const char **value)
{
    struct span raw = uri_find_param(query, name);
    *value = raw.p ? out : NULL;
    ssize_t len = raw.p ? uri_decode_param(raw, out, MAX_NAME - 1) : 0;
    if (len < 0)
        return false;
    out[len] = '\0';
    return !memchr(out, '\0', (size_t)len);
}

static struct tail_watcher *new_watcher(struct tail *t)
{
    int number = 0;
    while (number < TAP_MAX_WATCHERS && t->watchers[number])
        number++;
    if (number == TAP_MAX_WATCHERS)
        return NULL;
    struct tail_watcher *w = malloc(sizeof *w + 2 * (size_t)t->taps.n * sizeof *w->orders);
    if (!w)
        return NULL;
    w->tail = t;
    w->number = number;
    w->n_watched = w->n_told = 0;
    w->filter = (struct tap_filter){ 0 };
    return w;
}

void tail_serve(struct tail *t, struct http_conn *h, const struct http_request *r)
{
    struct tail_watcher *w = new_watcher(t);
    if (!w) {
        http_respond_text(h, 503, SPAN(""), SPAN("Too many watch already.\n"));
    } else if (!read_name(r->query, SPAN("room"), w->room, &w->filter.room) ||
               !read_name(r->query, SPAN("peer"), w->peer, &w->filter.peer)) {
        free(w);
        http_respond_text(h, 400, SPAN(""), SPAN("This is no name.\n"));
    } else {
        w->http = h;
        t->watchers[w->number] = w;
        http_hold(h, &waiter, w);
        order_all(w, w->orders, &w->filter);
    }
}

size_t tail_count(const struct tail *t)
{
    size_t n = 0;
    for (int i = 0; i < TAP_MAX_WATCHERS; i++)
        n += is_watching(t->watchers[i]);
    return n;
}

int tail_init(struct tail *t, struct bus_port *port, int n)
{
    *t = (struct tail){ .port = port };
    return taps_init(&t->taps, n, on_line);
}

void tail_fini(struct tail *t)
{
    taps_fini(&t->taps);
}
