// SPDX-License-Identifier: MIT
// A question to every worker; see survey.h.
#include "server/survey.h"

#include <stdlib.h>

enum { ASKER = 0 }; // whose station is the first

static void run_answer(struct bus_errand *e, struct bus_port *p)
{
    (void)p;
    const struct survey_part *part = CONTAINER_OF(e, struct survey_part, errand);
    struct survey *s = part->survey;
    s->n_conns += part->n_conns;
    if (--s->n_left)
        return;
    s->on_done(s);
    free(s);
}

static void run_question(struct bus_errand *e, struct bus_port *p)
{
    const struct station *own = p->user;
    CONTAINER_OF(e, struct survey_part, errand)->n_conns = own->worker.conns.stats.n_open;
    e->run = run_answer;
    bus_port_post(p, ASKER, e);
}

struct survey *survey_begin(struct station *stations, int n, void (*on_done)(struct survey *s), void *user)
{
    struct survey *s = malloc(sizeof *s + (size_t)n * sizeof *s->parts);
    if (!s)
        return NULL;
    *s = (struct survey){ .on_done = on_done, .user = user, .n_left = n };
    for (int i = 0; i < n; i++) {
        s->parts[i] = (struct survey_part){ .errand = { .run = run_question }, .survey = s };
        bus_port_post(&stations[ASKER].port, i, &s->parts[i].errand);
    }
    return s;
}
