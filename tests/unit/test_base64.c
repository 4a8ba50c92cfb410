// SPDX-License-Identifier: MIT
// Tests of base64: RFC 4648's vectors, line breaks, and everything that must be refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "at_end.h"
#include "base/base64.h"

// Decodes TEXT where it lies, at the end of its allocation, and compares with EXPECTED.
static void check_decodes(struct span text, struct span expected)
{
    char *p = at_end(text.p, text.len);
    ssize_t n = base64_decode(p, (struct span){ p, text.len });
    assert_int_equal(n, expected.len);
    assert_memory_equal(p, expected.p, expected.len);
    free(p);
}

static void check_refused(struct span text)
{
    char *p = at_end(text.p, text.len);
    assert_int_equal(base64_decode(p, (struct span){ p, text.len }), -EINVAL);
    free(p);
}

static void the_vectors_of_rfc_4648_hold(void **state)
{
    (void)state;
    static const struct {
        struct span bytes, text;
    } vectors[] = {
        { SPAN(""), SPAN("") },
        { SPAN("f"), SPAN("Zg==") },
        { SPAN("fo"), SPAN("Zm8=") },
        { SPAN("foo"), SPAN("Zm9v") },
        { SPAN("foob"), SPAN("Zm9vYg==") },
        { SPAN("fooba"), SPAN("Zm9vYmE=") },
        { SPAN("foobar"), SPAN("Zm9vYmFy") },
        { SPAN("\xFF\xFE\xFB\x00\x10\x83\xEF"), SPAN("//77ABCD7w==") },
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct buf out = { 0 };
        assert_int_equal(base64_put(&out, vectors[i].bytes), 0);
        assert_int_equal(base64_len(vectors[i].bytes.len), vectors[i].text.len);
        assert_true(span_equal(buf_span(&out), vectors[i].text));
        buf_fini(&out);
        check_decodes(vectors[i].text, vectors[i].bytes);
    }
}

static void every_byte_comes_back(void **state)
{
    (void)state;
    char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct buf out = { 0 };
        assert_int_equal(base64_put(&out, (struct span){ bytes, len }), 0);
        check_decodes(buf_span(&out), (struct span){ bytes, len });
        buf_fini(&out);
    }
}

static void it_puts_behind_what_is_there(void **state)
{
    (void)state;
    struct buf out = { 0 };
    assert_int_equal(buf_put_span(&out, SPAN("b")), 0);
    assert_int_equal(base64_put(&out, SPAN("foo")), 0);
    assert_true(span_equal(buf_span(&out), SPAN("bZm9v")));
    buf_fini(&out);
}

static void line_breaks_are_skipped(void **state)
{
    (void)state;
    check_decodes(SPAN("\nZm9v\r\nYg=\n=\r\n"), SPAN("foob"));
    check_decodes(SPAN("\r\n"), SPAN(""));
}

static void what_is_no_base64_is_refused(void **state)
{
    (void)state;
    check_refused(SPAN("Z"));
    check_refused(SPAN("Zg"));
    check_refused(SPAN("Zg="));
    check_refused(SPAN("Zm9vYg"));
    check_refused(SPAN("===="));
    check_refused(SPAN("Z==="));
    check_refused(SPAN("A==="));
    check_refused(SPAN("Zg==Zg=="));
    check_refused(SPAN("Zg====="));
    check_refused(SPAN("Zg======"));
    check_refused(SPAN("=Zg="));
    check_refused(SPAN("Z=g="));
    check_refused(SPAN("Zm9 v"));
    check_refused(SPAN("Zm9-"));
    check_refused(SPAN("Zm9_"));
    check_refused(SPAN("Zm\0v"));
    check_refused(SPAN("Zm9\xE9"));
    check_refused(SPAN("Zh==")); // bits set that no byte takes
    check_refused(SPAN("Zm9="));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648_hold), cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(it_puts_behind_what_is_there), cmocka_unit_test(line_breaks_are_skipped),
        cmocka_unit_test(what_is_no_base64_is_refused),
    };
    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
