// SPDX-License-Identifier: MIT
// The rules of switchboard/bus.h as tests, which hold for whatever implements it.
//
// Include it after cmocka.h and call run_bus_rules() with what makes the buses under test. All runs in one thread: a test
// calls the buses by hand and says which worker's turn it is, so that every interleaving is chosen and comes again.
#ifndef STROWGER_TESTS_BUS_RULES_H
#define STROWGER_TESTS_BUS_RULES_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "chance.h"
#include "switchboard/bus.h"

enum { RIG_WORKERS = 3, RIG_REALMS = 2, RIG_PEERS = 16, RIG_KIND = 7 };

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
    struct buf told; // what found nobody, as heard
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
    char card[24];
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
    bool is_sent = b->ops->send(b, to, rig_relay_init(&m, from, text));
    memset(&m, 'x', sizeof m);
    rig_leave(rig);
    return is_sent;
}

static inline void rig_publish(struct rig *rig, const struct rig_seat *seat, const char *text)
{
    struct rig_relay m;
    struct bus *b = rig_enter(rig, seat->bus.ref.worker);
    b->ops->publish(b, &seat->bus, rig_relay_init(&m, seat->bus.ref, text));
    memset(&m, 'x', sizeof m);
    rig_leave(rig);
}

// REF takes SEAT in "room", whose capacity is 4, telling NEWS (or NULL); its card is "W.S". Returns what the bus does.
static inline int rig_join(struct rig *rig, struct peer_ref ref, struct rig_seat *seat, const char *news,
                           struct bus_joined *joined)
{
    struct rig_relay m;
    *seat = (struct rig_seat){ .bus = { .ref = ref, .card = seat->card } };
    seat->bus.card_len = (size_t)snprintf(seat->card, sizeof seat->card, "%d.%d", (int)ref.worker, (int)ref.slot);
    char name[] = "room"; // which need not live on
    struct bus_join want = { .realm = 1, .name = span_of(name), .capacity = 4, .n_news = news ? 1 : 0 };
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
    b->ops->leave(b, &seat->bus, news ? rig_relay_init(&m, seat->bus.ref, news) : NULL);
    memset(seat, 'x', sizeof *seat);
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

static inline struct bus_name *rig_name(struct peer_ref ref, uint32_t realm, struct span text)
{
    struct bus_name *name = malloc(sizeof *name + text.len);
    assert_non_null(name);
    *name = (struct bus_name){ .ref = ref, .realm = realm, .len = (uint32_t)text.len };
    if (text.len)
        memcpy(name->text, text.p, text.len);
    return name;
}

// What claiming TEXT for REF gives; *NAME is NULL when that failed.
static inline int rig_claim(struct rig *rig, struct peer_ref ref, uint32_t realm, struct span text,
                            struct bus_name **name)
{
    *name = rig_name(ref, realm, text);
    struct bus *b = rig_enter(rig, ref.worker);
    int err = b->ops->claim(b, *name);
    rig_leave(rig);
    if (err) {
        free(*name);
        *name = NULL;
    }
    return err;
}

static inline void rig_release(struct rig *rig, struct bus_name *name)
{
    struct bus *b = rig_enter(rig, name->ref.worker);
    b->ops->release(b, name);
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

static void a_name_is_held_by_one(void **state)
{
    struct rig *rig = *state;
    struct bus_name *first, *second;
    struct peer_ref a = rig_peer(rig, 0), b = rig_peer(rig, 1), a2 = rig_peer(rig, 0);
    rig_assert_found(rig, 0, SPAN("n"), NULL);
    assert_int_equal(rig_claim(rig, a, 0, SPAN("n"), &first), 0);
    rig_assert_found(rig, 0, SPAN("n"), &a);
    assert_int_equal(rig_claim(rig, b, 0, SPAN("n"), &second), -EEXIST);
    assert_int_equal(rig_claim(rig, a2, 0, SPAN("n"), &second), -EEXIST);
    rig_assert_found(rig, 0, SPAN("n"), &a);
    rig_release(rig, first);
    rig_assert_found(rig, 0, SPAN("n"), NULL);
    assert_int_equal(rig_claim(rig, b, 0, SPAN("n"), &second), 0);
    rig_assert_found(rig, 0, SPAN("n"), &b);
    rig_release(rig, second);
}

static void each_realm_has_names_of_its_own(void **state)
{
    struct rig *rig = *state;
    struct bus_name *names[2];
    struct peer_ref a = rig_peer(rig, 0), b = rig_peer(rig, 1);
    assert_int_equal(rig_claim(rig, a, 0, SPAN("n"), &names[0]), 0);
    rig_assert_found(rig, 1, SPAN("n"), NULL);
    assert_int_equal(rig_claim(rig, b, 1, SPAN("n"), &names[1]), 0);
    rig_assert_found(rig, 0, SPAN("n"), &a);
    rig_assert_found(rig, 1, SPAN("n"), &b);
    rig_release(rig, names[0]);
    rig_assert_found(rig, 1, SPAN("n"), &b);
    rig_release(rig, names[1]);
}

static void names_are_any_bytes(void **state)
{
    struct rig *rig = *state;
    static const struct span texts[] = {
        { 0 },          SPAN("a"), SPAN("a\0"), SPAN("\0a"), SPAN("\0"), SPAN("\xff\xfe"),  SPAN("abcdef"),
        SPAN("abxdef"), SPAN("b"), SPAN("A"),   SPAN(" a"),  SPAN("a "), SPAN("__proto__"),
    };
    enum { N = sizeof texts / sizeof *texts };
    struct bus_name *names[N];
    struct peer_ref refs[N];
    for (size_t i = 0; i < N; i++) {
        refs[i] = rig_peer(rig, (int)(i % RIG_WORKERS));
        assert_int_equal(rig_claim(rig, refs[i], 0, texts[i], &names[i]), 0);
    }
    for (size_t i = 0; i < N; i++)
        rig_assert_found(rig, 0, texts[i], &refs[i]);
    for (size_t i = 0; i < N; i++)
        rig_release(rig, names[i]);
}

static void many_names(void **state)
{
    struct rig *rig = *state;
    enum { N = 3000 };
    struct bus_name **names = calloc(N, sizeof *names), *other;
    struct peer_ref refs[] = { rig_peer(rig, 0), rig_peer(rig, 1), rig_peer(rig, 2) };
    char text[16];
    for (int i = 0; i < N; i++) {
        snprintf(text, sizeof text, "%d", i);
        assert_int_equal(rig_claim(rig, refs[i % 3], 0, span_of(text), &names[i]), 0);
    }
    for (int i = 0; i < N; i++) {
        snprintf(text, sizeof text, "%d", i);
        rig_assert_found(rig, 0, span_of(text), &refs[i % 3]);
        assert_int_equal(rig_claim(rig, refs[(i + 1) % 3], 0, span_of(text), &other), -EEXIST);
        rig_release(rig, names[i]);
        rig_assert_found(rig, 0, span_of(text), NULL);
    }
    free(names);
}

// ---- messages to one

static void a_message_to_the_same_worker_arrives_at_once(void **state)
{
    struct rig *rig = *state;
    struct peer_ref a = rig_peer(rig, 0), b = rig_peer(rig, 0);
    assert_true(rig_send(rig, a, b, "1"));
    rig_hears(rig, b, "1 ");
    assert_true(rig_send(rig, a, a, "2")); // to oneself
    rig_hears(rig, a, "2 ");
    rig_settle(rig);
    rig_hears(rig, a, "");
    rig_hears(rig, b, "");
    rig_peer_goes(rig, b);
    assert_false(rig_send(rig, a, b, "3"));
    rig_settle(rig);
    rig_is_told(rig, 0, ""); // the false said it
}

static void a_message_elsewhere_arrives_in_that_workers_turn(void **state)
{
    struct rig *rig = *state;
    struct peer_ref a = rig_peer(rig, 0), b = rig_peer(rig, 1);
    assert_true(rig_send(rig, a, b, "1"));
    assert_true(rig_send(rig, a, b, "22"));
    rig_hears(rig, b, "");
    rig_turn(rig, 0);
    rig_hears(rig, b, "");
    rig_turn(rig, 1);
    rig_hears(rig, b, "1 22 ");
    rig_settle(rig);
    rig_hears(rig, b, "");
    rig_is_told(rig, 0, "");
}

// Whom everyone may send to, once the other side knew it by a ref that has gone stale.
static void what_finds_nobody_is_told_to_its_sender_once(void **state)
{
    struct rig *rig = *state;
    struct peer_ref a = rig_peer(rig, 0), b = rig_peer(rig, 1);
    assert_true(rig_send(rig, a, b, "1"));
    rig_peer_goes(rig, b);
    assert_true(rig_send(rig, a, b, "2"));
    struct peer_ref successor = rig_peer(rig, 1);
    assert_int_equal(successor.slot, b.slot);
    assert_true(rig_send(rig, a, successor, "3"));
    rig_settle(rig);
    rig_hears(rig, successor, "3 ");
    rig_is_told(rig, 0, "1 2 ");
    rig_settle(rig);
    rig_is_told(rig, 0, "");
    assert_true(rig_send(rig, a, (struct peer_ref){ .worker = 2, .slot = 5, .generation = 9 }, "4")); // never was
    rig_settle(rig);
    rig_is_told(rig, 0, "4 ");
}

static void messages_between_two_keep_their_order(void **state)
{
    struct rig *rig = *state;
    struct peer_ref a = rig_peer(rig, 0), b = rig_peer(rig, 1), c = rig_peer(rig, 1);
    uint64_t seed = 1;
    struct buf wanted = { 0 };
    for (int i = 0; i < 2000; i++) {
        char text[16];
        int len = snprintf(text, sizeof text, "%d ", i);
        assert_int_equal(buf_put(&wanted, text, (size_t)len), 0);
        text[len - 1] = '\0';
        assert_true(rig_send(rig, a, b, text));
        if (chance_below(&seed, 4) == 0)
            assert_true(rig_send(rig, c, b, "")); // somebody else's between them
        if (chance_below(&seed, 8) == 0)
            rig_turn(rig, (int)chance_below(&seed, RIG_WORKERS));
    }
    rig_settle(rig);
    struct buf *heard = &rig_peer_of(rig, b)->heard;
    size_t n = 0;
    for (size_t i = 0; i < heard->len; i++)
        if (heard->p[i] != ' ' || (n && heard->p[n - 1] != ' '))
            heard->p[n++] = heard->p[i];
    heard->len = n;
    assert_true(span_equal(buf_span(heard), buf_span(&wanted)));
    buf_fini(&wanted);
}

// C's message waits behind A's, so C's next must not overtake it although the way is short.
static void nothing_overtakes_what_waits(void **state)
{
    struct rig *rig = *state;
    struct peer_ref a = rig_peer(rig, 0), b = rig_peer(rig, 1), c = rig_peer(rig, 1);
    assert_true(rig_send(rig, a, b, "a1"));
    assert_true(rig_send(rig, c, b, "c1"));
    assert_true(rig_send(rig, a, b, "a2"));
    assert_true(rig_send(rig, c, b, "c2"));
    rig_peer_goes(rig, c);
    rig_settle(rig);
    rig_hears(rig, b, "a1 c1 a2 c2 ");
    assert_true(rig_send(rig, a, b, "a3"));
    assert_true(rig_send(rig, a, c, "a4"));
    rig_peer_goes(rig, b);
    rig_settle(rig);
    rig_is_told(rig, 0, "a3 a4 ");
}

static void one_may_send_from_within_a_delivery(void **state)
{
    struct rig *rig = *state;
    struct peer_ref a = rig_peer(rig, 0), b = rig_peer(rig, 1), c = rig_peer(rig, 1);
    rig_peer_of(rig, b)->answers_to = a;
    rig_send(rig, a, b, "1");
    rig_send(rig, c, b, "2");
    rig_settle(rig);
    rig_hears(rig, b, "1 2 ");
    rig_hears(rig, a, "re re ");
    rig_peer_of(rig, b)->answers_to = c;
    rig_send(rig, a, b, "3");
    rig_send(rig, a, c, "4");
    rig_send(rig, a, b, "5");
    rig_settle(rig);
    rig_hears(rig, b, "3 5 ");
    struct buf *heard = &rig_peer_of(rig, c)->heard;
    assert_int_equal(heard->len, strlen("4 re re "));
    rig_send(rig, c, b, "6"); // and when nothing waits, at once
    rig_hears(rig, b, "6 ");
}

// ---- rooms

static void a_room_lives_from_the_first_to_the_last(void **state)
{
    struct rig *rig = *state;
    struct rig_seat seats[2];
    assert_int_equal(rig_count(rig, 2, 1, "room"), 0);
    rig_join_those(rig, rig_peer(rig, 0), &seats[0], NULL, "");
    assert_int_equal(rig_count(rig, 2, 1, "room"), 1);
    assert_int_equal(rig_count(rig, 2, 0, "room"), 0); // another realm's
    assert_int_equal(rig_count(rig, 2, 1, "moor"), 0);
    rig_join_those(rig, rig_peer(rig, 1), &seats[1], NULL, "0.0");
    assert_true(span_equal(rig->buses[0]->ops->room_name(&seats[0].bus), SPAN("room")));
    rig_leave_room(rig, &seats[0], NULL);
    assert_int_equal(rig_count(rig, 0, 1, "room"), 1);
    assert_true(span_equal(rig->buses[1]->ops->room_name(&seats[1].bus), SPAN("room")));
    rig_leave_room(rig, &seats[1], NULL);
    assert_int_equal(rig_count(rig, 0, 1, "room"), 0);
}

static void seats_are_claimed_up_to_the_capacity(void **state)
{
    struct rig *rig = *state;
    struct rig_seat seats[4], late;
    struct bus_joined joined;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(rig_join(rig, rig_peer(rig, i % RIG_WORKERS), &seats[i], NULL, &joined), 0);
        assert_int_equal(joined.n_members, i + 1);
        buf_fini(&joined.cards);
    }
    for (int i = 0; i < RIG_WORKERS; i++) {
        assert_int_equal(rig_join(rig, rig_peer(rig, i), &late, "news", &joined), -ENOSPC);
        assert_int_equal(joined.n_members, 4);
        buf_fini(&joined.cards);
    }
    rig_settle(rig);
    for (int i = 0; i < 4; i++)
        rig_hears(rig, seats[i].bus.ref, ""); // who gets no seat is no news
    rig_leave_room(rig, &seats[1], NULL);
    rig_join_those(rig, rig_peer(rig, 2), &late, NULL, "0.0,2.0,0.1");
    assert_int_equal(rig_count(rig, 0, 1, "room"), 4);
    rig_leave_room(rig, &late, NULL);
    rig_leave_room(rig, &seats[0], NULL);
    rig_leave_room(rig, &seats[2], NULL);
    rig_leave_room(rig, &seats[3], NULL);
}

static void news_reach_those_inside_in_the_same_step(void **state)
{
    struct rig *rig = *state;
    struct rig_seat a, b, c;
    struct peer_ref refs[] = { rig_peer(rig, 0), rig_peer(rig, 1), rig_peer(rig, 0) };
    rig_join_those(rig, refs[0], &a, "+a", "");
    rig_publish(rig, &a, "1");
    rig_join_those(rig, refs[1], &b, "+b", "0.0");
    rig_publish(rig, &a, "2");
    rig_turn(rig, 1);
    rig_turn(rig, 0);
    rig_join_those(rig, refs[2], &c, "+c", "0.0,1.0");
    rig_publish(rig, &b, "3");
    rig_leave_room(rig, &a, "-a");
    rig_publish(rig, &c, "4");
    rig_leave_room(rig, &c, "-c");
    rig_publish(rig, &b, "5");
    rig_settle(rig);
    rig_hears(rig, refs[1], "2 +c -a 4 -c ");
    rig_hears(rig, refs[0], "+b +c "); // what had come before they left
    rig_hears(rig, refs[2], "");
    rig_leave_room(rig, &b, "-b");
}

// Who leaves while letters for the room are on their way keeps neither the others from them nor itself a place.
static void letters_outlive_the_room_they_were_for(void **state)
{
    struct rig *rig = *state;
    struct rig_seat a, b, again;
    struct peer_ref refs[] = { rig_peer(rig, 0), rig_peer(rig, 1) };
    rig_join_those(rig, refs[0], &a, NULL, "");
    rig_join_those(rig, refs[1], &b, NULL, "0.0");
    rig_publish(rig, &a, "1");
    rig_leave_room(rig, &b, "-b");
    rig_leave_room(rig, &a, "-a");
    assert_int_equal(rig_count(rig, 0, 1, "room"), 0);
    rig_join_those(rig, refs[1], &again, NULL, ""); // a new room, or the old one: nobody can tell
    rig_settle(rig);
    rig_hears(rig, refs[0], "");
    rig_hears(rig, refs[1], "");
    rig_leave_room(rig, &again, NULL);
}

static void a_message_to_one_and_one_to_the_room_keep_their_order(void **state)
{
    struct rig *rig = *state;
    struct rig_seat seats[3];
    struct peer_ref refs[] = { rig_peer(rig, 0), rig_peer(rig, 0), rig_peer(rig, 1) };
    for (int i = 0; i < 3; i++) {
        struct bus_joined joined;
        assert_int_equal(rig_join(rig, refs[i], &seats[i], NULL, &joined), 0);
        buf_fini(&joined.cards);
    }
    for (int has_waiting = 0; has_waiting < 2; has_waiting++) {
        if (has_waiting)
            rig_send(rig, refs[2], refs[0], "w");
        for (int i = 1; i < 3; i++) {
            rig_publish(rig, &seats[0], "1");
            rig_send(rig, refs[0], refs[i], "2");
            rig_publish(rig, &seats[0], "3");
        }
        rig_settle(rig);
        rig_hears(rig, refs[1], "1 2 3 1 3 ");
        rig_hears(rig, refs[2], "1 3 1 2 3 ");
    }
    rig_hears(rig, refs[0], "w ");
    for (int i = 0; i < 3; i++)
        rig_leave_room(rig, &seats[i], NULL);
}

// ---- a room over a long time

enum { CROWD = 8 };

struct crowd {
    struct rig *rig;
    uint64_t chance;
    int n_events, n_inside;
    struct crowd_member {
        struct peer_ref ref;
        struct rig_seat seat;
        bool is_inside;
        struct buf wanted; // what it must have heard in the end
    } members[CROWD];
};

// EVENT happens to all inside but ONE.
static inline void crowd_expect(struct crowd *c, const struct crowd_member *one, const char *event)
{
    for (int i = 0; i < CROWD; i++)
        if (c->members[i].is_inside && &c->members[i] != one) {
            assert_int_equal(buf_put_span(&c->members[i].wanted, span_of(event)), 0);
            assert_int_equal(buf_put_span(&c->members[i].wanted, SPAN(" ")), 0);
        }
}

// What M has heard is a beginning of what it must hear: all of it, when IS_ALL.
static inline void crowd_assert_hearing(const struct crowd *c, struct crowd_member *m, bool is_all)
{
    const struct buf *heard = &rig_peer_of(c->rig, m->ref)->heard;
    assert_true(span_has_prefix(buf_span(&m->wanted), buf_span(heard)));
    if (is_all)
        assert_int_equal(heard->len, m->wanted.len);
}

static inline void crowd_join(struct crowd *c, struct crowd_member *m, const char *event)
{
    struct bus_joined joined;
    int err = rig_join(c->rig, m->ref, &m->seat, event, &joined);
    assert_int_equal(err, c->n_inside == 4 ? -ENOSPC : 0);
    assert_int_equal(joined.n_members, err ? 4 : c->n_inside + 1);
    buf_fini(&joined.cards);
    if (err)
        return;
    if (event)
        crowd_expect(c, m, event);
    m->is_inside = true;
    c->n_inside++;
}

static inline void crowd_leave(struct crowd *c, struct crowd_member *m, const char *event)
{
    rig_leave_room(c->rig, &m->seat, event);
    m->is_inside = false;
    c->n_inside--;
    if (event)
        crowd_expect(c, m, event);
    crowd_assert_hearing(c, m, false);
    m->wanted.len = rig_peer_of(c->rig, m->ref)->heard.len; // and no more after this
}

static inline void crowd_step(struct crowd *c)
{
    struct crowd_member *m = &c->members[chance_below(&c->chance, CROWD)];
    char event[16];
    snprintf(event, sizeof event, "%d", c->n_events++);
    size_t dice = chance_below(&c->chance, 12);
    if (dice < 4) {
        rig_turn(c->rig, (int)chance_below(&c->chance, RIG_WORKERS));
    } else if (!m->is_inside) {
        crowd_join(c, m, dice < 8 ? event : NULL);
    } else if (dice < 10) {
        rig_publish(c->rig, &m->seat, event);
        crowd_expect(c, m, event);
    } else {
        crowd_leave(c, m, dice == 10 ? event : NULL);
    }
    assert_int_equal(rig_count(c->rig, c->n_events % RIG_WORKERS, 1, "room"), c->n_inside);
}

// Each member hears exactly what happens between its coming and its going, in the one order in which it happens.
static void all_members_see_one_order(void **state)
{
    struct crowd c = { .rig = *state, .chance = 42 };
    for (int i = 0; i < CROWD; i++)
        c.members[i].ref = rig_peer(c.rig, i % RIG_WORKERS);
    for (int i = 0; i < 20000; i++)
        crowd_step(&c);
    rig_settle(c.rig);
    for (int i = 0; i < CROWD; i++) {
        struct crowd_member *m = &c.members[i];
        crowd_assert_hearing(&c, m, true);
        assert_in_range(m->wanted.len, 1000, SIZE_MAX);
        if (m->is_inside)
            rig_leave_room(c.rig, &m->seat, NULL);
        buf_fini(&m->wanted);
    }
    assert_int_equal(rig_count(c.rig, 0, 1, "room"), 0);
}

#define BUS_RULE(rule) cmocka_unit_test_prestate_setup_teardown(rule, rig_open, rig_close, (void *)ops)

// Runs all rules on what OPS makes; NAME is the group's. As cmocka_run_group_tests().
static inline int run_bus_rules(const char *name, const struct rig_ops *ops)
{
    const struct CMUnitTest rules[] = {
        BUS_RULE(a_name_is_held_by_one),
        BUS_RULE(each_realm_has_names_of_its_own),
        BUS_RULE(names_are_any_bytes),
        BUS_RULE(many_names),
        BUS_RULE(a_message_to_the_same_worker_arrives_at_once),
        BUS_RULE(a_message_elsewhere_arrives_in_that_workers_turn),
        BUS_RULE(what_finds_nobody_is_told_to_its_sender_once),
        BUS_RULE(messages_between_two_keep_their_order),
        BUS_RULE(nothing_overtakes_what_waits),
        BUS_RULE(one_may_send_from_within_a_delivery),
        BUS_RULE(a_room_lives_from_the_first_to_the_last),
        BUS_RULE(seats_are_claimed_up_to_the_capacity),
        BUS_RULE(news_reach_those_inside_in_the_same_step),
        BUS_RULE(letters_outlive_the_room_they_were_for),
        BUS_RULE(a_message_to_one_and_one_to_the_room_keep_their_order),
        BUS_RULE(all_members_see_one_order),
    };
    return cmocka_run_group_tests_name(name, rules, NULL, NULL);
}

#endif
