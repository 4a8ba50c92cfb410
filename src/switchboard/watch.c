// SPDX-License-Identifier: MIT
// What passes through a worker's switchboard; see watch.h.
#include "switchboard/watch.h"

#include "switchboard/peer.h"
#include "switchboard/realm.h"
#include "switchboard/roster.h"

struct span watch_label(const struct peer *p)
{
    const struct peer_ops *ops = p->realm->peer_ops;
    return ops->label ? ops->label(p) : peer_name(p);
}

void watch_send(struct watch *w, const struct roster *roster, struct peer_ref to, const struct relay *r)
{
    if (r->type == MESSAGE_NONE)
        return;
    struct watch_event e = {
        .type = r->type, .relay = r, .from = roster_find(roster, r->from), .to_ref = to, .to_name = r->to_name
    };
    if (to.worker == roster->worker) {
        e.to = roster_find(roster, to);
        e.to_ref = PEER_REF_NOBODY;
        e.outcome = e.to ? WATCH_SENT : WATCH_ABSENT;
    }
    w->on_event(w, &e);
}

void watch_return(struct watch *w, const struct roster *roster, const struct relay *r)
{
    struct watch_event e = { .type = r->type,
                             .outcome = WATCH_LATE,
                             .relay = r,
                             .from = roster_find(roster, r->from),
                             .to_ref = PEER_REF_NOBODY,
                             .to_name = r->to_name };
    if (r->type != MESSAGE_NONE)
        w->on_event(w, &e);
}

void watch_publish(struct watch *w, const struct realm *realm, const struct peer *p, struct span room,
                   const struct relay *r)
{
    if (r->type == MESSAGE_NONE)
        return;
    size_t n_members = realm->bus->ops->count(realm->bus, realm->id, room);
    struct watch_event e = { .type = r->type,
                             .relay = r,
                             .from = p,
                             .to_ref = PEER_REF_NOBODY,
                             .room = room,
                             .n_receivers = n_members - (p && n_members) };
    e.outcome = e.n_receivers ? WATCH_SENT : WATCH_ABSENT;
    w->on_event(w, &e);
}

void watch_absence(const struct peer *p, enum message_type type, struct span name)
{
    struct watch *w = p->realm->bus->watch;
    struct watch_event e = {
        .type = type, .outcome = WATCH_ABSENT, .from = p, .to_ref = PEER_REF_NOBODY, .to_name = name
    };
    if (w)
        w->on_event(w, &e);
}

void watch_move(const struct peer *p, enum message_type type, struct span room)
{
    struct watch *w = p->realm->bus->watch;
    struct watch_event e = { .type = type, .from = p, .to_ref = PEER_REF_NOBODY, .room = room };
    if (w)
        w->on_event(w, &e);
}
