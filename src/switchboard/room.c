// SPDX-License-Identifier: MIT
// Peers who hear each other; see room.h.
#include "switchboard/room.h"

#include <errno.h>
#include <stdlib.h>

#include "base/pool.h"
#include "switchboard/realm.h"
#include "switchboard/session.h"
#include "switchboard/watch.h"

// Where P's list says who has the seat in the room called NAME: NULL is there when nobody does, and *N is how many it has.
static struct seat **find_link(struct peer *p, struct span name, size_t *n)
{
    struct seat **at = &p->seats;
    for (*n = 0; *at && !span_equal(room_name(p, *at), name); ++*n)
        at = &(*at)->next;
    return at;
}

struct seat *room_find_seat(const struct peer *p, struct span name)
{
    struct seat *seat = p->seats;
    while (seat && !span_equal(room_name(p, seat), name))
        seat = seat->next;
    return seat;
}

// A seat with a copy of CARD behind it. Nearly all have none and are of one size.
static struct seat *new_seat(const struct peer *p, struct span card)
{
    struct seat *seat = NULL;
    if (!card.len)
        seat = pool_take(p->realm->seats);
    else if (card.len <= BUS_MAX_CARD)
        seat = malloc(sizeof *seat + card.len);
    if (!seat)
        return NULL;
    *seat = (struct seat){ .bus = { .ref = p->ref, .card_len = (uint32_t)card.len & BUS_MAX_CARD } };
    if (card.len)
        memcpy(seat + 1, card.p, card.len);
    return seat;
}

static void free_seat(const struct peer *p, struct seat *seat)
{
    if (seat->bus.card_len)
        free(seat);
    else
        pool_give(p->realm->seats, seat);
}

int room_join(struct peer *p, const struct room_join *want, struct seat **seat, struct bus_joined *joined)
{
    struct bus *bus = p->realm->bus;
    size_t n_seats;
    struct seat **end = find_link(p, want->name, &n_seats);
    *joined = (struct bus_joined){ 0 };
    session_note(p->session, SESSION_ASKS_FOR_SEAT);
    *seat = *end;
    if (*seat)
        return -EALREADY;
    if (want->max_seats && n_seats >= want->max_seats)
        return -EMFILE;
    struct seat *taken = new_seat(p, want->card);
    if (!taken)
        return -ENOMEM;
    struct bus_join asked = { .realm = p->realm->id,
                              .name = want->name,
                              .capacity = want->capacity,
                              .news = want->news,
                              .n_news = want->n_news };
    int err = bus->ops->join(bus, &taken->bus, &asked, joined);
    if (err) {
        free_seat(p, taken);
        return err;
    }
    *seat = *end = taken;
    session_note(p->session, SESSION_ARRIVES);
    watch_move(p, MESSAGE_JOIN, want->name);
    return 0;
}

void room_leave(struct peer *p, struct seat *seat, const struct relay *news)
{
    struct bus *bus = p->realm->bus;
    struct seat **at = &p->seats;
    while (*at != seat)
        at = &(*at)->next;
    *at = seat->next;
    watch_move(p, MESSAGE_LEAVE, room_name(p, seat));
    bus->ops->leave(bus, p->realm->id, &seat->bus, news);
    free_seat(p, seat);
}

struct span room_name(const struct peer *p, const struct seat *seat)
{
    return p->realm->bus->ops->room_name(&seat->bus);
}

size_t room_each(const struct realm *realm, void (*visit)(void *user, struct span name, size_t n), void *user)
{
    struct bus *bus = realm->bus;
    return bus->ops->rooms(bus, realm->id, visit, user);
}

size_t room_count(const struct realm *realm, struct span name)
{
    struct bus *bus = realm->bus;
    return bus->ops->count(bus, realm->id, name);
}

void room_publish_to(const struct realm *realm, struct span name, const struct relay *r)
{
    struct bus *bus = realm->bus;
    if (bus->watch)
        watch_publish(bus->watch, realm, NULL, name, r);
    bus->ops->publish_to(bus, realm->id, name, r);
}

void room_publish(const struct peer *p, const struct seat *seat, const struct relay *r)
{
    struct bus *bus = p->realm->bus;
    if (bus->watch)
        watch_publish(bus->watch, p->realm, p, room_name(p, seat), r);
    bus->ops->publish(bus, p->realm->id, &seat->bus, r);
}
