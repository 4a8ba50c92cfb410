// SPDX-License-Identifier: MIT
// What a client family's language is to the rest: a table of functions called with a session's messages.
//
// To add a dialect: write one file with a `const struct dialect`, and give it a row in DIALECTS.
#ifndef STROWGER_DIALECT_DIALECT_H
#define STROWGER_DIALECT_DIALECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ending.h"
#include "base/span.h"
#include "proto/json.h"
#include "switchboard/realm.h"
#include "switchboard/session.h"

// What a dialect's messages travel in.
enum carrier {
    CARRIER_WEBSOCKET, // text and binary messages, each a WebSocket message
    CARRIER_ENGINEIO,  // the same over Engine.IO, by polling or WebSocket
    CARRIER_SOCKETIO,  // events with arguments, over Engine.IO
};

// An event that a client emitted. All of it is gone when on_event returns.
struct dialect_event {
    struct json_value name; // a string; a number is possible too
    struct span args_raw;   // the arguments as they came, with what stands between them
    size_t n_args;
    const struct json_value *args; // the first DIALECT_MAX_ARGS of them
    const struct span *attachments;
    size_t n_attachments;
    bool wants_ack;
    uint64_t ack_id;
};

enum { DIALECT_MAX_ARGS = 4 };

// What a plain HTTP request gets.
struct dialect_page {
    struct span type; // Content-Type, constant
    struct buf body;  // the caller frees it
};

struct dialect {
    const char *name;    // as written after the '=' of --mount
    const char *summary; // for --help
    enum carrier carrier;
    const struct peer_ops *peer_ops; // what arrives for its peers, if it has any
    bool is_anonymous;               // nobody has a name or a seat: no login is waited for
    bool has_heartbeat;              // a WebSocket over which no message comes for dialect_opts.alive_ms is closed
    bool has_rooms;                  // they meet in rooms that they name
    // A session begins. INTRO is what the client said of itself as it came: a Socket.IO client's auth object, or the query
    // of a WebSocket's address; may be empty. May be NULL.
    void (*on_open)(struct session *s, struct span intro);
    // A whole text message, valid UTF-8. The bytes are gone when this returns.
    void (*on_text)(struct session *s, struct span text);
    // A whole binary message; as above.
    void (*on_binary)(struct session *s, struct span data);
    // An event; for CARRIER_SOCKETIO, instead of the two above.
    void (*on_event)(struct session *s, const struct dialect_event *e);
    // The session is over, exactly once, after on_open; nothing can be sent to it any more. WHY is ENDING_SHUTDOWN when the
    // server goes away: nobody is to hear of that, for pages take it for the end of calls, which outlive a server that is
    // started again. May be NULL.
    void (*on_close)(struct session *s, enum ending why);
    // Somebody asks by plain HTTP (GET, from any origin) for PATH, which is what follows the mount's own path, without
    // slashes at its ends. Returns the status, PAGE filled in, or 0 when nothing is there. Not for Engine.IO. May be NULL.
    int (*on_http)(const struct mount *m, struct span path, struct dialect_page *page);
    // The dialects among which the first message decides; they end with NULL. Only for a dialect that speaks for others.
    const struct dialect *const *choices;
    // The Socket.IO namespaces there are beside "/"; they end with NULL. NULL: none.
    const char *const *namespaces;
};

// What can be set for the rooms dialect.
struct rooms_opts {
    size_t capacity;            // members of a room
    bool has_log;               // tell clients what happens in `log` events, as the tutorial does
    bool has_sentences;         // emit the tutorial's two events whose names are sentences
    bool is_broadcast;          // pass a `message` to everyone at the mount, not to the sender's rooms
    const char *const *renames; // "THEIRS=OURS": what a page calls our events
    size_t n_renames;
    const struct span *addresses; // of this machine, for `ipaddr`
    size_t n_addresses;
};

// What can be set for the peerjs dialect.
struct peerjs_opts {
    struct span key;
    uint64_t expire_ms; // how long a message waits for a client that is not there
    size_t max_peers;
    bool has_discovery; // tell anyone who is here
    bool has_leave;     // tell those a client talked to that it went
};

// What can be set for the dialects of a mount.
struct dialect_opts {
    struct span greeting;     // sent raw as the first message; empty: none
    struct span unknown_text; // stands before the type in the answer to an unknown one
    struct rooms_opts rooms;
    struct peerjs_opts peerjs;
    size_t max_rooms;              // of one session; 0: any number
    size_t max_members;            // of one room; 0: any number
    uint32_t max_calls;            // of one peer: that it is in, rings or is rung by; 0: any number
    uint64_t alive_ms;             // for dialects that have a heartbeat
    const char *const *namespaces; // for Socket.IO, beside the dialect's own
    size_t n_namespaces;
};

// A path, the dialect spoken there, and those who came in by it.
struct mount {
    struct span path; // ends in '/': all paths below it too
    const struct dialect *dialect;
    const struct dialect_opts *opts;
    bool is_alias; // of a mount at another path, to which the rest belongs
    struct realm *realm;
    struct mount *choices;    // one for each of dialect->choices, or NULL
    struct mount *namespaces; // of Socket.IO beside "/", their names as paths; who meets in one is nothing to another
    size_t n_namespaces;
};

// All dialects, as they are listed and numbered: a ROW(x) for each `const struct dialect dialect_x`.
#define DIALECTS(ROW)                                                                                                  \
    ROW(auto)                                                                                                          \
    ROW(login)                                                                                                         \
    ROW(join)                                                                                                          \
    ROW(rooms)                                                                                                         \
    ROW(peerjs)                                                                                                        \
    ROW(topics)                                                                                                        \
    ROW(echo)                                                                                                          \
    ROW(engineio_echo)                                                                                                 \
    ROW(socketio_echo)

#define DECLARE(x) extern const struct dialect dialect_##x;
DIALECTS(DECLARE)
#undef DECLARE

#define COUNT(x) +1
enum { N_DIALECTS = DIALECTS(COUNT) };
#undef COUNT

// Who understands S's messages.
static inline const struct dialect *session_dialect(const struct session *s)
{
    return s->mount->dialect;
}

// For carriers: S, whose mount is set, begins, and ends, for a reason and with a WebSocket close code, or 0 for none.
void dialect_open(struct session *s, struct span intro);
void dialect_close(struct session *s, enum ending why, int code);

// An on_binary for dialects whose clients may send their JSON in binary messages: on_text gets it. What is not UTF-8 must
// never reach another client as text, which would end that one: it is handed on as the empty text, no JSON either.
void dialect_binary_as_text(struct session *s, struct span data);

// Moves S to MOUNT, another of whose choices it turned out to speak.
void dialect_choose(struct session *s, const struct mount *mount);

// The dialect called NAME, or NULL.
const struct dialect *dialect_find(struct span name);

// The dialect numbered I, or NULL from N_DIALECTS on.
const struct dialect *dialect_at(size_t i);

// The number of D.
size_t dialect_number(const struct dialect *d);

#endif
