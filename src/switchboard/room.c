// SPDX-License-Identifier: MIT
// Peers who hear each other; see room.h.
#include "switchboard/room.h"

#include <errno.h>
#include <stdlib.h>

#include "switchboard/realm.h"

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

int room_join(struct peer *p, const struct room_join *want, struct seat **seat, struct bus_joined *joined)
{
    struct bus *bus = p->realm->bus;
    *joined = (struct bus_joined){ 0 };
    *seat = room_find_seat(p, want->name);
    if (*seat)
        return -EALREADY;
    struct seat *new_seat = malloc(sizeof *new_seat + want->card.len);
    if (!new_seat)
        return -ENOMEM;
    *new_seat =
        (struct seat){ .bus = { .ref = p->ref, .card = new_seat->card, .card_len = want->card.len }, .peer = p };
    if (want->card.len)
        memcpy(new_seat->card, want->card.p, want->card.len);
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
