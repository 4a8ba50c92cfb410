// SPDX-License-Identifier: MIT
// One member of a room sends, all others must hear it.
//
// The layout of what they hear is the server's business (it may move keys), so the first copy received is taken as the
// pattern, if it holds the payload as sent and the sender's name; every other copy must equal it but for the number.
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "modes.h"
#include "sample.h"
#include "stencil.h"

struct broadcast {
    const struct options *opts;
    struct party party;
    struct caller *members; // the first is the sender
    struct tally *tallies;  // by member
    struct message message;
    struct stencil sent, expected; // the latter made of the first copy that came
    uint64_t n_sent, n_received, n_due, n_strange;
    uint64_t n_notices; // of members who joined, heard by those who were there
    bool is_sending, is_over;
};

// Makes the pattern of the first copy, whose number is 0.
static bool learn(struct broadcast *s, const char *p, size_t len)
{
    struct text body = { 0 }, copy = { 0 };
    char name[32];
    int name_len = snprintf(name, sizeof name, "\"p%07u\"", s->message.from);
    dialect_put_body(&body, &s->message);
    char *mark = memmem(body.p, body.len, STENCIL_MARK, STENCIL_DIGITS);
    size_t mark_at = (size_t)(mark - body.p);
    memset(mark, '0', STENCIL_DIGITS);
    const char *at = memmem(p, len, body.p, body.len);
    bool is_good = at && memmem(p, len, name, (size_t)name_len);
    if (is_good) {
        text_put(&copy, p, len);
        memcpy(copy.p + (at - p) + mark_at, STENCIL_MARK, STENCIL_DIGITS);
        is_good = stencil_init_plain(&s->expected, &copy);
    }
    text_fini(&copy);
    text_fini(&body);
    return is_good;
}

static void on_text(struct caller *c, const char *p, size_t len)
{
    static const char notice[] = "{\"type\":\"join\",";
    struct broadcast *s = c->party->owner;
    if (!s->is_sending && len > sizeof notice && memcmp(p, notice, sizeof notice - 1) == 0) {
        s->n_notices++;
        return;
    }
    if (!s->is_sending || c == s->members || (!s->expected.p && !learn(s, p, len))) {
        s->n_strange++;
        return;
    }
    if (!stencil_check(&s->expected, &s->tallies[c - s->members], p, len))
        return;
    s->n_received++;
    // The next is due when a whole round of copies has come.
    if (s->n_received % (s->opts->n_members - 1) == 0 && !s->is_over)
        s->n_due++;
}

static void send_due(struct broadcast *s)
{
    struct text out = { 0 };
    for (; s->n_due > 0; s->n_due--)
        stencil_put(&s->sent, s->n_sent++, &out);
    if (out.len > 0)
        caller_write(s->members, out.p, out.len);
    text_fini(&out);
}

static void run_until(struct broadcast *s, uint64_t until_ns)
{
    for (uint64_t now = now_ns(); now < until_ns && s->party.n_broken == 0; now = now_ns()) {
        if (s->is_over && s->n_received >= s->n_sent * (s->opts->n_members - 1))
            break;
        send_due(s);
        party_turn(&s->party, (int64_t)(until_ns - now));
    }
}

// Fills the room and waits until everybody has heard of everybody who came later.
static bool fill_room(struct broadcast *s)
{
    uint64_t n = s->opts->n_members;
    uint64_t until = now_ns() + 60000000000u;
    party_open_all(&s->party, s->members, s->opts->n_members, s->opts->first_id);
    while (s->n_notices < n * (n - 1) / 2 && s->party.n_broken == 0 && now_ns() < until)
        party_turn(&s->party, 100000000);
    return s->n_notices == n * (n - 1) / 2 && s->n_strange == 0;
}

static bool exchange(struct broadcast *s, struct report *r)
{
    const struct options *o = s->opts;
    struct tally sum = { .n_corrupt = s->n_strange };
    s->is_sending = true;
    s->n_due = o->window;
    run_until(s, now_ns() + (uint64_t)(o->warmup * 1e9));
    uint64_t n_before = s->n_received;
    struct sample before = sample_take(o->server_pid);
    run_until(s, before.wall_ns + (uint64_t)(o->seconds * 1e9));
    struct sample after = sample_take(o->server_pid);
    double n = (double)(s->n_received - n_before);
    s->n_due = 0;
    s->is_over = true;
    run_until(s, now_ns() + 5000000000u);
    for (uint32_t i = 1; i < o->n_members; i++) {
        sum.n_received += s->tallies[i].n_received;
        sum.n_duplicated += s->tallies[i].n_duplicated;
        sum.n_reordered += s->tallies[i].n_reordered;
        sum.n_corrupt += s->tallies[i].n_corrupt;
    }
    sum.n_missing = s->n_sent * (o->n_members - 1) - sum.n_received;
    report_number(r, "messages", n);
    report_number(r, "per_second", n * 1e9 / (double)(after.wall_ns - before.wall_ns));
    report_number(r, "server_us", (double)(after.server_ns - before.server_ns) / 1e3 / n);
    report_number(r, "load_us", (double)(after.load_ns - before.load_ns) / 1e3 / n);
    report_count(r, "lost", sum.n_missing);
    report_count(r, "duplicated", sum.n_duplicated);
    report_count(r, "reordered", sum.n_reordered);
    report_count(r, "corrupt", sum.n_corrupt);
    return n > 0 && sum.n_missing + sum.n_duplicated + sum.n_reordered + sum.n_corrupt == 0;
}

static void init(struct broadcast *s, const struct options *o)
{
    static const struct caller_ops ops = { .on_text = on_text };
    struct text sent = { 0 };
    *s = (struct broadcast){ .opts = o, .message = { .from = o->first_id, .body = BODY_OFFER } };
    s->members = calloc(o->n_members, sizeof *s->members);
    s->tallies = calloc(o->n_members, sizeof *s->tallies);
    if (!s->members || !s->tallies)
        err(1, "broadcast");
    if (!dialect_fit(o->dialect, &s->message, o->size))
        errx(2, "an offer cannot have %u bytes in dialect %s", o->size, o->dialect->name);
    o->dialect->put_sent(&sent, &s->message);
    if (!stencil_init_frame(&s->sent, &sent))
        errx(1, "a message without a number");
    text_fini(&sent);
    party_init(&s->party, o, &ops, s);
}

bool broadcast_run(const struct options *o, struct report *r)
{
    struct broadcast s;
    if (o->n_members < 2)
        errx(2, "a room needs two members");
    init(&s, o);
    report_count(r, "members", o->n_members);
    report_count(r, "size", o->size);
    bool is_well = fill_room(&s);
    if (!is_well)
        report_string(r, "error", s.party.first_broken ? s.party.first_broken : "the room did not fill");
    else
        is_well = exchange(&s, r);
    is_well &= s.party.n_broken == 0;
    s.is_sending = false;
    party_close_all(&s.party, s.members, o->n_members);
    party_fini(&s.party);
    stencil_fini(&s.sent);
    stencil_fini(&s.expected);
    free(s.members);
    free(s.tallies);
    return is_well;
}
