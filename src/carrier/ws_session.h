// SPDX-License-Identifier: MIT
// A dialect's session over a plain WebSocket.
#ifndef STROWGER_CARRIER_WS_SESSION_H
#define STROWGER_CARRIER_WS_SESSION_H

#include "base/pool.h"
#include "carrier/websocket.h"
#include "switchboard/session.h"

struct mount;

struct ws_opts {
    struct websocket_opts websocket;
    struct pool *pool; // struct ws_session
};

struct ws_session {
    struct session session;
    struct websocket websocket; // whose opts are those of a ws_opts
};

// Answers the handshake R on C, which was taken from HTTP, and begins a session at MOUNT. When memory is short C is
// closed. OPTS must live as long as the session.
void ws_session_open(struct conn *c, const struct http_request *r, const struct mount *mount,
                     const struct ws_opts *opts);

#endif
