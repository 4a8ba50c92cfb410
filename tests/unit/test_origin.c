// SPDX-License-Identifier: MIT
// Which web origins a list lets in: exact ones, "null", all hosts below one, or everybody.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <string.h>

#include "carrier/origin.h"

static bool is_listed(const char *pattern, const char *origin)
{
    const char *const items[] = { "https://never.example", pattern };
    struct origin_list list = { items, 2 };
    return origin_is_listed(&list, span_of(origin));
}

static void an_origin_is_listed_as_it_is(void **state)
{
    (void)state;
    assert_true(is_listed("https://a.example", "https://a.example"));
    assert_true(is_listed("https://a.example", "HTTPS://A.example"));
    assert_false(is_listed("https://a.example", "http://a.example"));
    assert_false(is_listed("https://a.example", "https://a.example:8443"));
    assert_false(is_listed("https://a.example", "https://a.example.evil"));
    assert_false(is_listed("https://a.example", "https://b.a.example"));
    assert_false(is_listed("https://a.example", "null"));
    assert_false(is_listed("https://a.example", ""));
}

static void null_is_one_of_them(void **state)
{
    (void)state;
    assert_true(is_listed("null", "null"));
    assert_false(is_listed("null", "https://null"));
}

static void a_star_stands_for_hosts_below(void **state)
{
    (void)state;
    assert_true(is_listed("https://*.example.org", "https://a.example.org"));
    assert_true(is_listed("https://*.example.org", "https://A-1.b_2.Example.org"));
    assert_true(is_listed("https://*.example.org:8443", "https://a.example.org:8443"));
    assert_false(is_listed("https://*.example.org", "https://example.org"));
    assert_false(is_listed("https://*.example.org", "https://.example.org"));
    assert_false(is_listed("https://*.example.org", "http://a.example.org"));
    assert_false(is_listed("https://*.example.org", "https://a.example.org:8443"));
    assert_false(is_listed("https://*.example.org", "https://a.example.org.evil"));
    assert_false(is_listed("https://*.example.org", "https://evilexample.org"));
    for (const char *c = "/:@?#\\ %"; *c; c++) { // no browser says so
        char origin[] = "https://evil.example|.example.org";
        *strchr(origin, '|') = *c;
        assert_false(is_listed("https://*.example.org", origin));
    }
}

static void a_star_alone_lets_everybody_in(void **state)
{
    (void)state;
    assert_true(is_listed("*", "https://a.example"));
    assert_true(is_listed("*", "null"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_origin_is_listed_as_it_is),
        cmocka_unit_test(null_is_one_of_them),
        cmocka_unit_test(a_star_stands_for_hosts_below),
        cmocka_unit_test(a_star_alone_lets_everybody_in),
    };
    return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
