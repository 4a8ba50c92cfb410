// SPDX-License-Identifier: MIT
// WebSocket on one connection: frames to whole messages for a dialect, messages to frames, pings, and the close handshake.
//
// A ws_session owns its conn from the handshake on and dies with it. Whole messages that lie in the read buffer are handed
// up where they are; only what comes in pieces is copied, into a buffer that is freed with the message.
#ifndef STROWGER_SERVER_WS_SESSION_H
#define STROWGER_SERVER_WS_SESSION_H

#include "base/pool.h"
#include "net/conn.h"
#include "proto/http.h"
#include "proto/ws.h"
#include "switchboard/session.h"

struct mount;

struct ws_opts {
    struct ws_limits limits;
    uint64_t ping_interval_ms; // without a byte from the client before it is pinged
    uint64_t ping_timeout_ms;  // without a byte after the ping before it counts as gone
    struct pool *pool;         // struct ws_session
};

enum ws_session_state {
    WS_SESSION_OPEN,
    WS_SESSION_PINGED, // open, and nothing has come since the last ping
    WS_SESSION_CLOSED, // a close frame was sent, the dialect has been told
};

struct ws_session {
    struct session session;
    struct conn *conn;
    const struct ws_opts *opts;
    struct ws_parser parser;
    struct ws_gather *gather; // what has come of messages in pieces, or NULL
    uint64_t heard_at;        // loop time of the last byte
    enum ws_session_state state;
    int closing_code; // the close code that session_close() asked for, or 0
};

// The status that the opening handshake R must be refused with, or 0 when it is right (RFC 6455 section 4.2.1).
int ws_session_check(const struct http_request *r);

// Answers the handshake R on C, which was taken from HTTP, and begins a session at MOUNT. When memory is short C is
// closed. OPTS must live as long as the session.
void ws_session_open(struct conn *c, const struct http_request *r, const struct mount *mount,
                     const struct ws_opts *opts);

#endif
