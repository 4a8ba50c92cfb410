// SPDX-License-Identifier: MIT
// Shows the supervisor that every worker is alive, by asking them all again and again.
#ifndef STROWGER_SERVER_WATCHDOG_H
#define STROWGER_SERVER_WATCHDOG_H

#include "host/notify.h"
#include "server/survey.h"

struct watchdog {
    struct station *stations; // the first one's loop is W's
    int n_stations;
    const struct notify *notify;
    struct deadline beat;
    uint64_t interval_ms;
    bool is_asking; // some worker has not answered yet
};

// Begins to ask the N STATIONS, all of which will run, if N's supervisor wants to know; W lives as long as they. A worker
// that hangs is silence.
void watchdog_start(struct watchdog *w, const struct notify *notify, struct station *stations, int n);

#endif
