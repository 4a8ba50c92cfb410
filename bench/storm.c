// SPDX-License-Identifier: MIT
// Connect, upgrade, login, close, again and again.
#include <err.h>
#include <stdlib.h>

#include "caller.h"
#include "modes.h"
#include "sample.h"

struct storm {
    const struct options *opts;
    struct party party;
    uint32_t n_begun, n_done;
};

static void begin(struct storm *s, struct caller *c)
{
    if (s->n_begun < s->opts->n_connects)
        caller_open(c, &s->party, s->opts->first_id + s->n_begun++);
}

static void on_closed(struct caller *c)
{
    struct storm *s = c->party->owner;
    s->n_done++;
    begin(s, c);
}

bool storm_run(const struct options *o, struct report *r)
{
    static const struct caller_ops ops = { .on_ready = caller_close, .on_closed = on_closed };
    struct storm s = { .opts = o };
    struct caller *callers = calloc(o->concurrency, sizeof *callers);
    if (!callers)
        err(1, "storm");
    party_init(&s.party, o, &ops, &s);
    struct sample before = sample_take(o->server_pid);
    for (uint32_t i = 0; i < o->concurrency; i++)
        begin(&s, &callers[i]);
    while (s.n_done < o->n_connects)
        party_turn(&s.party, -1);
    struct sample after = sample_take(o->server_pid);
    report_count(r, "connects", o->n_connects);
    report_count(r, "broken", s.party.n_broken);
    report_number(r, "per_second", o->n_connects * 1e9 / (double)(after.wall_ns - before.wall_ns));
    report_number(r, "server_us", (double)(after.server_ns - before.server_ns) / 1e3 / o->n_connects);
    report_number(r, "load_us", (double)(after.load_ns - before.load_ns) / 1e3 / o->n_connects);
    if (s.party.first_broken)
        report_string(r, "error", s.party.first_broken);
    party_fini(&s.party);
    free(callers);
    return s.party.n_broken == 0;
}
