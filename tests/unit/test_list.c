// SPDX-License-Identifier: MIT
// Unit tests of base/list.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "base/list.h"

struct thing {
    int number;
    struct list node;
};

static struct thing things[] = { { .number = 0 }, { .number = 1 }, { .number = 2 }, { .number = 3 } };

enum { N_THINGS = sizeof things / sizeof *things };

static int number_of(struct list *node)
{
    return CONTAINER_OF(node, struct thing, node)->number;
}

// All things in LIST, in order.
static void fill(struct list *list)
{
    list_init(list);
    for (int i = 0; i < N_THINGS; i++) {
        list_init(&things[i].node);
        list_append(list, &things[i].node);
    }
}

// Holds LIST to the N numbers in WANTED, followed in both directions.
static void assert_holds(struct list *list, const int *wanted, size_t n)
{
    struct list *node = list->next;
    for (size_t i = 0; i < n; i++, node = node->next) {
        assert_ptr_not_equal(node, list);
        assert_int_equal(number_of(node), wanted[i]);
        assert_ptr_equal(node->prev->next, node);
    }
    assert_ptr_equal(node, list);
    assert_ptr_equal(list->prev->next, list);
    assert_int_equal(list_is_empty(list), n == 0);
}

#define ASSERT_HOLDS(list, ...) assert_holds(list, (int[]){ __VA_ARGS__ }, sizeof((int[]){ __VA_ARGS__ }) / sizeof(int))

static void keeps_the_order(void **state)
{
    (void)state;
    struct list list;
    list_init(&list);
    assert_holds(&list, NULL, 0);
    fill(&list);
    ASSERT_HOLDS(&list, 0, 1, 2, 3);
    list_remove(&things[2].node);
    list_prepend(&list, &things[2].node);
    ASSERT_HOLDS(&list, 2, 0, 1, 3);
}

static void removing_twice_is_harmless(void **state)
{
    (void)state;
    struct list list;
    fill(&list);
    list_remove(&things[1].node);
    list_remove(&things[1].node);
    ASSERT_HOLDS(&list, 0, 2, 3);
    assert_true(list_is_empty(&things[1].node));
}

static void the_current_node_may_go_while_walking(void **state)
{
    (void)state;
    struct list list;
    fill(&list);
    int n = 0;
    LIST_EACH(&list, node)
    {
        assert_int_equal(number_of(node), n++);
        if (n % 2)
            list_remove(node);
    }
    assert_int_equal(n, N_THINGS);
    ASSERT_HOLDS(&list, 1, 3);
}

static void shift_takes_from_the_front(void **state)
{
    (void)state;
    struct list list, *node;
    fill(&list);
    for (int i = 0; i < N_THINGS; i++) {
        node = list_shift(&list);
        assert_int_equal(number_of(node), i);
        assert_true(list_is_empty(node));
    }
    assert_null(list_shift(&list));
}

static void take_moves_all(void **state)
{
    (void)state;
    struct list from, to;
    fill(&from);
    list_take(&to, &from);
    assert_holds(&from, NULL, 0);
    ASSERT_HOLDS(&to, 0, 1, 2, 3);
    list_append(&from, &(struct thing){ .number = 4 }.node);
    list_remove(&things[0].node);
    ASSERT_HOLDS(&to, 1, 2, 3);
    list_init(&from);
    list_init(&to);
    list_take(&to, &from);
    assert_holds(&to, NULL, 0);
    assert_holds(&from, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order),
        cmocka_unit_test(removing_twice_is_harmless),
        cmocka_unit_test(the_current_node_may_go_while_walking),
        cmocka_unit_test(shift_takes_from_the_front),
        cmocka_unit_test(take_moves_all),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
