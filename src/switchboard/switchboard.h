// SPDX-License-Identifier: MIT
// Who is here under which name, and the way from one to another.
//
// The switchboard knows nothing of sockets or message formats.
#ifndef STROWGER_SWITCHBOARD_SWITCHBOARD_H
#define STROWGER_SWITCHBOARD_SWITCHBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/pool.h"
#include "base/span.h"
#include "switchboard/bus.h"
#include "switchboard/peer.h"
#include "switchboard/realm.h"
#include "switchboard/roster.h"
#include "switchboard/session.h"

struct switchboard {
    struct bus *bus;
    struct deadlines *deadlines; // the worker's, for its dialects; set by who owns the switchboard
    struct roster roster;        // its peers
    struct pool seats;           // of theirs, those that have no card
};

// Makes S an empty switchboard, which holds no memory yet.
void switchboard_init(struct switchboard *s);

// Links S to others by BUS, whose handler it becomes; once, before there are any peers.
void switchboard_connect(struct switchboard *s, struct bus *bus);

// Frees it; every peer must have been released.
void switchboard_fini(struct switchboard *s);

// Makes SESSION a peer of REALM without a name: it can sit in rooms and be answered. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int switchboard_enter(struct realm *realm, struct session *session);

// Makes SESSION the peer called NAME in REALM, or renames the peer that it is there already, which keeps its calls and
// seats. 0, -EEXIST when another session holds the name, -ENAMETOOLONG beyond BUS_MAX_NAME bytes, or -ENOMEM; on an error
// all is as before.
[[gnu::warn_unused_result]] int switchboard_claim(struct realm *realm, struct session *session, struct span name);

// A name that its holder can take over from itself: a client that comes back while its last connection still seems to live.
struct name_claim {
    struct span name;
    struct span key; // not empty; only who says the same may take the name over
};

// As switchboard_claim() for a SESSION without a peer, but from one that holds the name under the same key it is taken: 1
// then, and *LOSER says who that is. It lives on, not to be found any more; the dialect tells it to end.
[[gnu::warn_unused_result]] int switchboard_take_over(struct realm *realm, struct session *session,
                                                      const struct name_claim *want, struct peer_ref *loser);

// Ends PEER: its name is free, its calls and seats are gone, session->peer is NULL. Nobody is told: the dialect does
// that before.
void switchboard_release(struct peer *peer);

// Whether someone in REALM is called NAME; *REF says who.
[[gnu::warn_unused_result]] bool switchboard_find(const struct realm *realm, struct span name, struct peer_ref *ref);

// How many names are held in REALM. VISIT (may be NULL) sees each, in no particular order, and must call nothing of the
// switchboard's.
size_t switchboard_names(const struct realm *realm, void (*visit)(void *user, struct span name), void *user);

// Whether REF is a peer of this worker in REALM that is called NAME: a cheap way to recognise a partner. False says nothing.
[[gnu::warn_unused_result]] bool switchboard_is_called(const struct realm *realm, struct peer_ref ref,
                                                       struct span name);

// Delivers R to the peer TO: one of this worker hears it before this returns, unless something else for this worker still
// waits. False when TO is known to be gone, or memory is short; that it went meanwhile is said to its sender's
// on_undelivered.
bool switchboard_send(struct switchboard *s, struct peer_ref to, const struct relay *r);

#endif
