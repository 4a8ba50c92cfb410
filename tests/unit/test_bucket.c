// SPDX-License-Identifier: MIT
// The token bucket: what it lets through, the debt it tells, and that it forgets neither.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "base/bucket.h"

static const struct bucket_rate ten_a_second = { .per_s = 10, .burst = 5 };

static void a_full_bucket_gives_its_burst(void **state)
{
    (void)state;
    struct bucket b = { 0 };
    for (int i = 0; i < 5; i++)
        assert_int_equal(bucket_take(&b, &ten_a_second, 1, 1000), 0);
    assert_int_equal(bucket_take(&b, &ten_a_second, 1, 1000), 100);
    struct bucket other = { 0 };
    assert_int_equal(bucket_take(&other, &ten_a_second, 5, 1000), 0);
    assert_int_equal(bucket_take(&other, &ten_a_second, 1, 1000), 100);
}

static void tokens_come_with_time_and_not_beyond_the_burst(void **state)
{
    (void)state;
    struct bucket b = { 0 };
    assert_int_equal(bucket_take(&b, &ten_a_second, 5, 1000), 0);
    assert_int_equal(bucket_take(&b, &ten_a_second, 1, 1100), 0);
    assert_int_equal(bucket_take(&b, &ten_a_second, 1, 1199), 1); // a millisecond too early
    assert_int_equal(bucket_take(&b, &ten_a_second, 5, 9000), 0);
    assert_int_equal(bucket_take(&b, &ten_a_second, 1, 9000), 100);
}

static void debts_add_up(void **state)
{
    (void)state;
    struct bucket b = { 0 };
    assert_int_equal(bucket_take(&b, &ten_a_second, 25, 1000), 2000);
    assert_int_equal(bucket_take(&b, &ten_a_second, 10, 1500), 2500);
    assert_int_equal(bucket_take(&b, &ten_a_second, 0, 4000), 0);
}

static void what_is_given_back_can_be_taken_again(void **state)
{
    (void)state;
    struct bucket b = { 0 };
    assert_int_equal(bucket_take(&b, &ten_a_second, 5, 1000), 0);
    assert_false(bucket_is_full(&b, 1000));
    bucket_give(&b, &ten_a_second, 2);
    assert_int_equal(bucket_take(&b, &ten_a_second, 2, 1000), 0);
    assert_int_equal(bucket_take(&b, &ten_a_second, 1, 1000), 100);
    bucket_give(&b, &ten_a_second, 6);
    assert_true(bucket_is_full(&b, 1000));
}

static void it_is_full_when_its_instant_has_come(void **state)
{
    (void)state;
    struct bucket b = { 0 };
    assert_true(bucket_is_full(&b, 0));
    bucket_take(&b, &ten_a_second, 3, 1000);
    assert_false(bucket_is_full(&b, 1299));
    assert_true(bucket_is_full(&b, 1300));
}

static void what_would_leave_a_debt_need_not_be_taken(void **state)
{
    (void)state;
    struct bucket b = { 0 };
    assert_true(bucket_try(&b, &ten_a_second, 4, 1000));
    assert_false(bucket_try(&b, &ten_a_second, 2, 1000));
    assert_int_equal(bucket_debt(&b, &ten_a_second, 1000), 0);
    assert_true(bucket_try(&b, &ten_a_second, 1, 1000));
    assert_int_equal(bucket_take(&b, &ten_a_second, 1, 1000), 100);
    assert_int_equal(bucket_debt(&b, &ten_a_second, 1060), 40);
}

static void the_rate_may_change(void **state)
{
    (void)state;
    static const struct bucket_rate slow = { .per_s = 1, .burst = 1 }, none = { 0 };
    struct bucket b = { 0 };
    assert_int_equal(bucket_take(&b, &ten_a_second, 25, 1000), 2000);
    assert_int_equal(bucket_debt(&b, &slow, 1000), 1500); // two and a half seconds until it is full, less one
    assert_int_equal(bucket_debt(&b, &none, 1000), 0);
    bucket_give(&b, &slow, 25); // more than was taken: it is full, and no more than that
    assert_true(bucket_is_full(&b, 0));
    assert_int_equal(bucket_take(&b, &ten_a_second, 6, 1000), 100);
}

static void without_a_rate_nothing_is_owed(void **state)
{
    (void)state;
    static const struct bucket_rate unlimited = { 0 };
    struct bucket b = { 0 };
    assert_int_equal(bucket_take(&b, &unlimited, UINT32_MAX, 1000), 0);
    assert_true(bucket_is_full(&b, 1000));
}

static void high_rates_lose_nothing(void **state)
{
    (void)state;
    static const struct bucket_rate fast = { .per_s = 16 << 20, .burst = 64 << 20 };
    struct bucket b = { 0 };
    assert_int_equal(bucket_take(&b, &fast, 64 << 20, 1000), 0);
    for (int i = 0; i < 1000; i++) // a kilobyte each millisecond less than what comes
        assert_int_equal(bucket_take(&b, &fast, 15 * 1024, 1001 + (uint64_t)i), 0);
    // 64 MiB, 1,000 times 15 KiB and 4 GiB take 260.9155 s to come; 5 s of what that would fill were there by now
    assert_int_equal(bucket_take(&b, &fast, (uint64_t)UINT32_MAX + 1, 2000), 255916);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_bucket_gives_its_burst),
        cmocka_unit_test(tokens_come_with_time_and_not_beyond_the_burst),
        cmocka_unit_test(debts_add_up),
        cmocka_unit_test(what_is_given_back_can_be_taken_again),
        cmocka_unit_test(it_is_full_when_its_instant_has_come),
        cmocka_unit_test(what_would_leave_a_debt_need_not_be_taken),
        cmocka_unit_test(the_rate_may_change),
        cmocka_unit_test(without_a_rate_nothing_is_owed),
        cmocka_unit_test(high_rates_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
