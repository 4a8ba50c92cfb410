// SPDX-License-Identifier: MIT
// One worker's end of `tail`; see tap.h.
#include "server/tap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#include "base/utf8.h"
#include "dialect/dialect.h"
#include "server/station.h"
#include "server/tap_look.h"
#include "switchboard/room.h"

enum { MAX_LABEL = 256, WATCHERS_AT = 0 }; // bytes of a name that are shown; the worker where the watchers are

// What happened, on its way. Its texts lie behind it.
struct event {
    struct bus_errand errand;
    struct tap *tap; // where it happened
    struct timeval at;
    const char *dialect; // or NULL
    enum message_type type;
    enum watch_outcome outcome;
    struct tap_look look;
    size_t n_receivers;
    struct peer_ref to_ref; // whose label is TO, when that is not known yet
    struct span from, to, room;
    uint64_t n_missed; // before it
    uint32_t watchers;
    struct buf line;
    char text[3 * MAX_LABEL];
};

static struct tap *tap_of(struct watch *w)
{
    return CONTAINER_OF(w, struct tap, watch);
}

static void end(struct event *e)
{
    atomic_fetch_sub_explicit(&e->tap->n_under_way, 1, memory_order_relaxed);
    buf_fini(&e->line);
    free(e);
}

// ---- the line

static int put_text(struct buf *out, const char *key, struct span text)
{
    if (!text.len)
        return 0;
    int err = buf_put_span(out, SPAN(",\"")) || buf_put_span(out, span_of(key)) || buf_put_span(out, SPAN("\":"));
    return err ? -ENOMEM : json_put_string(out, text);
}

static int put_number(struct buf *out, const char *key, uint64_t n)
{
    char text[64];
    int len = snprintf(text, sizeof text, ",\"%s\":%" PRIu64, key, n);
    return n ? buf_put(out, text, (size_t)len) : 0;
}

static int put_line(struct buf *out, const struct event *e)
{
    static const char *const outcomes[] = { [WATCH_SENT] = "sent", [WATCH_ABSENT] = "absent", [WATCH_LATE] = "late" };
    char at[64];
    int len = snprintf(at, sizeof at, "{\"at\":%lld.%06ld", (long long)e->at.tv_sec, (long)e->at.tv_usec);
    return buf_put(out, at, (size_t)len) || put_text(out, "dialect", span_of(e->dialect)) ||
                   put_text(out, "type", span_of(tap_type_name(e->look.type))) ||
                   put_text(out, "candidate", span_of(e->look.candidate)) || put_text(out, "from", e->from) ||
                   put_text(out, "to", e->to) || put_text(out, "room", e->room) ||
                   put_number(out, "bytes", e->look.len) || put_number(out, "receivers", e->n_receivers) ||
                   put_text(out, "outcome", span_of(outcomes[e->outcome])) || put_number(out, "missed", e->n_missed) ||
                   buf_put_span(out, SPAN("}\n"))
               ? -ENOMEM
               : 0;
}

// ---- the way

static void run_arrival(struct bus_errand *errand, struct bus_port *p)
{
    (void)p;
    struct event *e = CONTAINER_OF(errand, struct event, errand);
    struct taps *t = e->tap->all;
    t->on_line(t, e->watchers, buf_span(&e->line));
    end(e);
}

static bool is_wanted(const struct tap_filter *f, const struct event *e)
{
    return f && (!f->room || span_equal(span_of(f->room), e->room)) &&
           (!f->peer || span_equal(span_of(f->peer), e->from) || span_equal(span_of(f->peer), e->to));
}

// Sends E to those who want it, now that all is known of it, from P's worker.
static void tell(struct event *e, struct bus_port *p)
{
    const struct tap *here = &e->tap->all->list[p->bus.worker];
    for (int i = 0; i < TAP_MAX_WATCHERS; i++)
        e->watchers |= (uint32_t)is_wanted(here->filters[i], e) << i;
    if (!e->watchers || put_line(&e->line, e) != 0) {
        atomic_fetch_add_explicit(&e->tap->n_missed, e->n_missed, memory_order_relaxed); // the next one says so
        end(e);
        return;
    }
    e->errand.run = run_arrival;
    bus_port_post(p, WATCHERS_AT, &e->errand);
}

static void copy_label(struct event *e, struct span *copy, int place, struct span label)
{
    char *at = e->text + place * MAX_LABEL;
    size_t len = label.len > MAX_LABEL ? utf8_cut(label.p, MAX_LABEL) : label.len;
    if (len)
        memcpy(at, label.p, len);
    *copy = (struct span){ at, len };
}

enum place { FROM, TO, ROOM }; // in an event's text

// On the worker of the one whom the event is for.
static void run_introduction(struct bus_errand *errand, struct bus_port *p)
{
    struct event *e = CONTAINER_OF(errand, struct event, errand);
    const struct station *s = p->user;
    const struct peer *to = roster_find(&s->switchboard.roster, e->to_ref);
    if (to)
        copy_label(e, &e->to, TO, watch_label(to));
    tell(e, p);
}

static const struct dialect *dialect_of(const struct watch_event *e)
{
    const struct peer *p = e->from ? e->from : e->to;
    return p ? session_dialect(p->session) : NULL;
}

// The room that W has to do with: what peers who sit in one say to each other has to do with it too.
static struct span room_of(const struct watch_event *w, const struct dialect *dialect)
{
    bool is_inside = dialect && dialect->has_rooms && w->from && w->from->seats;
    return w->room.len || !is_inside ? w->room : room_name(w->from, w->from->seats);
}

static struct event *new_event(struct tap *t, const struct watch_event *w, const struct dialect *dialect)
{
    struct event *e = malloc(sizeof *e);
    if (!e)
        return NULL;
    *e = (struct event){ .tap = t,
                         .dialect = dialect ? dialect->name : NULL,
                         .type = w->type,
                         .outcome = w->outcome,
                         .n_receivers = w->n_receivers,
                         .to_ref = w->to_ref,
                         .n_missed = atomic_exchange_explicit(&t->n_missed, 0, memory_order_relaxed) };
    gettimeofday(&e->at, NULL);
    tap_look(&e->look, w->type, w->relay);
    copy_label(e, &e->from, FROM, w->from ? watch_label(w->from) : (struct span){ 0 });
    copy_label(e, &e->to, TO, w->to ? watch_label(w->to) : w->to_name);
    copy_label(e, &e->room, ROOM, room_of(w, dialect));
    atomic_fetch_add_explicit(&t->n_under_way, 1, memory_order_relaxed);
    return e;
}

static void on_event(struct watch *watch, const struct watch_event *w)
{
    struct tap *t = tap_of(watch);
    const struct dialect *dialect = dialect_of(w);
    if (w->room.len && dialect && !dialect->has_rooms)
        return; // a room of the dialect's own making
    bool has_space = atomic_load_explicit(&t->n_under_way, memory_order_relaxed) < TAP_MAX_UNDER_WAY;
    struct event *e = has_space ? new_event(t, w, dialect) : NULL;
    if (!e) {
        atomic_fetch_add_explicit(&t->n_missed, 1, memory_order_relaxed);
        return;
    }
    struct bus_port *p = t->port;
    if (e->to.len || peer_ref_equal(e->to_ref, PEER_REF_NOBODY)) {
        tell(e, p);
    } else {
        e->errand.run = run_introduction;
        bus_port_post(p, e->to_ref.worker, &e->errand);
    }
}

int taps_init(struct taps *t, int n, void (*on_line)(struct taps *t, uint32_t watchers, struct span line))
{
    *t = (struct taps){ .n = n, .list = calloc((size_t)n, sizeof *t->list), .on_line = on_line };
    for (int i = 0; t->list && i < n; i++)
        t->list[i] = (struct tap){ .watch = { .on_event = on_event }, .all = t };
    return t->list ? 0 : -ENOMEM;
}

void taps_fini(struct taps *t)
{
    free(t->list);
}

void tap_set(struct taps *all, struct bus_port *p, int i, const struct tap_filter *filter)
{
    struct tap *t = &all->list[p->bus.worker];
    bool is_on = false;
    t->port = p;
    t->filters[i] = filter;
    for (int j = 0; j < TAP_MAX_WATCHERS; j++)
        is_on = is_on || t->filters[j];
    if (!is_on)
        atomic_store_explicit(&t->n_missed, 0, memory_order_relaxed); // there is nobody who missed it
    p->bus.watch = is_on ? &t->watch : NULL;
}
