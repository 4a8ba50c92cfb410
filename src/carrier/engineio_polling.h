// SPDX-License-Identifier: MIT
// Engine.IO over HTTP: a GET that is held until there is something to say, POSTs that bring what the client has to say.
#ifndef STROWGER_CARRIER_ENGINEIO_POLLING_H
#define STROWGER_CARRIER_ENGINEIO_POLLING_H

#include "carrier/engineio_session.h"
#include "carrier/http_conn.h"
#include "proto/engineio.h"

// Makes polling the transport of the new session E, which is counted instead of C, whose request began it, while it has no
// name. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int engineio_polling_start(struct engineio_session *e, struct conn *c);

// Answers a GET for E, now or when there is something to say. Q is the request's query.
void engineio_polling_get(struct engineio_session *e, struct http_conn *h, const struct engineio_query *q);

// Takes the POST R for E.
void engineio_polling_post(struct engineio_session *e, struct http_conn *h, const struct http_request *r,
                           const struct engineio_query *q);

// The WebSocket that would take over from polling for E, or NULL; ON_ABANDONED hears when the session ends first.
void *engineio_polling_upgrade(const struct engineio_session *e);
void engineio_polling_set_upgrade(struct engineio_session *e, void *upgrade, void (*on_abandoned)(void *upgrade));

// The upgrade works: from now on each GET is answered at once, if need be with nothing, so that the client pauses polling.
void engineio_polling_probe(struct engineio_session *e);
bool engineio_polling_is_probed(const struct engineio_session *e);

// Polling is over, the session goes on over C: a held GET is answered with nothing.
void engineio_polling_stop(struct engineio_session *e, struct conn *c);

#endif
