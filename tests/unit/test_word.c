// SPDX-License-Identifier: MIT
// Unit tests of base/word.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "at_end.h"
#include "base/word.h"

static const char bytes[] = "\x81\x92\xa3\xb4\xc5\xd6\xe7\xf8";

static void the_first_byte_is_lowest(void **state)
{
    (void)state;
    assert_int_equal(word_load(bytes), 0xf8e7d6c5b4a39281);
    assert_int_equal(word_load_half(bytes), 0xb4a39281);
    for (size_t n = 0; n < 8; n++) {
        char *copy = at_end(bytes, n);
        assert_int_equal(word_load_few(copy, n), 0xf8e7d6c5b4a39281 & ((UINT64_C(1) << 8 * n) - 1));
        free(copy);
    }
}

static void one_byte_makes_the_difference(void **state)
{
    (void)state;
    for (size_t n = 0; n < 40; n++) {
        char text[40];
        memset(text, 'a', n);
        char *a = at_end(text, n), *b = at_end(text, n);
        assert_true(word_is_same(a, b, n));
        for (size_t i = 0; i < n; i++) {
            b[i] = 'b';
            assert_false(word_is_same(a, b, n));
            b[i] = 'a';
        }
        free(a);
        free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_byte_is_lowest),
        cmocka_unit_test(one_byte_makes_the_difference),
    };
    return cmocka_run_group_tests_name("word", tests, NULL, NULL);
}
