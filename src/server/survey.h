// SPDX-License-Identifier: MIT
// A question to every worker: each answers on its own thread, and who asked hears the sum of the answers.
#ifndef STROWGER_SERVER_SURVEY_H
#define STROWGER_SERVER_SURVEY_H

#include "server/station.h"

struct survey;

// One worker's part.
struct survey_part {
    struct bus_errand errand;
    struct survey *survey;
    uint64_t n_conns;
};

struct survey {
    // All workers have answered; the survey's memory goes when this returns.
    void (*on_done)(struct survey *s);
    void *user;       // the asker's; it may forget itself here when it does not wait any more
    int n_left;       // workers that have not answered
    uint64_t n_conns; // connections of those that have
    struct survey_part parts[];
};

// Asks the N STATIONS, the first of which is the caller's. Returns NULL when memory is short; otherwise ON_DONE follows,
// never from inside this call.
struct survey *survey_begin(struct station *stations, int n, void (*on_done)(struct survey *s), void *user);

#endif
