// SPDX-License-Identifier: MIT
// A client's end of a connection: what leaves it, in pieces and under TLS if it is to, and what it hears, held to its protocol.
#ifndef STROWGER_TESTS_FAR_H
#define STROWGER_TESTS_FAR_H

#include <openssl/ssl.h>

#include "carrier/engineio_session.h"
#include "wire.h"

enum far_state {
    FAR_CLOSED,
    FAR_HTTP,      // what comes is HTTP, or nobody knows what
    FAR_HANDSHAKE, // the answer to the opening handshake of a WebSocket comes
    FAR_WEBSOCKET, // frames come
    FAR_LAST,      // a close frame has come, and nothing else may
};

struct far {
    struct wire *wire;
    enum far_state state;
    bool is_new;          // has said nothing yet but beneath TLS, or before everything else
    bool is_json;         // the texts that come are JSON
    bool is_deaf;         // does not read
    size_t piece;         // bytes that leave together; 0: all
    struct buf fields;    // lines of its requests' heads
    struct buf out;       // what has not left yet
    struct buf in;        // what has come, and is not whole
    bool is_spoiled;      // what it said beneath TLS need not be understood
    uint32_t manners;     // of its TLS, a bit a letter; see far_tls.h. 0: it speaks none
    struct buf plain;     // what waits for the handshake to be over
    size_t record;        // bytes that go into one of its records; 0: as many as may
    size_t spoil_at;      // the byte so far from here leaves as another one; 0: none does
    SSL *ssl;             // NULL: plain, or not begun
    SSL_SESSION *session; // the last that the server gave it, to be resumed
    char sid[ENGINEIO_SID_LEN];
};

// The connection W has been made.
void far_open(struct far *f, struct wire *w);

// Hangs up. The session is kept, to be resumed.
void far_close(struct far *f);

// Makes F what it was before anything was said, but for the memory that it has come to hold.
void far_reset(struct far *f);

// Has BYTES leave, under TLS if it has manners for that.
void far_say(struct far *f, struct span bytes);

// Has BYTES leave as they are, beneath TLS.
void far_say_beneath(struct far *f, struct span bytes);

// Sends the next piece, or if IS_WHOLE all. The bytes that left.
size_t far_send(struct far *f, bool is_whole);

// Reads what has come. Whether anything had.
bool far_hear(struct far *f);

#endif
