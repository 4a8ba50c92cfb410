// SPDX-License-Identifier: MIT
// Tells those who ask by HTTP which STUN and TURN servers to use: GET /ice, and /turn/credentials for clients of
// draft-uberti-behave-turn-rest.
#ifndef STROWGER_SERVER_ICE_HTTP_H
#define STROWGER_SERVER_ICE_HTTP_H

#include <stdbool.h>

#include "server/branch.h"

// Answers R on H when PATH, normalized, is one of these. Else false.
bool ice_http_serve(struct http_conn *h, const struct http_request *r, const char *path, const struct branch *branch);

#endif
