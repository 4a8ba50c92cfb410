// SPDX-License-Identifier: MIT
// Unit tests of cluster/inbox.h: the order of what waits, what counts as waiting, and since when.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "cluster/inbox.h"

static void what_was_put_first_comes_first(void **state)
{
    (void)state;
    struct inbox box;
    struct bus_errand errands[3];
    uint64_t heard_at = UINT64_MAX;
    inbox_init(&box);
    for (size_t i = 0; i < 3; i++)
        inbox_put(&box, &errands[i], 0);
    const struct bus_errand *e = inbox_take(&box, &heard_at);
    for (size_t i = 0; i < 3; i++, e = e->next) {
        assert_ptr_equal(e, &errands[i]);
        assert_true(inbox_has_waiting(&box)); // until it is done
        inbox_done(&box);
    }
    assert_null(e);
    assert_false(inbox_has_waiting(&box));
    inbox_fini(&box);
}

static void a_turn_counts_from_when_the_first_one_was_heard(void **state)
{
    (void)state;
    struct inbox box;
    struct bus_errand first, second;
    uint64_t heard_at = 7;
    inbox_init(&box);
    assert_null(inbox_take(&box, &heard_at));
    assert_int_equal(heard_at, 7);
    inbox_put(&box, &first, 5);
    inbox_put(&box, &second, 9);
    assert_ptr_equal(inbox_take(&box, &heard_at), &first);
    assert_int_equal(heard_at, 5);
    inbox_put(&box, &second, 9);
    assert_ptr_equal(inbox_take(&box, &heard_at), &second);
    assert_int_equal(heard_at, 5); // that is longer ago
    inbox_fini(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_first_comes_first),
        cmocka_unit_test(a_turn_counts_from_when_the_first_one_was_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
