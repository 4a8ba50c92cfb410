// SPDX-License-Identifier: MIT
// Unit tests of server/tap.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/worker.h"
#include "proto/json.h"
#include "server/tap.h"

// One worker, whose turns a test takes, and what arrived.
struct fixture {
    struct worker worker;
    struct bus_local *local;
    struct bus_port port;
    struct taps taps;
    struct buf lines;
    size_t n_lines;
};

static void on_line(struct taps *taps, uint32_t watchers, struct span line)
{
    struct fixture *f = CONTAINER_OF(taps, struct fixture, taps);
    struct json_value value;
    assert_int_equal(watchers, 1);
    assert_int_equal(json_parse(line, &value), JSON_OK);
    assert_int_equal(buf_put_span(&f->lines, line), 0);
    f->n_lines++;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(worker_init(&f->worker), 0);
    f->local = bus_local_new(1, 1);
    assert_non_null(f->local);
    assert_int_equal(bus_port_open(&f->port, f->local, 0, &f->worker.loop, &f->worker.conns.turn), 0);
    assert_int_equal(taps_init(&f->taps, 1, on_line), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    bus_local_settle(f->local);
    bus_port_close(&f->port);
    bus_local_free(f->local);
    worker_fini(&f->worker);
    taps_fini(&f->taps);
    buf_fini(&f->lines);
    free(f);
    return 0;
}

// Somebody without a name says something in ROOM.
static void say_in(struct fixture *f, const char *room)
{
    struct watch *w = f->port.bus.watch;
    const struct watch_event e = { .type = MESSAGE_MESSAGE, .to_ref = PEER_REF_NOBODY, .room = span_of(room) };
    if (w)
        w->on_event(w, &e);
}

// What arrives when N lines do; the text lives until the next call.
static const char *arriving(struct fixture *f, size_t n)
{
    f->n_lines = f->lines.len = 0;
    worker_turn(&f->worker, false);
    assert_int_equal(f->n_lines, n);
    assert_int_equal(buf_put(&f->lines, "", 1), 0);
    return f->lines.p;
}

static const struct tap_filter everything, only_ours = { .room = "ours" };

static void nothing_is_told_to_nobody(void **state)
{
    struct fixture *f = *state;
    assert_null(f->port.bus.watch);
    tap_set(&f->taps, &f->port, 0, &everything);
    say_in(f, "ours");
    assert_non_null(strstr(arriving(f, 1), "\"room\":\"ours\""));
    tap_set(&f->taps, &f->port, 0, NULL);
    assert_null(f->port.bus.watch);
}

static void what_is_not_asked_for_is_not_told(void **state)
{
    struct fixture *f = *state;
    tap_set(&f->taps, &f->port, 0, &only_ours);
    say_in(f, "theirs");
    say_in(f, "ours");
    arriving(f, 1);
}

// Says more than may be under way, by N.
static void say_too_much(struct fixture *f, unsigned n)
{
    for (unsigned i = 0; i < TAP_MAX_UNDER_WAY + n; i++)
        say_in(f, "ours");
    assert_null(strstr(arriving(f, TAP_MAX_UNDER_WAY), "missed"));
}

static void a_gap_is_told_once(void **state)
{
    struct fixture *f = *state;
    tap_set(&f->taps, &f->port, 0, &everything);
    say_too_much(f, 3);
    say_in(f, "ours");
    assert_non_null(strstr(arriving(f, 1), "\"missed\":3"));
    say_in(f, "ours");
    assert_null(strstr(arriving(f, 1), "missed"));
}

static void a_gap_is_told_with_the_next_line_that_is_wanted(void **state)
{
    struct fixture *f = *state;
    tap_set(&f->taps, &f->port, 0, &only_ours);
    say_too_much(f, 2);
    say_in(f, "theirs");
    arriving(f, 0);
    say_in(f, "ours");
    assert_non_null(strstr(arriving(f, 1), "\"missed\":2"));
}

static void a_gap_is_none_of_who_comes_later(void **state)
{
    struct fixture *f = *state;
    tap_set(&f->taps, &f->port, 0, &everything);
    say_too_much(f, 2);
    tap_set(&f->taps, &f->port, 0, NULL);
    tap_set(&f->taps, &f->port, 0, &everything);
    say_in(f, "ours");
    assert_null(strstr(arriving(f, 1), "missed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_told_to_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_asked_for_is_not_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_gap_is_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_gap_is_told_with_the_next_line_that_is_wanted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_gap_is_none_of_who_comes_later, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
