// SPDX-License-Identifier: MIT
// Peers who hear each other: a peer's seats in rooms, which are made by the first who joins and gone with the last who
// leaves.
#ifndef STROWGER_SWITCHBOARD_ROOM_H
#define STROWGER_SWITCHBOARD_ROOM_H

#include "base/list.h"
#include "base/span.h"
#include "switchboard/bus.h"
#include "switchboard/peer.h"

struct realm;

enum { ROOM_UNLIMITED = 0 };

// A peer's place in a room.
struct seat {
    struct seat *next; // of the same peer
    struct bus_seat bus;
};

static inline struct span seat_card(const struct seat *seat)
{
    return bus_seat_card(&seat->bus);
}

// What joining asks for.
struct room_join {
    struct span name;
    size_t capacity;          // or ROOM_UNLIMITED
    size_t max_seats;         // that one peer may have; 0: any number
    struct span card;         // what the others are to know of the new member; copied
    const struct relay *news; // told to those inside, in the same step
    size_t n_news;
};

// Gives P a seat in a room of its realm, which is made if need be. 0 with *SEAT, -ENOSPC when the room is full, -EMFILE when
// P has as many seats as it may, -EALREADY with *SEAT when P sits there already, or -ENOMEM. JOINED, whose cards the caller
// frees, is filled in on 0 and -ENOSPC.
[[gnu::warn_unused_result]] int room_join(struct peer *p, const struct room_join *want, struct seat **seat,
                                          struct bus_joined *joined);

// Frees SEAT, one of P's, and its room with the last one, telling NEWS (may be NULL) to those who stay.
void room_leave(struct peer *p, struct seat *seat, const struct relay *news);

// P's seat in the room called NAME, or NULL.
struct seat *room_find_seat(const struct peer *p, struct span name);

// The name of the room that SEAT, one of P's, is in.
struct span room_name(const struct peer *p, const struct seat *seat);

// How many rooms there are in REALM. VISIT (may be NULL) sees each and how many sit in it, in no particular order, and must
// call nothing of the switchboard's.
size_t room_each(const struct realm *realm, void (*visit)(void *user, struct span name, size_t n), void *user);

// How many sit in the room of REALM called NAME.
size_t room_count(const struct realm *realm, struct span name);

// Delivers R to everyone in the room of REALM called NAME but the peer that R is from.
void room_publish_to(const struct realm *realm, struct span name, const struct relay *r);

// Delivers R to everyone but P in the room that SEAT, one of P's, is in.
void room_publish(const struct peer *p, const struct seat *seat, const struct relay *r);

#endif
