// SPDX-License-Identifier: MIT
// Unit tests of proto/toml.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "at_end.h"
#include "proto/toml.h"

enum { MAX_DUMP = 1024 };

// Appends a line about ITEM: where it is, its name, and its value.
static size_t dump_item(const struct toml_item *item, char *out, size_t room)
{
    size_t n = (size_t)snprintf(out, room, "%u:%u ", item->line, item->column);
    switch (item->kind) {
    case TOML_SECTION:
        n += (size_t)snprintf(out + n, room - n, "[%.*s", (int)item->name.len, item->name.p);
        if (item->below.p)
            n += (size_t)snprintf(out + n, room - n, ".%.*s", (int)item->below.len, item->below.p);
        return n + (size_t)snprintf(out + n, room - n, "]\n");
    case TOML_STRING:
    case TOML_ITEM:
        assert_int_equal(item->text.p[item->text.len], 0);
        return n + (size_t)snprintf(out + n, room - n, "%.*s%s\"%s\"@%u\n", (int)item->name.len, item->name.p,
                                    item->kind == TOML_ITEM ? "+=" : "=", item->text.p, item->value_column);
    case TOML_INTEGER:
    case TOML_BOOLEAN:
        return n + (size_t)snprintf(out + n, room - n, "%.*s=%s%" PRId64 "@%u\n", (int)item->name.len, item->name.p,
                                    item->kind == TOML_BOOLEAN ? "b" : "", item->number, item->value_column);
    case TOML_ARRAY:
        return n + (size_t)snprintf(out + n, room - n, "%.*s[]\n", (int)item->name.len, item->name.p);
    default:
        return n + (size_t)snprintf(out + n, room - n, "! %s\n", item->fault);
    }
}

static void dump(const char *text, size_t len, char out[MAX_DUMP])
{
    char *copy = at_end(text, len);
    struct toml t;
    struct toml_item item = { 0 };
    size_t n = 0;
    out[0] = '\0';
    toml_init(&t, copy, len);
    while (item.kind != TOML_FAULT && toml_next(&t, &item) != TOML_END)
        n += dump_item(&item, out + n, MAX_DUMP - n);
    free(copy);
}

static void expect(const char *text, const char *expected)
{
    char got[MAX_DUMP];
    dump(text, strlen(text), got);
    if (strcmp(got, expected) != 0)
        fail_msg("%s:\n%s instead of\n%s", text, got, expected);
}

static void nothing_is_a_text(void **state)
{
    (void)state;
    expect("", "");
    expect("\n\r\n \t\n", "");
    expect("# a comment\n  # another, with \t é #", "");
}

static void values_have_types(void **state)
{
    (void)state;
    expect("port = 8888", "1:1 port=8888@8\n");
    expect("a=1\r\nb\t=\t-12 # c\nc = +0\nd = 1_000_000", "1:1 a=1@3\n2:1 b=-12@5\n3:1 c=0@5\n4:1 d=1000000@5\n");
    expect("a = 9223372036854775807\nb = -9223372036854775808",
           "1:1 a=9223372036854775807@5\n2:1 b=-9223372036854775808@5\n");
    expect(" dev = true\nA-9_z = false#", "1:2 dev=b1@8\n2:1 A-9_z=b0@9\n");
    expect("a = \"b\" # c", "1:1 a=\"b\"@5\n");
    expect("a = ''\nb = \"\"\nc = 'C:\\n \"x\" #'", "1:1 a=\"\"@5\n2:1 b=\"\"@5\n3:1 c=\"C:\\n \"x\" #\"@5\n");
}

static void strings_have_escapes(void **state)
{
    (void)state;
    expect("a = \"\\t\\\"\\\\\\u00e9\\U0001F600\\u20AC\\n\"", "1:1 a=\"\t\"\\é😀€\n\"@5\n");
    expect("a = \"\\u007f\\u0080\\u07ff\\u0800\\uffff\\U00010000\\U0010ffff\"",
           "1:1 a=\"\x7f\xc2\x80\u07ff\u0800\uffff\U00010000\U0010ffff\"@5\n");
    static const char *const wrong[] = { "\\x41",   "\\u12", "\\ud800", "\\udfff", "\\U00110000",
                                         "\\u0000", "\\ ",   "\\uG000", "\\u00 1" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[64];
        snprintf(text, sizeof text, "a = \"é%s\" ", wrong[i]);
        expect(text, "1:7 ! a backslash is written \\\\ in double quotes; or take single ones\n");
    }
}

static void lists_hold_strings(void **state)
{
    (void)state;
    expect("a = []", "1:1 a[]\n");
    expect("a = [ 'b' ]\nc=1", "1:1 a[]\n1:7 a+=\"b\"@7\n2:1 c=1@3\n");
    expect("a = [ # x\n  \"é\", 'c'  # y\n  ,\r\n\n 'd',\n] # z\n",
           "1:1 a[]\n2:3 a+=\"é\"@3\n2:8 a+=\"c\"@8\n5:2 a+=\"d\"@2\n");
    expect("a = [1]", "1:1 a[]\n1:6 ! in a list stand strings, with commas between them and ] behind\n");
    expect("a = [,]", "1:1 a[]\n1:6 ! in a list stand strings, with commas between them and ] behind\n");
    expect("a = ['b' 'c']", "1:1 a[]\n1:10 ! here belongs a comma or ]\n");
    expect("a = ['b',\n",
           "1:1 a[]\n1:6 a+=\"b\"@6\n2:1 ! in a list stand strings, with commas between them and ] behind\n");
    expect("a = ['b'] c", "1:1 a[]\n1:6 a+=\"b\"@6\n1:11 ! only a comment may follow here\n");
}

static void sections_have_one_dot_at_most(void **state)
{
    (void)state;
    expect("[tls]\ncert = 'x'\n [ site . a-1 ] # y", "1:1 [tls]\n2:1 cert=\"x\"@8\n3:2 [site.a-1]\n");
    static const char *const wrong[] = { "[]", "[[a]]", "[a.]", "[.a]", "[a.b.c]", "['a']", "[a", "[a\n]", "[é]" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char got[MAX_DUMP];
        dump(wrong[i], strlen(wrong[i]), got);
        assert_non_null(
            strstr(got, "! a section's name is a word in brackets, or two with a dot: [tls], [site.NAME]\n"));
    }
    expect("[a] b", "1:5 ! only a comment may follow here\n");
}

static void what_is_left_out_is_named(void **state)
{
    (void)state;
    static const char number[] = "a number is made of digits; with a unit it is a string: \"64k\", \"30s\"";
    static const char value[] = "a value is a \"string\", a number, true, false or a list in brackets";
    static const char string[] = "the string does not end on its line, or holds a control character";
    static const char lines[] = "a string stands on one line, in single quotes or double ones";
    static const char line[] = "a line is NAME = VALUE, [SECTION], or a comment";
    const struct {
        const char *text, *where, *fault;
    } rows[] = {
        { "a = 64k", "1:5", number },
        { "a = 1.5", "1:5", number },
        { "a = 1e3", "1:5", number },
        { "a = 0x1f", "1:5", number },
        { "a = 007", "1:5", number },
        { "a = 1__0", "1:5", number },
        { "a = 1_", "1:5", number },
        { "a = -", "1:5", number },
        { "a = 2026-01-01", "1:5", number },
        { "a = 07:30", "1:5", number },
        { "a = 9223372036854775808", "1:5", "the number is too large" },
        { "a = yes", "1:5", value },
        { "a = True", "1:5", value },
        { "a = {b = 1}", "1:5", value },
        { "a =", "1:4", value },
        { "a =\n1", "1:4", value },
        { "a = 'b", "1:7", string },
        { "a = 'b\nc'", "1:7", string },
        { "a = \"b\tc\x01\"", "1:9", string },
        { "a = 'b\x7f'", "1:7", string },
        { "a = '''b'''", "1:5", lines },
        { "a = \"\"\"", "1:5", lines },
        { "a = 'b' c", "1:9", "only a comment may follow here" },
        { "a = 1 2", "1:7", "only a comment may follow here" },
        { "a = 1 # \x01", "1:7", "only a comment may follow here" },
        { "a = 1 # \r", "1:7", "only a comment may follow here" },
        { "a.b = 1", "1:2", "there is no dot in a name: write it below its [section]" },
        { "a", "1:2", "here belongs = and a value" },
        { "a b = 1", "1:3", "here belongs = and a value" },
        { "'a' = 1", "1:1", line },
        { "= 1", "1:1", line },
        { "\n\n  é = 1", "3:3", line },
        { "\xef\xbb\xbf"
          "a = 1",
          "1:1", line },
        { "# \x01", "1:3", line },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[200];
        snprintf(expected, sizeof expected, "%s ! %s\n", rows[i].where, rows[i].fault);
        expect(rows[i].text, expected);
    }
}

static void what_is_no_utf8_is_found(void **state)
{
    (void)state;
    static const char fault[] = "this is not UTF-8";
    static const char *const texts[] = { "a = 'é\xff'", "a = \"é\xc3", "a = 1 #\xc0\xaf", "\xff",
                                         "a\xff = 1",   "[a\x80]",     "# \xed\xa0\x80" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char got[MAX_DUMP];
        dump(texts[i], strlen(texts[i]), got);
        if (!strstr(got, fault))
            fail_msg("%s: %s", texts[i], got);
    }
}

static void zero_bytes_are_control_characters(void **state)
{
    (void)state;
    char got[MAX_DUMP];
    dump("a = '\0'", 8, got);
    assert_non_null(strstr(got, "1:6 ! the string does not end on its line"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_a_text),
        cmocka_unit_test(values_have_types),
        cmocka_unit_test(strings_have_escapes),
        cmocka_unit_test(lists_hold_strings),
        cmocka_unit_test(sections_have_one_dot_at_most),
        cmocka_unit_test(what_is_left_out_is_named),
        cmocka_unit_test(what_is_no_utf8_is_found),
        cmocka_unit_test(zero_bytes_are_control_characters),
    };
    return cmocka_run_group_tests_name("toml", tests, NULL, NULL);
}
