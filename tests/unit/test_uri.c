// SPDX-License-Identifier: MIT
// Paths made safe, query parameters found and decoded.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "at_end.h"
#include "proto/uri.h"

// Normalises PATH, with both ends of it and of OUT where a sanitizer watches them.
static ssize_t normalize(struct span path, char *out, size_t cap)
{
    char *copy = at_end(path.p, path.len);
    char *place = malloc(cap ? cap : 1);
    ssize_t n = uri_normalize_path((struct span){ copy, path.len }, place, cap);
    if (n > 0)
        memcpy(out, place, (size_t)n);
    free(copy);
    free(place);
    return n;
}

static void check_path(struct span path, const char *wanted)
{
    char out[256];
    ssize_t len = (ssize_t)strlen(wanted);
    assert_int_equal(normalize(path, out, path.len), len);
    assert_memory_equal(out, wanted, (size_t)len);
    assert_int_equal(uri_normalize_path(path, out, 0), -ENOSPC);
    for (size_t cap = 1; cap < (size_t)len; cap++)
        assert_int_equal(normalize(path, out, cap), -ENOSPC);
}

static void a_path_is_normalized(void **state)
{
    (void)state;
    check_path(SPAN("/"), "/");
    check_path(SPAN("/a"), "/a");
    check_path(SPAN("/a/"), "/a/");
    check_path(SPAN("//a///b//"), "/a/b/");
    check_path(SPAN("/."), "/");
    check_path(SPAN("/./a/./b/."), "/a/b/");
    check_path(SPAN("/a/.."), "/");
    check_path(SPAN("/a/../b"), "/b");
    check_path(SPAN("/a/b/c/../../d/.."), "/a/");
    check_path(SPAN("/a/b/../"), "/a/");
    check_path(SPAN("/a/%2e%2E/b"), "/b");
    check_path(SPAN("/a/%2e/b"), "/a/b");
    check_path(SPAN("/.../..a/.b/a..%2e"), "/.../..a/.b/a...");
    check_path(SPAN("/%61%2Db%20c%25%3f%23"), "/a-b c%?#");
    check_path(SPAN("/%252e%252e/a"), "/%2e%2e/a");
    check_path(SPAN("/gr%C3%BC%c3%9Fe/\xe4\xb8\xad"), "/gr\xc3\xbc\xc3\x9f"
                                                      "e/\xe4\xb8\xad");
    check_path(SPAN("/a+b=c&d;e"), "/a+b=c&d;e");
}

static void refuse_path(struct span path)
{
    char out[256];
    assert_int_equal(normalize(path, out, sizeof out), -EINVAL);
}

static void what_is_no_path_or_leads_out_is_refused(void **state)
{
    (void)state;
    refuse_path(SPAN(""));
    refuse_path(SPAN("a"));
    refuse_path(SPAN("*"));
    refuse_path(SPAN("%2f"));
    refuse_path(SPAN("/.."));
    refuse_path(SPAN("/../a"));
    refuse_path(SPAN("/a/../.."));
    refuse_path(SPAN("/a/../../a"));
    refuse_path(SPAN("//../a"));
    refuse_path(SPAN("/%2e%2e/a"));
    refuse_path(SPAN("/..%2fa"));
    refuse_path(SPAN("/a%2Fb"));
    refuse_path(SPAN("/a\\b"));
    refuse_path(SPAN("/a%5cb"));
    refuse_path(SPAN("/%"));
    refuse_path(SPAN("/%4"));
    refuse_path(SPAN("/%zz"));
    refuse_path(SPAN("/%4g"));
    refuse_path(SPAN("/%-1"));
    refuse_path(SPAN("/%00"));
    refuse_path(SPAN("/%0d%0a"));
    refuse_path(SPAN("/%7f"));
    refuse_path(SPAN("/a\tb"));
    refuse_path(SPAN("/a\0b"));
    refuse_path(SPAN("/%c0%ae%c0%ae/etc"));
    refuse_path(SPAN("/%c3"));
    refuse_path(SPAN("/%c3/%bc"));
    refuse_path(SPAN("/%ff/../a"));
    refuse_path(SPAN("/%ed%a0%80"));
}

// Whatever a path is cut to, nothing is read behind it and the result is clean.
static void a_path_cut_anywhere_stays_a_path_or_is_refused(void **state)
{
    (void)state;
    struct span whole = SPAN("/%2e/a%20/..//b%c3%bc/../%e4%b8%ad./x%25/.");
    char out[64];
    for (size_t len = 1; len <= whole.len; len++) {
        ssize_t n = normalize((struct span){ whole.p, len }, out, len);
        assert_true(n == -EINVAL || (n > 0 && (size_t)n <= len && out[0] == '/'));
    }
    check_path(whole, "/\xe4\xb8\xad./x%/");
}

static void check_param(const char *query, const char *name, const char *wanted)
{
    char *copy = at_end(query, strlen(query));
    struct span value = uri_find_param((struct span){ copy, strlen(query) }, span_of(name));
    assert_true(wanted ? value.p && span_equal(value, span_of(wanted)) : !value.p);
    free(copy);
}

static void the_first_parameter_of_a_name_is_found(void **state)
{
    (void)state;
    check_param("a=1&b=2", "a", "1");
    check_param("a=1&b=2", "b", "2");
    check_param("a=1&b=2", "c", NULL);
    check_param("a=1&a=2", "a", "1");
    check_param("aa=1&a=2", "a", "2");
    check_param("a=1=2&b", "a", "1=2");
    check_param("a=1=2&b", "b", "");
    check_param("&&b=&", "b", "");
    check_param("&&b=&", "", "");
    check_param("%61=1", "a", NULL);
    check_param("a=%41+", "a", "%41+");
    check_param("a", "ab", NULL);
    assert_null(uri_find_param((struct span){ 0 }, SPAN("a")).p);
}

static void check_decode(struct span value, struct span wanted)
{
    char out[64];
    char *copy = at_end(value.p, value.len);
    assert_int_equal(uri_decode_param((struct span){ copy, value.len }, out, wanted.len), wanted.len);
    if (wanted.len) {
        assert_memory_equal(out, wanted.p, wanted.len);
        assert_int_equal(uri_decode_param((struct span){ copy, value.len }, out, wanted.len - 1), -ENOSPC);
    }
    free(copy);
}

static void refuse_value(const char *value)
{
    char out[64];
    char *copy = at_end(value, strlen(value));
    assert_int_equal(uri_decode_param((struct span){ copy, strlen(value) }, out, sizeof out), -EINVAL);
    free(copy);
}

static void a_parameter_is_decoded_or_refused(void **state)
{
    (void)state;
    check_decode(SPAN(""), SPAN(""));
    check_decode(SPAN("plain"), SPAN("plain"));
    check_decode(SPAN("a+b%2Bc%20"), SPAN("a b+c "));
    check_decode(SPAN("%00%fF"), SPAN("\0\xff"));
    check_decode(SPAN("\xe4=/?"), SPAN("\xe4=/?"));
    refuse_value("%");
    refuse_value("a%2");
    refuse_value("%g0");
    refuse_value("%0g");
    refuse_value("%%41");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_normalized),
        cmocka_unit_test(what_is_no_path_or_leads_out_is_refused),
        cmocka_unit_test(a_path_cut_anywhere_stays_a_path_or_is_refused),
        cmocka_unit_test(the_first_parameter_of_a_name_is_found),
        cmocka_unit_test(a_parameter_is_decoded_or_refused),
    };
    return cmocka_run_group_tests_name("uri", tests, NULL, NULL);
}
