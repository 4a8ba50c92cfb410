// SPDX-License-Identifier: MIT
// Unit tests of base/pool.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "chance.h"

static size_t n_slabs(const struct pool *p)
{
    size_t n = 0;
    for (const struct list *node = p->partial.next; node != &p->partial; node = node->next)
        n++;
    for (const struct list *node = p->full.next; node != &p->full; node = node->next)
        n++;
    return n;
}

static void holds_no_memory_at_first(void **state)
{
    (void)state;
    struct pool p;
    pool_init(&p, 100, false);
    assert_int_equal(p.item_size, 104);
    assert_int_equal(n_slabs(&p), 0);
    pool_fini(&p);
}

// Sizes around the alignment and to the limit, two slabs of each, every byte of each thing used.
static void things_are_aligned_and_apart(void **state)
{
    (void)state;
    static const size_t sizes[] = { 1, 15, 16, 17, 100, 4096, 8191, 8192 };
    enum { MAX = 2 * 256 * 1024 / 8 };
    char **things = calloc(MAX, sizeof *things);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct pool p;
        pool_init(&p, sizes[i], false);
        size_t n = 0;
        for (; n_slabs(&p) < 3; n++) {
            assert_in_range(n, 0, MAX - 1);
            things[n] = pool_take(&p);
            assert_non_null(things[n]);
            assert_int_equal((uintptr_t)things[n] % 8, 0);
            memset(things[n], (int)(n % 251), sizes[i]);
        }
        assert_int_equal(p.n_in_use, n);
        for (size_t j = 0; j < n; j++) {
            for (size_t k = 0; k < sizes[i]; k++)
                if (things[j][k] != (char)(j % 251))
                    fail_msg("byte %zu of thing %zu of size %zu was overwritten", k, j, sizes[i]);
            pool_give(&p, things[j]);
        }
        pool_fini(&p);
    }
    free(things);
}

// Takes a crowd of N_SLABS slabs' things. Returns how many that are.
static size_t take_crowd(struct pool *p, void **things, size_t n_wanted_slabs)
{
    size_t n = 0;
    while (list_is_empty(&p->full) || n_slabs(p) < n_wanted_slabs || !list_is_empty(&p->partial))
        things[n++] = pool_take(p);
    assert_int_equal(n_slabs(p), n_wanted_slabs);
    return n;
}

enum { CROWD_SLABS = 5, MAX_CROWD = CROWD_SLABS * 256 * 1024 / 8192 };

static void slabs_go_but_for_one(void **state)
{
    (void)state;
    struct pool p;
    void *things[MAX_CROWD];
    pool_init(&p, 8192, false);
    size_t n = take_crowd(&p, things, CROWD_SLABS), a_slab = n / CROWD_SLABS;
    for (size_t i = 0; i < n; i++) {
        pool_give(&p, things[i]);
        size_t n_needed = (n - i - 1 + a_slab - 1) / a_slab;
        assert_in_range(n_slabs(&p), n_needed, n_needed + 1); // and the empty one
    }
    assert_int_equal(n_slabs(&p), 1);
    assert_int_equal(p.n_in_use, 0);
    pool_fini(&p);
}

// A crowd that comes and goes finds its slabs again, until it stays away from one trim to the next.
static void slabs_that_are_kept_go_when_unneeded(void **state)
{
    (void)state;
    struct pool p;
    void *things[MAX_CROWD];
    pool_init(&p, 8192, true);
    for (int i = 0; i < 3; i++) {
        size_t n = take_crowd(&p, things, CROWD_SLABS);
        while (n)
            pool_give(&p, things[--n]);
        assert_int_equal(n_slabs(&p), CROWD_SLABS);
        pool_trim(&p);
        assert_int_equal(n_slabs(&p), CROWD_SLABS); // they were all needed since the last
    }
    size_t n = take_crowd(&p, things, CROWD_SLABS);
    while (n > MAX_CROWD / CROWD_SLABS)
        pool_give(&p, things[--n]);
    pool_trim(&p);
    pool_trim(&p);
    assert_in_range(n_slabs(&p), 2, 3);
    while (n)
        pool_give(&p, things[--n]);
    pool_trim(&p);
    pool_trim(&p);
    assert_in_range(n_slabs(&p), 0, 1);
    pool_fini(&p);
}

static void one_thing_back_and_forth_keeps_its_slab(void **state)
{
    (void)state;
    struct pool p;
    pool_init(&p, 64, false);
    void *first = pool_take(&p);
    pool_give(&p, first);
    for (int i = 0; i < 1000; i++) {
        void *again = pool_take(&p);
        assert_ptr_equal(again, first);
        pool_give(&p, again);
    }
    assert_int_equal(n_slabs(&p), 1);
    pool_fini(&p);
}

struct thing {
    uint64_t mark;
    char filler[700];
};

// A crowd that grows and shrinks at random: what is out keeps its content, and no more slabs are held than it needs.
static void random_crowds_come_and_go(void **state)
{
    (void)state;
    enum { MAX = 2000 };
    static struct thing *out[MAX];
    struct pool p;
    pool_init(&p, sizeof(struct thing), false);
    uint64_t random = 88172645463325252, mark = 0;
    size_t n = 0;
    for (int i = 0; i < 100000; i++) {
        size_t wish = i / 5000 % 2 ? 30 : 70; // the tide
        bool takes = chance_below(&random, 100) < wish;
        if (takes && n < MAX) {
            out[n] = pool_take(&p);
            assert_non_null(out[n]);
            out[n]->mark = mark + n;
            memset(out[n]->filler, (int)n, sizeof out[n]->filler);
            n++;
        } else if (!takes && n) {
            size_t k = chance_below(&random, n);
            assert_int_equal(out[k]->mark, mark + k);
            assert_int_equal(out[k]->filler[699], (char)k);
            pool_give(&p, out[k]);
            out[k] = out[--n];
            if (k < n) {
                out[k]->mark = mark + k;
                memset(out[k]->filler, (int)k, sizeof out[k]->filler);
            }
        }
        assert_int_equal(p.n_in_use, n);
    }
    while (n)
        pool_give(&p, out[--n]);
    assert_int_equal(n_slabs(&p), 1);
    pool_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_no_memory_at_first),
        cmocka_unit_test(things_are_aligned_and_apart),
        cmocka_unit_test(slabs_go_but_for_one),
        cmocka_unit_test(slabs_that_are_kept_go_when_unneeded),
        cmocka_unit_test(one_thing_back_and_forth_keeps_its_slab),
        cmocka_unit_test(random_crowds_come_and_go),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
