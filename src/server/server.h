// SPDX-License-Identifier: MIT
// The whole server: made from the configurations of its sites, run until a signal, taken apart again.
#ifndef STROWGER_SERVER_SERVER_H
#define STROWGER_SERVER_SERVER_H

#include "config/config.h"
#include "host/handover.h"
#include "host/inherited.h"
#include "server/admin.h"
#include "server/common.h"
#include "server/places.h"
#include "server/station.h"
#include "server/watchdog.h"

struct server {
    struct live *live;           // with which it was started; what can't change stays as it is here
    const struct config *config; // of its first site, for what is the same in all
    struct common common;
    struct own_addresses addresses;
    struct places places;
    struct inherited inherited; // while starting
    struct handover handover;
    struct bus_local *bus;
    struct station *stations;
    int n_stations;         // those that were begun
    int n_running;          // those of them that have a thread
    atomic_int n_undrained; // of these, whose connections have not all been ended
    struct admin admin;
    struct notify notify;
    struct watchdog watchdog;
    int n_stops;       // signals to stop that came
    int stop_level;    // that the stations were told
    uv_poll_t signals; // of signal_fd, on the first station's loop
    int signal_fd;     // or -1
};

enum { SERVER_ERROR_LEN = CONFIG_ERROR_LEN };

// Makes S ready and listening as SET says, which is emptied. 0, or with ERROR one line that says what failed and
// nothing left behind -EINVAL when that is on the command line, -EIO for the rest.
[[gnu::warn_unused_result]] int server_start(struct server *s, struct config_set *set, char error[SERVER_ERROR_LEN]);

// Whether server_start() would find something wrong, but that ports are in use. 0, or the same with ERROR. SET is emptied.
[[gnu::warn_unused_result]] int server_check(struct config_set *set, char error[SERVER_ERROR_LEN]);

// Serves until SIGTERM or SIGINT; SIGHUP reads settings, certificates and secrets again.
void server_run(struct server *s);

// Ends what is left and frees everything.
void server_stop(struct server *s);

#endif
