// SPDX-License-Identifier: MIT
// A question to every worker: each takes a sample of itself on its own thread, and who asked hears all of them.
#ifndef STROWGER_SERVER_SURVEY_H
#define STROWGER_SERVER_SURVEY_H

#include "server/sample.h"
#include "server/station.h"

struct survey;

// One worker's part.
struct survey_part {
    struct bus_errand errand;
    struct survey *survey;
    struct sample sample;
    double cpu_s; // that its thread has used so far
};

struct survey {
    // All workers have answered; the survey's memory goes when this returns.
    void (*on_done)(struct survey *s);
    void *user; // the asker's; it may forget itself here when it does not wait any more
    int n_left; // workers that have not answered
    int n;      // of the parts, one a worker
    struct survey_part parts[];
};

// Asks the N STATIONS, the first of which is the caller's. Returns NULL when memory is short; otherwise ON_DONE follows,
// never from inside this call.
struct survey *survey_begin(struct station *stations, int n, void (*on_done)(struct survey *s), void *user);

// The sum of all samples of S.
void survey_sum(const struct survey *s, struct sample *sum);

#endif
