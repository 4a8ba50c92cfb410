// SPDX-License-Identifier: MIT
// Peers who hear each other; see room.h.
#include "switchboard/room.h"

#include <errno.h>
#include <stdlib.h>

#include "switchboard/realm.h"
#include "switchboard/session.h"

struct seat *room_find_seat(const struct peer *p, struct span name)
{
    LIST_EACH(&p->seats, node)
    {
        struct seat *seat = CONTAINER_OF(node, struct seat, in_peer);
        if (span_equal(room_name(seat), name))
            return seat;
    }
    return NULL;
}

// A seat with a copy of CARD behind it, when there is one.
static struct seat *make_seat(struct peer *p, struct span card)
{
    struct span *copy;
    struct seat *seat = malloc(sizeof *seat + (card.len ? sizeof *copy + card.len : 0));
    if (!seat)
        return NULL;
    *seat = (struct seat){ .bus.ref = p->ref, .peer = p };
    if (!card.len)
        return seat;
    copy = (struct span *)(seat + 1);
    *copy = (struct span){ memcpy(copy + 1, card.p, card.len), card.len };
    seat->bus.card = copy;
    return seat;
}

int room_join(struct peer *p, const struct room_join *want, struct seat **seat, struct bus_joined *joined)
{
    struct bus *bus = p->realm->bus;
    *joined = (struct bus_joined){ 0 };
    session_note(p->session, SESSION_ASKS_FOR_SEAT);
    *seat = room_find_seat(p, want->name);
    if (*seat)
        return -EALREADY;
    struct seat *new_seat = make_seat(p, want->card);
    if (!new_seat)
        return -ENOMEM;
    struct bus_join asked = { .realm = p->realm->id,
                              .name = want->name,
                              .capacity = want->capacity,
                              .news = want->news,
                              .n_news = want->n_news };
    int err = bus->ops->join(bus, &new_seat->bus, &asked, joined);
    if (err) {
        free(new_seat);
        return err;
    }
    list_append(&p->seats, &new_seat->in_peer);
    p->n_seats++;
    *seat = new_seat;
    session_note(p->session, SESSION_ARRIVES);
    return 0;
}

void room_leave(struct seat *seat, const struct relay *news)
{
    struct bus *bus = seat->peer->realm->bus;
    list_remove(&seat->in_peer);
    seat->peer->n_seats--;
    bus->ops->leave(bus, &seat->bus, news);
    free(seat);
}

struct seat *room_first_seat(const struct peer *p)
{
    return list_is_empty(&p->seats) ? NULL : CONTAINER_OF(p->seats.next, struct seat, in_peer);
}

struct span room_name(const struct seat *seat)
{
    return seat->peer->realm->bus->ops->room_name(&seat->bus);
}

size_t room_count(const struct realm *realm, struct span name)
{
    struct bus *bus = realm->bus;
    return bus->ops->count(bus, realm->id, name);
}

void room_publish_to(const struct realm *realm, struct span name, const struct relay *r)
{
    struct bus *bus = realm->bus;
    bus->ops->publish_to(bus, realm->id, name, r);
}

void room_publish(const struct seat *seat, const struct relay *r)
{
    struct bus *bus = seat->peer->realm->bus;
    bus->ops->publish(bus, &seat->bus, r);
}
