// SPDX-License-Identifier: MIT
// Socket.IO (protocol versions 4 and 5) as a codec: one Engine.IO message to a packet of spans, and packets made.
//
//     <type>[<n>-][/namespace,][id][JSON]
//     0{"token":"x"}                     CONNECT            1/chat,                        DISCONNECT
//     2/chat,7["offer",{"sdp":"…"}]      EVENT, wants ACK   3/chat,7["ok"]                 ACK
//     4{"message":"Invalid namespace"}   CONNECT_ERROR      51-["file",{"_placeholder":true,"num":0}] BINARY_EVENT
//
// Version 4 (Engine.IO 3) calls type 4 ERROR and sends a string in it; its namespaces may carry a query. Everything
// else is the same. Arguments are never decoded: an event's leave byte for byte as they came, as the middle one of
// three spans, `2["message",` ARGUMENTS `]`. A binary packet is followed by its attachments, n_attachments Engine.IO
// messages; to count them is the caller's work.
#ifndef STROWGER_PROTO_SOCKETIO_H
#define STROWGER_PROTO_SOCKETIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "proto/json.h"

enum socketio_version { SOCKETIO_4 = 4, SOCKETIO_5 = 5 };

// The values are the digits on the wire.
enum socketio_type {
    SOCKETIO_CONNECT,
    SOCKETIO_DISCONNECT,
    SOCKETIO_EVENT,
    SOCKETIO_ACK,
    SOCKETIO_CONNECT_ERROR,
    SOCKETIO_BINARY_EVENT,
    SOCKETIO_BINARY_ACK,
};

enum {
    SOCKETIO_MAX_ATTACHMENTS = 10, // as in the reference
    SOCKETIO_MAX_ARGS = 4,         // arguments described one by one; there may be more
};

#define SOCKETIO_MAX_ID ((UINT64_C(1) << 53) - 1) // what a JavaScript number can count

// What stands before the JSON.
struct socketio_head {
    enum socketio_type type;
    unsigned n_attachments; // 0 but in binary packets
    struct span nsp;        // with its slash; "/" or empty is the main one
    bool has_id;
    uint64_t id;
};

struct socketio_packet {
    struct socketio_head head; // nsp is never empty
    struct span query;         // version 4: what followed '?' in the namespace
    struct json_value payload; // JSON_ABSENT when there is none; CONNECT: the client's auth, an object

    // Of EVENT and BINARY_EVENT; name also may be a JSON_NUMBER, as in the reference.
    struct json_value name;

    // Of events and acknowledgements: the arguments as they came, from the first to the last; empty without any.
    struct span args_raw;
    size_t n_args;
    struct json_value args[SOCKETIO_MAX_ARGS];
};

// Reads TEXT, a whole message. Returns 0, or -EINVAL for what the reference closes the session for: an unknown type,
// an attachment count that is missing or not 1 to SOCKETIO_MAX_ATTACHMENTS, bad or missing JSON, a payload that the
// type can't have, a reserved event name, a placeholder for an attachment that isn't there. Also for an id over
// SOCKETIO_MAX_ID, for an EVENT or ACK without payload and an ACK without id. Whether the namespace is joined and
// whether a client may send this type is the caller's to check.
[[gnu::warn_unused_result]] int socketio_parse(enum socketio_version version, struct span text,
                                               struct socketio_packet *packet);

// Whether an event of this name can't be sent by either side: connect, connect_error, disconnect, disconnecting,
// newListener, removeListener.
bool socketio_is_reserved(const struct json_value *name);

// All below return 0, or -ENOMEM with OUT unchanged.

// Appends a packet up to its JSON. This is all of a DISCONNECT.
[[gnu::warn_unused_result]] int socketio_put_head(struct buf *out, const struct socketio_head *head);

// Appends an event up to its arguments; these and "]" are to follow. NAME is plain text. A relayed event's head is
// the incoming packet's without its id.
[[gnu::warn_unused_result]] int socketio_put_event_start(struct buf *out, const struct socketio_head *head,
                                                         struct span name, bool has_args);

// Appends a whole event. Each of the N spans at ARGS is JSON: one argument, or several with commas between them.
[[gnu::warn_unused_result]] int socketio_put_event(struct buf *out, const struct socketio_head *head, struct span name,
                                                   const struct span *args, size_t n);

// Appends a whole acknowledgement; HEAD's type is SOCKETIO_ACK or SOCKETIO_BINARY_ACK, its id that of the event.
[[gnu::warn_unused_result]] int socketio_put_ack(struct buf *out, const struct socketio_head *head,
                                                 const struct span *args, size_t n);

// Appends the CONNECT that accepts a client into NSP. Version 4 does not tell SID; PID, the private id for connection
// state recovery, may be empty. Both are of characters that need no escapes.
[[gnu::warn_unused_result]] int socketio_put_connect(struct buf *out, enum socketio_version version, struct span nsp,
                                                     struct span sid, struct span pid);

// Appends the CONNECT_ERROR that refuses a client, with MESSAGE, plain text: a string in version 4, an object in 5.
[[gnu::warn_unused_result]] int socketio_put_connect_error(struct buf *out, enum socketio_version version,
                                                           struct span nsp, struct span message);

#endif
