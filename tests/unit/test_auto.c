// SPDX-License-Identifier: MIT
// Conversations in the auto and echo dialects, and the table of all (dialect/auto.c, echo.c, dialect.c).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "transcript.h"

static void the_first_message_decides(void **state)
{
    (void)state;
    PLAY("auto", "A> {'type':'login','name':'A'}", "A< {'type':'login','success':true}", //
         "B> {'type':'join','id':1}", "B< {'type':'joined','payload':{'id':1,'peers':[]}}", "A> {'type':'join','id':2}",
         "A< {'type':'error','message':'Unrecognized command: join'}", // for good
         "B> {'type':'login','name':'B'}", "B< {'type':'error','message':'Unrecognized command: login'}",
         "C> {'type':'login','name':'C'}", "C< {'type':'login','success':true}", //
         "C> {'type':'offer','offer':1,'name':'A'}", "A< {'type':'offer','offer':1,'name':'C'}",
         "D> {'type':'join','id':2}", "D< {'type':'joined','payload':{'id':2,'peers':[{'id':1}]}}",
         "B< {'type':'join','payload':{'id':2}}", "A.", "C< {'type':'leave'}", //
         "B.", "D< {'type':'leave','payload':{'id':1}}");
}

static void what_decides_nothing_is_answered(void **state)
{
    (void)state;
    PLAY("auto", "A> hello", "A< {'type':'error','message':'This message is not JSON'}", //
         "A> {'type':'offer','offer':1,'name':'B'}",
         "A< {'type':'error','message':'Log in first; nothing was sent to: B'}", //
         "A> {'type':'leave'}", "A< {'type':'error','message':'You are not in a call'}", "A> {'type':'x'}",
         "A< {'type':'error','message':'Unrecognized command: x'}", "A> {'type':'join','id':1}",
         "A< {'type':'joined','payload':{'id':1,'peers':[]}}", // it may still decide
         "B> {'type':'login'}", "B< {'type':'login','success':false}", "B> {'type':'login','name':'B'}",
         "B< {'type':'login','success':true}", "C:", "C.", "D> x",
         "D< {'type':'error','message':'This message is not JSON'}", "D.");
}

static void binary_and_escapes_decide_too(void **state)
{
    (void)state;
    PLAY("auto", "A~ {'type':'join','id':1}", "A< {'type':'joined','payload':{'id':1,'peers':[]}}",
         "B> {'t\\u0079pe':'j\\u006fin','id':2}", "B< {'type':'joined','payload':{'id':2,'peers':[{'id':1}]}}",
         "A< {'type':'join','payload':{'id':2}}", "C> {'type':'join','type':'login','name':'C'}",
         "C< {'type':'login','success':true}", "D~ \xff", "D< {'type':'error','message':'This message is not JSON'}");
}

static void the_greeting_comes_before_the_decision(void **state)
{
    (void)state;
    play_with("auto", (struct dialect_opts){ .greeting = SPAN("Hi") },
              (const char *const[]){ "A:", "A< Hi", "A> {'type':'join','id':1}",
                                     "A< {'type':'joined','payload':{'id':1,'peers':[]}}", NULL });
}

static void an_echo_comes_back(void **state)
{
    (void)state;
    PLAY("echo", "A> hello", "A< hello", "A> ", "A< ", "A~ \xff\x80", "A< ~\xff\x80", "B> {'type':'login'}",
         "B< {'type':'login'}", "A.", "B> still here", "B< still here");
}

static void dialects_are_found_by_name(void **state)
{
    (void)state;
    const struct dialect *d;
    size_t n = 0;
    for (; (d = dialect_at(n)); n++) {
        assert_ptr_equal(dialect_find(span_of(d->name)), d);
        assert_int_equal(dialect_number(d), n);
        assert_true(strlen(d->summary) > 0);
        assert_true(d->carrier == CARRIER_SOCKETIO ? d->on_event != NULL : d->on_text && d->on_binary);
    }
    assert_int_equal(n, N_DIALECTS);
    assert_ptr_equal(dialect_find(SPAN("login")), &dialect_login);
    assert_null(dialect_find(SPAN("")));
    assert_null(dialect_find(SPAN("Login")));
    assert_null(dialect_find(SPAN("logi")));
    assert_null(dialect_find(SPAN("login ")));
    assert_null(dialect_at(n + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_message_decides),
        cmocka_unit_test(what_decides_nothing_is_answered),
        cmocka_unit_test(binary_and_escapes_decide_too),
        cmocka_unit_test(the_greeting_comes_before_the_decision),
        cmocka_unit_test(an_echo_comes_back),
        cmocka_unit_test(dialects_are_found_by_name),
    };
    return cmocka_run_group_tests_name("auto", tests, NULL, NULL);
}
