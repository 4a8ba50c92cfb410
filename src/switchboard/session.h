// SPDX-License-Identifier: MIT
// A stream of messages to and from one client, whatever carries it.
//
// The carrier (a WebSocket, Engine.IO) embeds a struct session, owns it, and calls the dialect; the dialect and the
// switchboard only ever see this.
#ifndef STROWGER_SWITCHBOARD_SESSION_H
#define STROWGER_SWITCHBOARD_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "switchboard/bus.h"

struct session;
struct mount;
struct peer;

// What is emitted to a session of events: all but the attachments is JSON as it is to leave.
struct session_event {
    struct span name; // a string with its quotes
    struct span args; // the arguments with commas between them; empty: none
    const struct span *attachments;
    size_t n_attachments;
};

// What a session does that its carrier keeps count of.
enum session_deed {
    SESSION_ARRIVES,       // it has a name or a seat
    SESSION_ASKS_FOR_SEAT, // whether there is one or not, or for one to give back that it hasn't
    SESSION_MISSES_NAME,   // it asked for one that another has
};

// A carrier of messages has send and send_binary, one of events emit, acknowledge and id; those that it has not are NULL.
struct session_ops {
    // Sends one text message, the N parts behind each other, which must be valid UTF-8 together. What can't be sent ends
    // the session later, never within this call. After the session's end it does nothing.
    void (*send)(struct session *s, const struct span *parts, size_t n);
    // The same for a binary message.
    void (*send_binary)(struct session *s, struct span data);
    // Emits E.
    void (*emit)(struct session *s, const struct session_event *e);
    // Acknowledges the event that came with ID.
    void (*acknowledge)(struct session *s, uint64_t id, const struct session_event *e);
    // The name under which the carrier knows the session, unguessable, for as long as it lives.
    struct span (*id)(const struct session *s);
    // Ends the session, with the WebSocket close CODE where the carrier can say one. The dialect's on_close follows, but
    // not within this call.
    void (*close)(struct session *s, int code);
    // The number of the connection that carries it at the moment, for the log; 0: there is none.
    uint64_t (*conn_number)(const struct session *s);
    // Something was done by S, who may be held back for it; NULL: nobody counts.
    void (*note)(struct session *s, enum session_deed deed);
};

struct session {
    const struct session_ops *ops;
    const struct mount *mount; // where the client came in, and so the dialect it speaks
    struct peer *peer;         // who it is, once it has said so; else NULL
    union {                    // the dialect's own, all 0 at first
        void *user;
        struct peer_ref last_found; // whom the last message was for; perhaps nobody any more
    };
};

static inline void session_send(struct session *s, const struct span *parts, size_t n)
{
    s->ops->send(s, parts, n);
}

static inline void session_note(struct session *s, enum session_deed deed)
{
    if (s->ops->note)
        s->ops->note(s, deed);
}

static inline void session_send_text(struct session *s, struct span text)
{
    s->ops->send(s, &text, 1);
}

#endif
