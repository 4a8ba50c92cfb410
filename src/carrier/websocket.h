// SPDX-License-Identifier: MIT
// WebSocket on one connection: frames to whole messages, messages to frames, pings, and the close handshake.
//
// A websocket is embedded in what uses it, owns its conn from the handshake on and dies with it. Whole messages that lie
// in the read buffer are handed up where they are; only what comes in pieces is copied, into a buffer that is freed with
// the message and holds little more than what has come, whatever was promised. Who does not keep to the limits is told so
// by a close frame.
#ifndef STROWGER_CARRIER_WEBSOCKET_H
#define STROWGER_CARRIER_WEBSOCKET_H

#include "base/ending.h"
#include "net/conn.h"
#include "proto/http.h"
#include "proto/ws.h"

struct websocket;

struct websocket_handler {
    // A whole message, a text valid UTF-8. Its bytes may be changed; they are gone when this returns.
    void (*on_text)(struct websocket *w, char *p, size_t len);
    void (*on_binary)(struct websocket *w, char *p, size_t len);
    // No further message comes or can be sent: exactly once, before the other side can know it. CODE is what the close frame
    // says, or WS_CLOSE_ABNORMAL when there is none.
    void (*on_end)(struct websocket *w, enum ending why, int code);
    // The connection is gone, after on_end; W's memory is the handler's to free.
    void (*on_close)(struct websocket *w);
};

struct websocket_opts {
    struct ws_limits limits;
    uint64_t ping_interval_ms; // without a byte from the client before it is pinged; 0: never
    uint64_t ping_timeout_ms;  // without a byte after the ping before it counts as gone
    uint64_t alive_ms;         // without a message before it is ended; 0: never. Only with the two above
    uint64_t message_ms;       // from a message's first byte to its last; 0: for ever
    uint64_t login_ms;         // from the opening to websocket_stop_login(); 0: for ever
    uint32_t max_controls;     // pings and pongs that may come within a second
};

enum websocket_state {
    WEBSOCKET_OPEN,
    WEBSOCKET_PINGED, // open, and nothing has come since the last ping
    WEBSOCKET_ENDING, // to be ended at the next chance; messages are not handed up any more
    WEBSOCKET_ENDED,  // on_end was called; at most the close handshake is under way
};

struct websocket {
    struct conn *conn;
    const struct websocket_handler *handler;
    const struct websocket_opts *opts;
    struct ws_parser parser;
    struct websocket_pending *pending; // what is unfinished, or NULL
    uint32_t heard_at, told_at;        // the loop's time of the last byte, and of the last message; they wrap
    enum websocket_state state : 3;
    unsigned closing_code : 13; // what websocket_end_later() asked for, or 0
    unsigned n_controls : 16;   // control frames that came in this second
    enum ending ending : 8;     // what that is for
};

// The status that the opening handshake R must be refused with, or 0 when it is right (RFC 6455 section 4.2.1).
int websocket_check(const struct http_request *r);

// Answers the handshake R on C, which was taken from HTTP, and makes W its WebSocket. HANDLER and OPTS must live as long.
void websocket_open(struct websocket *w, struct conn *c, const struct http_request *r,
                    const struct websocket_handler *handler, const struct websocket_opts *opts);

// W's client has said who it is, or need not.
void websocket_stop_login(struct websocket *w);

enum { WEBSOCKET_MAX_PARTS = 16 };

// Sends one message of N parts, at most WEBSOCKET_MAX_PARTS; a text must be valid UTF-8. Nothing when W has ended. A client
// that leaves more than its conn's allowance unread is ended, later, with 1013.
void websocket_send(struct websocket *w, enum ws_opcode opcode, const struct span *parts, size_t n);

// Ends W now: on_end, then a close frame with CODE, then the connection in peace. Nothing when it has ended. Not for
// callers that on_end would pull something away from.
void websocket_end(struct websocket *w, enum ending why, int code);

// The same, but not within this call. Messages that came meanwhile are not handed up any more.
void websocket_end_later(struct websocket *w, enum ending why, int code);

// Ends W with CODE in MS milliseconds, without a ping before that, unless websocket_stay() comes first.
void websocket_end_in(struct websocket *w, uint64_t ms, enum ending why, int code);
void websocket_stay(struct websocket *w);

#endif
