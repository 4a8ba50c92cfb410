// SPDX-License-Identifier: MIT
// Who is here under which name; see switchboard.h.
#include "switchboard/switchboard.h"

#include <errno.h>
#include <stdlib.h>

#include "base/word.h"
#include "switchboard/room.h"
#include "switchboard/watch.h"

static bool deliver(void *user, struct peer_ref to, const struct relay *r)
{
    const struct switchboard *s = user;
    struct peer *peer = roster_find(&s->roster, to);
    if (!peer)
        return false;
    peer->realm->traffic.passed_on[r->type]++;
    peer->realm->peer_ops->on_relay(peer, r);
    return true;
}

static void undelivered(void *user, const struct relay *r)
{
    const struct switchboard *s = user;
    struct peer *sender = roster_find(&s->roster, r->from);
    if (s->bus->watch)
        watch_return(s->bus->watch, &s->roster, r);
    if (sender && sender->realm->peer_ops->on_undelivered)
        sender->realm->peer_ops->on_undelivered(sender, r);
}

static const struct bus_handler bus_handler = { .deliver = deliver, .undelivered = undelivered };

void switchboard_init(struct switchboard *s)
{
    *s = (struct switchboard){ 0 };
    roster_init(&s->roster, 0);
    pool_init(&s->seats, sizeof(struct seat), false);
}

void switchboard_connect(struct switchboard *s, struct bus *bus)
{
    s->bus = bus;
    s->roster.worker = bus->worker;
    bus->handler = &bus_handler;
    bus->user = s;
}

void switchboard_fini(struct switchboard *s)
{
    roster_fini(&s->roster);
    pool_fini(&s->seats);
}

static struct bus_name *new_name(const struct peer *peer, const struct name_claim *want)
{
    struct bus_name *name = malloc(offsetof(struct bus_name, text) + want->name.len + want->key.len);
    if (!name)
        return NULL;
    name->ref = peer->ref;
    name->len = (uint16_t)want->name.len;
    name->key_len = (uint16_t)want->key.len;
    name->is_lost = false;
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
    uint32_t realm = peer->realm->id;
    if (want->name.len > BUS_MAX_NAME || want->key.len > BUS_MAX_NAME)
        return -ENAMETOOLONG;
    struct bus_name *name = new_name(peer, want);
    if (!name)
        return -ENOMEM;
    int err = loser ? bus->ops->take_over(bus, realm, name, loser) : bus->ops->claim(bus, realm, name);
    if (err < 0) {
        free(name);
        if (err == -EEXIST)
            session_note(peer->session, SESSION_MISSES_NAME);
        return err;
    }
    if (peer->name)
        bus->ops->release(bus, realm, peer->name);
    free(peer->name);
    peer->name = name;
    session_note(peer->session, SESSION_ARRIVES);
    watch_move(peer, MESSAGE_JOIN, (struct span){ 0 });
    return err;
}

int switchboard_enter(struct realm *realm, struct session *session)
{
    struct peer *peer = roster_enter(&realm->switchboard->roster);
    if (!peer)
        return -ENOMEM;
    peer->session = session;
    peer->realm = realm;
    session->peer = peer;
    realm->traffic.n_peers++;
    return 0;
}

int switchboard_take_over(struct realm *realm, struct session *session, const struct name_claim *want,
                          struct peer_ref *loser)
{
    int err = switchboard_enter(realm, session);
    if (err)
        return err;
    err = take_name(session->peer, want, loser);
    if (err < 0)
        switchboard_release(session->peer);
    return err;
}

int switchboard_claim(struct realm *realm, struct session *session, struct span name)
{
    struct peer *peer = session->peer;
    struct name_claim want = { .name = name };
    if (!peer)
        return switchboard_take_over(realm, session, &want, NULL);
    return span_equal(peer_name(peer), name) ? 0 : take_name(peer, &want, NULL);
}

void switchboard_release(struct peer *peer)
{
    struct switchboard *s = peer->realm->switchboard;
    while (peer->seats)
        room_leave(peer, peer->seats, NULL);
    while (peer->calls)
        peer_remove_call(peer, peer->calls);
    watch_move(peer, MESSAGE_LEAVE, (struct span){ 0 });
    if (peer->name)
        s->bus->ops->release(s->bus, peer->realm->id, peer->name);
    peer->realm->traffic.n_peers--;
    free(peer->name);
    peer->session->peer = NULL;
    roster_leave(&s->roster, peer);
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
    const struct peer *peer = roster_find(&realm->switchboard->roster, ref);
    if (!peer || peer->realm != realm || !peer->name || peer->name->key_len) // a name with a key may be taken over
        return false;
    return peer->name->len == name.len && word_is_same(peer->name->text, name.p, name.len);
}

// Apart, so that who is not watched saves no registers for it.
[[gnu::noinline]] static bool send_watched(struct switchboard *s, struct peer_ref to, const struct relay *r)
{
    watch_send(s->bus->watch, &s->roster, to, r);
    return s->bus->ops->send(s->bus, to, r);
}

bool switchboard_send(struct switchboard *s, struct peer_ref to, const struct relay *r)
{
    return s->bus->watch ? send_watched(s, to, r) : s->bus->ops->send(s->bus, to, r);
}
