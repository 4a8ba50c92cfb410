// SPDX-License-Identifier: MIT
// Unit tests of server/limits.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <string.h>

#include "server/limits.h"

static char error[CONFIG_ERROR_LEN];

static void on_fault(void *user, const char *line)
{
    (void)user;
    fail_msg("%s", line);
}

// Reads into L what the options ARGS, ended by NULL, say. What limits_read() answers.
static int read_limits(struct limits *l, const char *const *args)
{
    enum { MAX_ARGS = 8 };
    char *argv[MAX_ARGS] = { "strowger" };
    int argc = 1;
    for (; args[argc - 1]; argc++) {
        assert_in_range(argc, 1, MAX_ARGS - 1);
        argv[argc] = (char *)args[argc - 1];
    }
    struct config_set set = { 0 };
    assert_int_equal(config_read(&set, argc, argv, (struct fault_sink){ .on_fault = on_fault }), CONFIG_OK);
    int err = limits_read(l, &set.sites[0], error);
    config_free(&set);
    return err;
}

#define READ(l, ...) read_limits((l), (const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static void assert_rate(const struct bucket_rate *rate, uint64_t per_s, uint64_t burst)
{
    assert_int_equal(rate->per_s, per_s);
    assert_int_equal(rate->burst, burst);
}

static void an_address_has_many_times_what_a_connection_has(void **state)
{
    (void)state;
    struct limits l;
    assert_int_equal(READ(&l, "--message-rate", "50:600", "--address-rate-factor", "4"), 0);
    assert_rate(&l.conns.meter.flows[FLOW_MESSAGES], 50, 600);
    assert_rate(&l.source.flows_each[FLOW_MESSAGES], 200, 2400);
}

static void without_a_burst_it_is_that_of_ten_seconds(void **state)
{
    (void)state;
    struct limits l;
    assert_int_equal(READ(&l, "--byte-rate", "2k"), 0);
    assert_rate(&l.conns.meter.flows[FLOW_BYTES], 2048, 20480);
    assert_int_equal(READ(&l, "--byte-rate", "1g"), 0);
    assert_rate(&l.conns.meter.flows[FLOW_BYTES], 1 << 30, UINT32_MAX);
}

static void no_rate_is_more_than_a_bucket_counts(void **state)
{
    (void)state;
    struct limits l;
    assert_int_equal(READ(&l, "--byte-rate", "3g:4294967295", "--address-rate-factor", "100000"), 0);
    assert_rate(&l.conns.meter.flows[FLOW_BYTES], (uint64_t)3 << 30, UINT32_MAX);
    assert_rate(&l.source.flows_each[FLOW_BYTES], UINT32_MAX, UINT32_MAX);
}

static void what_is_no_rate_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = { "k",  "-1",   "50:", "50:x",       ":5",  "50:500:5",
                                       "4g", "1:4g", "5x",  "4294967296", "50:0" };
    struct limits l;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(READ(&l, "--join-rate", bad[i]), -EINVAL);
        assert_non_null(strstr(error, "--join-rate takes how many a second, and at once, such as 50:500, not '"));
    }
}

static void without_rates_none_is_read(void **state)
{
    (void)state;
    struct limits l;
    assert_int_equal(READ(&l, "--no-rate-limits", "--join-rate", "nonsense"), 0);
    assert_false(l.conns.meter.is_on);
    assert_rate(&l.conns.meter.flows[FLOW_JOINS], 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_many_times_what_a_connection_has),
        cmocka_unit_test(without_a_burst_it_is_that_of_ten_seconds),
        cmocka_unit_test(no_rate_is_more_than_a_bucket_counts),
        cmocka_unit_test(what_is_no_rate_is_refused),
        cmocka_unit_test(without_rates_none_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
