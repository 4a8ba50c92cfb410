// SPDX-License-Identifier: MIT
// Sources: what one address may have, what is one address, and that nothing is kept of those that are gone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "net/source.h"

enum { NOW = 1000 };

static struct addr addr(const char *text)
{
    struct addr a;
    assert_int_equal(addr_parse(&a, span_of(text)), 0);
    return a;
}

static enum source_verdict verdict_on(struct sources *t, const char *text, struct source **s)
{
    enum source_verdict verdict;
    struct addr a = addr(text);
    *s = source_take(t, &a, NOW, &verdict);
    assert_true((verdict == SOURCE_WELCOME) == (*s != NULL));
    return verdict;
}

static struct source *take(struct sources *t, const char *text)
{
    struct source *s;
    assert_int_equal(verdict_on(t, text, &s), SOURCE_WELCOME);
    return s;
}

static void an_address_is_one_source(void **state)
{
    (void)state;
    static const struct source_opts opts = { 0 };
    struct sources *t = sources_new(&opts);
    struct source *a = take(t, "192.0.2.1"), *again = take(t, "::ffff:192.0.2.1"), *b = take(t, "192.0.2.2");
    assert_ptr_equal(a, again);
    assert_ptr_not_equal(a, b);
    struct source *six = take(t, "2001:db8:0:1::1"), *neighbour = take(t, "2001:db8:0:1:ffff::2"),
                  *other = take(t, "2001:db8:0:2::1");
    assert_ptr_equal(six, neighbour);
    assert_ptr_not_equal(six, other);
    assert_int_equal(sources_count(t), 4);
    struct addr first = addr("192.0.2.1"), house = addr("2001:db8:0:1::"), next = addr("2001:db8:0:1:2::3");
    assert_true(source_is_of(a, &first) && !source_is_of(b, &first));
    assert_true(source_is_of(six, &next) && !source_is_of(other, &next));
    assert_true(addr_is_equal(source_addr(a), &first));
    assert_true(addr_is_equal(source_addr(six), &house));
    struct source *all[] = { a, again, b, six, neighbour, other };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        source_release(all[i], NOW);
    assert_int_equal(sources_count(t), 0);
    sources_free(t);
}

static void connections_are_counted(void **state)
{
    (void)state;
    static const struct source_opts opts = { .max_conns = 3, .max_refused = 1 };
    struct sources *t = sources_new(&opts);
    for (int i = 0; i < 3; i++)
        assert_true(sources_enter(t, false));
    assert_false(sources_enter(t, false));
    assert_true(sources_enter(t, true));
    assert_false(sources_enter(t, true));
    sources_leave(t, true);
    assert_true(sources_enter(t, true));
    sources_leave(t, false);
    assert_true(sources_enter(t, false));
    assert_false(sources_enter(t, false));
    sources_free(t);
}

static void an_address_has_so_many_connections(void **state)
{
    (void)state;
    static const struct source_opts opts = { .max_conns_each = 2 };
    struct sources *t = sources_new(&opts);
    struct source *a = take(t, "192.0.2.1"), *b = take(t, "192.0.2.1"), *c;
    assert_int_equal(verdict_on(t, "192.0.2.1", &c), SOURCE_CROWDED);
    source_release(take(t, "192.0.2.2"), NOW);
    source_release(a, NOW);
    a = take(t, "192.0.2.1");
    source_release(a, NOW);
    source_release(b, NOW);
    assert_int_equal(sources_count(t), 0);
    sources_free(t);
}

static void an_address_makes_so_many_in_a_second(void **state)
{
    (void)state;
    static const struct source_opts opts = { .conns_each = { .per_s = 10, .burst = 3 } };
    struct sources *t = sources_new(&opts);
    struct source *s;
    for (int i = 0; i < 3; i++)
        source_release(take(t, "192.0.2.1"), NOW);
    assert_int_equal(sources_count(t), 1); // remembered, though nobody is there
    for (int i = 0; i < 5; i++)
        assert_int_equal(verdict_on(t, "192.0.2.1", &s), SOURCE_HASTY);
    enum source_verdict verdict;
    struct addr a = addr("192.0.2.1");
    s = source_take(t, &a, NOW + 100, &verdict); // those turned away cost it nothing
    assert_int_equal(verdict, SOURCE_WELCOME);
    source_release(s, NOW + 1000);
    assert_int_equal(sources_count(t), 0); // as if it had never come
    sources_free(t);
}

static void what_nobody_holds_does_not_pile_up(void **state)
{
    (void)state;
    static const struct source_opts opts = { .conns_each = { .per_s = 1, .burst = 1 } };
    struct sources *t = sources_new(&opts);
    for (int i = 0; i < 200000; i++) {
        char text[32];
        snprintf(text, sizeof text, "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
        source_release(take(t, text), NOW);
    }
    assert_in_range(sources_count(t), 1, 64 * 513);
    sources_free(t);
}

static void the_nameless_are_counted(void **state)
{
    (void)state;
    static const struct source_opts opts = { .max_nameless_each = 2 };
    struct sources *t = sources_new(&opts);
    struct source *s = take(t, "192.0.2.1");
    assert_true(source_add_nameless(s));
    assert_true(source_add_nameless(s));
    assert_false(source_add_nameless(s));
    source_remove_nameless(s, NOW);
    assert_true(source_add_nameless(s));
    source_release(s, NOW); // a session may outlive its connections
    assert_int_equal(sources_count(t), 1);
    source_remove_nameless(s, NOW);
    source_remove_nameless(s, NOW);
    assert_int_equal(sources_count(t), 0);
    sources_free(t);
}

static void flows_are_charged_and_refunded(void **state)
{
    (void)state;
    static const struct source_opts opts = { .flows_each = { [FLOW_JOINS] = { .per_s = 10, .burst = 5 } } };
    struct sources *t = sources_new(&opts);
    struct source *s = take(t, "192.0.2.1"), *other = take(t, "192.0.2.2");
    assert_int_equal(source_charge(s, FLOW_JOINS, 5, NOW), 0);
    assert_int_equal(source_charge(s, FLOW_JOINS, 1, NOW), 100);
    assert_int_equal(source_charge(s, FLOW_BYTES, 1000000, NOW), 0);
    assert_int_equal(source_charge(other, FLOW_JOINS, 5, NOW), 0);
    source_refund(s, FLOW_JOINS, 3);
    assert_int_equal(source_charge(s, FLOW_JOINS, 2, NOW), 0);
    source_release(s, NOW);
    source_release(other, NOW);
    assert_int_equal(sources_count(t), 2); // they owe something
    source_release(take(t, "192.0.2.1"), NOW + 5000);
    source_release(take(t, "192.0.2.2"), NOW + 5000);
    assert_int_equal(sources_count(t), 0);
    sources_free(t);
}

static void this_machine_is_trusted(void **state)
{
    (void)state;
    static const struct source_opts trusting = { .max_conns_each = 1,
                                                 .max_nameless_each = 1,
                                                 .conns_each = { .per_s = 1, .burst = 1 },
                                                 .flows_each = { [FLOW_LOGINS] = { .per_s = 1, .burst = 1 } },
                                                 .trusts_loopback = true };
    static const char *const ours[] = { "127.0.0.1", "127.9.8.7", "::1" };
    static const char *const theirs[] = { "128.0.0.1", "126.0.0.1", "::2:0:0:0:1", "2001:db8::1" };
    struct sources *t = sources_new(&trusting);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        struct source *a = take(t, ours[i]), *b = take(t, ours[i]);
        assert_true(source_add_nameless(a) && source_add_nameless(a));
        assert_int_equal(source_charge(a, FLOW_LOGINS, 100, NOW), 0);
        source_refund(a, FLOW_LOGINS, 99);
        source_remove_nameless(a, NOW);
        source_remove_nameless(a, NOW);
        source_release(a, NOW);
        source_release(b, NOW);
    }
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        struct source *a = take(t, theirs[i]), *b;
        assert_int_equal(verdict_on(t, theirs[i], &b), SOURCE_CROWDED);
        source_release(a, NOW);
    }
    sources_free(t);
    struct source_opts strict = trusting;
    strict.trusts_loopback = false;
    t = sources_new(&strict);
    struct source *a = take(t, "127.0.0.1"), *b;
    assert_int_equal(verdict_on(t, "127.0.0.1", &b), SOURCE_CROWDED);
    source_release(a, NOW);
    sources_free(t);
}

static void *come_and_go(void *table)
{
    for (int i = 0; i < 20000; i++) {
        char text[32];
        snprintf(text, sizeof text, "192.0.2.%d", i % 7);
        struct source *s = take(table, text);
        source_charge(s, FLOW_MESSAGES, 3, NOW);
        source_refund(s, FLOW_MESSAGES, 3);
        source_release(s, NOW);
    }
    return NULL;
}

static void workers_share_them(void **state)
{
    (void)state;
    static const struct source_opts opts = { .flows_each = { [FLOW_MESSAGES] = { .per_s = 1, .burst = 1 } } };
    struct sources *t = sources_new(&opts);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, t), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(sources_count(t), 0);
    sources_free(t);
}

static void what_they_keep_to_may_change(void **state)
{
    (void)state;
    static const struct source_opts loose = { .max_conns = 2, .trusts_loopback = true };
    static const struct source_opts strict = { .max_conns = 1, .max_conns_each = 1, .max_nameless_each = 1 };
    struct sources *t = sources_new(&loose);
    const struct addr here = addr("127.0.0.1");
    enum source_verdict verdict;
    struct source *s = source_take(t, &here, NOW, &verdict);
    assert_true(sources_enter(t, false));
    assert_true(source_add_nameless(s));
    sources_set_opts(t, &strict);
    assert_true(sources_are_full(t));
    assert_false(sources_enter(t, false));
    assert_false(source_add_nameless(s));
    assert_null(source_take(t, &here, NOW, &verdict));
    assert_int_equal(verdict, SOURCE_CROWDED);
    sources_set_opts(t, &loose);
    assert_true(source_add_nameless(s));
    source_remove_nameless(s, NOW);
    source_remove_nameless(s, NOW);
    source_release(s, NOW);
    sources_leave(t, false);
    sources_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_one_source),
        cmocka_unit_test(connections_are_counted),
        cmocka_unit_test(an_address_has_so_many_connections),
        cmocka_unit_test(an_address_makes_so_many_in_a_second),
        cmocka_unit_test(what_nobody_holds_does_not_pile_up),
        cmocka_unit_test(the_nameless_are_counted),
        cmocka_unit_test(flows_are_charged_and_refunded),
        cmocka_unit_test(this_machine_is_trusted),
        cmocka_unit_test(workers_share_them),
        cmocka_unit_test(what_they_keep_to_may_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
