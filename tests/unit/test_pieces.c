// SPDX-License-Identifier: MIT
// Unit tests of base/pieces.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <malloc.h>
#include <stdlib.h>

#include "base/pieces.h"

static void empty_holds_nothing(void **state)
{
    (void)state;
    struct pieces p = { 0 };
    struct span whole = SPAN("x");
    assert_int_equal(pieces_join(&p, &whole), 0);
    assert_int_equal(whole.len, 0);
    assert_null(p.last);
    assert_int_equal(pieces_put(&p, (struct span){ 0 }), 0);
    assert_int_equal(pieces_join(&p, &whole), 0);
    assert_int_equal(whole.len, 0);
    pieces_fini(&p);
    pieces_fini(&p);
    assert_null(p.last);
}

static void all_is_there_in_its_order(void **state)
{
    (void)state;
    char bytes[100000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    static const size_t steps[] = { 1, 3, 511, 512, 513, 1448, 65536, sizeof bytes };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct pieces p = { 0 };
        struct span whole;
        for (size_t at = 0; at < sizeof bytes; at += steps[i]) {
            size_t left = sizeof bytes - at;
            assert_int_equal(pieces_put(&p, (struct span){ bytes + at, left < steps[i] ? left : steps[i] }), 0);
        }
        assert_int_equal(p.len, sizeof bytes);
        assert_int_equal(pieces_join(&p, &whole), 0);
        assert_int_equal(whole.len, sizeof bytes);
        assert_memory_equal(whole.p, bytes, sizeof bytes);
        assert_int_equal(pieces_put(&p, SPAN("more")), 0);
        assert_int_equal(pieces_join(&p, &whole), 0);
        assert_int_equal(whole.len, sizeof bytes + 4);
        assert_memory_equal(whole.p, bytes, sizeof bytes);
        assert_memory_equal(whole.p + sizeof bytes, "more", 4);
        pieces_fini(&p);
    }
}

static void little_more_memory_than_bytes(void **state)
{
    (void)state;
    static const size_t steps[] = { 1, 100, 700, 5000 };
    if (mallinfo2().uordblks == 0)
        skip(); // a sanitizer's heap counts nothing
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct pieces p = { 0 };
        char bytes[5000] = "";
        size_t before = mallinfo2().uordblks;
        while (p.len < 250000) {
            assert_int_equal(pieces_put(&p, (struct span){ bytes, steps[i] }), 0);
            assert_in_range(mallinfo2().uordblks - before, 0, p.len + p.len / 10 + 1024);
        }
        pieces_fini(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_holds_nothing),
        cmocka_unit_test(all_is_there_in_its_order),
        cmocka_unit_test(little_more_memory_than_bytes),
    };
    return cmocka_run_group_tests_name("pieces", tests, NULL, NULL);
}
