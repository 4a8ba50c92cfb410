// SPDX-License-Identifier: MIT
// What passes through a worker's switchboard, for whoever watches. Nearly always that is nobody, and then it costs a look at
// one pointer.
#ifndef STROWGER_SWITCHBOARD_WATCH_H
#define STROWGER_SWITCHBOARD_WATCH_H

#include <stddef.h>

#include "base/span.h"
#include "switchboard/bus.h"
#include "switchboard/traffic.h"

struct peer;
struct realm;
struct roster;
struct watch;

enum watch_outcome {
    WATCH_SENT,   // delivered, or on its way to another worker
    WATCH_ABSENT, // there is nobody to hear it
    WATCH_LATE,   // who it was for went before it came: this was told as sent before
};

struct watch_event {
    enum message_type type;
    enum watch_outcome outcome;
    const struct relay *relay; // what was said; NULL: FROM came or went, or what it said is not known
    const struct peer *from;   // NULL: somebody without a name
    const struct peer *to;     // one of this worker whom it is for, else NULL
    struct peer_ref to_ref;    // one of another worker, else PEER_REF_NOBODY
    struct span to_name;       // how the sender called whom it is for; may be empty
    struct span room;          // for whose members it is, or that FROM came to or went from; may be empty
    size_t n_receivers;        // of what is for a room
};

struct watch {
    // E happens now. It is gone when this returns, and nothing of the switchboard's may be called meanwhile but to look.
    void (*on_event)(struct watch *w, const struct watch_event *e);
};

// How an operator knows P.
struct span watch_label(const struct peer *p);

// These tell W: R is about to be sent to TO by a worker whose peers are in ROSTER; it came back; it is about to be published
// in a room of REALM, by P or by somebody unknown (NULL).
void watch_send(struct watch *w, const struct roster *roster, struct peer_ref to, const struct relay *r);
void watch_return(struct watch *w, const struct roster *roster, const struct relay *r);
void watch_publish(struct watch *w, const struct realm *realm, const struct peer *p, struct span room,
                   const struct relay *r);

// These tell whoever watches P's worker, if anybody does: P's message of TYPE is for NAME, who is not there; P came (or
// went, as TYPE says), to ROOM or altogether.
void watch_absence(const struct peer *p, enum message_type type, struct span name);
void watch_move(const struct peer *p, enum message_type type, struct span room);

#endif
