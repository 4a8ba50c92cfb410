// SPDX-License-Identifier: MIT
// Engine.IO (protocol versions 3 and 4) as a codec: requests' queries, packets, and polling's payloads.
//
// A packet is a type and data. Over WebSocket one frame is one packet; over polling a body holds several:
//
//     version 4             4hello<1E>4€<1E>bAQID        joined by U+001E, binary as b and base64
//     version 3             6:4hello2:4€6:b4AQID         length (in UTF-16 code units), colon, packet
//     version 3, binary     00 06 FF 4hello 01 04 FF 04 01 02 03
//                           0 text or 1 binary, the length's decimal digits as byte values (in bytes), FF, packet
//
// Nothing is allocated for a length that a client only promises: a packet is its bytes or an error. Data points into
// the caller's bytes, base64 is decoded where it lies. What a packet means, timers and sessions are not known here.
#ifndef STROWGER_PROTO_ENGINEIO_H
#define STROWGER_PROTO_ENGINEIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/span.h"

enum engineio_version { ENGINEIO_NO_VERSION = 0, ENGINEIO_3 = 3, ENGINEIO_4 = 4 };

enum engineio_transport { ENGINEIO_NO_TRANSPORT = 0, ENGINEIO_POLLING, ENGINEIO_WEBSOCKET };

// The values are the digits on the wire.
enum engineio_type {
    ENGINEIO_OPEN,
    ENGINEIO_CLOSE,
    ENGINEIO_PING,
    ENGINEIO_PONG,
    ENGINEIO_MESSAGE,
    ENGINEIO_UPGRADE,
    ENGINEIO_NOOP,
};

struct engineio_packet {
    struct span data; // without the type
    enum engineio_type type;
    bool is_binary; // only an ENGINEIO_MESSAGE is
};

// How the two ends of a session talk.
struct engineio_link {
    enum engineio_version version : 8;
    enum engineio_transport transport : 8;
    bool is_base64; // the client takes no binary: b64 or JSONP
};

// ---- requests

// What the query of a request says (the parameters EIO, transport, sid, b64, j; t only defeats caches).
struct engineio_query {
    struct engineio_link link;
    struct span sid;          // undecoded; empty when there is none
    struct span jsonp_number; // of the callback that the answer is to be wrapped for, digits
    bool is_jsonp;
};

void engineio_parse_query(struct span query, struct engineio_query *q);

// Why a request is refused; the values are the protocol's codes.
enum engineio_code {
    ENGINEIO_TRANSPORT_UNKNOWN,
    ENGINEIO_SESSION_UNKNOWN,
    ENGINEIO_BAD_HANDSHAKE_METHOD,
    ENGINEIO_BAD_REQUEST,
    ENGINEIO_FORBIDDEN,
    ENGINEIO_UNSUPPORTED_VERSION,
    ENGINEIO_N_CODES
};

// How that is said: over HTTP the body, application/json, under the status; to a WebSocket request 400 with the message
// as text/html and the connection closed.
struct engineio_refusal {
    int status;
    struct span message;
    struct span body;
};

extern const struct engineio_refusal engineio_refusals[ENGINEIO_N_CODES];

// Judges a request in the reference server's order. FOUND is the link of the session that Q's sid names, NULL when
// there is none such; it is not looked at without a sid. IS_UPGRADE says that the request asks for a WebSocket.
// Returns NULL for a good one: a handshake when there is no sid, else one for that session (a second WebSocket among
// them: the reference accepts it and closes it at once).
const struct engineio_refusal *engineio_check(const struct engineio_query *q, bool is_get, bool is_upgrade,
                                              const struct engineio_link *found);

// ---- single packets, as in a WebSocket frame

// Reads the text of one packet: a type's digit and data, or b and base64, which is decoded in place. That P is UTF-8 is
// the caller's to know. 0, or -EINVAL: no packet, the session must be closed.
[[gnu::warn_unused_result]] int engineio_parse_text(enum engineio_version version, char *p, size_t len,
                                                    struct engineio_packet *packet);

// Reads a binary frame. Version 4 has no other than messages, as they are; version 3 puts the type, 4, before them as a
// byte. 0 or -EINVAL.
[[gnu::warn_unused_result]] int engineio_parse_binary(enum engineio_version version, struct span frame,
                                                      struct engineio_packet *packet);

// What stands before the data in a frame, text or binary: a static span of at most one byte, so that a packet can be
// sent without being built. A link that is_base64 takes binary only from engineio_put_text().
struct span engineio_prefix(enum engineio_version version, enum engineio_type type, bool is_binary);

// Appends PACKET as text, binary as b and base64. 0, or -ENOMEM with OUT unchanged.
[[gnu::warn_unused_result]] int engineio_put_text(enum engineio_version version, const struct engineio_packet *packet,
                                                  struct buf *out);

// Appends the data of the ENGINEIO_OPEN packet, a JSON object.
struct engineio_open {
    struct span sid;                  // of characters that need no escapes
    uint32_t interval_ms, timeout_ms; // pingInterval and pingTimeout
    uint32_t max_payload;             // only told to version 4
    bool can_upgrade;                 // to WebSocket
};
[[gnu::warn_unused_result]] int engineio_put_open(enum engineio_version version, const struct engineio_open *open,
                                                  struct buf *out);

// ---- payloads, the bodies of polling

enum engineio_payload {
    ENGINEIO_PAYLOAD_4,        // text/plain; charset=UTF-8
    ENGINEIO_PAYLOAD_3,        // the same
    ENGINEIO_PAYLOAD_3_BINARY, // application/octet-stream; as the type of a POST it is refused in version 4 with 400
};

// Reads the packet at the start of P, the rest of a POST's whole body. Returns the bytes eaten, over 0, or -400: the
// session must be closed. The end is where all LEN bytes are eaten; an empty body is an error, and so is a separator
// without a packet after it. The length 0 that version 3 sends for no packets counts as an ENGINEIO_NOOP. Texts are
// checked to be UTF-8.
[[gnu::warn_unused_result]] ssize_t engineio_parse_payload(enum engineio_payload payload, char *p, size_t len,
                                                           struct engineio_packet *packet);

// Which payload a client gets; HAS_BINARY: one of the packets to be in it is_binary.
enum engineio_payload engineio_choose_payload(const struct engineio_link *link, bool has_binary);

// Appends PACKET to the payload that OUT holds and nothing else (OUT's being empty tells the first one). Text must not
// hold U+001E; JSON never does. 0, or -ENOMEM with OUT unchanged.
[[gnu::warn_unused_result]] int engineio_put_packet(enum engineio_payload payload, const struct engineio_packet *packet,
                                                    struct buf *out);

// ---- JSONP, polling for browsers of old

// Appends ___eio[NUMBER]("PAYLOAD"); which is JavaScript, to be sent as text/javascript; charset=UTF-8. 0, or -ENOMEM
// with OUT unchanged.
[[gnu::warn_unused_result]] int engineio_put_jsonp(struct span number, struct span payload, struct buf *out);

// Takes the payload out of FORM, the body d=... of a JSONP client's POST, and appends it to OUT. In its texts \n stands
// for a line feed and \\n for \n. 0, or with OUT unchanged -EINVAL when there is no well-formed d, or -ENOMEM.
[[gnu::warn_unused_result]] int engineio_decode_jsonp(struct span form, struct buf *out);

#endif
