// SPDX-License-Identifier: MIT
// Conversations in the peerjs dialect (dialect/peerjs.c and its like), byte for byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdio.h>

#include "transcript.h"

static const struct dialect_opts opts = {
    .peerjs = { .key = SPAN("k"), .expire_ms = 5000, .max_peers = 4, .has_leave = true }
};

#define PLAY_PEERJS(...) play_with("peerjs", opts, (const char *const[]){ __VA_ARGS__, NULL })
#define OPEN(who)        who "? key=k&id=" who "&token=t" who, who "< {'type':'OPEN'}"
#define NOT_SUPPLIED     "{'type':'ERROR','payload':{'msg':'No id, token, or key supplied to websocket server'}}"
#define NO_TEXT          "{'type':'ERROR','payload':{'msg':'The id, token, or key is no text of at most 256 bytes'}}"
#define A_256                                                                                                          \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void messages_reach_their_destination(void **state)
{
    (void)state;
    PLAY_PEERJS(OPEN("A"), OPEN("B"), //
                "A> {'type':'OFFER','payload':{'sdp': 1e1},'dst':'B'}",
                "B< {'type':'OFFER','src':'A','dst':'B','payload':{'sdp': 1e1}}", //
                "B> {'type':'ANSWER','src':'king','dst':'\\u0041','payload':null,'x':1}",
                "A< {'type':'ANSWER','src':'B','dst':'\\u0041','payload':null}", //
                "A> {'type':'CANDIDATE','dst':'B'}", "B< {'type':'CANDIDATE','src':'A','dst':'B'}",
                "A> {'type':'EXPIRE','dst':'B'}", "B< {'type':'EXPIRE','src':'A','dst':'B'}", //
                "B> {'type':'LEAVE','dst':'A'}", "A< {'type':'LEAVE','src':'B','dst':'A'}",
                "A> {'type':'OFFER','dst':'A','payload':1}", "A< {'type':'OFFER','src':'A','dst':'A','payload':1}",
                "A.", "B> {'type':'HEARTBEAT'}"); // they had parted: B is not told
}

static void the_address_says_who_comes(void **state)
{
    (void)state;
    PLAY_PEERJS("A? key=k&id=A", "A< " NOT_SUPPLIED, "A! 1005", "A? key=k&token=t", "A< " NOT_SUPPLIED, "A! 1005",
                "A? id=A&token=t", "A< " NOT_SUPPLIED, "A! 1005", "A? key=&id=A&token=t", "A< " NOT_SUPPLIED, "A! 1005",
                "A:", "A< " NOT_SUPPLIED, "A! 1005", "A? key=K&id=A&token=t",
                "A< {'type':'ERROR','payload':{'msg':'Invalid key provided'}}", "A! 1005", //
                "A? key=k&id=%ff&token=t", "A< " NO_TEXT, "A! 1005", "A? key=k&id=A%2&token=t", "A< " NO_TEXT,
                "A! 1005", "A? key=k&id=" A_256 "a&token=t", "A< " NO_TEXT, "A! 1005",
                "A? key=k&id=" A_256 "&token=" A_256, "A< {'type':'OPEN'}", //
                "B? id=%22%e7%8e%8b+%00%22&token=t&version=1.5.5&key=k", "B< {'type':'OPEN'}",
                "B> {'type':'OFFER','dst':'" A_256 "'}",
                "A< {'type':'OFFER','src':'\\'\u738b \\u0000\\'','dst':'" A_256 "'}",
                "A> {'type':'ANSWER','dst':'\\'\u738b\\u0020\\u0000\\''}",
                "B< {'type':'ANSWER','src':'" A_256 "','dst':'\\'\u738b\\u0020\\u0000\\''}");
}

static void an_id_is_held_by_one_token(void **state)
{
    (void)state;
    PLAY_PEERJS(OPEN("A"), "B? key=k&id=A&token=tA2", "B< {'type':'ID-TAKEN','payload':{'msg':'ID is taken'}}",
                "B! 1005", "B? key=k&id=A&token=t", "B< {'type':'ID-TAKEN','payload':{'msg':'ID is taken'}}", "B! 1005",
                OPEN("C"), "C> {'type':'OFFER','dst':'A'}", "A< {'type':'OFFER','src':'C','dst':'A'}", "A.",
                "C< {'type':'LEAVE','src':'A','dst':'C'}", "B? key=k&id=A&token=other", "B< {'type':'OPEN'}");
}

static void what_is_no_message_is_passed_over(void **state)
{
    (void)state;
    PLAY_PEERJS(OPEN("A"), OPEN("B"), "A> hello", "A> []", "A> {}", "A> {'type':'OFFER'}", "A> {'type':5,'dst':'B'}",
                "A> {'type':'offer','dst':'B'}", "A> {'type':'OPEN','dst':'B'}", "A> {'type':'HEARTBEAT','dst':'B'}",
                "A> {'type':'OFFER','dst':5}", "A> {'type':'OFFER','dst':{'B':1}}", "A> {'type':'OFFER','dst':''}",
                "A> {'type':'OFFER','dst':'\\ud800'}", "A~ \xff", "A> {'type':'LEAVE','dst':5}",
                "A> {'type':'LEAVE','dst':'nobody'}", "A> {'type':'EXPIRE','dst':'nobody'}", "+ 10000",
                "A~ {'type':'OFFER','dst':'B'}", "B< {'type':'OFFER','src':'A','dst':'B'}",
                "A~ {'type':'OFFER','dst':'B','payload':'\xff'}"); // what is no text must not be sent on as one
}

static void messages_wait_for_who_is_not_there(void **state)
{
    (void)state;
    PLAY_PEERJS(OPEN("A"), OPEN("B"), "A> {'type':'OFFER','dst':'C','payload':1}",
                "A> {'type':'CANDIDATE','dst':'C','payload':2}", "B> {'type':'OFFER','dst':'C','payload':3}",
                "A> {'type':'OFFER','dst':'D','payload':4}", "+ 4900", OPEN("C"),
                "C< {'type':'OFFER','src':'A','dst':'C','payload':1}",
                "C< {'type':'CANDIDATE','src':'A','dst':'C','payload':2}",
                "C< {'type':'OFFER','src':'B','dst':'C','payload':3}", "A> {'type':'CANDIDATE','dst':'C','payload':5}",
                "C< {'type':'CANDIDATE','src':'A','dst':'C','payload':5}", "+ 120",
                "A< {'type':'EXPIRE','src':'D','dst':'A'}", "+ 6000", OPEN("D"), "+ 6000", //
                "C.", "A< {'type':'LEAVE','src':'C','dst':'A'}", "B< {'type':'LEAVE','src':'C','dst':'B'}");
}

static void waiting_ends_once_for_each_pair(void **state)
{
    (void)state;
    PLAY_PEERJS(OPEN("A"), OPEN("B"), "A> {'type':'OFFER','dst':'N'}", "+ 3000", "A> {'type':'CANDIDATE','dst':'N'}",
                "B> {'type':'OFFER','dst':'N'}", "+ 2100", "A< {'type':'EXPIRE','src':'N','dst':'A'}", "+ 3000",
                "B< {'type':'EXPIRE','src':'N','dst':'B'}", "+ 9000", "A> {'type':'OFFER','dst':'N'}", "+ 5100",
                "A< {'type':'EXPIRE','src':'N','dst':'A'}", //
                "A> {'type':'OFFER','dst':'N'}", "A.", "N? key=k&id=N&token=n",
                "N< {'type':'OPEN'}"); // what was sent by one who went has nobody to answer
}

static void there_are_limits_to_what_waits(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage, 2, "/=peerjs", opts);
    stage_play(&stage, (const char *const[]){ OPEN("A"), NULL });
    char line[80];
    for (int i = 0; i < 64; i++) {
        snprintf(line, sizeof line, "A> {'type':'OFFER','dst':'n%d'}", i);
        stage_play_line(&stage, line);
    }
    stage_play(&stage, (const char *const[]){ "A> {'type':'OFFER','dst':'n64'}",
                                              "A< {'type':'EXPIRE','src':'n64','dst':'A'}", // at once
                                              "A> {'type':'OFFER','dst':'n1'}", "A.", OPEN("A"), NULL });
    size_t len = 200 * 1024;
    char *long_line = malloc(len + 64);
    int at = sprintf(long_line, "A> {'type':'OFFER','dst':'N','payload':'");
    memset(long_line + at, 'x', len);
    strcpy(long_line + at + len, "'}");
    stage_play_line(&stage, long_line);
    stage_play_line(&stage, long_line);
    stage_play_line(&stage, long_line); // of these only two fit
    stage_play(&stage, (const char *const[]){ "A> {'type':'CANDIDATE','dst':'N'}", NULL });
    memcpy(long_line, "A> {'type':'OFFER','dst':'M'", 28);
    stage_play(&stage, (const char *const[]){ long_line, "A< {'type':'EXPIRE','src':'M','dst':'A'}", "+ 5100",
                                              "A< {'type':'EXPIRE','src':'N','dst':'A'}", //
                                              long_line, "+ 5100", "A< {'type':'EXPIRE','src':'M','dst':'A'}", NULL });
    free(long_line);
    for (int i = 0; i < 2; i++)
        assert_int_equal(stage.workers[i].mounts.list[0].realm->kept_len, 0);
    assert_int_equal(stage.workers[0].mounts.list[0].realm->traffic.faults[FAULT_REFUSED], 3);
    stage_fini(&stage);
}

static void who_comes_back_takes_over(void **state)
{
    (void)state;
    PLAY_PEERJS(OPEN("A"), OPEN("B"), "A> {'type':'OFFER','dst':'B','payload':1}",
                "B< {'type':'OFFER','src':'A','dst':'B','payload':1}", "A> {'type':'OFFER','dst':'N','payload':2}", //
                "C? key=k&id=A&token=tA", "C< {'type':'OPEN'}", "B> {'type':'ANSWER','dst':'A','payload':3}",
                "C< {'type':'ANSWER','src':'B','dst':'A','payload':3}", "A! 1005", // of which nobody is told
                "N? key=k&id=N&token=n", "N< {'type':'OPEN'}", "N< {'type':'OFFER','src':'A','dst':'N','payload':2}",
                "C.", "B< {'type':'LEAVE','src':'A','dst':'B'}", "N< {'type':'LEAVE','src':'A','dst':'N'}");
}

// It is a partner of those whom its predecessor talked to, though it never did itself.
static void a_successor_inherits_partners(void **state)
{
    (void)state;
    PLAY_PEERJS(OPEN("A"), OPEN("B"), OPEN("D"), "A> {'type':'OFFER','dst':'B'}",
                "B< {'type':'OFFER','src':'A','dst':'B'}", "D> {'type':'OFFER','dst':'A'}",
                "A< {'type':'OFFER','src':'D','dst':'A'}", "C? key=k&id=A&token=tA", "C< {'type':'OPEN'}", "A! 1005",
                "B.", "C< {'type':'LEAVE','src':'B','dst':'A'}", "C.", "D< {'type':'LEAVE','src':'A','dst':'D'}");
}

// Those it had before are no partners any more, of which one may have so many.
static void a_successor_takes_the_place_of_its_predecessor(void **state)
{
    (void)state;
    struct dialect_opts few = opts;
    few.max_calls = 2;
    play_with("peerjs", few,
              (const char *const[]){ OPEN("A"), OPEN("B"), "A> {'type':'OFFER','dst':'B'}",
                                     "B< {'type':'OFFER','src':'A','dst':'B'}", "C? key=k&id=A&token=tA",
                                     "C< {'type':'OPEN'}", "A! 1005", "D? key=k&id=A&token=tA", "D< {'type':'OPEN'}",
                                     "C! 1005", "E? key=k&id=A&token=tA", "E< {'type':'OPEN'}", "D! 1005", "B.",
                                     "E< {'type':'LEAVE','src':'B','dst':'A'}", NULL });
}

// Whom a message comes too late for is no partner: it waits for who comes next under that name.
static void who_went_meanwhile_is_no_partner(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage, 2, "/=peerjs", opts);
    stage_play(&stage, (const char *const[]){ OPEN("A"), OPEN("B"), NULL });
    fake_says(&stage.sessions[0], false, "{'type':'OFFER','dst':'B'}"); // which is not brought to B yet
    fake_end(&stage.sessions[1]);
    bus_local_settle(stage.local);
    assert_int_equal(stage_mount(&stage, 0)->realm->traffic.n_call_ends, 0);
    stage_play(&stage, (const char *const[]){ OPEN("B"), "B< {'type':'OFFER','src':'A','dst':'B'}", NULL });
    assert_int_equal(stage_mount(&stage, 0)->realm->traffic.n_call_ends, 1);
    stage_fini(&stage);
}

static void what_comes_back_goes_before_what_was_said_later(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage, 2, "/=peerjs", opts);
    stage_play(&stage, (const char *const[]){ OPEN("A"), OPEN("B"), NULL });
    fake_says(&stage.sessions[0], false, "{'type':'OFFER','dst':'B'}"); // which is not brought to B yet
    fake_says(&stage.sessions[0], false, "{'type':'CANDIDATE','dst':'B','payload':1}");
    fake_end(&stage.sessions[1]);
    fake_says(&stage.sessions[0], false, "{'type':'CANDIDATE','dst':'B','payload':2}");
    bus_local_settle(stage.local);
    stage_play(&stage, (const char *const[]){ OPEN("B"), "B< {'type':'OFFER','src':'A','dst':'B'}",
                                              "B< {'type':'CANDIDATE','src':'A','dst':'B','payload':1}",
                                              "B< {'type':'CANDIDATE','src':'A','dst':'B','payload':2}", NULL });
    stage_fini(&stage);
}

// What reaches a client by way of its predecessor makes it the sender's partner, not that one.
static void who_is_forwarded_to_is_the_partner(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage, 2, "/=peerjs", opts);
    stage_play(&stage, (const char *const[]){ OPEN("A"), "A> {'type':'OFFER','dst':'N'}", NULL });
    for (int i = 1; i <= 2; i++) // it comes twice before A's worker hears of it once
        fake_open(&stage.sessions[i], stage_mount(&stage, (size_t)i), SPAN("key=k&id=N&token=n"));
    bus_local_settle(stage.local);
    stage_play(&stage, (const char *const[]){ "B< {'type':'OPEN'}", "C< {'type':'OPEN'}",
                                              "C< {'type':'OFFER','src':'A','dst':'N'}", "B! 1005", "A.",
                                              "C< {'type':'LEAVE','src':'A','dst':'N'}", NULL });
    stage_fini(&stage);
}

static void a_leave_for_nobody_gives_the_id_back(void **state)
{
    (void)state;
    PLAY_PEERJS(OPEN("A"), OPEN("B"), "A> {'type':'OFFER','dst':'B'}", "B< {'type':'OFFER','src':'A','dst':'B'}",
                "A> {'type':'OFFER','dst':'N'}", "A> {'type':'LEAVE'}", "B< {'type':'LEAVE','src':'A','dst':'B'}",
                "A> {'type':'HEARTBEAT'}", "A> {'type':'OFFER','dst':'B'}", "A> {'type':'LEAVE'}",
                "C? key=k&id=A&token=c", "C< {'type':'OPEN'}", "+ 6000", "A.");
}

static void only_so_many_may_be_there(void **state)
{
    (void)state;
    PLAY_PEERJS(OPEN("A"), OPEN("B"), OPEN("C"), OPEN("D"), "E? key=k&id=E&token=e",
                "E< {'type':'ERROR','payload':{'msg':'Server has reached its concurrent user limit'}}", "E! 1005",
                "F? key=k&id=A&token=tA", "F< {'type':'OPEN'}", "A! 1005", // who was there already
                "B.", "E? key=k&id=E&token=e", "E< {'type':'OPEN'}");
}

static void going_may_be_kept_quiet(void **state)
{
    (void)state;
    struct dialect_opts quiet = opts;
    quiet.peerjs.has_leave = false;
    play_with("peerjs", quiet,
              (const char *const[]){ OPEN("A"), OPEN("B"), "A> {'type':'OFFER','dst':'B'}",
                                     "B< {'type':'OFFER','src':'A','dst':'B'}", "A.", "B> {'type':'HEARTBEAT'}",
                                     NULL });
}

// ---- HTTP

static int ask(const struct mount *m, const char *path, struct dialect_page *page)
{
    buf_fini(&page->body);
    *page = (struct dialect_page){ 0 };
    return dialect_peerjs.on_http(m, span_of(path), page);
}

static void pages_are_served(void **state)
{
    (void)state;
    struct dialect_opts open = opts;
    open.peerjs.has_discovery = true;
    struct stage stage;
    stage_init(&stage, 2, "/x/k/=peerjs", open);
    stage_play(&stage, (const char *const[]){ OPEN("A"), "B? key=k&id=%22&token=t", "B< {'type':'OPEN'}", NULL });
    const struct mount *m = stage_mount(&stage, 0);
    struct dialect_page page = { 0 };
    assert_int_equal(ask(m, "", &page), 200);
    assert_true(span_has_prefix(buf_span(&page.body), SPAN("{\"name\":\"PeerJS Server\",\"description\":")));
    assert_int_equal(ask(m, "k/peers", &page), 200);
    assert_true(span_equal(buf_span(&page.body), SPAN("[\"A\",\"\\\"\"]")) ||
                span_equal(buf_span(&page.body), SPAN("[\"\\\"\",\"A\"]")));
    assert_int_equal(ask(m, "peers", &page), 200);
    assert_int_equal(ask(m, "K/peers", &page), 401);
    assert_int_equal(ask(m, "/peers", &page), 200);
    assert_int_equal(ask(m, "k/id", &page), 200);
    assert_int_equal(page.body.len, 36);
    assert_int_equal(page.body.p[14], '4');
    assert_int_equal(ask(m, "id", &page), 200);
    assert_int_equal(ask(m, "kk/id", &page), 401);
    assert_true(span_equal(buf_span(&page.body), SPAN("Invalid key provided")));
    assert_int_equal(ask(m, "k/ids", &page), 0);
    assert_int_equal(ask(m, "k", &page), 0);
    assert_int_equal(ask(m, "k/id/x", &page), 0);
    buf_fini(&page.body);
    stage_fini(&stage);
}

static void nobody_is_told_who_is_there_unless_allowed(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage, 1, "/=peerjs", opts);
    struct dialect_page page = { 0 };
    assert_int_equal(ask(stage_mount(&stage, 0), "k/peers", &page), 401);
    assert_true(span_equal(buf_span(&page.body), SPAN("Unauthorized")));
    assert_int_equal(ask(stage_mount(&stage, 0), "id", &page), 0); // without a key
    buf_fini(&page.body);
    stage_fini(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_reach_their_destination),
        cmocka_unit_test(the_address_says_who_comes),
        cmocka_unit_test(an_id_is_held_by_one_token),
        cmocka_unit_test(what_is_no_message_is_passed_over),
        cmocka_unit_test(messages_wait_for_who_is_not_there),
        cmocka_unit_test(waiting_ends_once_for_each_pair),
        cmocka_unit_test(there_are_limits_to_what_waits),
        cmocka_unit_test(who_comes_back_takes_over),
        cmocka_unit_test(a_successor_inherits_partners),
        cmocka_unit_test(a_successor_takes_the_place_of_its_predecessor),
        cmocka_unit_test(who_went_meanwhile_is_no_partner),
        cmocka_unit_test(what_comes_back_goes_before_what_was_said_later),
        cmocka_unit_test(who_is_forwarded_to_is_the_partner),
        cmocka_unit_test(a_leave_for_nobody_gives_the_id_back),
        cmocka_unit_test(only_so_many_may_be_there),
        cmocka_unit_test(going_may_be_kept_quiet),
        cmocka_unit_test(pages_are_served),
        cmocka_unit_test(nobody_is_told_who_is_there_unless_allowed),
    };
    return cmocka_run_group_tests_name("peerjs", tests, NULL, NULL);
}
