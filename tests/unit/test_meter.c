// SPDX-License-Identifier: MIT
// Meters: what goes through, who waits how long, who is excessive, and that nobody keeps one that is not needed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "net/meter.h"

// A clock that is turned by hand.
static uint64_t now;

static uint64_t tell(const struct deadlines *w)
{
    (void)w;
    return now;
}

static void wake_at(struct deadlines *w, uint64_t at_ms)
{
    (void)w;
    (void)at_ms;
}

static const struct deadline_clock by_hand = { .now_ms = tell, .wake_at = wake_at };

// Somebody who is measured.
struct talker {
    struct meter *meter;
    bool is_waiting;
    int n_waits, n_excesses;
    enum flow flow;
};

static struct talker *of_meter(struct meter **owner)
{
    return CONTAINER_OF(owner, struct talker, meter);
}

static void on_wait(struct meter **owner)
{
    of_meter(owner)->is_waiting = true;
    of_meter(owner)->n_waits++;
}

static void on_go_on(struct meter **owner)
{
    assert_true(of_meter(owner)->is_waiting);
    of_meter(owner)->is_waiting = false;
}

static void on_excess(struct meter **owner, enum flow flow)
{
    of_meter(owner)->n_excesses++;
    of_meter(owner)->flow = flow;
    meter_return(owner);
}

static const struct meter_ops ops = { .on_wait = on_wait, .on_go_on = on_go_on, .on_excess = on_excess };

static const struct meter_opts opts = {
    .is_on = true,
    .flows = { [FLOW_MESSAGES] = { .per_s = 100, .burst = 1000 }, [FLOW_JOINS] = { .per_s = 10, .burst = 5 } },
    .patience_ms = 30000,
};

static struct deadlines deadlines;
static struct meters meters;

static int setup(void **state)
{
    (void)state;
    now = 1000000;
    deadlines_init(&deadlines, &by_hand);
    meters_init(&meters, &deadlines, &ops);
    meters.opts = opts;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(meters.pool.n_in_use, 0);
    meters_fini(&meters);
    return 0;
}

static void say(struct talker *t, struct source *s, enum flow flow, uint32_t n)
{
    if (!t->meter || !meter_use(t->meter, flow, n))
        assert_int_equal(meter_charge(&meters, &t->meter, s, flow, n), 0);
}

static void pass(uint64_t ms)
{
    for (uint64_t end = now + ms; now < end; now += DEADLINE_TICK_MS)
        deadlines_call(&deadlines);
    deadlines_call(&deadlines);
}

static void a_meter_comes_with_the_first_message_and_goes_when_it_is_full(void **state)
{
    (void)state;
    struct talker t = { 0 };
    say(&t, NULL, FLOW_MESSAGES, 1);
    assert_non_null(t.meter);
    assert_int_equal(meters.pool.n_in_use, 1);
    for (int i = 0; i < 200; i++)
        say(&t, NULL, FLOW_MESSAGES, 1);
    pass(METER_PAUSE_MS + 100);
    assert_non_null(t.meter); // 201 take two seconds to come
    pass(2000);
    assert_null(t.meter);
    assert_int_equal(t.n_waits, 0);
}

static void who_exceeds_the_burst_waits_for_what_it_owes(void **state)
{
    (void)state;
    struct talker t = { 0 };
    for (int i = 0; i < 1000; i++)
        say(&t, NULL, FLOW_MESSAGES, 1);
    assert_false(t.is_waiting);
    for (int i = 0; i < 50; i++) // what was read with it
        say(&t, NULL, FLOW_MESSAGES, 1);
    assert_true(t.is_waiting);
    assert_int_equal(t.n_waits, 1);
    assert_int_equal(meters.stats.n_waits[FLOW_MESSAGES], 1);
    pass(480);
    assert_true(t.is_waiting);
    pass(120);
    assert_false(t.is_waiting);
    assert_int_equal(t.n_excesses, 0);
    meter_return(&t.meter);
    assert_null(t.meter);
}

static void a_meter_outlives_the_measuring(void **state)
{
    (void)state;
    struct talker t = { 0 };
    say(&t, NULL, FLOW_MESSAGES, 1050);
    assert_true(t.is_waiting);
    meters.opts = (struct meter_opts){ .patience_ms = opts.patience_ms };
    pass(600);
    assert_false(t.is_waiting);
    pass(12000);
    assert_null(t.meter);
    assert_int_equal(t.n_excesses, 0);
}

static void flows_are_measured_each_for_itself(void **state)
{
    (void)state;
    struct talker t = { 0 };
    for (int i = 0; i < 5; i++)
        say(&t, NULL, FLOW_JOINS, 1);
    say(&t, NULL, FLOW_BYTES, UINT32_MAX); // nobody limits them
    say(&t, NULL, FLOW_LOGINS, 1000);
    assert_false(t.is_waiting);
    say(&t, NULL, FLOW_JOINS, 1);
    assert_true(t.is_waiting);
    pass(120);
    assert_false(t.is_waiting);
    meter_return(&t.meter);
}

// Fills T's bucket anew whenever it may, for MS.
static void insist(struct talker *t, uint64_t ms, uint32_t n)
{
    for (uint64_t end = now + ms; now < end && !t->n_excesses;) {
        if (!t->is_waiting)
            say(t, NULL, FLOW_JOINS, n);
        pass(DEADLINE_TICK_MS);
    }
}

static void who_insists_is_excessive(void **state)
{
    (void)state;
    struct talker t = { 0 };
    insist(&t, opts.patience_ms - 100, 7);
    assert_int_equal(t.n_excesses, 0);
    insist(&t, 2000, 7);
    assert_int_equal(t.n_excesses, 1);
    assert_int_equal(t.flow, FLOW_JOINS);
    assert_int_equal(meters.stats.n_excesses[FLOW_JOINS], 1);
    assert_null(t.meter);
}

static void a_debt_longer_than_patience_is_excessive(void **state)
{
    (void)state;
    struct talker t = { 0 };
    say(&t, NULL, FLOW_JOINS, 1000); // 100 seconds
    pass(opts.patience_ms - 100);
    assert_int_equal(t.n_excesses, 0);
    pass(200);
    assert_int_equal(t.n_excesses, 1);
}

static void who_pauses_is_forgiven(void **state)
{
    (void)state;
    struct talker t = { 0 };
    for (int i = 0; i < 4; i++) {
        insist(&t, 20000, 7);
        assert_true(t.n_waits > 0);
        pass(METER_PAUSE_MS + 2000);
        assert_false(t.is_waiting);
    }
    assert_int_equal(t.n_excesses, 0);
    pass(3000);
    assert_null(t.meter);
}

static void what_was_taken_in_advance_is_given_back(void **state)
{
    (void)state;
    static const struct source_opts source_opts = { .flows_each = { [FLOW_MESSAGES] = { .per_s = 1, .burst = 1000 } } };
    struct sources *table = sources_new(&source_opts);
    enum source_verdict verdict;
    struct addr addr = { .ip = { 1 } };
    struct source *s = source_take(table, &addr, now, &verdict);
    struct talker talkers[100] = { 0 };
    for (int i = 0; i < 100; i++) // a storm of clients who say five things each
        for (int j = 0; j < 5; j++)
            say(&talkers[i], s, FLOW_MESSAGES, 1);
    for (int i = 0; i < 100; i++) {
        assert_false(talkers[i].is_waiting);
        meter_return(&talkers[i].meter);
    }
    assert_int_equal(source_charge(s, FLOW_MESSAGES, 500, now), 0); // the other half
    struct talker late = { 0 };
    say(&late, s, FLOW_MESSAGES, 1); // all of the address wait then
    assert_true(late.is_waiting);
    meter_return(&late.meter);
    source_release(s, now);
    sources_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_meter_comes_with_the_first_message_and_goes_when_it_is_full, setup, teardown),
        cmocka_unit_test_setup_teardown(who_exceeds_the_burst_waits_for_what_it_owes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_meter_outlives_the_measuring, setup, teardown),
        cmocka_unit_test_setup_teardown(flows_are_measured_each_for_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(who_insists_is_excessive, setup, teardown),
        cmocka_unit_test_setup_teardown(a_debt_longer_than_patience_is_excessive, setup, teardown),
        cmocka_unit_test_setup_teardown(who_pauses_is_forgiven, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_taken_in_advance_is_given_back, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
