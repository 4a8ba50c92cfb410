// SPDX-License-Identifier: MIT
// Unit tests of switchboard/switchboard.h, with two workers linked by the bus of one process.
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

// A session at one of the workers, and the last that its peer heard.
struct member {
    struct session session;
    struct realm *realm;
    int n_heard, n_undelivered;
    int last_kind;
    struct peer_ref last_from;
    char last_text[64];
    unsigned n_deeds[3]; // that the carrier was told of, by enum session_deed
};

static struct member *member_of(const struct peer *p)
{
    return CONTAINER_OF(p->session, struct member, session);
}

static void on_relay(struct peer *p, const struct relay *r)
{
    struct member *m = member_of(p);
    m->n_heard++;
    m->last_kind = r->kind;
    m->last_from = r->from;
    m->last_text[0] = '\0';
    for (size_t i = 0; i < r->n_parts; i++)
        strncat(m->last_text, r->parts[i].p, r->parts[i].len);
}

static void on_undelivered(struct peer *p, const struct relay *r)
{
    struct member *m = member_of(p);
    m->n_undelivered++;
    snprintf(m->last_text, sizeof m->last_text, "%.*s", (int)r->to_name.len, r->to_name.p);
}

static const struct peer_ops ops = { .on_relay = on_relay, .on_undelivered = on_undelivered };

static void note(struct session *s, enum session_deed deed)
{
    CONTAINER_OF(s, struct member, session)->n_deeds[deed]++;
}

static const struct session_ops session_ops = { .note = note };

static struct stage stage;

// Member I, at a worker in turn.
static void member_init(struct member *m, size_t i)
{
    *m = (struct member){ .session.ops = &session_ops, .realm = stage_mount(&stage, i)->realm };
    m->realm->peer_ops = &ops;
}

static int setup(void **state)
{
    static struct member members[4];
    stage_init(&stage, STAGE_WORKERS, "/=echo", (struct dialect_opts){ 0 });
    for (size_t i = 0; i < 4; i++)
        member_init(&members[i], i);
    *state = members;
    return 0;
}

static int teardown(void **state)
{
    struct member *members = *state;
    for (int i = 0; i < 4; i++)
        if (members[i].session.peer)
            switchboard_release(members[i].session.peer);
    stage_fini(&stage); // nobody is left, and nothing of anybody
    return 0;
}

static int claim(struct member *m, const char *name)
{
    return switchboard_claim(m->realm, &m->session, span_of(name));
}

// Sends TEXT from one to another, and lets it arrive.
static bool send_text(struct member *from, struct peer_ref to, const char *text)
{
    struct span parts[] = { span_of(text), SPAN("!") };
    struct relay r = {
        .from = from->session.peer->ref, .to_name = SPAN("whom"), .kind = 7, .parts = parts, .n_parts = 2
    };
    bool is_sent = switchboard_send(from->realm->switchboard, to, &r);
    bus_local_settle(stage.local);
    return is_sent;
}

static bool is_found(struct member *asker, const char *name, const struct member *wanted)
{
    struct peer_ref found;
    bool is_there = switchboard_find(asker->realm, span_of(name), &found);
    return wanted ? is_there && peer_ref_equal(found, wanted->session.peer->ref) : !is_there;
}

static void a_name_is_held_by_one_anywhere(void **state)
{
    struct member *m = *state;
    assert_int_equal(claim(&m[0], "a"), 0);
    assert_true(span_equal(peer_name(m[0].session.peer), SPAN("a")));
    assert_int_equal(claim(&m[0], "a"), 0);
    assert_int_equal(m[0].n_deeds[SESSION_ARRIVES], 1);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(claim(&m[i], "a"), -EEXIST);
        assert_null(m[i].session.peer);
        assert_int_equal(m[i].n_deeds[SESSION_MISSES_NAME], 1);
        assert_int_equal(m[i].n_deeds[SESSION_ARRIVES], 0);
        assert_true(is_found(&m[i], "a", &m[0]));
        assert_true(is_found(&m[i], "A", NULL));
        assert_true(is_found(&m[i], "", NULL));
    }
    switchboard_release(m[0].session.peer);
    assert_null(m[0].session.peer);
    assert_true(is_found(&m[1], "a", NULL));
    assert_int_equal(claim(&m[1], "a"), 0);
    assert_true(is_found(&m[0], "a", &m[1]));
}

static void renaming_keeps_the_peer(void **state)
{
    struct member *m = *state;
    assert_int_equal(claim(&m[0], "a"), 0);
    assert_int_equal(claim(&m[1], "b"), 0);
    struct peer_ref before = m[0].session.peer->ref;
    assert_int_equal(peer_add_call(m[0].session.peer, m[1].session.peer->ref), 0);
    assert_int_equal(claim(&m[0], "b"), -EEXIST);
    assert_true(is_found(&m[1], "a", &m[0])); // all is as before
    assert_int_equal(claim(&m[0], "c"), 0);
    assert_true(is_found(&m[1], "a", NULL));
    assert_true(is_found(&m[1], "c", &m[0]));
    assert_true(peer_ref_equal(m[0].session.peer->ref, before));
    assert_non_null(peer_find_call(m[0].session.peer, m[1].session.peer->ref));
    assert_true(send_text(&m[1], before, "hello"));
    assert_int_equal(m[0].n_heard, 1);
}

static void relays_arrive_here_and_elsewhere(void **state)
{
    struct member *m = *state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(claim(&m[i], (const char *[]){ "a", "b", "c" }[i]), 0);
    for (int i = 0; i < 3; i++) { // oneself, the other worker, one's own worker
        assert_true(send_text(&m[0], m[i].session.peer->ref, "hello"));
        assert_int_equal(m[i].n_heard, 1);
        assert_int_equal(m[i].last_kind, 7);
        assert_true(peer_ref_equal(m[i].last_from, m[0].session.peer->ref));
        assert_string_equal(m[i].last_text, "hello!");
    }
    assert_int_equal(m[0].n_undelivered, 0);
}

// A slot is used again, but a ref to its former peer stays stale.
static void who_is_gone_has_no_successor(void **state)
{
    struct member *m = *state;
    assert_int_equal(claim(&m[0], "a"), 0);
    for (int i = 1; i < 3; i++) { // elsewhere, and here
        assert_int_equal(claim(&m[i], "b"), 0);
        struct peer_ref old = m[i].session.peer->ref;
        switchboard_release(m[i].session.peer);
        assert_int_equal(claim(&m[i], "b"), 0);
        struct peer_ref new = m[i].session.peer->ref;
        assert_int_equal(new.slot, old.slot);
        assert_false(peer_ref_equal(old, new));
        bool is_sent = send_text(&m[0], old, "for your predecessor");
        assert_int_equal(m[i].n_heard, 0);
        assert_int_equal(is_sent, i == 1); // here it is known at once
        assert_int_equal(m[0].n_undelivered, 1);
        assert_string_equal(m[0].last_text, "whom");
        switchboard_release(m[i].session.peer);
    }
}

static void an_undelivered_message_of_one_who_left_is_dropped(void **state)
{
    struct member *m = *state;
    assert_int_equal(claim(&m[0], "a"), 0);
    assert_int_equal(claim(&m[1], "b"), 0);
    struct relay r = { .from = m[0].session.peer->ref };
    assert_true(switchboard_send(m[0].realm->switchboard, m[1].session.peer->ref, &r));
    switchboard_release(m[0].session.peer);
    switchboard_release(m[1].session.peer);
    bus_local_settle(stage.local);
    assert_int_equal(m[0].n_undelivered, 0);
    assert_int_equal(m[1].n_heard, 0);
}

static void no_ref_is_too_strange(void **state)
{
    struct member *m = *state;
    assert_int_equal(claim(&m[0], "a"), 0);
    struct peer_ref own = m[0].session.peer->ref;
    assert_false(send_text(&m[0], (struct peer_ref){ .worker = 0, .slot = own.slot + 1 }, "x"));
    assert_false(send_text(&m[0], (struct peer_ref){ .worker = 0, .slot = 0xffffff }, "x"));
    assert_false(send_text(&m[0], (struct peer_ref){ .worker = 0, .slot = own.slot, .generation = 99 }, "x"));
}

static void releasing_frees_calls_and_seats(void **state)
{
    struct member *m = *state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(claim(&m[i], i ? "b" : "a"), 0);
        for (int j = 0; j < 3; j++) {
            struct room_join want = { .name = span_of((const char *[]){ "x", "y", "z" }[j]), .card = SPAN("card") };
            struct seat *seat;
            struct bus_joined joined;
            assert_int_equal(room_join(m[i].session.peer, &want, &seat, &joined), 0);
            buf_fini(&joined.cards);
        }
        assert_int_equal(peer_add_call(m[i].session.peer, m[0].session.peer->ref), 0);
    }
    switchboard_release(m[0].session.peer);
    assert_int_equal(room_count(m[1].realm, SPAN("x")), 1);
    assert_int_equal(m[1].n_heard, 0); // nobody is told: that is the dialect's
    switchboard_release(m[1].session.peer);
    assert_int_equal(room_count(m[1].realm, SPAN("x")), 0);
}

static void realms_are_apart(void **state)
{
    struct member *m = *state;
    static struct realm other;
    other = *m[1].realm;
    other.id = 1;
    assert_int_equal(claim(&m[0], "a"), 0);
    m[1].realm = &other;
    assert_int_equal(claim(&m[1], "a"), 0);
    assert_true(is_found(&m[0], "a", &m[0]));
    assert_true(is_found(&m[1], "a", &m[1]));
}

// Everything the switchboards say, against an array that says who has which name.
static void random_comings_and_goings(void **state)
{
    (void)state;
    enum { MEMBERS = 200, NAMES = 150, NOBODY = -1 };
    static struct member crowd[MEMBERS];
    static int holder[NAMES];
    uint64_t random = 1889;
    for (size_t i = 0; i < MEMBERS; i++)
        member_init(&crowd[i], i);
    for (int i = 0; i < NAMES; i++)
        holder[i] = NOBODY;
    for (int i = 0; i < 40000; i++) {
        int who = (int)chance_below(&random, MEMBERS), which = (int)chance_below(&random, NAMES);
        struct member *m = &crowd[who];
        char name[16];
        snprintf(name, sizeof name, "name %d", which);
        if (chance_below(&random, 3) == 0 && m->session.peer) {
            switchboard_release(m->session.peer);
            for (int j = 0; j < NAMES; j++)
                holder[j] = holder[j] == who ? NOBODY : holder[j];
        } else {
            int err = claim(m, name);
            assert_int_equal(err, holder[which] == NOBODY || holder[which] == who ? 0 : -EEXIST);
            for (int j = 0; j < NAMES && !err; j++)
                holder[j] = j == which ? who : holder[j] == who ? NOBODY : holder[j];
        }
        int target = holder[which];
        struct member *asker = &crowd[chance_below(&random, MEMBERS)];
        assert_true(is_found(asker, name, target == NOBODY ? NULL : &crowd[target]));
        if (target == NOBODY || !asker->session.peer)
            continue;
        int before = crowd[target].n_heard;
        assert_true(send_text(asker, crowd[target].session.peer->ref, "hello"));
        assert_int_equal(crowd[target].n_heard, before + 1);
    }
    for (int i = 0; i < MEMBERS; i++)
        if (crowd[i].session.peer)
            switchboard_release(crowd[i].session.peer);
}

int main(void)
{
#define UNIT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        UNIT_TEST(a_name_is_held_by_one_anywhere),
        UNIT_TEST(renaming_keeps_the_peer),
        UNIT_TEST(relays_arrive_here_and_elsewhere),
        UNIT_TEST(who_is_gone_has_no_successor),
        UNIT_TEST(an_undelivered_message_of_one_who_left_is_dropped),
        UNIT_TEST(no_ref_is_too_strange),
        UNIT_TEST(releasing_frees_calls_and_seats),
        UNIT_TEST(realms_are_apart),
        UNIT_TEST(random_comings_and_goings),
    };
    return cmocka_run_group_tests_name("switchboard", tests, NULL, NULL);
}
