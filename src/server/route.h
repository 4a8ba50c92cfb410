// SPDX-License-Identifier: MIT
// What an HTTP request meets: a mount's WebSocket, a page, or a clear refusal.
#ifndef STROWGER_SERVER_ROUTE_H
#define STROWGER_SERVER_ROUTE_H

#include "carrier/http_conn.h"

// Answers R on H; for http_opts.on_request, with http_opts.user the struct branch.
void route_request(struct http_conn *h, const struct http_request *r);

#endif
