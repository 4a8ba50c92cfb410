// SPDX-License-Identifier: MIT
// Unit tests of proto/json_string.h: its verdicts against those of a walk from byte to byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "at_end.h"
#include "chance.h"
#include "proto/json_string.h"

// Where the string at P ends, as the grammar says it.
static struct json_string_end reference_end(const char *p, const char *end)
{
    const struct json_string_end malformed = { NULL, false };
    bool has_escapes = false;
    for (; p < end && (unsigned char)*p >= ' '; p++) {
        if (*p == '"')
            return (struct json_string_end){ p + 1, has_escapes };
        if (*p != '\\')
            continue;
        has_escapes = true;
        if (++p == end || *p == '\0' || !strchr("\"\\/bfnrtu", *p))
            return malformed;
        for (int i = 0; *p == 'u' && i < 4; i++)
            if (end - p <= i + 1 || !isxdigit((unsigned char)p[i + 1]))
                return malformed;
    }
    return malformed;
}

// Compares the verdicts on the LEN bytes at TEXT, which begin with a quote, in an allocation that ends with them.
static void compare(const char *text, size_t len)
{
    char *p = at_end(text, len);
    struct json_string_end wanted = reference_end(p + 1, p + len);
    struct json_string_end found = json_string_end(p + 1, p + len), of_long = json_string_long_end(p + 1, p + len);
    if (found.p != wanted.p || of_long.p != wanted.p)
        fail_msg("%.*s: ends behind %td and %td, not %td bytes", (int)len, text, found.p ? found.p - p : -1,
                 of_long.p ? of_long.p - p : -1, wanted.p ? wanted.p - p : -1);
    if (wanted.p && (found.has_escapes != wanted.has_escapes || of_long.has_escapes != wanted.has_escapes))
        fail_msg("%.*s: escapes %d and %d, not %d", (int)len, text, found.has_escapes, of_long.has_escapes,
                 wanted.has_escapes);
    const char *plain = p + 1;
    while (plain < p + len && (unsigned char)*plain >= ' ' && *plain != '"' && *plain != '\\')
        plain++;
    assert_ptr_equal(json_string_plain_end(p + 1, p + len), plain);
    free(p);
}

static void every_run_of_backslashes_at_every_offset(void **state)
{
    (void)state;
    static const char behind[] = "\"nrtfb/ux\x01z";
    for (size_t before = 0; before < 100; before++)
        for (size_t run = 0; run < 40; run++)
            for (size_t i = 0; i < sizeof behind; i++) {
                char text[200];
                memset(text, 'a', sizeof text);
                text[0] = '"';
                memset(text + 1 + before, '\\', run);
                text[1 + before + run] = behind[i]; // a zero at last
                memcpy(text + 2 + before + run, "12aF\"", 5);
                compare(text, 2 + before + run);
                compare(text, 7 + before + run);
                compare(text, 7 + before + run + 33); // with bytes behind the string
            }
}

// One byte of each value, alone or behind a backslash, at every offset of strings of every length.
static void every_byte_everywhere(void **state)
{
    (void)state;
    for (size_t len = 1; len < 100; len += len < 36 ? 1 : 7)
        for (size_t at = 0; at < len; at++)
            for (int c = 0; c < 256; c++) {
                char text[140];
                memset(text, 'a', sizeof text);
                text[0] = text[len + 1] = '"';
                text[1 + at] = (char)c;
                compare(text, len + 2);
                text[at] = at ? '\\' : '"';
                compare(text, len + 2);
                compare(text, len + 40);
            }
}

// Texts in which all that is special stands side by side, whole and cut short.
static void chance_finds_no_difference(void **state)
{
    (void)state;
    static const char *const parts[] = { "\\r\\n",  "\\n",     "\\\\",         "\\\"",
                                         "\\u00e9", "\\u12g4", "\\/",          "\\b",
                                         "a",       "abcdef",  "\xe4\xbd\xa0", "\"",
                                         "\x1f",    "\\x",     "\\",           "candidate:1 1 udp" };
    uint64_t random = 20261121;
    for (int round = 0; round < 200000; round++) {
        char text[400] = "\"";
        size_t len = 1, most = chance_below(&random, 300), n_parts = sizeof parts / sizeof *parts;
        if (chance_below(&random, 4))
            n_parts = 11; // only what a good string may hold
        while (len < most) {
            const char *part = parts[chance_below(&random, n_parts)];
            memcpy(text + len, part, strlen(part));
            len += strlen(part);
        }
        text[len++] = '"';
        compare(text, len);
        compare(text, 1 + chance_below(&random, len));
        memset(text + len, chance_below(&random, 2) ? '\\' : '}', 40);
        compare(text, len + chance_below(&random, 40));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_of_backslashes_at_every_offset),
        cmocka_unit_test(every_byte_everywhere),
        cmocka_unit_test(chance_finds_no_difference),
    };
    return cmocka_run_group_tests_name("json_string", tests, NULL, NULL);
}
