// SPDX-License-Identifier: MIT
// Unit tests of base/buf.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/buf.h"

static void empty_holds_no_memory(void **state)
{
    (void)state;
    struct buf b = { 0 };
    assert_int_equal(buf_put(&b, NULL, 0), 0);
    assert_int_equal(buf_reserve(&b, 0), 0);
    assert_null(b.p);
    assert_int_equal(buf_span(&b).len, 0);
    buf_fini(&b);
}

static void keeps_what_was_put(void **state)
{
    (void)state;
    struct buf b = { 0 };
    for (int i = 0; i < 10000; i++) {
        char c = (char)(i % 251);
        assert_int_equal(buf_put(&b, &c, 1), 0);
    }
    assert_int_equal(buf_put_span(&b, SPAN("the end")), 0);
    assert_int_equal(b.len, 10007);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(b.p[i], (char)(i % 251));
    assert_true(span_equal((struct span){ b.p + 10000, 7 }, SPAN("the end")));
    buf_fini(&b);
}

static void grows_by_doubling(void **state)
{
    (void)state;
    struct buf b = { 0 };
    int n_growths = 0;
    for (size_t cap = 0; b.len < 1 << 20;) {
        assert_int_equal(buf_put(&b, "x", 1), 0);
        n_growths += b.cap != cap;
        cap = b.cap;
        assert_true(b.cap >= b.len);
    }
    assert_true(n_growths <= 20);
    buf_fini(&b);
}

static void reserved_room_does_not_move(void **state)
{
    (void)state;
    struct buf b = { 0 };
    assert_int_equal(buf_put(&b, "abc", 3), 0);
    assert_int_equal(buf_reserve(&b, 5000), 0);
    const char *p = b.p;
    assert_int_equal(b.len, 3);
    memset(b.p + b.len, 'x', 5000); // a sanitizer watches
    for (int i = 0; i < 5000; i++)
        assert_int_equal(buf_put(&b, "y", 1), 0);
    assert_ptr_equal(b.p, p);
    buf_fini(&b);
}

static void too_much_leaves_it_unchanged(void **state)
{
    (void)state;
    struct buf b = { 0 };
    assert_int_equal(buf_put(&b, "abc", 3), 0);
    const struct buf before = b;
    assert_int_equal(buf_reserve(&b, SIZE_MAX), -ENOMEM);
    assert_int_equal(buf_reserve(&b, SIZE_MAX / 2 - 2), -ENOMEM);
    assert_memory_equal(&b, &before, sizeof b);
    buf_fini(&b);
}

static void is_empty_and_usable_after_fini(void **state)
{
    (void)state;
    struct buf b = { 0 };
    assert_int_equal(buf_put(&b, "abc", 3), 0);
    buf_fini(&b);
    assert_null(b.p);
    assert_int_equal(b.len, 0);
    assert_int_equal(b.cap, 0);
    assert_int_equal(buf_put(&b, "d", 1), 0);
    assert_int_equal(b.p[0], 'd');
    buf_fini(&b);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_holds_no_memory),
        cmocka_unit_test(keeps_what_was_put),
        cmocka_unit_test(grows_by_doubling),
        cmocka_unit_test(reserved_room_does_not_move),
        cmocka_unit_test(too_much_leaves_it_unchanged),
        cmocka_unit_test(is_empty_and_usable_after_fini),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
