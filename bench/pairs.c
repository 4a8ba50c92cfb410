// SPDX-License-Identifier: MIT
// Callers two by two, each sending numbered messages to its partner.
//
// Closed loop: a sender has WINDOW messages under way and sends the next when one arrived. Open loop (--rate): the k-th
// message of all is due at start + k / rate whatever happened to those before it, and its latency counts from that
// instant, so a server that stalls is charged for every message that it kept waiting (no coordinated omission).
#include <err.h>
#include <stdlib.h>

#include "caller.h"
#include "crowd.h"
#include "histogram.h"
#include "modes.h"
#include "sample.h"
#include "stencil.h"

enum { CROWD_IDS = 1000000 }; // ids of the idle callers begin so much above those of the pairs

// One direction of a pair.
struct flow {
    struct caller *from;
    struct stencil sent, expected;
    struct tally tally;
    uint64_t n_sent;
    uint64_t n_due; // to be sent at the end of this turn
};

struct pairs {
    const struct options *opts;
    struct party party;
    struct caller *callers; // callers 2i and 2i + 1 are a pair
    struct flow *flows;     // flow j goes to caller j; those without a sender are never used
    struct flow **due;      // those with n_due
    uint32_t n_callers, n_flows, n_dues;
    uint64_t n_received, n_due_in_all, n_strange;
    uint64_t started_at_ns, measured_from_ns;
    struct text scratch;
    struct histogram latency;
    bool is_over; // nothing new is sent
};

static void make_due(struct pairs *s, struct flow *f, uint64_t n)
{
    if (s->is_over || (s->opts->n_messages > 0 && s->n_due_in_all + n > s->opts->n_messages))
        return;
    if (f->n_due == 0)
        s->due[s->n_dues++] = f;
    f->n_due += n;
    s->n_due_in_all += n;
}

static void send_due(struct pairs *s)
{
    for (uint32_t i = 0; i < s->n_dues; i++) {
        struct flow *f = s->due[i];
        s->scratch.len = 0;
        for (; f->n_due > 0; f->n_due--)
            stencil_put(&f->sent, f->n_sent++, &s->scratch);
        caller_write(f->from, s->scratch.p, s->scratch.len);
    }
    s->n_dues = 0;
}

// The K-th message of all in an open loop is the one with number K / n of flow K % n.
static uint64_t due_at(const struct pairs *s, uint64_t k)
{
    return s->started_at_ns + (uint64_t)((double)k * 1e9 / s->opts->rate);
}

static struct flow *nth_flow(struct pairs *s, uint64_t k)
{
    return s->opts->is_one_way ? &s->flows[2 * (k % s->n_flows) + 1] : &s->flows[k % s->n_flows];
}

static void note_latency(struct pairs *s, uint32_t receiver, uint64_t number)
{
    uint64_t k = number * s->n_flows + (s->opts->is_one_way ? receiver / 2 : receiver);
    uint64_t due = due_at(s, k), now = now_ns();
    if (due >= s->measured_from_ns)
        histogram_put(&s->latency, now > due ? now - due : 0);
}

static void on_text(struct caller *c, const char *p, size_t len)
{
    struct pairs *s = c->party->owner;
    struct flow *f = &s->flows[c - s->callers];
    if (!f->from) {
        s->n_strange++;
        return;
    }
    if (!stencil_check(&f->expected, &f->tally, p, len))
        return;
    s->n_received++;
    if (s->opts->rate > 0)
        note_latency(s, (uint32_t)(c - s->callers), f->tally.next - 1);
    else
        make_due(s, f, 1);
}

static void init_flow(struct pairs *s, uint32_t to)
{
    struct flow *f = &s->flows[to];
    const struct dialect *d = s->opts->dialect;
    struct message m = { .from = s->opts->first_id + (to ^ 1), .to = s->opts->first_id + to, .body = s->opts->body };
    struct text sent = { 0 }, expected = { 0 };
    if (!d->put_expected || !dialect_fit(d, &m, s->opts->size))
        errx(2, "messages of this kind cannot have %u bytes in dialect %s", s->opts->size, d->name);
    d->put_sent(&sent, &m);
    d->put_expected(&expected, &m);
    if (!stencil_init_frame(&f->sent, &sent) || !stencil_init_plain(&f->expected, &expected))
        errx(1, "a message without a number");
    text_fini(&sent);
    text_fini(&expected);
    f->from = &s->callers[to ^ 1];
}

static void init(struct pairs *s, const struct options *o)
{
    static const struct caller_ops ops = { .on_text = on_text };
    *s = (struct pairs){ .opts = o, .n_callers = 2 * o->n_pairs };
    s->n_flows = o->is_one_way ? o->n_pairs : s->n_callers;
    s->callers = calloc(s->n_callers, sizeof *s->callers);
    s->flows = calloc(s->n_callers, sizeof *s->flows);
    s->due = calloc(s->n_callers, sizeof(struct flow *));
    if (!s->callers || !s->flows || !s->due)
        err(1, "pairs");
    party_init(&s->party, o, &ops, s);
    for (uint32_t to = 0; to < s->n_callers; to++) {
        if (!o->is_one_way || to % 2 == 1)
            init_flow(s, to);
    }
}

static void fini(struct pairs *s)
{
    for (uint32_t i = 0; i < s->n_callers; i++) {
        stencil_fini(&s->flows[i].sent);
        stencil_fini(&s->flows[i].expected);
    }
    party_fini(&s->party);
    text_fini(&s->scratch);
    free(s->callers);
    free(s->flows);
    free(s->due);
}

// Serves one turn of the open loop: sends what is due by now, then sleeps until the next is.
static void turn_open(struct pairs *s)
{
    uint64_t now = now_ns();
    while (!s->is_over && due_at(s, s->n_due_in_all) <= now)
        make_due(s, nth_flow(s, s->n_due_in_all), 1);
    send_due(s);
    uint64_t next = due_at(s, s->n_due_in_all);
    now = now_ns();
    party_turn(&s->party, next > now ? (int64_t)(next - now) : 0);
}

static bool is_finished(const struct pairs *s)
{
    return s->party.n_broken > 0 || (s->opts->n_messages > 0 && s->n_received >= s->opts->n_messages);
}

// Goes on until an instant, or until all messages that were asked for have come.
static void run_until(struct pairs *s, uint64_t until_ns)
{
    uint64_t now = now_ns();
    while (now < until_ns && !is_finished(s)) {
        if (s->opts->rate > 0 && !s->is_over) {
            turn_open(s);
        } else {
            send_due(s);
            party_turn(&s->party, (int64_t)(until_ns - now));
        }
        now = now_ns();
    }
}

static uint64_t count_unarrived(const struct pairs *s)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < s->n_callers; i++)
        n += s->flows[i].n_sent - s->flows[i].tally.n_received;
    return n;
}

// Sends no more and waits, for a bounded time, until nothing is under way.
static void drain(struct pairs *s)
{
    uint64_t until = now_ns() + 5000000000u;
    for (uint32_t i = 0; i < s->n_dues; i++)
        s->due[i]->n_due = 0;
    s->n_dues = 0;
    s->is_over = true;
    for (uint64_t now = now_ns(); count_unarrived(s) > 0 && now < until && s->party.n_broken == 0; now = now_ns())
        party_turn(&s->party, (int64_t)(until - now));
}

static void report_speed(struct report *r, uint64_t n, const struct sample *a, const struct sample *b)
{
    double seconds = (double)(b->wall_ns - a->wall_ns) / 1e9;
    report_count(r, "messages", n);
    report_number(r, "seconds", seconds);
    report_number(r, "per_second", (double)n / seconds);
    if (n == 0)
        return;
    report_number(r, "server_us", (double)(b->server_ns - a->server_ns) / 1e3 / (double)n);
    report_number(r, "load_us", (double)(b->load_ns - a->load_ns) / 1e3 / (double)n);
    report_number(r, "server_busy", (double)(b->server_ns - a->server_ns) / 1e9 / seconds);
    report_number(r, "load_busy", (double)(b->load_ns - a->load_ns) / 1e9 / seconds);
}

static void report_latency(struct report *r, const struct histogram *h)
{
    report_count(r, "latencies", h->n);
    report_number(r, "p50_us", (double)histogram_quantile(h, 0.5) / 1e3);
    report_number(r, "p90_us", (double)histogram_quantile(h, 0.9) / 1e3);
    report_number(r, "p99_us", (double)histogram_quantile(h, 0.99) / 1e3);
    report_number(r, "p999_us", (double)histogram_quantile(h, 0.999) / 1e3);
    report_number(r, "max_us", (double)h->max_ns / 1e3);
}

// Writes the sums of what the receivers counted. True when nothing went wrong.
static bool report_tallies(struct report *r, const struct pairs *s)
{
    uint64_t lost = count_unarrived(s), duplicated = 0, reordered = 0, corrupt = s->n_strange;
    for (uint32_t i = 0; i < s->n_callers; i++) {
        duplicated += s->flows[i].tally.n_duplicated;
        reordered += s->flows[i].tally.n_reordered;
        corrupt += s->flows[i].tally.n_corrupt;
    }
    report_count(r, "received", s->n_received);
    report_count(r, "lost", lost);
    report_count(r, "duplicated", duplicated);
    report_count(r, "reordered", reordered);
    report_count(r, "corrupt", corrupt);
    return lost + duplicated + reordered + corrupt == 0;
}

static bool exchange(struct pairs *s, struct report *r)
{
    const struct options *o = s->opts;
    s->started_at_ns = now_ns();
    s->measured_from_ns = s->started_at_ns + (uint64_t)(o->warmup * 1e9);
    for (uint64_t k = 0; k < s->n_flows && o->rate == 0; k++)
        make_due(s, nth_flow(s, k), o->window);
    run_until(s, s->measured_from_ns);
    uint64_t n_before = s->n_received;
    struct sample before = sample_take(o->server_pid);
    run_until(s, before.wall_ns + (uint64_t)(o->seconds * 1e9));
    struct sample after = sample_take(o->server_pid);
    uint64_t n = s->n_received - n_before;
    drain(s);
    report_speed(r, n, &before, &after);
    if (o->rate > 0)
        report_latency(r, &s->latency);
    return report_tallies(r, s);
}

bool pairs_run(const struct options *o, struct report *r)
{
    struct pairs *s = malloc(sizeof *s);
    struct crowd crowd = { 0 };
    if (!s)
        err(1, "pairs");
    init(s, o);
    report_count(r, "pairs", o->n_pairs);
    report_count(r, "window", o->rate > 0 ? 0 : o->window);
    report_count(r, "size", o->size);
    report_count(r, "idle", o->n_idle);
    bool is_well = crowd_start(&crowd, o, o->first_id + CROWD_IDS);
    party_open_all(&s->party, s->callers, s->n_callers, o->first_id);
    if (is_well && s->party.n_broken == 0)
        is_well = exchange(s, r);
    if (s->party.n_broken > 0)
        report_string(r, "error", s->party.first_broken);
    is_well &= s->party.n_broken == 0;
    party_close_all(&s->party, s->callers, s->n_callers);
    is_well &= crowd_end(&crowd);
    fini(s);
    free(s);
    return is_well;
}
