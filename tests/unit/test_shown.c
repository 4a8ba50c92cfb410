// SPDX-License-Identifier: MIT
// What strangers call themselves reaches a terminal without moving its cursor.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <string.h>

#include "cli/shown.h"

static void assert_shown(struct span text, const char *wanted, int n_columns)
{
    char out[SHOWN_LEN];
    assert_int_equal(shown_put(text, out), n_columns);
    assert_string_equal(out, wanted);
}

static void plain_text_is_shown_as_it_is(void **state)
{
    (void)state;
    assert_shown(SPAN(""), "", 0);
    assert_shown(SPAN("alice \\u001b[31m"), "alice \\u001b[31m", 16);
    assert_shown(SPAN("\u00e9\u4f60\U0001f600"), "\u00e9\u4f60\U0001f600", 3);
}

static void control_characters_are_not(void **state)
{
    (void)state;
    assert_shown(SPAN("a\x1b[2J"), "a?[2J", 5);
    assert_shown(SPAN("\x7f\r\n"), "???", 3);
    assert_shown(SPAN("\xc2\x85\xc2\x9b"), "??", 2);
    assert_shown(SPAN("\u202a\u202e\u2066\u2069\u200e\u200f"), "??????", 6);
    assert_shown(SPAN("\u202f\u2065\u00a0"), "\u202f\u2065\u00a0", 3); // their neighbours are harmless
    assert_shown((struct span){ "\xc2", 1 }, "\xc2", 1);               // cut off: no byte behind the end is looked at
    assert_shown((struct span){ "\xe2\x80", 2 }, "\xe2\x80", 1);
}

static void what_is_long_is_cut(void **state)
{
    (void)state;
    char text[2 * SHOWN_LEN], out[SHOWN_LEN];
    memset(text, 'x', sizeof text);
    assert_int_equal(shown_put((struct span){ text, sizeof text }, out), SHOWN_LEN - 1);
    assert_int_equal(strlen(out), SHOWN_LEN - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_shown_as_it_is),
        cmocka_unit_test(control_characters_are_not),
        cmocka_unit_test(what_is_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
