// SPDX-License-Identifier: MIT
// Everything that can be told an operator of one moment: made from a survey, and shown as metrics or as JSON.
#ifndef STROWGER_SERVER_REPORT_H
#define STROWGER_SERVER_REPORT_H

#include "host/process.h"
#include "server/survey.h"

enum { REPORT_MAX_ROOMS = 10 };

// A room among the fullest.
struct report_room {
    const struct dialect *dialect;
    size_t n_members;
    struct buf name;
};

struct report {
    const struct survey *survey; // for what each worker says
    struct sample sum;
    struct process_stats process;
    uint64_t n_rooms[N_DIALECTS], n_calls[N_DIALECTS];
    struct report_room fullest[REPORT_MAX_ROOMS]; // the fullest first
    size_t n_fullest;
    int64_t certificate_expires_at; // UNIX time; 0: there is none
    size_t n_watchers;              // of tail; the asker's to fill in
    bool is_ready;                  // for new clients
};

// Makes R of S, on the thread of HOME, the station that asked. report_fini() is due.
void report_init(struct report *r, const struct survey *s, const struct station *home);

void report_fini(struct report *r);

#endif
