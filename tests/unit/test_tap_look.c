// SPDX-License-Identifier: MIT
// What can be seen of a message without understanding it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "server/tap_look.h"

static struct tap_look look_at(enum message_type type, const struct span *parts, size_t n)
{
    struct tap_look look;
    struct relay r = { .parts = parts, .n_parts = n };
    tap_look(&look, type, &r);
    return look;
}

static void assert_seen(const char *text, enum message_type type, const char *candidate)
{
    struct span parts[] = { SPAN("\"message\""), span_of(text) };
    struct tap_look look = look_at(MESSAGE_MESSAGE, parts, 2);
    assert_string_equal(tap_type_name(look.type), tap_type_name(type));
    assert_int_equal(look.candidate == NULL, candidate == NULL);
    if (candidate)
        assert_string_equal(look.candidate, candidate);
    assert_int_equal(look.len, parts[0].len + parts[1].len);
}

static void what_the_dialect_does_not_know_is_recognised(void **state)
{
    (void)state;
    assert_seen("{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}", MESSAGE_OFFER, NULL);
    assert_seen("{\"type\":\"answer\",\"sdp\":\"v=0\\r\\n\"}", MESSAGE_ANSWER, NULL);
    assert_seen("{\"candidate\":\"candidate:1 1 udp 2 10.0.0.1 5 typ host\"}", MESSAGE_CANDIDATE, "host");
    assert_seen("\"candidate:1 1 udp 2 10.0.0.1 5 typ relay raddr 1\"", MESSAGE_CANDIDATE, "relay");
    assert_seen("{\"sdp\":\"v=0 a=candidate:1 typ host\",\"type\":\"offer\"}", MESSAGE_OFFER, NULL);
    assert_seen("\"got user media\"", MESSAGE_MESSAGE, NULL);
    assert_seen("", MESSAGE_MESSAGE, NULL);
}

static void what_the_dialect_knows_is_believed(void **state)
{
    (void)state;
    struct span offer = SPAN("candidate: typ host"), last = SPAN("{\"candidate\":\"\"}");
    assert_int_equal(look_at(MESSAGE_OFFER, &offer, 1).type, MESSAGE_OFFER);
    assert_null(look_at(MESSAGE_OFFER, &offer, 1).candidate);
    assert_string_equal(look_at(MESSAGE_CANDIDATE, &offer, 1).candidate, "host");
    assert_string_equal(look_at(MESSAGE_CANDIDATE, &last, 1).candidate, "end");
}

static void nothing_said_is_nothing_seen(void **state)
{
    (void)state;
    struct tap_look look;
    tap_look(&look, MESSAGE_CANDIDATE, NULL);
    assert_int_equal(look.len, 0);
    assert_null(look.candidate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_dialect_does_not_know_is_recognised),
        cmocka_unit_test(what_the_dialect_knows_is_believed),
        cmocka_unit_test(nothing_said_is_nothing_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
