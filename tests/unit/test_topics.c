// SPDX-License-Identifier: MIT
// Conversations in the topics dialect (dialect/topics.c), byte for byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "transcript.h"

static const struct dialect_opts opts = { .max_rooms = 3, .max_members = 2 };

#define PLAY_TOPICS(...) play_with("topics", opts, (const char *const[]){ __VA_ARGS__, NULL })

static void a_publication_reaches_every_subscriber(void **state)
{
    (void)state;
    PLAY_TOPICS("A> {'type':'subscribe','topics':['t']}", "B> {'type':'subscribe','topics':['u','t']}",
                "A> {'type':'publish','topic':'t','data':{'from':'A'}}",
                "A< {'type':'publish','topic':'t','data':{'from':'A'},'clients':2}",
                "B< {'type':'publish','topic':'t','data':{'from':'A'},'clients':2}", //
                "C> {'type':'publish','topic':'u','data':1}",                        // who need not be one itself
                "B< {'type':'publish','topic':'u','data':1,'clients':1}", "C> {'type':'publish','topic':'v','data':1}",
                "B> {'type':'unsubscribe','topics':['t','w']}", "A> {'type':'publish','topic':'t','data':2}",
                "A< {'type':'publish','topic':'t','data':2,'clients':1}", "A.", "B> {'type':'publish','topic':'t'}");
}

// y-webrtc passes on whatever stands in the message, as it stood there; `clients` has the last word.
static void all_keys_are_kept(void **state)
{
    (void)state;
    PLAY_TOPICS("A> {'type':'subscribe','topics':['t']}",
                "B> {'type':'subscribe','topics':[]}", //
                "B>  { 'x': 1e2 ,'type':'publish', 'topic':'\\u0074','payload':[{}],'clients':99 } ",
                "A<  { 'x': 1e2 ,'type':'publish', 'topic':'\\u0074','payload':[{}],'clients':99 ,'clients':1}");
}

static void a_payload_is_passed_on_alone(void **state)
{
    (void)state;
    PLAY_TOPICS("A> {'type':'subscribe','topic':'t'}", "B> {'type':'subscribe','topic':'t'}",
                "A> {'type':'publish','topic':'t','payload':{'a': 1e0}}", "A< {'topic':'t','payload':{'a': 1e0}}",
                "B< {'topic':'t','payload':{'a': 1e0}}", "C> {'type':'publish','topic':'t','payload':'x','y':1}",
                "A< {'topic':'t','payload':'x'}", "B< {'topic':'t','payload':'x'}",
                "A> {'type':'unsubscribe','topic':'t'}", "B> {'type':'publish','topic':'t','payload':null}",
                "B< {'topic':'t','payload':null}");
}

static void a_ping_gets_a_pong(void **state)
{
    (void)state;
    PLAY_TOPICS("A> {'type':'ping'}", "A< {'type':'pong'}", "A~ {'type':'ping','x':1}", "A< {'type':'pong'}");
}

static void what_is_no_message_is_passed_over(void **state)
{
    (void)state;
    PLAY_TOPICS("A> hello", "A> []", "A> null", "A> {}", "A> {'type':'subscribe'}", "A> {'type':'x'}",
                "A> {'type':'subscribe','topics':'t'}", "A> {'type':'subscribe','topics':[1,null,{'t':[]},'','t']}",
                "A> {'type':'publish','topic':5}", "A> {'type':'publish'}", "A> {'type':'publish','topic':''}",
                "A> {'type':'unsubscribe','topics':{'t':1}}", "A~ \xff", //
                "B> {'type':'unsubscribe','topics':['t']}", "B> {'type':'publish','topic':'t'}",
                "A< {'type':'publish','topic':'t','clients':1}", "A> {'type':'pi\\u006eg'}", "A< {'type':'pong'}");
}

static void binary_is_taken_like_text(void **state)
{
    (void)state;
    PLAY_TOPICS("A~ {'type':'subscribe','topics':['t']}", "B~ {'type':'publish','topic':'t'}",
                "A< {'type':'publish','topic':'t','clients':1}",
                "B~ {'type':'publish','topic':'t','data':'\xff'}", // what is no text must not be sent on as one
                "B~ {'type':'publish','topic':'t','payload':'\xed\xa0\x80'}");
}

static void subscribing_twice_is_once(void **state)
{
    (void)state;
    PLAY_TOPICS("A> {'type':'subscribe','topics':['t','t']}", "A> {'type':'subscribe','topics':['t']}",
                "B> {'type':'publish','topic':'t'}", "A< {'type':'publish','topic':'t','clients':1}",
                "A> {'type':'unsubscribe','topics':['t']}", "B> {'type':'publish','topic':'t'}");
}

static void there_are_limits(void **state)
{
    (void)state;
    PLAY_TOPICS("A> {'type':'subscribe','topics':['a','b','c','d','e']}",
                "A< {'type':'error','message':'Too many topics; not subscribed to: d'}",
                "A> {'type':'subscribe','topics':['c']}", // which it is
                "B> {'type':'subscribe','topics':['a']}", "C> {'type':'subscribe','topics':['a']}",
                "C< {'type':'error','message':'Too many subscribers; not subscribed to: a'}",
                "C> {'type':'publish','topic':'a'}", "A< {'type':'publish','topic':'a','clients':2}",
                "B< {'type':'publish','topic':'a','clients':2}", "B.", "C> {'type':'subscribe','topics':['a']}",
                "A> {'type':'unsubscribe','topics':['a','b']}", "A> {'type':'subscribe','topics':['d','e']}",
                "C> {'type':'publish','topic':'a'}", "C< {'type':'publish','topic':'a','clients':1}");
}

static void auto_recognises_it(void **state)
{
    (void)state;
    play_with("auto", opts,
              (const char *const[]){ "A> {'type':'subscribe','topics':['t']}", "B> {'type':'ping'}",
                                     "B< {'type':'pong'}", "B> {'type':'login','name':'B'}",
                                     "C> {'type':'publish','topic':'t'}",
                                     "A< {'type':'publish','topic':'t','clients':1}", NULL });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_publication_reaches_every_subscriber),
        cmocka_unit_test(all_keys_are_kept),
        cmocka_unit_test(a_payload_is_passed_on_alone),
        cmocka_unit_test(a_ping_gets_a_pong),
        cmocka_unit_test(what_is_no_message_is_passed_over),
        cmocka_unit_test(binary_is_taken_like_text),
        cmocka_unit_test(subscribing_twice_is_once),
        cmocka_unit_test(there_are_limits),
        cmocka_unit_test(auto_recognises_it),
    };
    return cmocka_run_group_tests_name("topics", tests, NULL, NULL);
}
