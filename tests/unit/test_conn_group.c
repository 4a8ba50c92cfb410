// SPDX-License-Identifier: MIT
// Those who don't read what waits for them: who is ended when, who isn't, and what all of them may have together.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "conn_fixture.h"

enum { STALL_MS = 200 };

static void on_stall(struct conn *c, enum ending why)
{
    (void)why;
    struct fixture *f = c->user;
    f->n_deadlines++; // which nothing else here does
    conn_close(c, UV_ETIMEDOUT);
}

static const struct conn_handler stalling = {
    .on_data = on_data, .on_drain = on_drain, .on_stall = on_stall, .on_close = on_close
};

static struct conn_group *group_of(struct fixture *f)
{
    return &f->loopback.worker.conns;
}

// Writes to F's conn until its far end, which doesn't read, takes no more.
static void fill(struct fixture *f)
{
    struct span piece = large_piece();
    far_end_ignore(&f->far);
    for (size_t i = 0; i < 16 || !f->conn->is_blocked; i++) {
        assert_int_equal(conn_write(f->conn, &piece, 1), 0);
        loopback_settle(&f->loopback);
    }
}

static void who_takes_nothing_is_ended(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) { // with a handler that hears of it, and without
        struct fixture *f = open_conn(i ? &handler_of_few : &stalling, 4096);
        group_of(f)->stall_ms = STALL_MS;
        fill(f);
        uint64_t before = uv_now(&f->loopback.worker.loop);
        RUN_UNTIL(&f->loopback, f->n_closes);
        assert_true(uv_now(&f->loopback.worker.loop) - before >= STALL_MS / 2);
        assert_int_equal(f->err, UV_ETIMEDOUT);
        assert_int_equal(f->n_deadlines, i ? 0 : 1);
        assert_int_equal(group_of(f)->stats.n_ended[ENDING_STALLED], 1);
        end(f);
    }
}

static void who_takes_a_little_is_not(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&stalling, 4096);
    group_of(f)->stall_ms = STALL_MS;
    fill(f);
    uint64_t begin = uv_now(&f->loopback.worker.loop), last = begin;
    while (last < begin + 2 * STALL_MS) {
        char some[32 * 1024]; // too little for the kernel to ask for more each time
        RUN_UNTIL(&f->loopback, uv_now(&f->loopback.worker.loop) > last + STALL_MS / 8);
        last = uv_now(&f->loopback.worker.loop);
        assert_true(recv(f->far.fd, some, sizeof some, 0) != 0);
        assert_int_equal(f->n_closes, 0);
    }
    RUN_UNTIL(&f->loopback, f->n_closes);
    end(f);
}

static void who_has_taken_all_is_watched_no_more(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&stalling, 4096);
    group_of(f)->stall_ms = STALL_MS;
    fill(f);
    far_end_listen(&f->far);
    RUN_UNTIL(&f->loopback, f->n_drains > 0 && !f->conn->is_blocked);
    assert_true(list_is_empty(&group_of(f)->blocked));
    RUN_UNTIL(&f->loopback, !deadline_is_armed(&group_of(f)->look));
    assert_int_equal(f->n_closes, 0);
    loopback_fini(&f->loopback);
    far_end_fini(&f->far);
}

static void when_too_much_waits_the_slow_go(void **state)
{
    (void)state;
    struct backlog backlog = { 0 };
    struct fixture *f = open_conn(&stalling, 4096), idle = { 0 };
    int fds[2];
    tcp_pair(fds, 0);
    idle.conn = conn_open(group_of(f), fds[0], NULL, &stalling, &idle);
    group_of(f)->backlog = &backlog;
    group_of(f)->max_backlog = 256 * 1024;
    fill(f); // with a megabyte
    assert_true(backlog_is_above(&backlog, 256 * 1024));
    RUN_UNTIL(&f->loopback, f->n_closes);
    assert_int_equal(f->n_deadlines, 1);
    assert_int_equal(group_of(f)->stats.n_ended[ENDING_OVERFLOWED], 1);
    assert_int_equal(idle.n_closes, 0);
    loopback_settle(&f->loopback);
    assert_false(backlog_is_above(&backlog, 256 * 1024));
    assert_int_equal(outq_memory_len(&group_of(f)->out_memory), 0);
    RUN_UNTIL(&f->loopback, !deadline_is_armed(&group_of(f)->look));
    end(f);
    assert_int_equal(backlog.len, 0);
    close(fds[1]);
}

static void what_loops_report_adds_up(void **state)
{
    (void)state;
    struct backlog b = { 0 };
    size_t one = 0, other = 0;
    backlog_report(&b, &one, BACKLOG_GRAIN - 1);
    assert_int_equal(b.len, 0); // too little to be told
    backlog_report(&b, &one, 6 * BACKLOG_GRAIN);
    backlog_report(&b, &other, 4 * BACKLOG_GRAIN + 1);
    assert_true(backlog_is_above(&b, 10 * BACKLOG_GRAIN));
    backlog_report(&b, &one, 5 * BACKLOG_GRAIN);
    assert_false(backlog_is_above(&b, 10 * BACKLOG_GRAIN));
    backlog_report(&b, &one, 0);
    backlog_report(&b, &other, 0);
    assert_int_equal(b.len, 0);
    backlog_report(&b, &one, SIZE_MAX / 2);
    assert_false(backlog_is_above(&b, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_takes_nothing_is_ended),
        cmocka_unit_test(who_takes_a_little_is_not),
        cmocka_unit_test(who_has_taken_all_is_watched_no_more),
        cmocka_unit_test(when_too_much_waits_the_slow_go),
        cmocka_unit_test(what_loops_report_adds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
