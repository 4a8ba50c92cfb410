// SPDX-License-Identifier: MIT
// Unit tests of base/utf8.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "at_end.h"
#include "base/utf8.h"
#include "utf8_reference.h"

// The LEN bytes at TEXT, whole, byte by byte and in each two pieces, always give the reference's verdict.
static void check_all_ways(const char *text, size_t len)
{
    enum reference_verdict expected = reference_utf8(text, len);
    for (size_t cut = 0; cut <= len; cut++) {
        utf8_state state = utf8_check(UTF8_START, text, cut);
        assert_int_equal(verdict_of(state), reference_utf8(text, cut));
        assert_int_equal(verdict_of(utf8_check(state, text + cut, len - cut)), expected);
    }
    assert_int_equal(utf8_is_valid(text, len), expected == REFERENCE_WHOLE);
}

static void every_sequence_of_up_to_three_bytes(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 1U << 24; n++) {
        char text[] = { (char)(n >> 16), (char)(n >> 8), (char)n };
        size_t len = n < 0x100 ? 1 : n < 0x10000 ? 2 : 3;
        if (verdict_of(utf8_check(UTF8_START, text, 3)) != reference_utf8(text, 3))
            fail_msg("%06x", n);
        if (len < 3)
            check_all_ways(text + 3 - len, len);
        else if ((n & 0xff) < 2) // the third byte in all its values was tried above
            check_all_ways(text, 3);
    }
}

static void boundaries_of_four_bytes(void **state)
{
    (void)state;
    static const unsigned char edges[] = { 0x00, 0x22, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                           0xc0, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff };
    const size_t n = sizeof edges;
    for (unsigned first = 0xee; first <= 0xff; first++)
        for (size_t i = 0; i < n * n * n; i++) {
            char text[] = { (char)first, (char)edges[i / n / n], (char)edges[i / n % n], (char)edges[i % n] };
            check_all_ways(text, 4);
        }
}

static void every_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 0x10000; c < 0x120000; c++) {
        char text[] = { (char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3f)), (char)(0x80 | (c >> 6 & 0x3f)),
                        (char)(0x80 | (c & 0x3f)) };
        if (utf8_is_valid(text, 4) != (c <= 0x10ffff))
            fail_msg("U+%06x", c);
    }
}

// Whatever may stand before it, and however long the ASCII before and behind it is.
static void errors_at_every_offset(void **state)
{
    (void)state;
    static const char *const pieces[] = { "\xc3\xa9", "\xe4\xbd\xa0", "\xf0\x9f\x93\x9e", "\x80", "\xed\xa0\x80",
                                          "\xf4\x90", "\xff",         "\xe4\xbd",         "\xf0", "" };
    for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++)
        for (size_t before = 0; before < 140; before++)
            for (size_t behind = 0; behind < 20; behind++) {
                char text[200];
                size_t piece_len = strlen(pieces[k]), len = before + piece_len + behind;
                memset(text, 'a', sizeof text);
                memcpy(text + before, pieces[k], piece_len);
                char *p = at_end(text, len);
                assert_int_equal(verdict_of(utf8_check(UTF8_START, p, len)), reference_utf8(p, len));
                free(p);
            }
}

static void splits_at_every_position(void **state)
{
    (void)state;
    static const char text[] = "caf\xc3\xa9 \xe4\xbd\xa0\xe5\xa5\xbd, \xf0\x9f\x93\x9e\xf4\x8f\xbf\xbf\xed\x9f\xbf: "
                               "then enough plain text for a whole block of sixty-four bytes, and some, \xce\xba.";
    const size_t len = sizeof text - 1;
    check_all_ways(text, len);
    for (size_t i = 0; i < len; i++)
        for (size_t j = i; j < len; j++) {
            utf8_state s = utf8_check(UTF8_START, text, i);
            s = utf8_check(s, text + i, j - i);
            assert_int_equal(utf8_check(s, text + j, len - j), UTF8_START);
        }
}

// Autobahn's cases 6.4: the verdict falls with the byte that makes it sure, and stays.
static void fails_at_the_first_impossible_byte(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t good; // bytes that could still become a text
    } cases[] = {
        { "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80", 12 },
        { "\xf0\x8f", 1 },
        { "\xe0\x9f", 1 },
        { "\xed\xa0", 1 },
        { "\xc0", 0 },
        { "\xc1", 0 },
        { "\xf5", 0 },
        { "\x80", 0 },
        { "abc\xff", 3 },
        { "\xc3(", 1 },
        { "\xe4\xbd(", 2 },
        { "\xf0\x9f\x93(", 3 },
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const char *text = cases[k].text;
        size_t good = cases[k].good;
        assert_int_not_equal(utf8_check(UTF8_START, text, good), UTF8_INVALID);
        assert_int_equal(utf8_check(UTF8_START, text, good + 1), UTF8_INVALID);
        assert_int_equal(utf8_check(UTF8_INVALID, "abc", 3), UTF8_INVALID);
    }
}

static void nothing_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(utf8_check(UTF8_START, NULL, 0), UTF8_START);
    assert_int_equal(utf8_check(UTF8_INVALID, NULL, 0), UTF8_INVALID);
    utf8_state inside = utf8_check(UTF8_START, "\xe4\xbd", 2);
    assert_int_equal(utf8_check(inside, NULL, 0), inside);
    assert_true(utf8_is_valid(NULL, 0));
    assert_false(utf8_is_valid("\xe4\xbd", 2));
}

static void cuts_between_characters(void **state)
{
    (void)state;
    static const char text[] = "a\xc3\xa9"
                               "b\xe4\xbd\xa0\xf0\x9f\x93\x9e"
                               "c";
    for (size_t len = 0; len < sizeof text; len++) {
        char *p = at_end(text, len);
        size_t cut = utf8_cut(p, len), expected = len;
        while (!utf8_is_valid(text, expected))
            expected--;
        assert_int_equal(cut, expected);
        free(p);
    }
    assert_int_equal(utf8_cut(NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sequence_of_up_to_three_bytes),
        cmocka_unit_test(boundaries_of_four_bytes),
        cmocka_unit_test(every_code_point),
        cmocka_unit_test(errors_at_every_offset),
        cmocka_unit_test(splits_at_every_position),
        cmocka_unit_test(fails_at_the_first_impossible_byte),
        cmocka_unit_test(nothing_changes_nothing),
        cmocka_unit_test(cuts_between_characters),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
