// SPDX-License-Identifier: MIT
// Unit tests of dialect/command.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "dialect/command.h"
#include "transcript.h"

static struct stage stage;

static int setup(void **state)
{
    stage_init(&stage, 1, "/=login", (struct dialect_opts){ 0 });
    stage_play(&stage, (const char *const[]){ "A:", NULL });
    *state = &stage.sessions[0];
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_fini(&stage);
    return 0;
}

static void assert_heard(struct fake_session *f, const char *line)
{
    fake_hears(f, line);
    assert_int_equal(f->sent.len, 0);
}

static void a_good_message_is_read(void **state)
{
    struct fake_session *f = *state;
    struct json_field fields[] = { { .key = SPAN("type") }, { .key = SPAN("a") }, { .key = SPAN("b") } };
    assert_true(command_parse(&f->session, SPAN("{\"a\":[1],\"type\":7}"), fields, 3));
    assert_int_equal(fields[0].value.type, JSON_NUMBER);
    assert_true(span_equal(fields[1].value.raw, SPAN("[1]")));
    assert_int_equal(fields[2].value.type, JSON_ABSENT);
    assert_int_equal(f->sent.len, 0);
}

static void a_bad_one_is_told_why(void **state)
{
    struct fake_session *f = *state;
    struct json_field fields[] = { { .key = SPAN("type") } };
    assert_false(command_parse(&f->session, SPAN("{"), fields, 1));
    assert_heard(f, "A< {'type':'error','message':'This message is not JSON'}");
    assert_false(command_parse(&f->session, SPAN("[]"), fields, 1));
    assert_heard(f, "A< {'type':'error','message':'This message is JSON, but not an object'}");
    assert_false(command_parse(&f->session, SPAN("{\"Type\":1}"), fields, 1));
    assert_heard(f, "A< {'type':'error','message':'This message has no \\\"type\\\"'}");
}

static void errors_are_escaped(void **state)
{
    struct fake_session *f = *state;
    command_error(&f->session, FAULT_REFUSED, SPAN("<"), SPAN("\"\\\n\0\x1f"));
    assert_heard(f, "A< {'type':'error','message':'<\\\"\\\\\\n\\u0000\\u001f'}");
    assert_int_equal(f->session.mount->realm->traffic.faults[FAULT_REFUSED], 1);
}

// A quotation is cut between characters; fake_send() insists on UTF-8.
static void errors_are_cut(void **state)
{
    struct fake_session *f = *state;
    static const char *const characters[] = { "x", "\u00e9", "\u4f60", "\U0001f600" };
    for (size_t i = 0; i < 4; i++)
        for (size_t shift = 0; shift < 4; shift++) {
            struct buf text = { 0 };
            assert_int_equal(buf_put(&text, "...", shift), 0);
            while (text.len < 300)
                assert_int_equal(buf_put_span(&text, span_of(characters[i])), 0);
            command_error(&f->session, FAULT_REFUSED, SPAN("<"), buf_span(&text));
            size_t len = f->sent.len - strlen("{\"type\":\"error\",\"message\":\"<\"}\n");
            assert_in_range(len, COMMAND_MAX_QUOTE - strlen(characters[i]) + 1, COMMAND_MAX_QUOTE);
            f->sent.len = 0;
            buf_fini(&text);
        }
}

static struct json_value parse(const char *text)
{
    struct json_value value = { 0 };
    assert_int_equal(json_parse(span_of(text), &value), JSON_OK);
    return value;
}

static void assert_quote(const char *json, const char *wanted)
{
    char out[COMMAND_MAX_QUOTE];
    struct json_value value = parse(json);
    struct span quote = command_quote(&value, out);
    assert_true(span_equal(quote, span_of(wanted)));
}

static void values_are_quoted_as_people_write(void **state)
{
    (void)state;
    char out[COMMAND_MAX_QUOTE];
    struct json_value absent = { .type = JSON_ABSENT };
    assert_true(span_equal(command_quote(&absent, out), SPAN("undefined")));
    assert_quote("\"abc\"", "abc");
    assert_quote("\"\"", "");
    assert_quote("\"a\\u0062\\n\"", "ab\n");
    assert_quote("\"\\ud800\"", "\\ud800"); // no text could say it
    assert_quote(" [1, 2] ", "[1, 2]");
    assert_quote("null", "null");
    assert_quote("-1.50", "-1.50");
}

int main(void)
{
#define UNIT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        UNIT_TEST(a_good_message_is_read),
        UNIT_TEST(a_bad_one_is_told_why),
        UNIT_TEST(errors_are_escaped),
        UNIT_TEST(errors_are_cut),
        UNIT_TEST(values_are_quoted_as_people_write),
    };
    return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
