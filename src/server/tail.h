// SPDX-License-Identifier: MIT
// Those who watch what passes, each over one request of the admin listener that is answered line by line.
//
// Nothing is told before somebody asks, and nothing that was said, only that something was. Who does not read is let go.
#ifndef STROWGER_SERVER_TAIL_H
#define STROWGER_SERVER_TAIL_H

#include "carrier/http_conn.h"
#include "server/tap.h"

struct station;
struct tail_watcher;

struct tail {
    struct bus_port *port; // the first worker's
    struct taps taps;
    struct tail_watcher *watchers[TAP_MAX_WATCHERS]; // NULL: the number is free
};

// Makes T a tail of N workers, the first of which owns PORT. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int tail_init(struct tail *t, struct bus_port *port, int n);

// Frees T, when no errand is under way any more.
void tail_fini(struct tail *t);

// How many watch: those whose answer has begun.
size_t tail_count(const struct tail *t);

// Answers the request R on H with what passes, as its query says: ?room=R, ?peer=P. The answer begins once every worker tells
// it what passes, and is whole from then on. At once 400 when the query names nothing that can be, and 503 when as many as
// TAP_MAX_WATCHERS watch.
void tail_serve(struct tail *t, struct http_conn *h, const struct http_request *r);

#endif
