// SPDX-License-Identifier: MIT
// Buses under test with peers who only listen, all in one thread: a test says which worker's turn it is, so that every
// interleaving is chosen and comes again.
//
// Include it after cmocka.h.
#ifndef STROWGER_TESTS_BUS_RIG_H
#define STROWGER_TESTS_BUS_RIG_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "switchboard/bus.h"

enum { RIG_WORKERS = 3, RIG_REALMS = 2, RIG_ROOMS = 1, RIG_PEERS = 16, RIG_KIND = 7 };

// What makes buses.
struct rig_ops {
    // Links RIG_WORKERS buses, with RIG_REALMS realms, and returns what the other two take.
    void *(*open)(struct bus *buses[RIG_WORKERS]);
    // Lets worker number I do what is due, without waiting.
    void (*turn)(void *under_test, int i);
    // Ends them all. Nothing may be left under way.
    void (*close)(void *under_test);
};

struct rig_peer {
    bool is_here;
    uint32_t generation;
    struct buf heard;           // the texts, each with a blank behind it
    struct peer_ref answers_to; // gets a message "re" from within each delivery, when it is another
};

struct rig_worker {
    struct rig *rig;
    struct rig_peer peers[RIG_PEERS];
    struct buf told;        // what found nobody, as heard
    struct peer_ref sought; // by the last of it
};

struct rig {
    const struct rig_ops *ops;
    void *under_test;
    struct bus *buses[RIG_WORKERS];
    struct rig_worker workers[RIG_WORKERS];
    int running;     // the worker whose turn or call it is, or -1
    bool is_in_call; // when it is a call
};

struct rig_seat {
    struct bus_seat bus;
    char card[24]; // right behind it
};

static inline struct rig_peer *rig_peer_of(struct rig *rig, struct peer_ref ref)
{
    return &rig->workers[ref.worker].peers[ref.slot];
}

// Appends R's text, its parts behind each other, and a blank.
static inline void rig_note(struct buf *out, const struct relay *r)
{
    assert_int_equal(r->kind, RIG_KIND);
    for (size_t i = 0; i < r->n_parts; i++)
        assert_int_equal(buf_put_span(out, r->parts[i]), 0);
    assert_int_equal(buf_put_span(out, SPAN(" ")), 0);
}

// ---- calls

// A bus is only called, and calls back, while it is its worker's turn.
static inline struct bus *rig_enter(struct rig *rig, int worker)
{
    assert_true(rig->running == -1 || rig->running == worker);
    rig->running = worker;
    rig->is_in_call = true;
    return rig->buses[worker];
}

static inline void rig_leave(struct rig *rig)
{
    rig->running = -1;
    rig->is_in_call = false;
}

static inline void rig_turn(struct rig *rig, int worker)
{
    rig->running = worker;
    rig->ops->turn(rig->under_test, worker);
    rig->running = -1;
}

// Lets everyone have turns until nothing can be under way any more: there, back, and what that caused.
static inline void rig_settle(struct rig *rig)
{
    for (int i = 0; i < 6 * RIG_WORKERS; i++)
        rig_turn(rig, i % RIG_WORKERS);
}

// The text in two parts, in memory that is no longer what it was when the call returns.
struct rig_relay {
    char text[32], name[8];
    struct span parts[2];
    struct relay relay;
};

static inline const struct relay *rig_relay_init(struct rig_relay *m, struct peer_ref from, const char *text)
{
    size_t len = strlen(text);
    snprintf(m->text, sizeof m->text, "%s", text);
    strcpy(m->name, "callee");
    m->parts[0] = (struct span){ m->text, len / 2 };
    m->parts[1] = (struct span){ m->text + len / 2, len - len / 2 };
    m->relay =
        (struct relay){ .from = from, .to_name = span_of(m->name), .kind = RIG_KIND, .parts = m->parts, .n_parts = 2 };
    return &m->relay;
}

static inline bool rig_send(struct rig *rig, struct peer_ref from, struct peer_ref to, const char *text)
{
    struct rig_relay m;
    struct bus *b = rig_enter(rig, from.worker);
    rig_relay_init(&m, from, text);
    m.relay.to = to;
    bool is_sent = b->ops->send(b, to, &m.relay);
    memset(&m, 'x', sizeof m);
    rig_leave(rig);
    return is_sent;
}

static inline void rig_publish(struct rig *rig, const struct rig_seat *seat, const char *text)
{
    struct rig_relay m;
    struct bus *b = rig_enter(rig, seat->bus.ref.worker);
    b->ops->publish(b, RIG_ROOMS, &seat->bus, rig_relay_init(&m, seat->bus.ref, text));
    memset(&m, 'x', sizeof m);
    rig_leave(rig);
}

// REF takes SEAT in "room", whose capacity is 4, telling NEWS (or NULL); its card is "W.S". Returns what the bus does.
static inline int rig_join(struct rig *rig, struct peer_ref ref, struct rig_seat *seat, const char *news,
                           struct bus_joined *joined)
{
    struct rig_relay m;
    *seat = (struct rig_seat){ .bus = { .ref = ref } };
    snprintf(seat->card, sizeof seat->card, "%d.%d", (int)ref.worker, (int)ref.slot);
    seat->bus.card_len = strlen(seat->card) & BUS_MAX_CARD;
    char name[] = "room"; // which need not live on
    struct bus_join want = { .realm = RIG_ROOMS, .name = span_of(name), .capacity = 4, .n_news = news ? 1 : 0 };
    want.news = rig_relay_init(&m, ref, news ? news : "");
    struct bus *b = rig_enter(rig, ref.worker);
    *joined = (struct bus_joined){ 0 };
    int err = b->ops->join(b, &seat->bus, &want, joined);
    memset(name, 'x', sizeof name);
    memset(&m, 'x', sizeof m);
    rig_leave(rig);
    return err;
}

// The same, where only success will do, and the others there must be CARDS.
static inline void rig_join_those(struct rig *rig, struct peer_ref ref, struct rig_seat *seat, const char *news,
                                  const char *cards)
{
    struct bus_joined joined;
    assert_int_equal(rig_join(rig, ref, seat, news, &joined), 0);
    if (!span_equal(buf_span(&joined.cards), span_of(cards)))
        fail_msg("wanted the cards %s, not %.*s", cards, (int)joined.cards.len, joined.cards.p);
    buf_fini(&joined.cards);
}

static inline void rig_leave_room(struct rig *rig, struct rig_seat *seat, const char *news)
{
    struct rig_relay m;
    struct bus *b = rig_enter(rig, seat->bus.ref.worker);
    b->ops->leave(b, RIG_ROOMS, &seat->bus, news ? rig_relay_init(&m, seat->bus.ref, news) : NULL);
    memset(seat, 'x', sizeof *seat);
    memset(&m, 'x', sizeof m);
    rig_leave(rig);
}

static inline void rig_publish_to(struct rig *rig, int worker, const char *room, struct peer_ref from, const char *text)
{
    struct rig_relay m;
    struct bus *b = rig_enter(rig, worker);
    b->ops->publish_to(b, RIG_ROOMS, span_of(room), rig_relay_init(&m, from, text));
    memset(&m, 'x', sizeof m);
    rig_leave(rig);
}

static inline size_t rig_count(struct rig *rig, int worker, uint32_t realm, const char *name)
{
    struct bus *b = rig_enter(rig, worker);
    size_t n = b->ops->count(b, realm, span_of(name));
    rig_leave(rig);
    return n;
}

// ---- what the buses call

static inline bool rig_deliver(void *user, struct peer_ref to, const struct relay *r)
{
    struct rig_worker *w = user;
    int worker = (int)(w - w->rig->workers);
    assert_int_equal(worker, w->rig->running);
    assert_int_equal(worker, to.worker);
    struct rig_peer *peer = rig_peer_of(w->rig, to);
    if (!peer->is_here || peer->generation != to.generation)
        return false;
    rig_note(&peer->heard, r);
    if (!peer_ref_equal(peer->answers_to, to)) {
        struct rig_relay m;
        struct bus *b = w->rig->buses[worker];
        b->ops->send(b, peer->answers_to, rig_relay_init(&m, to, "re"));
    }
    return true;
}

static inline void rig_undelivered(void *user, const struct relay *r)
{
    struct rig_worker *w = user;
    assert_int_equal(w - w->rig->workers, w->rig->running);
    assert_int_equal(w->rig->running, r->from.worker);
    assert_false(w->rig->is_in_call);
    assert_true(span_equal(r->to_name, SPAN("callee")));
    rig_note(&w->told, r);
    w->sought = r->to;
}

static inline int rig_open(void **state)
{
    static const struct bus_handler handler = { .deliver = rig_deliver, .undelivered = rig_undelivered };
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig->ops = *state;
    rig->running = -1;
    rig->under_test = rig->ops->open(rig->buses);
    for (int i = 0; i < RIG_WORKERS; i++) {
        rig->workers[i].rig = rig;
        rig->buses[i]->handler = &handler;
        rig->buses[i]->user = &rig->workers[i];
    }
    *state = rig;
    return 0;
}

static inline int rig_close(void **state)
{
    struct rig *rig = *state;
    rig->ops->close(rig->under_test);
    for (int i = 0; i < RIG_WORKERS; i++) {
        buf_fini(&rig->workers[i].told);
        for (int j = 0; j < RIG_PEERS; j++)
            buf_fini(&rig->workers[i].peers[j].heard);
    }
    free(rig);
    return 0;
}

// ---- peers

// A new peer of WORKER, in the first free slot.
static inline struct peer_ref rig_peer(struct rig *rig, int worker)
{
    unsigned slot = 0;
    struct rig_peer *peers = rig->workers[worker].peers;
    while (peers[slot].is_here)
        slot++;
    assert_in_range(slot, 0, RIG_PEERS - 1);
    peers[slot].is_here = true;
    struct peer_ref ref = { .worker = (uint8_t)worker, .slot = slot & 0xffffff, .generation = peers[slot].generation };
    peers[slot].answers_to = ref;
    return ref;
}

static inline void rig_peer_goes(struct rig *rig, struct peer_ref ref)
{
    rig_peer_of(rig, ref)->is_here = false;
    rig_peer_of(rig, ref)->generation++;
}

static inline void rig_assert_text(struct buf *got, const char *wanted)
{
    if (!span_equal(buf_span(got), span_of(wanted)))
        fail_msg("wanted \"%s\", got \"%.*s\"", wanted, (int)got->len, got->len ? got->p : "");
    got->len = 0;
}

// All that REF heard since it was last asked is TEXTS, each with a blank behind it.
static inline void rig_hears(struct rig *rig, struct peer_ref ref, const char *texts)
{
    rig_assert_text(&rig_peer_of(rig, ref)->heard, texts);
}

// All that WORKER was told of what found nobody.
static inline void rig_is_told(struct rig *rig, int worker, const char *texts)
{
    rig_assert_text(&rig->workers[worker].told, texts);
}

// ---- names

static inline struct bus_name *rig_name(struct peer_ref ref, struct span text)
{
    struct bus_name *name = malloc(sizeof *name + text.len);
    assert_non_null(name);
    *name = (struct bus_name){ .ref = ref, .len = (uint16_t)text.len };
    if (text.len)
        memcpy(name->text, text.p, text.len);
    return name;
}

// What claiming TEXT for REF gives; *NAME is NULL when that failed.
static inline int rig_claim(struct rig *rig, struct peer_ref ref, uint32_t realm, struct span text,
                            struct bus_name **name)
{
    *name = rig_name(ref, text);
    struct bus *b = rig_enter(rig, ref.worker);
    int err = b->ops->claim(b, realm, *name);
    rig_leave(rig);
    if (err) {
        free(*name);
        *name = NULL;
    }
    return err;
}

// What REF gets who takes over TEXT, whose key is KEY.
static inline int rig_take_over(struct rig *rig, struct peer_ref ref, const char *text, const char *key,
                                struct bus_name **name, struct peer_ref *loser)
{
    struct buf both = { 0 };
    assert_int_equal(buf_put_span(&both, span_of(text)), 0);
    assert_int_equal(buf_put_span(&both, span_of(key)), 0);
    *name = rig_name(ref, buf_span(&both));
    (*name)->len = (uint16_t)strlen(text);
    (*name)->key_len = (uint16_t)strlen(key);
    buf_fini(&both);
    struct bus *b = rig_enter(rig, ref.worker);
    int err = b->ops->take_over(b, 0, *name, loser);
    rig_leave(rig);
    if (err < 0)
        free(*name);
    return err;
}

static inline void rig_release(struct rig *rig, uint32_t realm, struct bus_name *name)
{
    struct bus *b = rig_enter(rig, name->ref.worker);
    b->ops->release(b, realm, name);
    rig_leave(rig);
    free(name);
}

static inline bool rig_find(struct rig *rig, int worker, uint32_t realm, struct span text, struct peer_ref *ref)
{
    struct bus *b = rig_enter(rig, worker);
    bool is_there = b->ops->find(b, realm, text, ref);
    rig_leave(rig);
    return is_there;
}

// Everybody finds REF under TEXT, or nobody does when REF is NULL.
static inline void rig_assert_found(struct rig *rig, uint32_t realm, struct span text, const struct peer_ref *ref)
{
    for (int i = 0; i < RIG_WORKERS; i++) {
        struct peer_ref found;
        assert_int_equal(rig_find(rig, i, realm, text, &found), ref != NULL);
        if (ref)
            assert_true(peer_ref_equal(found, *ref));
    }
}

#endif
