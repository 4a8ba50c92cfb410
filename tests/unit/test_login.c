// SPDX-License-Identifier: MIT
// Conversations in the login dialect (dialect/login.c), byte for byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdio.h>

#include "switchboard/peer.h"
#include "transcript.h"

#define LOGIN(who) who "> {'type':'login','name':'" who "'}", who "< {'type':'login','success':true}"
#define FAILED     "{'type':'login','success':false}"
#define NAME_256                                                                                                       \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
    "0123456789abcdef0123456789abcdef"

static void a_call_from_login_to_leave(void **state)
{
    (void)state;
    PLAY("login", LOGIN("A"), LOGIN("B"), //
         "A> {'type':'offer','offer':{'sdp':'v=0\\r\\n'},'name':'B'}",
         "B< {'type':'offer','offer':{'sdp':'v=0\\r\\n'},'name':'A'}",
         "B> {'type':'answer','answer':{'sdp':'w'},'name':'A'}", //
         "A< {'type':'answer','answer':{'sdp':'w'}}",            //
         "A> {'type':'candidate','candidate':{'m':0},'name':'B'}", "B< {'type':'candidate','candidate':{'m':0}}",
         "B> {'type':'candidate','candidate':{'m':1},'name':'A'}", "A< {'type':'candidate','candidate':{'m':1}}",
         "B> {'type':'leave','name':'A'}", "A< {'type':'leave'}");
}

// Numbers, order, blanks, duplicate keys and escapes of a payload are not ours to change.
static void payloads_leave_byte_for_byte(void **state)
{
    (void)state;
    PLAY("login", LOGIN("A"), LOGIN("B"), //
         "A> { 'offer' : {'b': 1e+02 , 'a':[ ],'a':-0.00, '\\u0061':'\\/\\ud83d'} ,'name':'B','type':'offer','extra':1 "
         "}",
         "B< {'type':'offer','offer':{'b': 1e+02 , 'a':[ ],'a':-0.00, '\\u0061':'\\/\\ud83d'},'name':'A'}",
         "A> {'type':'answer','answer':null,'name':'B'}", "B< {'type':'answer','answer':null}",
         "A> {'type':'candidate','candidate':'\u4f60 \U0001f600','name':'B'}",
         "B< {'type':'candidate','candidate':'\u4f60 \U0001f600'}", //
         "A> {'type':'candidate','name':'B'}", "B< {'type':'candidate'}", "A> {'type':'offer','name':'B'}",
         "B< {'type':'offer','name':'A'}");
}

static void a_name_is_held_by_one(void **state)
{
    (void)state;
    PLAY("login", LOGIN("A"),                            //
         "B> {'type':'login','name':'A'}", "B< " FAILED, //
         "B> {'type':'login','name':'B'}", "B< {'type':'login','success':true}", "A> {'type':'login','name':'A'}",
         "A< {'type':'login','success':true}", // one's own is not another's
         "A.", "B> {'type':'login','name':'A'}", "B< {'type':'login','success':true}");
}

static void a_second_login_moves(void **state)
{
    (void)state;
    PLAY("login", LOGIN("A"), LOGIN("B"), //
         "A> {'type':'offer','offer':1,'name':'B'}", "B< {'type':'offer','offer':1,'name':'A'}",
         "A> {'type':'login','name':'Z'}", "A< {'type':'login','success':true}", //
         "C> {'type':'login','name':'A'}", "C< {'type':'login','success':true}", // the old one is free
         "A> {'type':'login','name':'B'}", "A< " FAILED,                         // and a failed one changes nothing
         "B> {'type':'candidate','candidate':1,'name':'Z'}", "A< {'type':'candidate','candidate':1}",
         "A> {'type':'offer','offer':2,'name':'B'}", "B< {'type':'offer','offer':2,'name':'Z'}", "A.",
         "B< {'type':'leave'}"); // the call went on under the new name
}

static void names_are_strings_of_1_to_256_bytes(void **state)
{
    (void)state;
    PLAY("login", "A> {'type':'login','name':''}", "A< " FAILED, "A> {'type':'login'}", "A< " FAILED,
         "A> {'type':'login','name':5}", "A< " FAILED, "A> {'type':'login','name':null}", "A< " FAILED,
         "A> {'type':'login','name':{'name':'A'}}", "A< " FAILED, "A> {'type':'login','name':['A']}", "A< " FAILED,
         "A> {'type':'login','name':true}", "A< " FAILED, "A> {'type':'login','name':'\\ud800'}", "A< " FAILED,
         "A> {'type':'login','name':'" NAME_256 "x'}", "A< " FAILED, "A> {'type':'login','name':'" NAME_256 "\\u0041'}",
         "A< " FAILED, "A> {'type':'login','name':'" NAME_256 "'}", "A< {'type':'login','success':true}");
}

static void names_may_be_anything(void **state)
{
    (void)state;
    PLAY("login", "A> {'type':'login','name':'__proto__'}", "A< {'type':'login','success':true}",
         "B> {'type':'login','name':'\u738b \U0001f600'}", "B< {'type':'login','success':true}",
         "C> {'type':'login','name':'a\\u0000\\n\\\"'}", "C< {'type':'login','success':true}",
         "A> {'type':'offer','offer':1,'name':'\\u738b\\u0020\\ud83d\\ude00'}",
         "B< {'type':'offer','offer':1,'name':'__proto__'}", //
         "B> {'type':'offer','offer':2,'name':'a\\u0000\\u000a\\u0022'}",
         "C< {'type':'offer','offer':2,'name':'\u738b \U0001f600'}",
         "C> {'type':'offer','offer':3,'name':'\\u005f_proto__'}",
         "A< {'type':'offer','offer':3,'name':'a\\u0000\\n\\\"'}", "D> {'type':'login','name':'constructor'}",
         "D< {'type':'login','success':true}");
}

static void keys_and_types_are_compared_decoded(void **state)
{
    (void)state;
    PLAY("login", "A> {'typ\\u0065':'lo\\u0067in','\\u006eame':'\\u0041'}", "A< {'type':'login','success':true}",
         "B> {'type':'offer','type':'login','name':'A','name':'B'}", "B< {'type':'login','success':true}",
         "B> {'type':'offer','offer':1,'offer':2,'name':'nobody','name':'A'}",
         "A< {'type':'offer','offer':2,'name':'B'}");
}

static void the_senders_name_is_the_servers_to_say(void **state)
{
    (void)state;
    PLAY("login", LOGIN("A"), LOGIN("B"), //
         "A> {'type':'offer','from':'king','offer':{'name':'king'},'name':'B'}",
         "B< {'type':'offer','offer':{'name':'king'},'name':'A'}");
}

static void nobody_ends_a_strangers_call(void **state)
{
    (void)state;
    PLAY("login", LOGIN("A"), LOGIN("B"), LOGIN("C"), //
         "A> {'type':'offer','offer':1,'name':'B'}", "B< {'type':'offer','offer':1,'name':'A'}",
         "C> {'type':'leave','name':'A'}",
         "C< {'type':'error','message':'You are not in a call with: A'}", //
         "C> {'type':'leave','name':'B'}",
         "C< {'type':'error','message':'You are not in a call with: B'}",                //
         "C> {'type':'leave'}", "C< {'type':'error','message':'You are not in a call'}", //
         "C> {'type':'leave','name':'nobody'}",
         "C< {'type':'error','message':'Nobody is logged in as: nobody'}", // it ended the tutorials' servers
         "C.", "A> {'type':'answer','answer':1,'name':'B'}", "B< {'type':'answer','answer':1}");
}

static void leave_without_a_name_is_to_the_partner(void **state)
{
    (void)state;
    PLAY("login", LOGIN("A"), LOGIN("B"), LOGIN("C"), //
         "A> {'type':'offer','offer':1,'name':'B'}", "B< {'type':'offer','offer':1,'name':'A'}",
         "A> {'type':'offer','offer':2,'name':'C'}", "C< {'type':'offer','offer':2,'name':'A'}", "A> {'type':'leave'}",
         "C< {'type':'leave'}",                        // the latest
         "A> {'type':'leave'}", "B< {'type':'leave'}", //
         "A> {'type':'leave'}", "A< {'type':'error','message':'You are not in a call'}", "B> {'type':'leave'}",
         "B< {'type':'error','message':'You are not in a call'}");
}

static void after_leave_both_can_call_again(void **state)
{
    (void)state;
    PLAY("login", LOGIN("A"), LOGIN("B"), //
         "A> {'type':'offer','offer':1,'name':'B'}", "B< {'type':'offer','offer':1,'name':'A'}", "B> {'type':'leave'}",
         "A< {'type':'leave'}",                                                                  // the callee declines
         "A> {'type':'leave'}", "A< {'type':'error','message':'You are not in a call'}",         // no second leave
         "B> {'type':'offer','offer':2,'name':'A'}", "A< {'type':'offer','offer':2,'name':'B'}", //
         "A> {'type':'leave','name':'B'}", "B< {'type':'leave'}", "A.");                         // nor at the close
}

static void the_end_is_told_to_each_partner_once(void **state)
{
    (void)state;
    PLAY("login", LOGIN("A"), LOGIN("B"), LOGIN("C"), LOGIN("D"), //
         "A> {'type':'offer','offer':1,'name':'B'}", "B< {'type':'offer','offer':1,'name':'A'}",
         "A> {'type':'offer','offer':1,'name':'B'}", "B< {'type':'offer','offer':1,'name':'A'}",
         "B> {'type':'offer','offer':1,'name':'A'}", "A< {'type':'offer','offer':1,'name':'B'}",
         "C> {'type':'offer','offer':1,'name':'A'}", "A< {'type':'offer','offer':1,'name':'C'}",
         "A> {'type':'answer','answer':1,'name':'D'}", "D< {'type':'answer','answer':1}", // makes no call
         "A.", "B< {'type':'leave'}", "C< {'type':'leave'}",                              //
         "B> {'type':'offer','offer':1,'name':'A'}",
         "B< {'type':'error','message':'Nobody is logged in as: A'}", // gone at once
         "A> {'type':'login','name':'A'}", "A< {'type':'login','success':true}", "B.",
         "C."); // the successor has no part in his predecessor's calls
}

static void one_may_call_oneself(void **state)
{
    (void)state;
    PLAY("login", LOGIN("A"), //
         "A> {'type':'offer','offer':1,'name':'A'}", "A< {'type':'offer','offer':1,'name':'A'}",
         "A> {'type':'answer','answer':2,'name':'A'}", "A< {'type':'answer','answer':2}",
         "A> {'type':'leave','name':'A'}", "A< {'type':'leave'}", //
         "A> {'type':'offer','offer':1,'name':'A'}", "A< {'type':'offer','offer':1,'name':'A'}", "A> {'type':'leave'}",
         "A< {'type':'leave'}", //
         "A> {'type':'offer','offer':1,'name':'A'}", "A< {'type':'offer','offer':1,'name':'A'}", "A.");
}

static void nothing_is_relayed_before_login(void **state)
{
    (void)state;
    PLAY("login", LOGIN("B"), //
         "A> {'type':'offer','offer':1,'name':'B'}",
         "A< {'type':'error','message':'Log in first; nothing was sent to: B'}",
         "A> {'type':'answer','answer':1,'name':'B'}",
         "A< {'type':'error','message':'Log in first; nothing was sent to: B'}",
         "A> {'type':'candidate','candidate':1,'name':'B'}",
         "A< {'type':'error','message':'Log in first; nothing was sent to: B'}", //
         "A> {'type':'leave','name':'B'}", "A< {'type':'error','message':'Log in first; nothing was sent to: B'}",
         "A> {'type':'leave'}", "A< {'type':'error','message':'You are not in a call'}");
}

static void who_is_not_there_is_named(void **state)
{
    (void)state;
    PLAY("login", LOGIN("A"), //
         "A> {'type':'offer','offer':1,'name':'Q\\u0022\\n'}",
         "A< {'type':'error','message':'Nobody is logged in as: Q\\\"\\n'}", //
         "A> {'type':'answer','answer':1,'name':'a'}", "A< {'type':'error','message':'Nobody is logged in as: a'}",
         "A> {'type':'candidate','candidate':1}",
         "A< {'type':'error','message':'Nobody is logged in as: undefined'}", //
         "A> {'type':'offer','offer':1,'name':[1, 2]}",
         "A< {'type':'error','message':'Nobody is logged in as: [1, 2]'}",
         "A> {'type':'offer','offer':1,'name':'" NAME_256 "more'}",
         "A< {'type':'error','message':'Nobody is logged in as: " NAME_256 "'}", // cut
         "A> {'type':'leave'}", "A< {'type':'error','message':'You are not in a call'}");
}

static void other_types_are_named(void **state)
{
    (void)state;
    PLAY("login", "A> {'type':'dance'}", "A< {'type':'error','message':'Unrecognized command: dance'}",
         "A> {'type':'LOGIN','name':'A'}", "A< {'type':'error','message':'Unrecognized command: LOGIN'}",
         "A> {'type':''}", "A< {'type':'error','message':'Unrecognized command: '}", "A> {'type':5}",
         "A< {'type':'error','message':'Unrecognized command: 5'}", "A> {'type':null}",
         "A< {'type':'error','message':'Unrecognized command: null'}", "A> {'type':'toString'}",
         "A< {'type':'error','message':'Unrecognized command: toString'}", LOGIN("A"));
    struct dialect_opts opts = { .unknown_text = SPAN("Command not found: ") };
    play_with("login", opts,
              (const char *const[]){ "A> {'type':'x'}", "A< {'type':'error','message':'Command not found: x'}", NULL });
}

#define BRACKETS_32(b) b b b b b b b b b b b b b b b b b b b b b b b b b b b b b b b b

static void what_is_no_command_is_told_so(void **state)
{
    (void)state;
    PLAY("login", "A> hello", "A< {'type':'error','message':'This message is not JSON'}", //
         "A> ", "A< {'type':'error','message':'This message is not JSON'}", "A> {'type':'login','name':'A'",
         "A< {'type':'error','message':'This message is not JSON'}", "A> {'type':'login','name':'A'}}",
         "A< {'type':'error','message':'This message is not JSON'}", "A> [1]",
         "A< {'type':'error','message':'This message is JSON, but not an object'}", "A> null",
         "A< {'type':'error','message':'This message is JSON, but not an object'}", "A> 'login'",
         "A< {'type':'error','message':'This message is JSON, but not an object'}", "A> {}",
         "A< {'type':'error','message':'This message has no \\\"type\\\"'}", "A> {'name':'A'}",
         "A< {'type':'error','message':'This message has no \\\"type\\\"'}",
         "A> {'type':" BRACKETS_32("[") BRACKETS_32("[") "'x'" BRACKETS_32("]") BRACKETS_32("]") "}",
         "A< {'type':'error','message':'This message is nested more than 64 levels deep'}", LOGIN("A"));
}

static void binary_is_taken_like_text(void **state)
{
    (void)state;
    PLAY("login", "A~ {'type':'login','name':'A'}", "A< {'type':'login','success':true}", LOGIN("B"), //
         "A~ {'type':'offer','offer':1,'name':'B'}", "B< {'type':'offer','offer':1,'name':'A'}", "A~ \xff\xfe",
         "A< {'type':'error','message':'This message is not JSON'}",
         "A~ {'type':'offer','offer':'\xed\xa0\x80','name':'B'}",
         "A< {'type':'error','message':'This message is not JSON'}"); // what is no text must not be sent on as one
}

static void a_greeting_comes_first_and_raw(void **state)
{
    (void)state;
    struct dialect_opts opts = { .greeting = SPAN("Hello world") };
    play_with("login", opts,
              (const char *const[]){ "A:", "A< Hello world", "A> {'type':'login','name':'A'}",
                                     "A< {'type':'login','success':true}", NULL });
}

// Lets F say TEXT, and A hear what comes of it. Returns how much that is; A forgets it.
static size_t say(struct stage *stage, struct fake_session *f, const char *text)
{
    struct buf *heard = &stage->sessions[0].sent;
    fake_says(f, false, text);
    bus_local_settle(stage->local);
    size_t len = heard->len;
    heard->len = 0;
    return len;
}

// A peer can be in so many calls at once: with one more it is told so when it calls, and does not ring when it is called.
static void calls_are_limited(void **state)
{
    enum { MAX_CALLS = 100 };
    (void)state;
    struct stage stage;
    char text[100];
    stage_init(&stage, STAGE_WORKERS, "/=login", (struct dialect_opts){ .max_calls = MAX_CALLS });
    static struct fake_session crowd[MAX_CALLS + 1];
    stage_play(&stage, (const char *const[]){ LOGIN("A"), NULL });
    struct fake_session *a = &stage.sessions[0];
    for (int i = 0; i <= MAX_CALLS; i++) {
        fake_open(&crowd[i], stage_mount(&stage, (size_t)i), SPAN(""));
        snprintf(text, sizeof text, "{'type':'login','name':'%d'}", i);
        assert_int_equal(say(&stage, &crowd[i], text), 0);
        snprintf(text, sizeof text, "{'type':'offer','offer':1,'name':'%d'}", i);
        assert_int_equal(say(&stage, a, text) > 0, i == MAX_CALLS); // A hears an error
    }
    assert_int_equal(say(&stage, &crowd[MAX_CALLS], "{'type':'offer','offer':1,'name':'A'}"), 0);
    for (int i = 0; i <= MAX_CALLS; i++) {
        fake_end(&crowd[i]);
        bus_local_settle(stage.local);
        assert_int_equal(a->sent.len > 0, i < MAX_CALLS); // each leaves once
        a->sent.len = 0;
    }
    stage_fini(&stage);
}

// What is on its way from another worker keeps its place in the row; ending a call with oneself must not wait for it.
static void the_end_does_not_wait_for_letters(void **state)
{
    (void)state;
    struct stage stage;
    stage_init(&stage, STAGE_WORKERS, "/=login", (struct dialect_opts){ 0 });
    stage_play(&stage, (const char *const[]){ LOGIN("A"), LOGIN("B"), "A> {'type':'offer','offer':1,'name':'A'}",
                                              "A< {'type':'offer','offer':1,'name':'A'}", NULL });
    fake_says(&stage.sessions[1], false, "{'type':'answer','answer':1,'name':'A'}");
    fake_end(&stage.sessions[0]);
    stage_play(&stage,
               (const char *const[]){ "B:", "B< {'type':'error','message':'Nobody is logged in as: A'}", NULL });
    stage_fini(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_from_login_to_leave),
        cmocka_unit_test(payloads_leave_byte_for_byte),
        cmocka_unit_test(a_name_is_held_by_one),
        cmocka_unit_test(a_second_login_moves),
        cmocka_unit_test(names_are_strings_of_1_to_256_bytes),
        cmocka_unit_test(names_may_be_anything),
        cmocka_unit_test(keys_and_types_are_compared_decoded),
        cmocka_unit_test(the_senders_name_is_the_servers_to_say),
        cmocka_unit_test(nobody_ends_a_strangers_call),
        cmocka_unit_test(leave_without_a_name_is_to_the_partner),
        cmocka_unit_test(after_leave_both_can_call_again),
        cmocka_unit_test(the_end_is_told_to_each_partner_once),
        cmocka_unit_test(one_may_call_oneself),
        cmocka_unit_test(nothing_is_relayed_before_login),
        cmocka_unit_test(who_is_not_there_is_named),
        cmocka_unit_test(other_types_are_named),
        cmocka_unit_test(what_is_no_command_is_told_so),
        cmocka_unit_test(binary_is_taken_like_text),
        cmocka_unit_test(a_greeting_comes_first_and_raw),
        cmocka_unit_test(calls_are_limited),
        cmocka_unit_test(the_end_does_not_wait_for_letters),
    };
    return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
