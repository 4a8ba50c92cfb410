// SPDX-License-Identifier: MIT
// The operator's door: health, metrics and who is here, by HTTP on a listener of its own.
//
// It lives on the first worker's loop and asks the others by errands; it knows all workers, and none knows of it.
#ifndef STROWGER_SERVER_ADMIN_H
#define STROWGER_SERVER_ADMIN_H

#include "carrier/http_conn.h"
#include "config/config.h"
#include "server/admin_place.h"
#include "server/sockets.h"
#include "server/station.h"
#include "server/tail.h"

enum { ADMIN_MAX_LISTENERS = 4 };

struct admin {
    struct station *stations; // the first one's loop is A's
    int n_stations;           // those that run
    struct admin_place place;
    struct http_opts http;
    struct tail tail;
    struct listener listeners[ADMIN_MAX_LISTENERS];
    int n_listeners;
    bool owns_path; // of the socket in the file system: else it is somebody's who handed it down
};

// Makes A a door where C says, which must live as long as A. 0, or what config_fault() said to ERROR of a place that makes no
// sense; admin_close() and admin_fini() are due in any case.
[[gnu::warn_unused_result]] int admin_init(struct admin *a, const struct config *c, char error[CONFIG_ERROR_LEN]);

// Opens A to K's stations, all of which will run, as C says. When it says nothing of the place and the default one is taken,
// there is a warning and no door. 0, or -EIO with ERROR one line that says what failed.
[[gnu::warn_unused_result]] int admin_open(struct admin *a, const struct config *c, const struct sockets *k,
                                           char error[CONFIG_ERROR_LEN]);

// Tells A that only the first N stations run; before they do.
void admin_set_running(struct admin *a, int n);

// Leaves the door to a successor that has it too.
void admin_leave(struct admin *a);

// Stops listening, when the first station runs no more but has its loop still.
void admin_close(struct admin *a);

// Frees what A holds, after bus_local_settle().
void admin_fini(struct admin *a);

#endif
