// SPDX-License-Identifier: MIT
// Unit tests of net/tls_tickets.h: which key is known when.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <string.h>

#include "net/tls_tickets.h"

enum { BEGIN = 1000000, HOUR = TLS_TICKETS_PERIOD_MS };

static void keys_are_used_for_an_hour_and_known_for_two(void **state)
{
    (void)state;
    struct tls_tickets t;
    struct tls_ticket_key first, again, second, found;
    tls_tickets_init(&t, BEGIN);
    tls_tickets_seal(&t, BEGIN, &first);
    tls_tickets_seal(&t, BEGIN + HOUR - 1, &again);
    assert_memory_equal(&first, &again, sizeof first);
    assert_int_equal(tls_tickets_find(&t, BEGIN + HOUR - 1, first.name, &found), 1);
    assert_memory_equal(&first, &found, sizeof first);

    tls_tickets_seal(&t, BEGIN + HOUR, &second);
    assert_memory_not_equal(first.name, second.name, sizeof first.name);
    assert_memory_not_equal(first.cipher_key, second.cipher_key, sizeof first.cipher_key);
    assert_memory_not_equal(first.mac_key, second.mac_key, sizeof first.mac_key);
    assert_int_equal(tls_tickets_find(&t, BEGIN + 2 * HOUR - 1, first.name, &found), 2);
    assert_memory_equal(&first, &found, sizeof first);
    assert_int_equal(tls_tickets_find(&t, BEGIN + 2 * HOUR - 1, second.name, &found), 1);

    assert_int_equal(tls_tickets_find(&t, BEGIN + 2 * HOUR, first.name, &found), 0);
    assert_int_equal(tls_tickets_find(&t, BEGIN + 2 * HOUR, second.name, &found), 2);
    tls_tickets_fini(&t);
}

static void a_long_silence_forgets_both(void **state)
{
    (void)state;
    struct tls_tickets t;
    struct tls_ticket_key first, found;
    tls_tickets_init(&t, BEGIN);
    tls_tickets_seal(&t, BEGIN, &first);
    assert_int_equal(tls_tickets_find(&t, BEGIN + 2 * HOUR, first.name, &found), 0);
    tls_tickets_fini(&t);
}

static void unknown_names_are_unknown(void **state)
{
    (void)state;
    struct tls_tickets t, other;
    struct tls_ticket_key key, found;
    tls_tickets_init(&t, BEGIN);
    tls_tickets_init(&other, BEGIN);
    tls_tickets_seal(&other, BEGIN, &key);
    assert_int_equal(tls_tickets_find(&t, BEGIN, key.name, &found), 0);
    assert_int_equal(tls_tickets_find(&t, BEGIN, (uint8_t[TLS_TICKETS_NAME_LEN]){ 0 }, &found), 0);
    tls_tickets_fini(&t);
    tls_tickets_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_used_for_an_hour_and_known_for_two),
        cmocka_unit_test(a_long_silence_forgets_both),
        cmocka_unit_test(unknown_names_are_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
