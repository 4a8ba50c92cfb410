// SPDX-License-Identifier: MIT
// Who is here under which name; see switchboard.h.
#include "switchboard/switchboard.h"

#include <errno.h>
#include <stdlib.h>

#include "switchboard/room.h"

enum { FIRST_SLOTS = 64 };

static struct span peer_key(const struct map_node *node)
{
    return peer_name(CONTAINER_OF(node, struct peer, by_name));
}

static struct span room_key(const struct map_node *node)
{
    return room_name(CONTAINER_OF(node, struct room, by_name));
}

void switchboard_init(struct switchboard *s)
{
    *s = (struct switchboard){ 0 };
    pool_init(&s->peers, sizeof(struct peer));
}

void switchboard_fini(struct switchboard *s)
{
    pool_fini(&s->peers);
    free(s->slots);
}

void realm_init(struct realm *r, struct switchboard *s)
{
    r->switchboard = s;
    map_init(&r->names, peer_key);
    map_init(&r->rooms, room_key);
}

void realm_fini(struct realm *r)
{
    map_fini(&r->names);
    map_fini(&r->rooms);
}

static int add_slots(struct switchboard *s)
{
    uint32_t n = s->n_slots ? s->n_slots * 2 : FIRST_SLOTS;
    struct peer_slot *slots = realloc(s->slots, n * sizeof *slots);
    if (!slots)
        return -ENOMEM;
    for (uint32_t i = s->n_slots; i < n; i++)
        slots[i] = (struct peer_slot){ .next_free = i + 1 };
    s->slots = slots;
    s->n_slots = n;
    return 0;
}

static int take_slot(struct switchboard *s, struct peer *peer)
{
    if (s->first_free == s->n_slots && add_slots(s) != 0)
        return -ENOMEM;
    struct peer_slot *slot = &s->slots[s->first_free];
    peer->ref = (struct peer_ref){ .slot = s->first_free, .generation = slot->generation };
    s->first_free = slot->next_free;
    slot->peer = peer;
    return 0;
}

static void give_slot(struct switchboard *s, struct peer *peer)
{
    struct peer_slot *slot = &s->slots[peer->ref.slot];
    slot->peer = NULL;
    slot->generation++;
    slot->next_free = s->first_free;
    s->first_free = peer->ref.slot;
}

static struct peer *find(const struct realm *realm, struct span name)
{
    struct map_node *node = map_find(&realm->names, name);
    return node ? CONTAINER_OF(node, struct peer, by_name) : NULL;
}

static char *copy_of(struct span name)
{
    char *copy = malloc(name.len ? name.len : 1);
    if (copy && name.len)
        memcpy(copy, name.p, name.len);
    return copy;
}

static int rename_peer(struct peer *peer, struct span name)
{
    char *copy = copy_of(name);
    if (!copy)
        return -ENOMEM;
    map_remove(&peer->realm->names, &peer->by_name);
    free(peer->name);
    peer->name = copy;
    peer->name_len = (uint32_t)name.len;
    return map_insert(&peer->realm->names, &peer->by_name); // can't fail: a place was just freed
}

static int add_peer(struct realm *realm, struct session *session, const struct peer_ops *ops, struct span name)
{
    struct switchboard *s = realm->switchboard;
    struct peer *peer = pool_take(&s->peers);
    if (!peer)
        return -ENOMEM;
    *peer = (struct peer){ .ops = ops, .session = session, .realm = realm, .name_len = (uint32_t)name.len };
    list_init(&peer->calls);
    list_init(&peer->seats);
    peer->name = copy_of(name);
    if (!peer->name)
        goto fail_name;
    if (take_slot(s, peer) != 0)
        goto fail_slot;
    if (map_insert(&realm->names, &peer->by_name) != 0)
        goto fail_insert;
    session->peer = peer;
    return 0;
fail_insert:
    give_slot(s, peer);
fail_slot:
    free(peer->name);
fail_name:
    pool_give(&s->peers, peer);
    return -ENOMEM;
}

int switchboard_claim(struct realm *realm, struct session *session, const struct peer_ops *ops, struct span name)
{
    struct peer *holder = find(realm, name);
    if (holder)
        return holder->session == session ? 0 : -EEXIST;
    return session->peer ? rename_peer(session->peer, name) : add_peer(realm, session, ops, name);
}

void switchboard_release(struct peer *peer)
{
    struct switchboard *s = peer->realm->switchboard;
    struct seat *seat;
    while ((seat = room_first_seat(peer)))
        room_leave(seat);
    struct call *call;
    while ((call = peer_latest_call(peer)))
        peer_remove_call(peer, call);
    map_remove(&peer->realm->names, &peer->by_name);
    give_slot(s, peer);
    peer->session->peer = NULL;
    free(peer->name);
    pool_give(&s->peers, peer);
}

bool switchboard_find(const struct realm *realm, struct span name, struct peer_ref *ref)
{
    struct peer *peer = find(realm, name);
    if (peer)
        *ref = peer->ref;
    return peer != NULL;
}

bool switchboard_send(struct switchboard *s, struct peer_ref to, const struct relay *r)
{
    if (to.slot >= s->n_slots || s->slots[to.slot].generation != to.generation || !s->slots[to.slot].peer)
        return false;
    struct peer *peer = s->slots[to.slot].peer;
    peer->ops->on_relay(peer, r);
    return true;
}
