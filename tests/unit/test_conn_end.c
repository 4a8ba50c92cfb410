// SPDX-License-Identifier: MIT
// Unit tests of net/conn.h, over loopback TCP on a worker's loop: how connections end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <unistd.h>

#include "conn_fixture.h"

static void finish_now(struct fixture *f)
{
    conn_finish(f->conn);
}

static void finishing_from_on_drain_goes_on(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    far_end_ignore(&f->far);
    f->then = finish_now;
    write_text(f, "x");
    RUN_UNTIL(&f->loopback, f->n_drains && f->conn->has_sent_fin);
    far_end_listen(&f->far);
    RUN_UNTIL(&f->loopback, f->far.has_eof);
    far_end_shutdown(&f->far);
    RUN_UNTIL(&f->loopback, f->n_closes);
    end(f);
}

static void hear_nothing(struct conn *c, char *p, size_t len)
{
    (void)c;
    (void)p;
    (void)len;
}

static void end_quietly(struct conn *c, int err)
{
    (void)err;
    *(bool *)c->user = true;
}

// While one waits to be written to, another is asked to end and lingers: the first must still have its turn.
static void shedding_comes_to_who_was_being_written_to(void **state)
{
    (void)state;
    static const struct conn_handler quiet = { .on_data = hear_nothing, .on_close = end_quietly };
    int fds[2];
    bool is_closed = false;
    struct fixture *f = open_conn(&handler, 0);
    struct conn_group *g = f->conn->group;
    tcp_pair(fds, 0);
    struct conn *lingering = conn_open(g, fds[0], NULL, &quiet, &is_closed);
    assert_non_null(lingering);
    write_text(f, "x");
    conn_group_shed(g, 1);
    assert_true(lingering->is_shed);
    assert_false(f->conn->is_shed);
    RUN_UNTIL(&f->loopback, far_end_has(&f->far, "x"));
    write_text(f, "y");
    RUN_UNTIL(&f->loopback, far_end_has(&f->far, "xy"));
    conn_group_shed(g, 1);
    assert_true(f->conn->is_shed);
    conn_close(lingering, 0);
    RUN_UNTIL(&f->loopback, is_closed);
    close(fds[1]);
    end(f);
}

// Nor when somebody waits on it, as those do who hold an answer back.
static void who_is_apart_is_not_asked_to_end(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    struct fixture apart = { 0 };
    struct conn_transfer t;
    struct conn_group *g = f->conn->group;
    assert_int_equal(conn_detach(f->conn, &t), 0);
    RUN_UNTIL(&f->loopback, f->n_closes);
    t.is_apart = true;
    apart.conn = conn_adopt(g, &t, &handler, &apart);
    conn_spare(apart.conn);
    conn_group_shed(g, 1);
    write_text(&apart, "still here");
    RUN_UNTIL(&f->loopback, far_end_has(&f->far, "still here"));
    assert_int_equal(apart.n_closes, 0);
    assert_false(f->far.has_eof);
    end(f);
    buf_fini(&apart.in);
}

// Closing with unread input would reset the connection, and the answer might be lost.
static void finish_keeps_the_last_answer(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    struct span piece = large_piece();
    far_end_ignore(&f->far);
    far_end_send(&f->far, piece);
    far_end_send(&f->far, piece);
    for (int i = 0; i < 8; i++)
        assert_int_equal(conn_write(f->conn, &piece, 1), 0);
    conn_finish(f->conn);
    assert_int_equal(conn_write(f->conn, &piece, 1), -ENOTCONN);
    assert_int_equal(conn_write_static(f->conn, piece), -ENOTCONN);
    loopback_settle(&f->loopback);
    far_end_send(&f->far, SPAN("more"));
    far_end_listen(&f->far);
    RUN_UNTIL(&f->loopback, f->far.has_eof || f->far.err);
    assert_int_equal(f->far.err, 0);
    assert_int_equal(f->far.in.len, 8 * piece.len);
    assert_int_equal(f->in.len, 0); // no callback but on_close follows
    assert_int_equal(f->n_drains, 0);
    assert_int_equal(f->n_closes, 0); // it waits for the other side
    far_end_shutdown(&f->far);
    RUN_UNTIL(&f->loopback, f->n_closes);
    assert_int_equal(f->err, 0);
    end(f);
}

// The linger deadline is called by hand here: two seconds are long in a test.
static void let_linger_pass(struct fixture *f)
{
    assert_false(list_is_empty(&f->conn->deadline.node));
    deadline_cancel(&f->conn->deadline);
    f->conn->deadline.on_due(&f->conn->deadline);
}

static void finish_waits_so_long_and_no_longer(void **state)
{
    (void)state;
    for (int has_output = 0; has_output < 2; has_output++) {
        struct fixture *f = open_conn(&handler, 0);
        if (has_output)
            write_text(f, "bye");
        conn_finish(f->conn);
        RUN_UNTIL(&f->loopback, f->far.has_eof);
        assert_true(far_end_has(&f->far, has_output ? "bye" : ""));
        let_linger_pass(f);
        RUN_UNTIL(&f->loopback, f->n_closes);
        assert_int_equal(f->err, UV_ETIMEDOUT);
        assert_int_equal(f->n_deadlines, 0);
        end(f);
    }
}

// A reader that is slow but reads gets the time it needs.
static void finish_is_patient_while_output_leaves(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 65536);
    struct span piece = large_piece();
    size_t len = 0;
    far_end_ignore(&f->far);
    for (; len < 4 << 20; len += piece.len)
        assert_int_equal(conn_write(f->conn, &piece, 1), 0);
    conn_finish(f->conn);
    loopback_settle(&f->loopback);
    assert_true(f->conn->is_blocked);
    deadline_cancel(&f->conn->deadline);
    far_end_listen(&f->far);
    RUN_UNTIL(&f->loopback, f->far.in.len > len / 2);
    assert_false(list_is_empty(&f->conn->deadline.node)); // it was set anew
    RUN_UNTIL(&f->loopback, f->far.has_eof);
    assert_int_equal(f->far.in.len, len);
    far_end_ignore(&f->far);
    let_linger_pass(f);
    RUN_UNTIL(&f->loopback, f->n_closes);
    end(f);
}

static void finish_does_not_listen_for_ever(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    conn_finish(f->conn);
    loopback_begin(&f->loopback);
    size_t len = 0;
    while (!f->n_closes && !f->loopback.is_over) {
        ssize_t n = send(f->far.fd, large_piece().p, large_piece().len, MSG_NOSIGNAL);
        len += n > 0 ? (size_t)n : 0;
        worker_turn(&f->loopback.worker, false);
    }
    assert_int_equal(f->n_closes, 1);
    assert_int_equal(f->err, UV_ECONNABORTED);
    assert_true(len > CONN_LINGER_BYTES);
    end(f);
}

static void finish_works_on_a_paused_conn(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    conn_pause(f->conn);
    conn_finish(f->conn);
    RUN_UNTIL(&f->loopback, f->far.has_eof);
    far_end_shutdown(&f->far);
    RUN_UNTIL(&f->loopback, f->n_closes);
    assert_int_equal(f->err, 0);
    end(f);
}

static void the_end_of_input_is_not_the_end(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    far_end_send_text(&f->far, "request");
    far_end_shutdown(&f->far);
    RUN_UNTIL(&f->loopback, f->n_eofs);
    assert_int_equal(f->in.len, 7);
    write_text(f, "answer");
    conn_finish(f->conn);
    RUN_UNTIL(&f->loopback, f->far.has_eof && f->n_closes);
    assert_true(far_end_has(&f->far, "answer"));
    assert_int_equal(f->n_eofs, 1);
    assert_int_equal(f->err, 0);
    end(f);
}

static void without_on_eof_it_is(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler_of_few, 0);
    write_text(f, "x"); // on_drain may be NULL too
    RUN_UNTIL(&f->loopback, far_end_has(&f->far, "x"));
    far_end_shutdown(&f->far);
    RUN_UNTIL(&f->loopback, f->n_closes);
    assert_int_equal(f->err, 0);
    end(f);
}

static void a_reset_is_an_error(void **state)
{
    (void)state;
    for (int is_paused = 0; is_paused < 2; is_paused++) {
        struct fixture *f = open_conn(&handler, 0);
        far_end_close(&f->far, true);
        if (is_paused)
            conn_pause(f->conn);
        write_text(f, "to nobody");
        RUN_UNTIL(&f->loopback, f->n_closes);
        assert_true(f->err == UV_ECONNRESET || f->err == UV_EPIPE);
        assert_int_equal(f->n_eofs, 0);
        end(f);
    }
}

static void close_now(struct fixture *f)
{
    struct conn *c = f->conn;
    write_text(f, "never");
    conn_close(c, UV_EPROTO);
    conn_close(c, UV_EIO);
    conn_finish(c);
    conn_pause(c);
    conn_resume(c);
    conn_set_deadline(c, 1);
    assert_int_equal(conn_write(c, &SPAN("late"), 1), -ENOTCONN);
    assert_int_equal(conn_write_static(c, SPAN("late")), -ENOTCONN);
    assert_ptr_equal(f->conn, c); // valid to the end of the turn
    assert_int_equal(f->n_closes, 0);
}

// From inside every callback, and with output that will never leave: told once, with the first reason.
static void closing_is_told_once(void **state)
{
    (void)state;
    for (int from = 0; from < 6; from++) {
        struct fixture *f = open_conn(&handler, 4096);
        f->then = close_now;
        if (from == 0)
            far_end_send_text(&f->far, "x");
        else if (from == 1)
            far_end_shutdown(&f->far);
        else if (from == 2)
            write_text(f, "x");
        else if (from == 3)
            conn_set_deadline(f->conn, 1);
        else
            for (int i = 0; i < 256; i++)
                assert_int_equal(conn_write_static(f->conn, large_piece()), 0);
        if (from == 4)
            loopback_settle(&f->loopback);
        if (from >= 4)
            close_now(f);
        RUN_UNTIL(&f->loopback, f->n_closes && f->far.has_eof);
        loopback_settle(&f->loopback);
        assert_int_equal(f->err, UV_EPROTO);
        assert_int_equal(n_chunks(f), 0);
        assert_int_equal(f->loopback.worker.conns.stats.n_open, 0);
        end(f);
    }
}

static void finishing_can_be_cut_short(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    write_text(f, "never");
    conn_finish(f->conn);
    conn_finish(f->conn);
    conn_close(f->conn, UV_EPROTO);
    RUN_UNTIL(&f->loopback, f->n_closes && f->far.has_eof);
    assert_int_equal(f->err, UV_EPROTO);
    assert_int_equal(f->far.in.len, 0);
    end(f);
}

// The name of one that goes is told to others in its on_close: that must leave though nothing else happens.
static void writes_from_on_close_leave(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    struct fixture stays = { 0 };
    int fds[2];
    tcp_pair(fds, 0);
    far_end_init(&stays.far, &f->loopback, fds[1]);
    stays.conn = f->other = conn_open(&f->loopback.worker.conns, fds[0], NULL, &handler, &stays);
    far_end_close(&f->far, true);
    RUN_UNTIL(&f->loopback, far_end_has(&stays.far, "bye"));
    end(f);
    assert_int_equal(stays.n_closes, 1);
    assert_int_equal(stays.err, UV_ECANCELED);
    far_end_fini(&stays.far);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finishing_from_on_drain_goes_on),
        cmocka_unit_test(shedding_comes_to_who_was_being_written_to),
        cmocka_unit_test(who_is_apart_is_not_asked_to_end),
        cmocka_unit_test(finish_keeps_the_last_answer),
        cmocka_unit_test(finish_waits_so_long_and_no_longer),
        cmocka_unit_test(finish_is_patient_while_output_leaves),
        cmocka_unit_test(finish_does_not_listen_for_ever),
        cmocka_unit_test(finish_works_on_a_paused_conn),
        cmocka_unit_test(the_end_of_input_is_not_the_end),
        cmocka_unit_test(without_on_eof_it_is),
        cmocka_unit_test(a_reset_is_an_error),
        cmocka_unit_test(closing_is_told_once),
        cmocka_unit_test(finishing_can_be_cut_short),
        cmocka_unit_test(writes_from_on_close_leave),
    };
    return cmocka_run_group_tests_name("conn_end", tests, NULL, NULL);
}
