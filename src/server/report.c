// SPDX-License-Identifier: MIT
// Everything that can be told an operator of one moment; see report.h.
#include "server/report.h"

#include "net/tls_context.h"
#include "switchboard/room.h"

// Where room_each() is.
struct round {
    struct report *report;
    const struct dialect *dialect;
    uint64_t n;
};

// Keeps the room, one of the fullest so far, unless memory is short.
static void keep(struct report *r, const struct dialect *dialect, struct span name, size_t n_members)
{
    struct buf copy = { 0 };
    if (buf_put_span(&copy, name) != 0)
        return;
    if (r->n_fullest == REPORT_MAX_ROOMS)
        buf_fini(&r->fullest[--r->n_fullest].name);
    size_t at = r->n_fullest++;
    for (; at && r->fullest[at - 1].n_members < n_members; at--)
        r->fullest[at] = r->fullest[at - 1];
    r->fullest[at] = (struct report_room){ dialect, n_members, copy };
}

static void see_room(void *user, struct span name, size_t n_members)
{
    struct round *round = user;
    struct report *r = round->report;
    if (!name.len || !n_members)
        return; // nobody named it, or everybody has left
    round->n++;
    if (r->n_fullest < REPORT_MAX_ROOMS || r->fullest[r->n_fullest - 1].n_members < n_members)
        keep(r, round->dialect, name, n_members);
}

static void see_mount(struct report *r, const struct mount *m)
{
    struct round round = { .report = r, .dialect = m->dialect };
    if (m->dialect->has_rooms)
        room_each(m->realm, see_room, &round);
    r->n_rooms[dialect_number(m->dialect)] += round.n;
    for (size_t i = 0; m->choices && m->dialect->choices[i]; i++)
        see_mount(r, &m->choices[i]);
    for (size_t i = 0; i < m->n_namespaces; i++)
        see_mount(r, &m->namespaces[i]);
}

void report_init(struct report *r, const struct survey *s, const struct station *home)
{
    *r = (struct report){ .survey = s, .is_ready = !station_refusal(home) };
    survey_sum(s, &r->sum);
    for (size_t i = 0; i < N_DIALECTS; i++)
        r->n_calls[i] = (r->sum.dialects[i].n_call_ends + 1) / 2; // one with oneself has one end
    process_stats_read(&r->process);
    if (home->secure.tls)
        r->certificate_expires_at = tls_context_expires_at(home->secure.tls);
    for (size_t i = 0; i < home->n_branches; i++)
        for (size_t j = 0; j < home->branches[i].mounts.n; j++)
            if (!home->branches[i].mounts.list[j].is_alias)
                see_mount(r, &home->branches[i].mounts.list[j]);
}

void report_fini(struct report *r)
{
    while (r->n_fullest)
        buf_fini(&r->fullest[--r->n_fullest].name);
}
