// SPDX-License-Identifier: MIT
// What links switchboards: who holds a name anywhere, the way to a peer elsewhere, and the order of a room's events.
//
// The switchboard knows "elsewhere" only through this table; each worker has a bus of its own, and all of a process share
// what lies behind. The rules that every implementation keeps, and that tests/unit/test_bus_local.c holds it to:
//
// 1. No call blocks longer than it takes to change a table.
// 2. A name in a realm is held by one peer at most.
// 3. Messages from one peer to another, and to a room both are in, arrive in the order sent, or not at all; never twice.
// 4. A member gets what was published after it joined, and nothing published before.
// 5. All members of a room get its events in one order.
// 6. What could not be delivered to the one peer it was for is told to its sender.
#ifndef STROWGER_SWITCHBOARD_BUS_H
#define STROWGER_SWITCHBOARD_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "base/span.h"

// Names a peer from anywhere in the process. A slot is used again, a slot's generation never.
struct peer_ref {
    uint32_t worker : 8, slot : 24;
    uint32_t generation;
};

// Nobody: for what comes from none of the peers.
#define PEER_REF_NOBODY ((struct peer_ref){ .worker = 0xff, .slot = 0xffffff, .generation = UINT32_MAX })

static inline bool peer_ref_equal(struct peer_ref a, struct peer_ref b)
{
    _Static_assert(sizeof a == 8, "one word, with nothing between its parts");
    return memcmp(&a, &b, sizeof a) == 0;
}

// A message on its way from one peer to another, or to a room.
struct relay {
    struct peer_ref from;
    struct peer_ref to;  // whom a message to one peer is for, and its name as the sender knows it: both for the sender
    struct span to_name; // alone, should the message come back; may be left out
    uint16_t kind;       // the dialect's own
    uint16_t type;       // enum message_type
    uint32_t mark;       // likewise
    const struct span *parts;
    size_t n_parts;
};

// A name that a peer holds. It must not change or go between claim and release, for others look at it.
struct bus_name {
    struct map_node node;
    struct peer_ref ref; // who holds it
    uint16_t len;
    uint16_t key_len; // 0: it can't be taken over
    bool is_lost;     // it was taken over; the bus's own
    char text[];      // the name, and behind it the key
};

enum { BUS_MAX_NAME = UINT16_MAX }; // bytes of a name, a key, or a room's name

struct bus_room;

// A peer's place in a room, embedded in the switchboard's seat. The same holds between join and leave.
struct bus_seat {
    struct list in_room;
    struct bus_room *room; // set by join
    struct peer_ref ref;
    uint64_t number : 40;   // among all who ever joined the room; set by join
    uint64_t card_len : 24; // bytes behind the seat that say what others are to know of this member
};

enum { BUS_MAX_CARD = (1 << 24) - 1 };

static inline struct span bus_seat_card(const struct bus_seat *seat)
{
    return (struct span){ (const char *)(seat + 1), seat->card_len };
}

// What join asks for.
struct bus_join {
    uint32_t realm;
    struct span name;         // of the room, which is made if need be
    size_t capacity;          // 0: unlimited
    const struct relay *news; // published to those inside in the same step
    size_t n_news;            // at most BUS_MAX_NEWS
};

enum { BUS_MAX_NEWS = 2 };

enum { BUS_MAX_CARDS = 1 << 22 }; // bytes of all cards together that one who joins is told

// What join tells.
struct bus_joined {
    // In the room now, the new one included; on -ENOSPC those that fill it, by number or by their cards.
    size_t n_members;
    struct buf cards; // the others' cards with commas between; the caller frees it
};

// What a bus calls, on its own worker's thread and never from inside one of the calls below but deliver.
struct bus_handler {
    // R arrived for the peer TO of this worker. False when it is gone.
    bool (*deliver)(void *user, struct peer_ref to, const struct relay *r);
    // R, sent by r->from of this worker, found nobody.
    void (*undelivered)(void *user, const struct relay *r);
};

struct bus;
struct watch;

struct bus_ops {
    // Takes NAME, which is filled in, in REALM. 0, -EEXIST, or -ENOMEM.
    int (*claim)(struct bus *b, uint32_t realm, struct bus_name *name);
    // The same, but a peer that holds it under NAME's key loses it to NAME: 1 then, with *LOSER saying who that is.
    int (*take_over)(struct bus *b, uint32_t realm, struct bus_name *name, struct peer_ref *loser);
    // Gives back what was claimed in REALM, lost or not.
    void (*release)(struct bus *b, uint32_t realm, struct bus_name *name);
    // Whether someone holds NAME in REALM; *REF says who.
    bool (*find)(struct bus *b, uint32_t realm, struct span name, struct peer_ref *ref);
    // How many names are held in REALM. VISIT (may be NULL) sees each, in no particular order, and must not call the bus.
    size_t (*names)(struct bus *b, uint32_t realm, void (*visit)(void *user, struct span name), void *user);
    // How many rooms there are in REALM. VISIT (may be NULL) sees each and how many hold a seat there, likewise.
    size_t (*rooms)(struct bus *b, uint32_t realm, void (*visit)(void *user, struct span name, size_t n), void *user);
    // Delivers R to TO: at once when it is here and nothing waits before it, else later. False when it is known to be gone,
    // or memory is short.
    bool (*send)(struct bus *b, struct peer_ref to, const struct relay *r);
    // Takes SEAT, whose ref and card are filled in, as WANT says. 0, -ENOSPC, or -ENOMEM; JOINED is filled in but for
    // -ENOMEM.
    int (*join)(struct bus *b, struct bus_seat *seat, const struct bus_join *want, struct bus_joined *joined);
    // Gives SEAT, of a room of REALM, back, publishing NEWS (may be NULL) to those who stay.
    void (*leave)(struct bus *b, uint32_t realm, struct bus_seat *seat, const struct relay *news);
    // Delivers R to all in SEAT's room, which is REALM's, but SEAT's own peer.
    void (*publish)(struct bus *b, uint32_t realm, const struct bus_seat *seat, const struct relay *r);
    // Delivers R to all in the room called NAME, if there is one, but the peer that R is from.
    void (*publish_to)(struct bus *b, uint32_t realm, struct span name, const struct relay *r);
    // The name of SEAT's room, for as long as it is held.
    struct span (*room_name)(const struct bus_seat *seat);
    // How many hold a seat in the room called NAME.
    size_t (*count)(struct bus *b, uint32_t realm, struct span name);
};

// What all buses begin with.
struct bus {
    const struct bus_ops *ops;
    uint8_t worker; // for the refs of this worker's peers
    const struct bus_handler *handler;
    void *user;
    struct watch *watch; // who is to be told what this worker sends, or NULL
};

#endif
