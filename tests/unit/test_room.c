// SPDX-License-Identifier: MIT
// Unit tests of switchboard/room.h, with members at two workers linked by the bus of one process.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "chance.h"
#include "switchboard/room.h"
#include "transcript.h"

enum { MEMBERS = 6 };

struct member {
    struct session session;
    struct realm *realm;
    struct buf heard;    // texts with a blank behind each
    unsigned n_deeds[3]; // that the carrier was told of, by enum session_deed
};

static struct stage stage;

static void on_relay(struct peer *p, const struct relay *r)
{
    struct member *m = CONTAINER_OF(p->session, struct member, session);
    for (size_t i = 0; i < r->n_parts; i++)
        assert_int_equal(buf_put_span(&m->heard, r->parts[i]), 0);
    assert_int_equal(buf_put_span(&m->heard, SPAN(" ")), 0);
}

static const struct peer_ops ops = { .on_relay = on_relay };

static void note(struct session *s, enum session_deed deed)
{
    CONTAINER_OF(s, struct member, session)->n_deeds[deed]++;
}

static const struct session_ops session_ops = { .note = note };

static int setup(void **state)
{
    static struct member members[MEMBERS];
    stage_init(&stage, STAGE_WORKERS, "/=echo", (struct dialect_opts){ 0 });
    for (size_t i = 0; i < MEMBERS; i++) {
        char name = (char)('a' + i);
        members[i] = (struct member){ .session.ops = &session_ops, .realm = stage_mount(&stage, i)->realm };
        members[i].realm->peer_ops = &ops;
        assert_int_equal(switchboard_claim(members[i].realm, &members[i].session, (struct span){ &name, 1 }), 0);
    }
    *state = members;
    return 0;
}

static int teardown(void **state)
{
    struct member *members = *state;
    for (size_t i = 0; i < MEMBERS; i++) {
        if (members[i].session.peer)
            switchboard_release(members[i].session.peer);
        buf_fini(&members[i].heard);
    }
    stage_fini(&stage);
    return 0;
}

// M takes a seat in ROOM, telling NEWS to those inside. Returns what room_join() does; CARDS gets the others' cards.
static int join(struct member *m, const char *room, size_t capacity, const char *news, char cards[64])
{
    struct span card = peer_name(m->session.peer), text = span_of(news);
    struct relay relay = { .from = m->session.peer->ref, .parts = &text, .n_parts = 1 };
    struct room_join want = {
        .name = span_of(room), .capacity = capacity, .card = card, .news = &relay, .n_news = news ? 1 : 0
    };
    struct seat *seat;
    struct bus_joined joined;
    int err = room_join(m->session.peer, &want, &seat, &joined);
    if (!err)
        assert_int_equal(joined.n_members, room_count(m->realm, span_of(room)));
    if (!err || err == -EALREADY)
        assert_true(span_equal(room_name(m->session.peer, seat), span_of(room)) && span_equal(seat_card(seat), card));
    snprintf(cards, 64, "%.*s", (int)joined.cards.len, joined.cards.len ? joined.cards.p : "");
    buf_fini(&joined.cards);
    return err;
}

static void join_quietly(struct member *m, const char *room)
{
    char cards[64];
    assert_int_equal(join(m, room, ROOM_UNLIMITED, NULL, cards), 0);
}

static void publish(struct member *m, const char *text)
{
    struct span part = span_of(text);
    struct relay r = { .from = m->session.peer->ref, .parts = &part, .n_parts = 1 };
    room_publish(m->session.peer, m->session.peer->seats, &r);
}

static void leave(struct member *m, const char *news)
{
    struct span part = span_of(news);
    struct relay r = { .from = m->session.peer->ref, .parts = &part, .n_parts = 1 };
    room_leave(m->session.peer, m->session.peer->seats, news ? &r : NULL);
}

// Holds what M has heard since the last time to TEXT, once everything has arrived.
static void assert_heard(struct member *m, const char *text)
{
    bus_local_settle(stage.local);
    if (!span_equal(buf_span(&m->heard), span_of(text)))
        fail_msg("wanted \"%s\" but heard \"%.*s\"", text, (int)m->heard.len, m->heard.len ? m->heard.p : "");
    m->heard.len = 0;
}

static void members_learn_of_each_other(void **state)
{
    struct member *m = *state;
    char cards[64];
    assert_int_equal(join(&m[0], "x", 0, "a-comes", cards), 0);
    assert_string_equal(cards, "");
    assert_int_equal(join(&m[1], "x", 0, "b-comes", cards), 0);
    assert_string_equal(cards, "a");
    assert_int_equal(join(&m[2], "x", 0, "c-comes", cards), 0);
    assert_string_equal(cards, "a,b"); // in the order of joining
    assert_heard(&m[0], "b-comes c-comes ");
    assert_heard(&m[1], "c-comes ");
    assert_heard(&m[2], "");
    leave(&m[1], "b-goes");
    assert_heard(&m[0], "b-goes ");
    assert_heard(&m[1], "");
    assert_heard(&m[2], "b-goes ");
    assert_int_equal(join(&m[3], "x", 0, NULL, cards), 0);
    assert_string_equal(cards, "a,c");
    assert_heard(&m[0], "");
}

static void a_full_room_takes_nobody(void **state)
{
    struct member *m = *state;
    char cards[64];
    assert_int_equal(join(&m[0], "x", 2, NULL, cards), 0);
    assert_int_equal(join(&m[1], "x", 2, NULL, cards), 0);
    for (int i = 2; i < 4; i++)
        assert_int_equal(join(&m[i], "x", 2, "news", cards), -ENOSPC);
    assert_int_equal(join(&m[1], "x", 2, "news", cards), -EALREADY); // who sits there takes no second seat
    assert_int_equal(room_count(m[0].realm, SPAN("x")), 2);
    assert_heard(&m[0], "");
    assert_null(m[2].session.peer->seats);
    assert_int_equal(m[1].n_deeds[SESSION_ASKS_FOR_SEAT], 2);
    assert_int_equal(m[1].n_deeds[SESSION_ARRIVES], 2); // with its name, and with the seat
    assert_int_equal(m[2].n_deeds[SESSION_ASKS_FOR_SEAT], 1);
    assert_int_equal(m[2].n_deeds[SESSION_ARRIVES], 1);
    leave(&m[0], NULL);
    assert_int_equal(join(&m[2], "x", 2, NULL, cards), 0);
    assert_int_equal(join(&m[3], "y", 1, NULL, cards), 0);
    assert_int_equal(join(&m[0], "y", 1, NULL, cards), -ENOSPC);
}

static void a_room_is_full_of_cards_too(void **state)
{
    struct member *m = *state;
    static char card[BUS_MAX_CARDS / 2 + 1];
    struct room_join want = { .name = SPAN("x"), .card = { card, sizeof card } };
    struct bus_joined joined;
    struct seat *seat;
    memset(card, 'c', sizeof card);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(room_join(m[i].session.peer, &want, &seat, &joined), i < 2 ? 0 : -ENOSPC);
        assert_int_equal(joined.n_members, i < 2 ? i + 1 : 2);
        buf_fini(&joined.cards);
    }
    want.card = (struct span){ 0 }; // who has none is told of none
    assert_int_equal(room_join(m[2].session.peer, &want, &seat, &joined), 0);
    assert_int_equal(room_count(m[0].realm, SPAN("x")), 3);
}

static void a_message_goes_to_all_others(void **state)
{
    struct member *m = *state;
    for (int i = 0; i < 4; i++)
        join_quietly(&m[i], "x");
    join_quietly(&m[4], "y");
    publish(&m[1], "hello");
    for (int i = 0; i < MEMBERS; i++)
        assert_heard(&m[i], i < 4 && i != 1 ? "hello " : "");
    publish(&m[4], "alone");
    assert_heard(&m[4], "");
}

static void rooms_go_with_their_last_member(void **state)
{
    struct member *m = *state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(room_count(m[0].realm, SPAN("x")), 0);
        join_quietly(&m[0], "x");
        join_quietly(&m[1], "x");
        assert_int_equal(room_count(m[1].realm, SPAN("x")), 2);
        leave(&m[0], NULL);
        switchboard_release(m[1].session.peer); // leaves too
        assert_int_equal(switchboard_claim(m[1].realm, &m[1].session, SPAN("b")), 0);
    }
}

static void one_may_sit_in_several(void **state)
{
    struct member *m = *state;
    join_quietly(&m[0], "x");
    join_quietly(&m[0], "");
    join_quietly(&m[0], "__proto__");
    struct room_join one_more = { .name = SPAN("z"), .max_seats = 3 }, again = { .name = SPAN("x"), .max_seats = 3 };
    struct bus_joined joined;
    struct seat *seat;
    assert_int_equal(room_join(m[0].session.peer, &one_more, &seat, &joined), -EMFILE);
    assert_int_equal(room_join(m[0].session.peer, &again, &seat, &joined), -EALREADY);
    join_quietly(&m[1], "__proto__");
    join_quietly(&m[2], "");
    publish(&m[1], "p");
    publish(&m[2], "e");
    assert_heard(&m[0], "p e ");
    assert_true(span_equal(room_name(m[0].session.peer, m[0].session.peer->seats), SPAN("x")));
}

// What was published before one joined does not reach him, though it was still on its way.
static void a_newcomer_hears_nothing_of_before(void **state)
{
    struct member *m = *state;
    join_quietly(&m[0], "x");
    join_quietly(&m[1], "x");
    publish(&m[0], "before");
    join_quietly(&m[3], "x");
    publish(&m[0], "after");
    assert_heard(&m[1], "before after ");
    assert_heard(&m[3], "after ");
}

// What is on its way to a room finds it, or nobody, after the last has left.
static void what_is_on_its_way_outlives_the_room(void **state)
{
    struct member *m = *state;
    join_quietly(&m[0], "x");
    join_quietly(&m[1], "x");
    publish(&m[0], "late");
    leave(&m[0], "gone");
    leave(&m[1], NULL);
    join_quietly(&m[3], "x");
    assert_heard(&m[1], "");
    assert_heard(&m[3], "");
    assert_int_equal(room_count(m[0].realm, SPAN("x")), 1);
}

// All members of a room hear its messages in one order, from wherever they come and whenever they arrive.
static void all_hear_one_order(void **state)
{
    struct member *m = *state;
    uint64_t random = 1976;
    for (int i = 0; i < MEMBERS; i++)
        join_quietly(&m[i], "x");
    for (int i = 0; i < 2000; i++) {
        char text[16];
        size_t sender = chance_below(&random, MEMBERS);
        snprintf(text, sizeof text, "%04d", i);
        publish(&m[sender], text);
        assert_int_equal(buf_put(&m[sender].heard, "---- ", 5), 0); // his own, which he does not hear
        if (chance_below(&random, 4) == 0)
            bus_local_settle(stage.local);
    }
    bus_local_settle(stage.local);
    for (int i = 0; i < MEMBERS; i++) {
        int last = -1, n = 0;
        for (size_t at = 0; at < m[i].heard.len; at += 5) {
            int number;
            n++;
            if (sscanf(m[i].heard.p + at, "%4d", &number) != 1)
                continue;
            assert_true(number > last); // in order, and never twice
            last = number;
        }
        assert_int_equal(n, 2000);
    }
}

int main(void)
{
#define UNIT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        UNIT_TEST(members_learn_of_each_other),
        UNIT_TEST(a_full_room_takes_nobody),
        UNIT_TEST(a_room_is_full_of_cards_too),
        UNIT_TEST(a_message_goes_to_all_others),
        UNIT_TEST(rooms_go_with_their_last_member),
        UNIT_TEST(one_may_sit_in_several),
        UNIT_TEST(a_newcomer_hears_nothing_of_before),
        UNIT_TEST(what_is_on_its_way_outlives_the_room),
        UNIT_TEST(all_hear_one_order),
    };
    return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
