// SPDX-License-Identifier: MIT
// Unit tests of server/answer_limit.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "server/answer_limit.h"

static const struct answer_limit_opts strict = { .rate = { .per_s = 10, .burst = 3 } };

static struct answer_limit *limit_new(const struct answer_limit_opts *opts)
{
    struct answer_limit *l = malloc(sizeof *l);
    assert_non_null(l);
    answer_limit_init(l, opts);
    return l;
}

static bool may_ask(struct answer_limit *l, const char *from, uint64_t now_ms)
{
    struct addr a;
    assert_int_equal(addr_parse(&a, span_of(from)), 0);
    return answer_limit_take(l, &a, now_ms);
}

// How often FROM is answered when it asks 100 times at NOW_MS.
static int count(struct answer_limit *l, const char *from, uint64_t now_ms)
{
    int n = 0;
    for (int i = 0; i < 100; i++)
        n += may_ask(l, from, now_ms);
    return n;
}

static void a_network_has_one_bucket(void **state)
{
    (void)state;
    static const char *const networks[][2] = { { "192.0.2.1", "192.0.2.254" },
                                               { "::ffff:198.51.100.1", "198.51.100.7" },
                                               { "2001:db8:0:100::1", "2001:db8:0:1ff:ffff::" } };
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        struct answer_limit *l = limit_new(&strict);
        assert_int_equal(count(l, networks[i][0], 1000), 3);
        assert_int_equal(count(l, networks[i][1], 1000), 0);
        assert_int_equal(count(l, networks[i][1], 1099), 0); // what was refused left no debt
        assert_int_equal(count(l, networks[i][1], 1100), 1);
        assert_int_equal(count(l, networks[i][0], 5000), 3);
        free(l);
    }
}

static void networks_are_apart(void **state)
{
    (void)state;
    static const char *const others[] = { "192.0.3.1", "192.1.2.1", "2001:db8:0:200::1", "2001:db8:1:100::1", "::1" };
    struct answer_limit *l = limit_new(&strict);
    count(l, "192.0.2.1", 1000);
    count(l, "2001:db8:0:100::1", 1000);
    int n = 0; // chance may put one of them into a bucket that is empty
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        n += count(l, others[i], 1000) == 3;
    assert_true(n >= 3);
    free(l);
}

static void nobody_foresees_who_shares(void **state)
{
    (void)state;
    struct answer_limit *a = limit_new(&strict), *b = limit_new(&strict);
    int n_same = 0;
    for (int i = 0; i < 64; i++) {
        char from[ADDR_TEXT_LEN];
        snprintf(from, sizeof from, "10.0.%d.1", i);
        may_ask(a, from, 1000);
        may_ask(b, from, 1000);
    }
    for (int i = 0; i < ANSWER_LIMIT_BUCKETS; i++)
        n_same += a->buckets[i].full_at && b->buckets[i].full_at;
    assert_true(n_same < 32);
    free(a);
    free(b);
}

static void this_machine_and_no_limit(void **state)
{
    (void)state;
    static const struct answer_limit_opts trusting = { .rate = { .per_s = 10, .burst = 3 }, .trusts_loopback = true },
                                          none = { 0 };
    struct answer_limit *l = limit_new(&trusting);
    assert_int_equal(count(l, "127.1.2.3", 1000), 100);
    assert_int_equal(count(l, "::1", 1000), 100);
    assert_int_equal(count(l, "128.0.0.1", 1000), 3);
    free(l);
    l = limit_new(&none);
    assert_int_equal(count(l, "192.0.2.1", 1000), 100);
    free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_has_one_bucket),
        cmocka_unit_test(networks_are_apart),
        cmocka_unit_test(nobody_foresees_who_shares),
        cmocka_unit_test(this_machine_and_no_limit),
    };
    return cmocka_run_group_tests_name("answer_limit", tests, NULL, NULL);
}
