// SPDX-License-Identifier: MIT
// What an HTTP request meets: a mount's WebSocket, a page, or a clear refusal.
#ifndef STROWGER_SERVER_ROUTE_H
#define STROWGER_SERVER_ROUTE_H

#include "dialect/dialect.h"
#include "server/engineio.h"
#include "server/http_conn.h"
#include "server/origin.h"
#include "server/web_root.h"
#include "server/ws_session.h"

// All that a request can meet.
struct site {
    const struct mount *mounts;
    size_t n_mounts;
    const struct web_root *web_root; // NULL: the built-in page
    struct ws_opts ws, heartbeat_ws; // for dialects without a heartbeat, and with one
    struct engineio *engineio;
    struct origin_list origins;
};

// Answers R on H; for http_opts.on_request, with http_opts.user the struct site.
void route_request(struct http_conn *h, const struct http_request *r);

#endif
