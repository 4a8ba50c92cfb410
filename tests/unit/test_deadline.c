// SPDX-License-Identifier: MIT
// Unit tests of base/deadline.h and net/loop_clock.h, on a loop whose clock the test turns.
//
// The wheel reads the time from uv_now() alone. The tests move loop.time by hand and call the wheel's timer as the loop
// would, so days pass in microseconds and no machine is too slow; one test at the end holds it to the real clock.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "chance.h"
#include "net/loop_clock.h"

enum { TICK = DEADLINE_TICK_MS, LATE = 2 * DEADLINE_TICK_MS };

struct fixture {
    uv_loop_t loop;
    struct loop_clock clock;
    int n_called; // of all
};

// A deadline that notes when it was called, and what is to be done then.
struct probe {
    struct deadline deadline;
    struct fixture *f;
    uint64_t due_ms; // what it was armed for; UINT64_MAX: not armed
    uint64_t called_ms;
    int n_calls;
    int nth; // among all calls, its last one
    void (*then)(struct probe *p);
    struct probe *other;
};

static void on_due(struct deadline *d)
{
    struct probe *p = CONTAINER_OF(d, struct probe, deadline);
    p->n_calls++;
    p->nth = p->f->n_called++;
    p->called_ms = uv_now(&p->f->loop);
    assert_true(p->due_ms <= p->called_ms);
    p->due_ms = UINT64_MAX;
    if (p->then)
        p->then(p);
}

static void probe_init(struct probe *p, struct fixture *f)
{
    *p = (struct probe){ .f = f, .due_ms = UINT64_MAX };
    deadline_init(&p->deadline, on_due);
}

static void probe_set(struct probe *p, uint64_t ms)
{
    p->due_ms = uv_now(&p->f->loop) + ms;
    deadline_set(&p->f->clock.deadlines, &p->deadline, ms);
}

static void probe_cancel(struct probe *p)
{
    p->due_ms = UINT64_MAX;
    deadline_cancel(&p->deadline);
}

// Lets MS pass as a loop would that has nothing else to do: it wakes exactly when the wheel's timer says.
static void pass(struct fixture *f, uint64_t ms)
{
    uint64_t end = uv_now(&f->loop) + ms;
    uv_timer_t *timer = &f->clock.timer;
    while (uv_is_active((uv_handle_t *)timer) && timer->timeout <= end) {
        if (f->loop.time < timer->timeout)
            f->loop.time = timer->timeout;
        uv_timer_stop(timer);
        timer->timer_cb(timer);
    }
    f->loop.time = end;
}

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    assert_int_equal(uv_loop_init(&f.loop), 0);
    f.loop.time = 1000003; // not at a tick
    loop_clock_init(&f.clock, &f.loop);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    uv_close((uv_handle_t *)&f->clock.timer, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    return uv_loop_close(&f->loop);
}

static void is_never_early_and_two_ticks_late_at_most(void **state)
{
    struct fixture *f = *state;
    struct probe p;
    probe_init(&p, f);
    for (uint64_t ms = 0; ms < 600; ms++) {
        uint64_t start = uv_now(&f->loop);
        probe_set(&p, ms);
        pass(f, ms + LATE);
        assert_int_equal(p.n_calls, ms + 1);
        assert_in_range(p.called_ms, start + ms, start + ms + LATE);
        f->loop.time += ms % 5;
    }
}

// From one tick to seventy years, at the borders of every level of the wheel.
static void any_length_will_do(void **state)
{
    struct fixture *f = *state;
    struct probe p;
    probe_init(&p, f);
    int n = 0;
    for (unsigned bits = 0; bits < 42; bits++)
        for (int off = -9; off <= 9; off += 3) {
            uint64_t ms = (1ULL << bits) + (uint64_t)off, start = uv_now(&f->loop);
            if (ms > 1ULL << 43)
                continue;
            probe_set(&p, ms);
            if (ms > 100) {
                pass(f, ms - 1);
                assert_int_equal(p.n_calls, n);
            }
            pass(f, LATE + 101);
            assert_int_equal(p.n_calls, ++n);
            assert_in_range(p.called_ms, start + ms, start + ms + LATE);
        }
}

static void thirty_days_are_not_over_in_ten(void **state)
{
    struct fixture *f = *state;
    const uint64_t day = 24 * 60 * 60 * 1000;
    struct probe month, ping;
    probe_init(&month, f);
    probe_init(&ping, f);
    probe_set(&month, 30 * day);
    for (int i = 0; i < 10; i++) {
        probe_set(&ping, day);
        pass(f, day + LATE);
    }
    assert_int_equal(ping.n_calls, 10);
    assert_int_equal(month.n_calls, 0);
    pass(f, 20 * day);
    assert_int_equal(month.n_calls, 1);
}

static void cancelled_is_cancelled(void **state)
{
    struct fixture *f = *state;
    struct probe p;
    probe_init(&p, f);
    probe_cancel(&p);
    probe_set(&p, 50);
    pass(f, 40);
    probe_cancel(&p);
    probe_cancel(&p);
    pass(f, 1000);
    assert_int_equal(p.n_calls, 0);
    assert_int_equal(uv_is_active((uv_handle_t *)&f->clock.timer), 0); // and nothing wakes the loop for it any more
}

static void the_last_setting_counts(void **state)
{
    struct fixture *f = *state;
    struct probe later, sooner;
    probe_init(&later, f);
    probe_init(&sooner, f);
    probe_set(&later, 20);
    probe_set(&later, 5000);
    probe_set(&sooner, 5000);
    probe_set(&sooner, 20);
    pass(f, 100);
    assert_int_equal(later.n_calls, 0);
    assert_int_equal(sooner.n_calls, 1);
    pass(f, 5000);
    assert_int_equal(later.n_calls, 1);
    assert_int_equal(sooner.n_calls, 1);
}

static void set_again_at_once(struct probe *p)
{
    probe_set(p, 0);
}

// A deadline that re-arms itself with nothing must leave the loop a turn.
static void zero_is_one_tick(void **state)
{
    struct fixture *f = *state;
    struct probe p;
    probe_init(&p, f);
    p.then = set_again_at_once;
    probe_set(&p, 0);
    pass(f, 1000);
    assert_in_range(p.n_calls, 1000 / LATE, 1000 / TICK + 1);
    f->loop.time += 1000; // a turn of the loop that took long is no reason to make up for what was missed
    int before = p.n_calls;
    pass(f, LATE);
    assert_in_range(p.n_calls, before + 1, before + 4);
    probe_cancel(&p);
}

static void cancel_other(struct probe *p)
{
    probe_cancel(p->other);
}

static void move_other(struct probe *p)
{
    probe_set(p->other, 500);
}

// Both are in the slot that is being called.
static void one_may_cancel_or_move_another(void **state)
{
    struct fixture *f = *state;
    struct probe a, b;
    for (int i = 0; i < 2; i++) {
        probe_init(&a, f);
        probe_init(&b, f);
        a.then = i ? move_other : cancel_other;
        a.other = &b;
        probe_set(&a, 100);
        probe_set(&b, 100);
        pass(f, 200);
        assert_int_equal(a.n_calls, 1);
        assert_int_equal(b.n_calls, 0);
        pass(f, 500);
        assert_int_equal(b.n_calls, i);
    }
}

static void one_may_arm_another_long_unused(void **state)
{
    struct fixture *f = *state;
    struct probe a, b;
    probe_init(&a, f);
    probe_init(&b, f);
    a.then = move_other;
    a.other = &b;
    pass(f, 123456789); // nothing is armed, so nothing moves the wheel meanwhile
    probe_set(&a, 10);
    pass(f, 10 + LATE);
    assert_int_equal(a.n_calls, 1);
    pass(f, 500);
    assert_int_equal(b.n_calls, 1);
}

// The clock jumps, as on a machine that was suspended: all that is due comes in the order of its ticks.
static void a_jump_calls_all_in_order(void **state)
{
    struct fixture *f = *state;
    enum { N = 40 };
    static struct probe probes[N];
    for (int i = 0; i < N; i++) {
        probe_init(&probes[i], f);
        probe_set(&probes[i], (uint64_t)(i * 7 % N + 1) * (uint64_t)(i * 7 % N + 1) * 100);
    }
    f->loop.time += N * N * 100 + LATE;
    uv_timer_stop(&f->clock.timer);
    f->clock.timer.timer_cb(&f->clock.timer);
    for (int i = 0; i < N; i++) {
        assert_int_equal(probes[i].n_calls, 1);
        assert_int_equal(probes[i].nth, i * 7 % N);
    }
}

// Thousands at random, against what each was last armed for.
static void random_settings(void **state)
{
    struct fixture *f = *state;
    enum { N = 300 };
    static struct probe probes[N];
    uint64_t random = 4711;
    int n_calls = 0;
    for (int i = 0; i < N; i++)
        probe_init(&probes[i], f);
    for (int i = 0; i < 30000; i++) {
        struct probe *p = &probes[chance_below(&random, N)];
        uint64_t ms = chance(&random) >> 40 >> chance_below(&random, 24);
        if (chance_below(&random, 4))
            probe_set(p, chance_below(&random, 24) ? ms : 0);
        else
            probe_cancel(p);
        pass(f, chance_below(&random, 100) ? chance_below(&random, 30) : chance_below(&random, 100000));
        for (int j = 0; j < N; j++)
            if (probes[j].due_ms != UINT64_MAX)
                assert_true(probes[j].due_ms + LATE > uv_now(&f->loop));
    }
    for (int i = 0; i < N; i++)
        n_calls += probes[i].n_calls;
    assert_true(n_calls > 5000);
}

static void on_the_real_clock(void **state)
{
    struct fixture *f = *state;
    enum { N = 30 };
    static struct probe probes[N];
    uv_update_time(&f->loop);
    uint64_t start = uv_now(&f->loop);
    for (int i = 0; i < N; i++) {
        probe_init(&probes[i], f);
        probe_set(&probes[i], (uint64_t)(i * 7 % N) * 3);
    }
    uv_run(&f->loop, UV_RUN_DEFAULT); // ends when nothing is armed any more
    uint64_t last = 0;
    for (int i = 0; i < N; i++) {
        assert_int_equal(probes[i].n_calls, 1);
        assert_true(probes[i].called_ms >= start + (uint64_t)(i * 7 % N) * 3);
        last = probes[i].called_ms > last ? probes[i].called_ms : last;
    }
    assert_true(last >= start + (N - 1) * 3);
}

int main(void)
{
#define UNIT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        UNIT_TEST(is_never_early_and_two_ticks_late_at_most),
        UNIT_TEST(any_length_will_do),
        UNIT_TEST(thirty_days_are_not_over_in_ten),
        UNIT_TEST(cancelled_is_cancelled),
        UNIT_TEST(the_last_setting_counts),
        UNIT_TEST(zero_is_one_tick),
        UNIT_TEST(one_may_cancel_or_move_another),
        UNIT_TEST(one_may_arm_another_long_unused),
        UNIT_TEST(a_jump_calls_all_in_order),
        UNIT_TEST(random_settings),
        UNIT_TEST(on_the_real_clock),
    };
    return cmocka_run_group_tests_name("deadline", tests, NULL, NULL);
}
