// SPDX-License-Identifier: MIT
// The rules of switchboard/bus.h as tests, which hold for whatever implements it.
//
// Include it after cmocka.h and call run_bus_rules() with what makes the buses under test.
#ifndef STROWGER_TESTS_BUS_RULES_H
#define STROWGER_TESTS_BUS_RULES_H

#include "bus_rig.h"
#include "chance.h"

// ---- names

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
    rig_release(rig, 0, first);
    rig_assert_found(rig, 0, SPAN("n"), NULL);
    assert_int_equal(rig_claim(rig, b, 0, SPAN("n"), &second), 0);
    rig_assert_found(rig, 0, SPAN("n"), &b);
    rig_release(rig, 0, second);
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
    rig_release(rig, 0, names[0]);
    rig_assert_found(rig, 1, SPAN("n"), &b);
    rig_release(rig, 1, names[1]);
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
        rig_release(rig, 0, names[i]);
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
        rig_release(rig, 0, names[i]);
        rig_assert_found(rig, 0, span_of(text), NULL);
    }
    free(names);
}

static void a_name_can_be_taken_over_with_its_key_alone(void **state)
{
    struct rig *rig = *state;
    struct bus_name *names[3], *none;
    struct peer_ref refs[] = { rig_peer(rig, 0), rig_peer(rig, 1), rig_peer(rig, 2) }, loser;
    assert_int_equal(rig_take_over(rig, refs[0], "n", "key", &names[0], &loser), 0);
    rig_assert_found(rig, 0, SPAN("n"), &refs[0]);
    rig_assert_found(rig, 0, SPAN("nkey"), NULL);
    static const char *const others[] = { "", "kex", "ke", "keyy", "Key" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(rig_take_over(rig, refs[1], "n", others[i], &none, &loser), -EEXIST);
    assert_int_equal(rig_claim(rig, refs[1], 0, SPAN("n"), &none), -EEXIST);
    rig_assert_found(rig, 0, SPAN("n"), &refs[0]);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(rig_take_over(rig, refs[i], "n", "key", &names[i], &loser), 1);
        assert_true(peer_ref_equal(loser, refs[i - 1]));
        rig_assert_found(rig, 0, SPAN("n"), &refs[i]);
    }
    rig_release(rig, 0, names[0]); // what is lost is given back without effect
    rig_assert_found(rig, 0, SPAN("n"), &refs[2]);
    rig_release(rig, 0, names[2]);
    rig_assert_found(rig, 0, SPAN("n"), NULL);
    rig_release(rig, 0, names[1]);
}

static void what_was_claimed_without_a_key_is_not_taken_over(void **state)
{
    struct rig *rig = *state;
    struct bus_name *name, *none;
    struct peer_ref a = rig_peer(rig, 0), b = rig_peer(rig, 1), loser;
    assert_int_equal(rig_claim(rig, a, 0, SPAN("n"), &name), 0);
    assert_int_equal(rig_take_over(rig, b, "n", "", &none, &loser), -EEXIST);
    assert_int_equal(rig_take_over(rig, b, "n", "key", &none, &loser), -EEXIST);
    rig_assert_found(rig, 0, SPAN("n"), &a);
    rig_release(rig, 0, name);
}

static void rig_see_name(void *user, struct span name)
{
    assert_int_equal(buf_put_span(user, name), 0);
}

static void all_names_can_be_seen(void **state)
{
    struct rig *rig = *state;
    struct bus_name *names[3];
    struct buf seen = { 0 };
    assert_int_equal(rig_claim(rig, rig_peer(rig, 0), 0, SPAN("x"), &names[0]), 0);
    assert_int_equal(rig_claim(rig, rig_peer(rig, 1), 0, SPAN("xxx"), &names[1]), 0);
    assert_int_equal(rig_claim(rig, rig_peer(rig, 2), 1, SPAN("y"), &names[2]), 0); // in another realm
    for (int i = 0; i < RIG_WORKERS; i++) {
        struct bus *b = rig_enter(rig, i);
        assert_int_equal(b->ops->names(b, 0, NULL, NULL), 2);
        assert_int_equal(b->ops->names(b, 0, rig_see_name, &seen), 2);
        rig_leave(rig);
        rig_assert_text(&seen, "xxxx");
    }
    buf_fini(&seen);
    for (int i = 0; i < 3; i++)
        rig_release(rig, i == 2, names[i]);
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
    assert_true(peer_ref_equal(rig->workers[0].sought, b));
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

struct rig_rooms {
    size_t n_rooms, n_members;
};

static void rig_see_room(void *user, struct span name, size_t n_members)
{
    struct rig_rooms *seen = user;
    assert_true(span_equal(name, SPAN("room")));
    seen->n_rooms++;
    seen->n_members += n_members;
}

static void all_rooms_can_be_seen(void **state)
{
    struct rig *rig = *state;
    struct rig_seat seats[2];
    rig_join_those(rig, rig_peer(rig, 0), &seats[0], NULL, "");
    rig_join_those(rig, rig_peer(rig, 1), &seats[1], NULL, "0.0");
    for (int i = 0; i < RIG_WORKERS; i++) {
        struct rig_rooms seen = { 0 };
        struct bus *b = rig_enter(rig, i);
        assert_int_equal(b->ops->rooms(b, RIG_ROOMS, NULL, NULL), 1);
        assert_int_equal(b->ops->rooms(b, RIG_ROOMS, rig_see_room, &seen), 1);
        assert_int_equal(b->ops->rooms(b, 0, rig_see_room, &seen), 0); // another realm
        rig_leave(rig);
        assert_int_equal(seen.n_rooms, 1);
        assert_int_equal(seen.n_members, 2);
    }
    rig_leave_room(rig, &seats[0], NULL);
    rig_leave_room(rig, &seats[1], NULL);
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

static void who_is_not_inside_can_speak_to_a_room(void **state)
{
    struct rig *rig = *state;
    struct rig_seat seats[2];
    struct peer_ref refs[] = { rig_peer(rig, 0), rig_peer(rig, 1), rig_peer(rig, 0) };
    rig_publish_to(rig, 0, "room", refs[2], "0"); // to nobody
    rig_join_those(rig, refs[0], &seats[0], NULL, "");
    rig_join_those(rig, refs[1], &seats[1], NULL, "0.0");
    rig_publish_to(rig, 0, "room", refs[2], "1");
    rig_publish(rig, &seats[0], "2");
    rig_publish_to(rig, 1, "room", PEER_REF_NOBODY, "3");
    rig_publish_to(rig, 1, "room", refs[1], "4"); // not to oneself
    rig_publish_to(rig, 1, "moor", refs[2], "5");
    rig_settle(rig);
    rig_hears(rig, refs[0], "1 3 4 ");
    rig_hears(rig, refs[1], "1 2 3 ");
    rig_hears(rig, refs[2], "");
    rig_leave_room(rig, &seats[0], NULL);
    rig_leave_room(rig, &seats[1], NULL);
}

static void members_without_a_card_are_not_among_the_cards(void **state)
{
    struct rig *rig = *state;
    struct bus *b = rig_enter(rig, 0);
    struct rig_seat a, c;
    struct bus_seat nobody = { .ref = rig_peer(rig, 0) };
    struct bus_join want = { .realm = RIG_ROOMS, .name = SPAN("room") };
    struct bus_joined joined = { 0 };
    rig_leave(rig);
    rig_join_those(rig, rig_peer(rig, 1), &a, NULL, "");
    b = rig_enter(rig, 0);
    assert_int_equal(b->ops->join(b, &nobody, &want, &joined), 0);
    assert_int_equal(joined.n_members, 2);
    buf_fini(&joined.cards);
    rig_leave(rig);
    rig_join_those(rig, rig_peer(rig, 2), &c, NULL, "1.0");
    rig_leave_room(rig, &a, NULL);
    rig_leave_room(rig, &c, NULL);
    b = rig_enter(rig, 0);
    b->ops->leave(b, RIG_ROOMS, &nobody, NULL);
    rig_leave(rig);
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
        BUS_RULE(a_name_can_be_taken_over_with_its_key_alone),
        BUS_RULE(what_was_claimed_without_a_key_is_not_taken_over),
        BUS_RULE(all_names_can_be_seen),
        BUS_RULE(all_rooms_can_be_seen),
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
        BUS_RULE(who_is_not_inside_can_speak_to_a_room),
        BUS_RULE(members_without_a_card_are_not_among_the_cards),
        BUS_RULE(all_members_see_one_order),
    };
    return cmocka_run_group_tests_name(name, rules, NULL, NULL);
}

#endif
