// SPDX-License-Identifier: MIT
// A question to every worker; see survey.h.
#include "server/survey.h"

#include <stdlib.h>
#include <time.h>

enum { ASKER = 0 }; // whose station is the first

static const double second_ns = 1e9;

static void run_answer(struct bus_errand *e, struct bus_port *p)
{
    (void)p;
    struct survey *s = CONTAINER_OF(e, struct survey_part, errand)->survey;
    if (--s->n_left)
        return;
    s->on_done(s);
    free(s);
}

static double thread_cpu_s(void)
{
    struct timespec t = { 0 };
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / second_ns;
}

static void run_question(struct bus_errand *e, struct bus_port *p)
{
    struct survey_part *part = CONTAINER_OF(e, struct survey_part, errand);
    part->cpu_s = thread_cpu_s();
    sample_take(&part->sample, p->user);
    e->run = run_answer;
    bus_port_post(p, ASKER, e);
}

struct survey *survey_begin(struct station *stations, int n, void (*on_done)(struct survey *s), void *user)
{
    struct survey *s = malloc(sizeof *s + (size_t)n * sizeof *s->parts);
    if (!s)
        return NULL;
    *s = (struct survey){ .on_done = on_done, .user = user, .n_left = n, .n = n };
    for (int i = 0; i < n; i++) {
        s->parts[i].errand.run = run_question;
        s->parts[i].survey = s;
        bus_port_post(&stations[ASKER].port, i, &s->parts[i].errand);
    }
    return s;
}

void survey_sum(const struct survey *s, struct sample *sum)
{
    *sum = (struct sample){ 0 };
    for (int i = 0; i < s->n; i++)
        sample_add(sum, &s->parts[i].sample);
}
