// SPDX-License-Identifier: MIT
// Who is here under which name; see switchboard.h.
#include "switchboard/switchboard.h"

#include <errno.h>
#include <stdlib.h>

#include "base/word.h"
#include "switchboard/room.h"

enum { FIRST_SLOTS = 64, MAX_SLOTS = 1 << 24 }; // as many as a peer_ref can tell apart

static struct peer *peer_at(const struct switchboard *s, struct peer_ref ref)
{
    bool is_current = ref.slot < s->n_slots && s->slots[ref.slot].generation == ref.generation;
    return is_current ? s->slots[ref.slot].peer : NULL;
}

static bool deliver(void *user, struct peer_ref to, const struct relay *r)
{
    struct peer *peer = peer_at(user, to);
    if (!peer)
        return false;
    peer->realm->traffic.passed_on[r->type]++;
    peer->ops->on_relay(peer, r);
    return true;
}

static void undelivered(void *user, const struct relay *r)
{
    struct peer *sender = peer_at(user, r->from);
    if (sender && r->type != MESSAGE_NONE)
        sender->realm->traffic.faults[FAULT_LATE]++;
    if (sender && sender->ops->on_undelivered)
        sender->ops->on_undelivered(sender, r);
}

static const struct bus_handler bus_handler = { .deliver = deliver, .undelivered = undelivered };

void switchboard_init(struct switchboard *s)
{
    *s = (struct switchboard){ 0 };
    pool_init(&s->peers, sizeof(struct peer), false);
}

void switchboard_connect(struct switchboard *s, struct bus *bus)
{
    s->bus = bus;
    bus->handler = &bus_handler;
    bus->user = s;
}

void switchboard_fini(struct switchboard *s)
{
    pool_fini(&s->peers);
    free(s->slots);
}

static int add_slots(struct switchboard *s)
{
    uint32_t n = s->n_slots ? s->n_slots * 2 : FIRST_SLOTS;
    struct peer_slot *slots = n > MAX_SLOTS ? NULL : realloc(s->slots, n * sizeof *slots);
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
    peer->ref =
        (struct peer_ref){ .worker = s->bus->worker, .slot = s->first_free & 0xffffff, .generation = slot->generation };
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

static struct bus_name *new_name(const struct peer *peer, const struct name_claim *want)
{
    struct bus_name *name = malloc(sizeof *name + want->name.len + want->key.len);
    if (!name)
        return NULL;
    *name = (struct bus_name){
        .ref = peer->ref, .realm = peer->realm->id, .len = (uint32_t)want->name.len, .key_len = (uint32_t)want->key.len
    };
    if (want->name.len)
        memcpy(name->text, want->name.p, want->name.len);
    if (want->key.len)
        memcpy(name->text + want->name.len, want->key.p, want->key.len);
    return name;
}

// Gives PEER the name that it WANTs, in place of the one it has, if any. 1 when *LOSER lost it.
static int take_name(struct peer *peer, const struct name_claim *want, struct peer_ref *loser)
{
    struct bus *bus = peer->realm->bus;
    struct bus_name *name = new_name(peer, want);
    if (!name)
        return -ENOMEM;
    int err = loser ? bus->ops->take_over(bus, name, loser) : bus->ops->claim(bus, name);
    if (err < 0) {
        free(name);
        if (err == -EEXIST)
            session_note(peer->session, SESSION_MISSES_NAME);
        return err;
    }
    if (peer->name)
        bus->ops->release(bus, peer->name);
    free(peer->name);
    peer->name = name;
    session_note(peer->session, SESSION_ARRIVES);
    return err;
}

int switchboard_enter(struct realm *realm, struct session *session, const struct peer_ops *ops)
{
    struct switchboard *s = realm->switchboard;
    struct peer *peer = pool_take(&s->peers);
    if (!peer)
        return -ENOMEM;
    *peer = (struct peer){ .ops = ops, .session = session, .realm = realm };
    list_init(&peer->calls);
    list_init(&peer->seats);
    if (take_slot(s, peer) != 0) {
        pool_give(&s->peers, peer);
        return -ENOMEM;
    }
    session->peer = peer;
    realm->traffic.n_peers++;
    return 0;
}

int switchboard_take_over(struct realm *realm, struct session *session, const struct peer_ops *ops,
                          const struct name_claim *want, struct peer_ref *loser)
{
    int err = switchboard_enter(realm, session, ops);
    if (err)
        return err;
    err = take_name(session->peer, want, loser);
    if (err < 0)
        switchboard_release(session->peer);
    return err;
}

int switchboard_claim(struct realm *realm, struct session *session, const struct peer_ops *ops, struct span name)
{
    struct peer *peer = session->peer;
    struct name_claim want = { .name = name };
    if (!peer)
        return switchboard_take_over(realm, session, ops, &want, NULL);
    return span_equal(peer_name(peer), name) ? 0 : take_name(peer, &want, NULL);
}

void switchboard_release(struct peer *peer)
{
    struct switchboard *s = peer->realm->switchboard;
    struct seat *seat;
    while ((seat = room_first_seat(peer)))
        room_leave(seat, NULL);
    struct call *call;
    while ((call = peer_latest_call(peer)))
        peer_remove_call(peer, call);
    if (peer->name)
        s->bus->ops->release(s->bus, peer->name);
    give_slot(s, peer);
    peer->realm->traffic.n_peers--;
    peer->session->peer = NULL;
    free(peer->name);
    pool_give(&s->peers, peer);
}

bool switchboard_find(const struct realm *realm, struct span name, struct peer_ref *ref)
{
    struct bus *bus = realm->bus;
    return bus->ops->find(bus, realm->id, name, ref);
}

size_t switchboard_names(const struct realm *realm, void (*visit)(void *user, struct span name), void *user)
{
    struct bus *bus = realm->bus;
    return bus->ops->names(bus, realm->id, visit, user);
}

bool switchboard_is_called(const struct realm *realm, struct peer_ref ref, struct span name)
{
    const struct switchboard *s = realm->switchboard;
    const struct peer *peer = ref.worker == s->bus->worker ? peer_at(s, ref) : NULL;
    if (!peer || peer->realm != realm || !peer->name || peer->name->key_len) // a name with a key may be taken over
        return false;
    return peer->name->len == name.len && word_is_same(peer->name->text, name.p, name.len);
}

bool switchboard_send(struct switchboard *s, struct peer_ref to, const struct relay *r)
{
    return s->bus->ops->send(s->bus, to, r);
}
