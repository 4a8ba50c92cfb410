// SPDX-License-Identifier: MIT
// Engine.IO over HTTP: a GET that is held until there is something to say, POSTs that bring what the client has to say.
#ifndef STROWGER_SERVER_ENGINEIO_POLLING_H
#define STROWGER_SERVER_ENGINEIO_POLLING_H

#include "proto/engineio.h"
#include "server/engineio_session.h"
#include "server/http_conn.h"

// Makes polling the transport of the new session E. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int engineio_polling_start(struct engineio_session *e);

// Answers a GET for E, now or when there is something to say. Q is the request's query.
void engineio_polling_get(struct engineio_session *e, struct http_conn *h, const struct engineio_query *q);

// Takes the POST R for E.
void engineio_polling_post(struct engineio_session *e, struct http_conn *h, const struct http_request *r,
                           const struct engineio_query *q);

// A WebSocket that would take over from polling.
struct engineio_upgrade {
    bool is_probed; // it works: each GET is now answered at once, so that the client pauses polling
    void (*on_abandoned)(struct engineio_upgrade *u); // the session ended first
};

// The upgrade under way for E, which polls, or NULL; set and, with NULL, forgotten.
struct engineio_upgrade *engineio_polling_upgrade(const struct engineio_session *e);
void engineio_polling_set_upgrade(struct engineio_session *e, struct engineio_upgrade *u);

// Answers a held GET with what there is to say, or with nothing when an upgrade is_probed.
void engineio_polling_flush(struct engineio_session *e);

// Polling is over, the session goes on: a held GET is answered with nothing.
void engineio_polling_stop(struct engineio_session *e);

#endif
