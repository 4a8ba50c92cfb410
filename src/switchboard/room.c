// SPDX-License-Identifier: MIT
// Peers who hear each other; see room.h.
#include "switchboard/room.h"

#include <errno.h>
#include <stdlib.h>

#include "switchboard/realm.h"

static struct room *new_room(struct realm *realm, struct span name)
{
    struct room *room = malloc(sizeof *room + name.len);
    if (!room)
        return NULL;
    *room = (struct room){ .realm = realm, .name_len = name.len };
    list_init(&room->seats);
    if (name.len)
        memcpy(room->name, name.p, name.len);
    if (map_insert(&realm->rooms, &room->by_name) != 0) {
        free(room);
        return NULL;
    }
    return room;
}

static void free_if_empty(struct room *room)
{
    if (room->n_seats)
        return;
    map_remove(&room->realm->rooms, &room->by_name);
    free(room);
}

static struct seat *find_seat(const struct peer *p, const struct room *room)
{
    LIST_EACH(&p->seats, node)
    {
        struct seat *seat = CONTAINER_OF(node, struct seat, in_peer);
        if (seat->room == room)
            return seat;
    }
    return NULL;
}

static struct seat *new_seat(struct room *room, struct peer *p, struct span card)
{
    struct seat *seat = malloc(sizeof *seat + card.len);
    if (!seat)
        return NULL;
    seat->room = room;
    seat->peer = p;
    seat->card_len = card.len;
    if (card.len)
        memcpy(seat->card, card.p, card.len);
    list_append(&room->seats, &seat->in_room);
    list_append(&p->seats, &seat->in_peer);
    room->n_seats++;
    p->n_seats++;
    return seat;
}

struct room *room_find(const struct realm *realm, struct span name)
{
    struct map_node *node = map_find(&realm->rooms, name);
    return node ? CONTAINER_OF(node, struct room, by_name) : NULL;
}

int room_join(struct peer *p, struct span name, size_t capacity, struct span card, struct seat **seat)
{
    struct room *room = room_find(p->realm, name);
    if (!room)
        room = new_room(p->realm, name);
    if (!room)
        return -ENOMEM;
    *seat = find_seat(p, room);
    if (*seat)
        return -EALREADY;
    if (capacity != ROOM_UNLIMITED && room->n_seats >= capacity)
        return -ENOSPC;
    *seat = new_seat(room, p, card);
    if (*seat)
        return 0;
    free_if_empty(room);
    return -ENOMEM;
}

void room_leave(struct seat *seat)
{
    struct room *room = seat->room;
    list_remove(&seat->in_room);
    list_remove(&seat->in_peer);
    seat->peer->n_seats--;
    free(seat);
    room->n_seats--;
    free_if_empty(room);
}

struct seat *room_first_seat(const struct peer *p)
{
    return list_is_empty(&p->seats) ? NULL : CONTAINER_OF(p->seats.next, struct seat, in_peer);
}

struct seat *room_next_seat(const struct room *room, const struct seat *seat)
{
    const struct list *node = seat ? seat->in_room.next : room->seats.next;
    return node == &room->seats ? NULL : CONTAINER_OF(node, struct seat, in_room);
}

void room_publish(const struct seat *seat, const struct relay *r)
{
    LIST_EACH(&seat->room->seats, node)
    {
        struct peer *p = CONTAINER_OF(node, struct seat, in_room)->peer;
        if (p != seat->peer)
            p->ops->on_relay(p, r);
    }
}
