// SPDX-License-Identifier: MIT
// Unit tests of proto/json.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "at_end.h"
#include "base/utf8.h"
#include "json_reference.h"
#include "json_samples.h"
#include "proto/json.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

// json_parse() over a copy that ends where its allocation ends. What the others say of it must be the same.
static enum json_result parse(struct span text)
{
    char *p = at_end(text.p, text.len);
    const struct span copy = { p, text.len };
    struct json_value value;
    struct json_field field = { .key = SPAN("a") };
    size_t n;
    enum json_result result = json_parse(copy, &value);
    enum json_result of_object = json_parse_object(copy, &field, 1), of_array = json_parse_array(copy, &value, 1, &n);
    if (of_object != JSON_WRONG_TYPE || result != JSON_OK)
        assert_int_equal(of_object, result);
    if (of_array != JSON_WRONG_TYPE || result != JSON_OK)
        assert_int_equal(of_array, result);
    free(p);
    return result;
}

static void assert_spans_equal(struct span a, struct span b)
{
    if (!span_equal(a, b))
        fail_msg("'%.*s' is not '%.*s'", (int)a.len, a.p, (int)b.len, b.p);
}

static void accepts_what_the_grammar_has(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(json_good); i++)
        if (parse(span_of(json_good[i])) != JSON_OK || reference_json(span_of(json_good[i])) != JSON_OK)
            fail_msg("refused: %s", json_good[i]);
}

static void refuses_everything_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(json_bad); i++)
        if (parse(span_of(json_bad[i])) != JSON_MALFORMED || reference_json(span_of(json_bad[i])) != JSON_MALFORMED)
            fail_msg("accepted: %s", json_bad[i]);
    assert_int_equal(parse((struct span){ NULL, 0 }), JSON_MALFORMED);
    assert_int_equal(parse(SPAN("{,\"a\":1}")), JSON_MALFORMED);
    assert_int_equal(parse(SPAN("[,\"a\"]")), JSON_MALFORMED);
    assert_int_equal(parse(SPAN("[\"a\",\"b\":1]")), JSON_MALFORMED);
    assert_int_equal(parse(SPAN("[{,\"a\":1}]")), JSON_MALFORMED);
    assert_int_equal(parse(SPAN("123\0")), JSON_MALFORMED);
    assert_int_equal(parse(SPAN("[1]\0")), JSON_MALFORMED);
    assert_int_equal(parse(SPAN("[\0]")), JSON_MALFORMED);
    assert_int_equal(parse(SPAN("[\"a\0b\"]")), JSON_MALFORMED);
    assert_int_equal(parse(SPAN("[\"\\\0\"]")), JSON_MALFORMED);
    assert_int_equal(parse(SPAN("{\"a\"\0:1}")), JSON_MALFORMED);
    assert_int_equal(parse(SPAN("[\0\"\0a\0\"\0]\0")), JSON_MALFORMED); // UTF-16
}

static void every_truncation_agrees_with_the_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(json_good) + LENGTH(json_bad); i++) {
        struct span text = span_of(i < LENGTH(json_good) ? json_good[i] : json_bad[i - LENGTH(json_good)]);
        for (; text.len; text.len--)
            if (parse(text) != reference_json(text))
                fail_msg("%.*s", (int)text.len, text.p);
    }
}

// Each byte in a string, at each offset to the blocks that are looked at together.
static void every_byte_at_every_offset_of_a_string(void **state)
{
    (void)state;
    for (size_t len = 1; len < 80; len++)
        for (size_t at = 0; at < len; at++)
            for (int c = 0; c < 256; c++) {
                char text[82];
                memset(text, 'a', sizeof text);
                text[0] = text[len + 1] = '"';
                text[1 + at] = (char)c;
                struct span s = { text, len + 2 };
                assert_int_equal(parse(s), reference_json(s));
            }
}

static void every_escape_at_every_offset(void **state)
{
    (void)state;
    static const char *const escapes[] = {
        "\\r\\n", "\\\"", "\\u00e9", "\\\\", "\\x", "\\u00g0", "\\r\\n\\r\\n\\u0022\\\\\""
    };
    for (size_t k = 0; k < LENGTH(escapes); k++)
        for (size_t before = 0; before < 80; before++)
            for (size_t behind = 0; behind < 40; behind += 13) {
                char text[200];
                size_t escapes_len = strlen(escapes[k]), len = 1 + before + escapes_len + behind;
                memset(text, 'a', sizeof text);
                memcpy(text + 1 + before, escapes[k], escapes_len);
                text[0] = text[len] = '"';
                for (size_t cut = 0; cut < 3; cut++) {
                    struct span s = { text, len + 1 - cut };
                    assert_int_equal(parse(s), reference_json(s));
                }
            }
}

static void describes_the_value(void **state)
{
    (void)state;
    static const struct {
        const char *text, *raw;
        enum json_type type;
        bool has_escapes;
    } cases[] = {
        { " null ", "null", JSON_NULL, false },
        { "\ttrue", "true", JSON_TRUE, false },
        { "false\n", "false", JSON_FALSE, false },
        { " -1.5e+3 ", "-1.5e+3", JSON_NUMBER, false },
        { " \"a b\" ", "\"a b\"", JSON_STRING, false },
        { "\"\\u0041\"", "\"\\u0041\"", JSON_STRING, true },
        { " [ \"\\n\" ] ", "[ \"\\n\" ]", JSON_ARRAY, false },
        { "{}", "{}", JSON_OBJECT, false },
        { "\"a long string that has its escape late \\/\" ", "\"a long string that has its escape late \\/\"",
          JSON_STRING, true },
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct json_value value;
        assert_int_equal(json_parse(span_of(cases[i].text), &value), JSON_OK);
        assert_spans_equal(value.raw, span_of(cases[i].raw));
        assert_int_equal(value.type, cases[i].type);
        assert_int_equal(value.has_escapes, cases[i].has_escapes);
    }
}

// N brackets, alternating if BOTH, then TAIL, then what closes them if IS_CLOSED.
static enum json_result parse_nested(int n, bool both, const char *tail, bool is_closed)
{
    struct buf b = { 0 };
    int error = 0;
    for (int i = 0; i < n; i++)
        error |= buf_put_span(&b, both && i % 2 ? SPAN("{\"a\":") : SPAN(" ["));
    error |= buf_put_span(&b, span_of(tail));
    for (int i = n; is_closed && i-- > 0;)
        error |= buf_put_span(&b, both && i % 2 ? SPAN(" }") : SPAN("]"));
    assert_int_equal(error, 0);
    enum json_result result = parse(buf_span(&b));
    struct json_field field = { .key = SPAN("a") };
    struct json_value value;
    size_t n_values;
    assert_int_equal(json_parse_array(buf_span(&b), &value, 1, &n_values), result);
    assert_int_equal(json_parse_object(buf_span(&b), &field, 1), result == JSON_OK ? JSON_WRONG_TYPE : result);
    buf_fini(&b);
    return result;
}

static void nests_to_the_bound_and_no_deeper(void **state)
{
    (void)state;
    for (int both = 0; both < 2; both++) {
        for (int n = 1; n <= JSON_MAX_DEPTH; n++) {
            assert_int_equal(parse_nested(n, both, "1", true), JSON_OK);
            assert_int_equal(parse_nested(n, both, "1", false), JSON_MALFORMED);
        }
        assert_int_equal(parse_nested(JSON_MAX_DEPTH + 1, both, "1", true), JSON_TOO_DEEP);
        assert_int_equal(parse_nested(JSON_MAX_DEPTH + 1, both, "}nonsense", false), JSON_TOO_DEEP);
        assert_int_equal(parse_nested(100000, both, "", false), JSON_TOO_DEEP);
    }
    assert_int_equal(parse_nested(JSON_MAX_DEPTH, true, "1}", true), JSON_MALFORMED);
}

static void brackets_match_on_every_level(void **state)
{
    (void)state;
    // All ways to close what a mixture of brackets opened, of which one is right.
    for (unsigned kinds = 0; kinds < 64; kinds++)
        for (unsigned closes = 0; closes < 64; closes++) {
            char text[64];
            size_t len = 0;
            for (int i = 0; i < 6; i++)
                len += (size_t)sprintf(text + len, kinds >> i & 1 ? "{\"\":" : "[");
            text[len++] = '0';
            for (int i = 6; i-- > 0;)
                text[len++] = closes >> i & 1 ? '}' : ']';
            assert_int_equal(parse((struct span){ text, len }), kinds == closes ? JSON_OK : JSON_MALFORMED);
        }
}

static void finds_the_members(void **state)
{
    (void)state;
    static const char text[] =
        " { \"type\" : \"offer\" , \"name\":\"b\\u006fb\",\"offer\":{\"type\":1,\"x\":[{}]}, \"n\" :-1 } ";
    struct json_field f[] = { { .key = SPAN("offer") }, { .key = SPAN("type") }, { .key = SPAN("missing") },
                              { .key = SPAN("n") },     { .key = SPAN("name") }, { .key = SPAN("") } };
    char *p = at_end(text, sizeof text - 1);
    assert_int_equal(json_parse_object((struct span){ p, sizeof text - 1 }, f, LENGTH(f)), JSON_OK);
    assert_spans_equal(f[0].value.raw, SPAN("{\"type\":1,\"x\":[{}]}"));
    assert_int_equal(f[0].value.type, JSON_OBJECT);
    assert_true(json_string_is(&f[1].value, SPAN("offer")));
    assert_int_equal(f[2].value.type, JSON_ABSENT);
    assert_spans_equal(f[3].value.raw, SPAN("-1"));
    assert_true(f[4].value.has_escapes);
    assert_true(json_string_is(&f[4].value, SPAN("bob")));
    assert_int_equal(f[5].value.type, JSON_ABSENT);
    for (size_t len = 1; len < sizeof text - 2; len++) {
        char *q = at_end(text, len);
        assert_int_equal(json_parse_object((struct span){ q, len }, f, LENGTH(f)), JSON_MALFORMED);
        free(q);
    }
    free(p);
    assert_int_equal(json_parse_object(SPAN("{}"), NULL, 0), JSON_OK);
    assert_int_equal(json_parse_object(SPAN("{} x"), NULL, 0), JSON_MALFORMED);
}

static void keys_are_compared_decoded(void **state)
{
    (void)state;
    static const char *const same[] = { "{\"typ\\u0065\":1}", "{\"\\u0074ype\":1}",
                                        "{\"type\":2,\"\\u0074\\u0079p\\u0065\":1}",
                                        "{\"type\":2,\"type\":{},\"type\":1}",
                                        "{\"types\":3,\"typ\":2,\"type\":1,\"Type\":4}" };
    struct json_field f[] = { { .key = SPAN("type") } };
    for (size_t i = 0; i < LENGTH(same); i++) {
        assert_int_equal(json_parse_object(span_of(same[i]), f, LENGTH(f)), JSON_OK);
        assert_spans_equal(f[0].value.raw, SPAN("1"));
    }
    assert_int_equal(json_parse_object(SPAN("{\"typ\\\\u0065\":1,\"typ\\ud800\":1,\"typ\\u0065\\u0000\":1}"), f, 1),
                     JSON_OK);
    assert_int_equal(f[0].value.type, JSON_ABSENT);
    struct json_field special[] = {
        { .key = SPAN("__proto__") }, { .key = SPAN("") }, { .key = SPAN("a\0b") }, { .key = SPAN("\"") }
    };
    assert_int_equal(json_parse_object(SPAN("{\"__proto__\":1,\"\":2,\"a\\u0000b\":3,\"\\\"\":4}"), special, 4),
                     JSON_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(*special[i].value.raw.p, '1' + (int)i);
}

static void other_types_are_told_from_no_json(void **state)
{
    (void)state;
    struct json_field f = { .key = SPAN("a") };
    struct json_value v;
    size_t n;
    assert_int_equal(json_parse_object(SPAN(" [1] "), &f, 1), JSON_WRONG_TYPE);
    assert_int_equal(json_parse_object(SPAN("\"a\""), &f, 1), JSON_WRONG_TYPE);
    assert_int_equal(json_parse_object(SPAN("[1"), &f, 1), JSON_MALFORMED);
    assert_int_equal(json_parse_object(SPAN(""), &f, 1), JSON_MALFORMED);
    assert_int_equal(json_parse_object((struct span){ NULL, 0 }, &f, 1), JSON_MALFORMED);
    assert_int_equal(json_parse_array(SPAN("{}"), &v, 1, &n), JSON_WRONG_TYPE);
    assert_int_equal(json_parse_array(SPAN("nul"), &v, 1, &n), JSON_MALFORMED);
    assert_int_equal(json_parse_array(SPAN("[1]]"), &v, 1, &n), JSON_MALFORMED);
}

static void arrays_are_counted_beyond_the_room(void **state)
{
    (void)state;
    struct json_value v[2] = { 0 };
    size_t n = 99;
    assert_int_equal(json_parse_array(SPAN(" [ ] "), v, 2, &n), JSON_OK);
    assert_int_equal(n, 0);
    assert_int_equal(json_parse_array(SPAN("[ \"a\" ,[1,2] , 3,4]"), v, 2, &n), JSON_OK);
    assert_int_equal(n, 4);
    assert_spans_equal(v[0].raw, SPAN("\"a\""));
    assert_spans_equal(v[1].raw, SPAN("[1,2]"));
    assert_int_equal(json_parse_array(SPAN("[1,2,3]"), NULL, 0, &n), JSON_OK);
    assert_int_equal(n, 3);
}

static void walks(void **state)
{
    (void)state;
    struct json_value v;
    struct json_member m;
    size_t pos = 0;
    assert_int_equal(json_parse(SPAN(" { \"a\" : [ ] , \"\\u0062\":\"}\\\"\" } "), &v), JSON_OK);
    assert_true(json_next(v.raw, &pos, &m));
    assert_true(json_string_is(&m.key, SPAN("a")));
    assert_spans_equal(m.value.raw, SPAN("[ ]"));
    assert_true(json_next(v.raw, &pos, &m));
    assert_true(json_string_is(&m.key, SPAN("b")));
    assert_true(json_string_is(&m.value, SPAN("}\"")));
    assert_false(json_next(v.raw, &pos, &m));
    assert_false(json_next(v.raw, &pos, &m));
    pos = 0;
    assert_true(json_next(SPAN("[ 17,{}]"), &pos, &m));
    assert_int_equal(m.key.type, JSON_ABSENT);
    assert_spans_equal(m.value.raw, SPAN("17"));
    assert_true(json_next(SPAN("[ 17,{}]"), &pos, &m));
    assert_spans_equal(m.value.raw, SPAN("{}"));
    assert_false(json_next(SPAN("[ 17,{}]"), &pos, &m));
    pos = 0;
    assert_false(json_next(SPAN("{ }"), &pos, &m));
    assert_false(json_next(SPAN("17"), &pos, &m));
}

static void strings_are_decoded(void **state)
{
    (void)state;
    static const struct {
        struct span text, decoded;
    } cases[] = {
        { SPAN("\"\""), SPAN("") },
        { SPAN("\"plain\""), SPAN("plain") },
        { SPAN("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), SPAN("\"\\/\b\f\n\r\t") },
        { SPAN("\"a\\u0000b\\u007f\""), SPAN("a\0b\x7f") },
        { SPAN("\"\\u0080\\u07FF\\u0800\\uffff\""), SPAN("\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf") },
        { SPAN("\"\\ud83d\\udcDE!\""), SPAN("\xf0\x9f\x93\x9e!") },
        { SPAN("\"\\uD800\\uDC00\\uDBFF\\uDFFF\""), SPAN("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf") },
        { SPAN("\"\xe4\xbd\xa0\\u597d\""), SPAN("\xe4\xbd\xa0\xe5\xa5\xbd") },
        { SPAN("\"\\ud7ff\\ue000\\\\u0041\""), SPAN("\xed\x9f\xbf\xee\x80\x80\\u0041") },
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct json_value value;
        assert_int_equal(json_parse(cases[i].text, &value), JSON_OK);
        const size_t len = cases[i].decoded.len;
        for (size_t cap = 0; cap < len; cap++) {
            char *out = at_end(cases[i].text.p, cap);
            assert_int_equal(json_string_decode(&value, out, cap), -ENOSPC);
            free(out);
        }
        char out[64];
        assert_int_equal(json_string_decode(&value, out, len), len);
        assert_memory_equal(out, cases[i].decoded.p, len);
        assert_true(json_string_is(&value, cases[i].decoded));
        if (len)
            assert_false(json_string_is(&value, (struct span){ cases[i].decoded.p, len - 1 }));
        out[len] = 'x';
        assert_false(json_string_is(&value, (struct span){ out, len + 1 }));
        assert_false(json_string_is(&value, SPAN("something else, and longer than all of these are")));
    }
}

static void half_a_surrogate_pair_has_no_utf8(void **state)
{
    (void)state;
    static const char *const halves[] = {
        "\"\\ud800\"",  "\"\\udfff\"",    "\"\\udc00\\ud800\"", "\"\\ud800\\udbff\"",    "\"\\ud800\\ud800\\udc00\"",
        "\"\\ud800x\"", "\"\\ud800\\n\"", "\"\\udbff\\u0041\"", "\"ok\\ud9ff\\\\udc00\""
    };
    for (size_t i = 0; i < LENGTH(halves); i++) {
        struct json_value value;
        char out[64];
        assert_int_equal(json_parse(span_of(halves[i]), &value), JSON_OK);
        assert_int_equal(json_string_decode(&value, out, sizeof out), -EILSEQ);
        assert_false(json_string_is(&value, SPAN("")));
        assert_false(json_string_is(&value, SPAN("\xed\xa0\x80")));
    }
    struct json_value number;
    assert_int_equal(json_parse(SPAN("12"), &number), JSON_OK);
    assert_false(json_string_is(&number, SPAN("12")));
    assert_false(json_string_is(&number, SPAN("")));
}

static void text_is_a_string_of_some_length(void **state)
{
    (void)state;
    enum { CAP = 16 };
    char out[CAP], json[64];
    struct json_value value = { .type = JSON_ABSENT };
    assert_int_equal(json_string_text(&value, out, CAP).len, 0);
    static const char *const none[] = { "\"\"",    "1",  "null",        "true",
                                        "[\"a\"]", "{}", "\"\\ud800\"", "\"\\udc00\\ud800\"" };
    for (size_t i = 0; i < LENGTH(none); i++) {
        assert_int_equal(json_parse(span_of(none[i]), &value), JSON_OK);
        assert_int_equal(json_string_text(&value, out, CAP).len, 0);
    }
    assert_int_equal(json_parse(SPAN("\"\\u0000\\ud83d\\ude00\""), &value), JSON_OK);
    assert_true(span_equal(json_string_text(&value, out, CAP), SPAN("\0\U0001f600")));
    for (int has_escape = 0; has_escape < 2; has_escape++)
        for (int len = CAP - 1; len <= CAP + 1; len++) {
            snprintf(json, sizeof json, "\"%s%0*d\"", has_escape ? "\\u0041" : "A", len - 1, 0);
            assert_int_equal(json_parse(span_of(json), &value), JSON_OK);
            struct span text = json_string_text(&value, out, CAP);
            assert_int_equal(text.len, len <= CAP ? len : 0);
            assert_true(!text.len || text.p[0] == 'A');
        }
}

static void strings_are_put_as_json_stringify_does(void **state)
{
    (void)state;
    struct buf b = { 0 };
    assert_int_equal(json_put_string(&b, (struct span){ NULL, 0 }), 0);
    assert_int_equal(
        json_put_string(&b, SPAN("\b\t\n\f\r\"\\/\x01\x1f\x7f\0\xe2\x80\xa8 and what is plain \xf0\x9f\x93\x9e\n")), 0);
    assert_spans_equal(buf_span(&b), SPAN("\"\"\"\\b\\t\\n\\f\\r\\\"\\\\/\\u0001\\u001f\x7f\\u0000\xe2\x80\xa8"
                                          " and what is plain \xf0\x9f\x93\x9e\\n\""));
    buf_fini(&b);
    for (int c = 0; c < 0x80; c++)
        for (size_t before = 0; before < 40; before++) {
            char text[41], out[64];
            memset(text, 'a', sizeof text);
            text[before] = (char)c;
            char *p = at_end(text, before + 1);
            struct json_value value;
            assert_int_equal(json_put_string(&b, (struct span){ p, before + 1 }), 0);
            assert_int_equal(json_parse(buf_span(&b), &value), JSON_OK);
            assert_int_equal(json_string_decode(&value, out, sizeof out), before + 1);
            assert_memory_equal(out, text, before + 1);
            assert_int_equal(json_plain_len((struct span){ p, before + 1 }), before + !value.has_escapes);
            buf_fini(&b);
            free(p);
        }
    assert_int_equal(json_plain_len((struct span){ NULL, 0 }), 0);
}

// Writes documents at random, the same ones in every run.
struct writer {
    struct buf out;
    uint64_t seed;
};

static size_t draw(struct writer *w, size_t below)
{
    w->seed = w->seed * 6364136223846793005 + 1442695040888963407; // Knuth's MMIX
    return (size_t)(w->seed >> 33) % below;
}

static void write_text(struct writer *w, const char *text)
{
    assert_int_equal(buf_put_span(&w->out, span_of(text)), 0);
}

static void write_one_of(struct writer *w, size_t n, const char *const texts[])
{
    write_text(w, texts[draw(w, n)]);
}

static void write_blanks(struct writer *w)
{
    static const char *const blanks[] = { "", "", "", " ", "\n\t", "\r\n      " };
    write_one_of(w, LENGTH(blanks), blanks);
}

static void write_string(struct writer *w)
{
    static const char *const parts[] = { "a",
                                         "{",
                                         "]",
                                         ",",
                                         ":",
                                         "\\\"",
                                         "\\\\",
                                         "\\r\\n",
                                         "\\u00e9",
                                         "\\ud800",
                                         "\xc3\xa9",
                                         "a=rtpmap:96 VP8/90000\\r\\n",
                                         "candidate:842163049 1 udp 1677729535" };
    write_text(w, "\"");
    for (size_t n = draw(w, 2) ? draw(w, 4) : draw(w, 30); n > 0; n--)
        write_one_of(w, LENGTH(parts), parts);
    write_text(w, "\"");
}

static void write_value(struct writer *w, int depth)
{
    static const char *const scalars[] = { "0", "-1.25e+10", "123456789", "0.5", "2E-3", "true", "false", "null" };
    switch (draw(w, depth < 6 ? 4 : 2)) {
    case 0:
        write_one_of(w, LENGTH(scalars), scalars);
        return;
    case 1:
        write_string(w);
        return;
    }
    bool is_object = draw(w, 2);
    write_text(w, is_object ? "{" : "[");
    write_blanks(w);
    for (size_t n = draw(w, 4), i = 0; i < n; i++) {
        if (is_object) {
            write_string(w);
            write_blanks(w);
            write_text(w, ":");
            write_blanks(w);
        }
        write_value(w, depth + 1);
        write_blanks(w);
        write_text(w, i + 1 < n ? "," : "");
        write_blanks(w);
    }
    write_text(w, is_object ? "}" : "]");
}

// Writes an array of N values and notes where they begin and end.
static void write_array(struct writer *w, size_t n, size_t ends[][2])
{
    write_text(w, "[");
    for (size_t i = 0; i < n; i++) {
        write_text(w, i ? "," : "");
        write_blanks(w);
        ends[i][0] = w->out.len;
        write_value(w, 1);
        ends[i][1] = w->out.len;
        write_blanks(w);
    }
    write_text(w, "]");
}

static void elements_are_where_they_were_written(void **state)
{
    (void)state;
    struct writer w = { .seed = 1 };
    for (int round = 0; round < 2000; round++) {
        size_t ends[8][2], n = draw(&w, 9), n_found, pos = 0;
        struct json_value found[8];
        struct json_member member;
        w.out.len = 0;
        write_array(&w, n, ends);
        char *p = at_end(w.out.p, w.out.len);
        struct span text = { p, w.out.len };
        assert_int_equal(json_parse_array(text, found, 8, &n_found), JSON_OK);
        assert_int_equal(n_found, n);
        for (size_t i = 0; i < n; i++) {
            assert_ptr_equal(found[i].raw.p, p + ends[i][0]);
            assert_int_equal(found[i].raw.len, ends[i][1] - ends[i][0]);
            assert_true(json_next(text, &pos, &member));
            assert_ptr_equal(member.value.raw.p, found[i].raw.p);
            assert_int_equal(member.value.raw.len, found[i].raw.len);
            assert_int_equal(member.value.type, found[i].type);
        }
        assert_false(json_next(text, &pos, &member));
        free(p);
    }
    buf_fini(&w.out);
}

static void a_slip_of_the_pen_gets_the_references_verdict(void **state)
{
    (void)state;
    static const char bytes[] = "{}[],:\"\\u0e-.1tn \n\x1f\xff";
    struct writer w = { .seed = 2 };
    for (int round = 0; round < 1000; round++) {
        w.out.len = 0;
        write_value(&w, 0);
        for (int slip = 0; slip < 20; slip++) {
            char *p = at_end(w.out.p, w.out.len);
            size_t at = draw(&w, w.out.len), len = w.out.len;
            if (draw(&w, 2))
                p[at] = bytes[draw(&w, sizeof bytes - 1)];
            else
                memmove(p + at, p + at + 1, --len - at);
            struct span text = { p, len };
            if (parse(text) != reference_json(text))
                fail_msg("%.*s", (int)len, p);
            free(p);
        }
    }
    buf_fini(&w.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_the_grammar_has),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(every_truncation_agrees_with_the_reference),
        cmocka_unit_test(every_byte_at_every_offset_of_a_string),
        cmocka_unit_test(every_escape_at_every_offset),
        cmocka_unit_test(describes_the_value),
        cmocka_unit_test(nests_to_the_bound_and_no_deeper),
        cmocka_unit_test(brackets_match_on_every_level),
        cmocka_unit_test(finds_the_members),
        cmocka_unit_test(keys_are_compared_decoded),
        cmocka_unit_test(other_types_are_told_from_no_json),
        cmocka_unit_test(arrays_are_counted_beyond_the_room),
        cmocka_unit_test(walks),
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(half_a_surrogate_pair_has_no_utf8),
        cmocka_unit_test(text_is_a_string_of_some_length),
        cmocka_unit_test(strings_are_put_as_json_stringify_does),
        cmocka_unit_test(elements_are_where_they_were_written),
        cmocka_unit_test(a_slip_of_the_pen_gets_the_references_verdict),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
