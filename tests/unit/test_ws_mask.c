// SPDX-License-Identifier: MIT
// Unit tests of proto/ws_mask.h: against unmasking byte by byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "proto/ws_mask.h"

enum { MARGIN = 64, MOST = 700 };

static const uint8_t key[WS_KEY_LEN] = { 0x9a, 0x01, 0xfe, 0x77 };

// Unmasks LEN bytes OFFSET behind an allocation's start and at its end: nothing but they may change.
static void compare(const char *plain, size_t len, size_t offset)
{
    char *room = malloc(offset + len + 1);
    assert_non_null(room);
    bool has_high = false;
    memset(room, 0x5a, offset);
    for (size_t i = 0; i < len; i++) {
        room[offset + i] = (char)(plain[i] ^ key[i % WS_KEY_LEN]);
        has_high |= (unsigned char)plain[i] > 127;
    }
    room = realloc(room, offset + len ? offset + len : 1);
    assert_non_null(room);
    assert_int_equal(ws_mask_remove(room + offset, len, key), has_high);
    assert_memory_equal(room + offset, plain, len);
    for (size_t i = 0; i < offset; i++)
        assert_int_equal(room[i], 0x5a);
    free(room);
}

static void every_length_at_every_alignment(void **state)
{
    (void)state;
    char plain[MOST];
    uint64_t random = 20261121;
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (char)chance(&random);
    for (size_t len = 0; len <= sizeof plain; len += len < 300 ? 1 : 13)
        for (size_t offset = 0; offset < 33; offset++)
            compare(plain, len, offset);
}

static void a_high_byte_is_seen_wherever_it_stands(void **state)
{
    (void)state;
    char plain[MOST];
    memset(plain, 'a', sizeof plain);
    for (size_t len = 0; len <= 300; len++) {
        compare(plain, len, 0);
        for (size_t at = 0; at < len; at++) {
            plain[at] = (char)0x80;
            compare(plain, len, 0);
            plain[at] = 'a';
        }
    }
}

static void nothing_behind_is_touched(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 300; len++) {
        char room[MOST];
        memset(room, 0x5a, sizeof room);
        ws_mask_remove(room + MARGIN, len, key);
        for (size_t i = 0; i < sizeof room; i++)
            assert_int_equal(room[i] == 0x5a, i < MARGIN || i >= MARGIN + len);
    }
}

static void a_key_turns(void **state)
{
    (void)state;
    for (size_t n = 0; n < 20; n++) {
        uint8_t turned_key[WS_KEY_LEN];
        memcpy(turned_key, key, sizeof key);
        ws_mask_turn(turned_key, n);
        for (size_t i = 0; i < WS_KEY_LEN; i++)
            assert_int_equal(turned_key[i], key[(n + i) % WS_KEY_LEN]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_at_every_alignment),
        cmocka_unit_test(a_high_byte_is_seen_wherever_it_stands),
        cmocka_unit_test(nothing_behind_is_touched),
        cmocka_unit_test(a_key_turns),
    };
    return cmocka_run_group_tests_name("ws_mask", tests, NULL, NULL);
}
