// SPDX-License-Identifier: MIT
// Peers who hear each other: rooms with seats, made by the first who joins and gone with the last who leaves.
#ifndef STROWGER_SWITCHBOARD_ROOM_H
#define STROWGER_SWITCHBOARD_ROOM_H

#include "base/list.h"
#include "base/map.h"
#include "base/span.h"
#include "switchboard/peer.h"

struct realm;

enum { ROOM_UNLIMITED = 0 };

struct room {
    struct map_node by_name; // in realm->rooms
    struct realm *realm;
    struct list seats; // struct seat, in the order of joining
    size_t n_seats;
    size_t name_len;
    char name[];
};

// A peer's place in a room.
struct seat {
    struct list in_room, in_peer;
    struct room *room;
    struct peer *peer;
    size_t card_len;
    char card[]; // what the dialect wants the others to know of this member
};

static inline struct span room_name(const struct room *room)
{
    return (struct span){ room->name, room->name_len };
}

static inline struct span seat_card(const struct seat *seat)
{
    return (struct span){ seat->card, seat->card_len };
}

// The room of REALM called NAME, or NULL.
struct room *room_find(const struct realm *realm, struct span name);

// Gives P a seat in the room called NAME of its realm, which is made if need be, unless CAPACITY (or ROOM_UNLIMITED)
// seats are taken. CARD is copied. 0 with *SEAT, -ENOSPC when the room is full, -EALREADY with *SEAT when P sits there
// already, or -ENOMEM.
[[gnu::warn_unused_result]] int room_join(struct peer *p, struct span name, size_t capacity, struct span card,
                                          struct seat **seat);

// Frees SEAT, and its room with the last one. Nobody is told: the dialect does that before.
void room_leave(struct seat *seat);

// P's first seat, or NULL.
struct seat *room_first_seat(const struct peer *p);

// The seat after SEAT in its room (NULL: the first of ROOM), or NULL. Seats must not be taken or left meanwhile.
struct seat *room_next_seat(const struct room *room, const struct seat *seat);

// Delivers R to everyone in SEAT's room but SEAT's own peer, in the order of joining.
void room_publish(const struct seat *seat, const struct relay *r);

#endif
