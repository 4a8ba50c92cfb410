// SPDX-License-Identifier: MIT
// Unit tests of net/conn.h, over loopback TCP on a worker's loop.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdio.h>

#include "loopback.h"

// A conn, its far end, and what its handler was told.
struct fixture {
    struct loopback loopback;
    struct conn *conn; // NULL after on_close
    struct far_end far;
    struct buf in;
    int n_eofs, n_drains, n_deadlines, n_closes, err;
    void (*then)(struct fixture *f); // done in whichever callback comes first
    int n_left;                      // for on_drain: how often it writes more
    struct conn *other;              // for on_close: whom it writes to
};

static void go_on(struct fixture *f)
{
    void (*then)(struct fixture *f) = f->then;
    f->then = NULL;
    if (then)
        then(f);
}

static void on_data(struct conn *c, char *p, size_t len)
{
    struct fixture *f = c->user;
    assert_true(len > 0);
    assert_int_equal(f->n_closes, 0);
    assert_int_equal(buf_put(&f->in, p, len), 0);
    memset(p, 0xff, len); // it is ours to change
    go_on(f);
}

static void on_eof(struct conn *c)
{
    struct fixture *f = c->user;
    f->n_eofs++;
    go_on(f);
}

static struct span large_piece(void)
{
    static char bytes[64 * 1024];
    if (!bytes[1])
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)(i * 7 + i / 251);
    return (struct span){ bytes, sizeof bytes };
}

static void on_drain(struct conn *c)
{
    struct fixture *f = c->user;
    struct span piece = large_piece();
    f->n_drains++;
    if (f->n_left-- > 0)
        assert_int_equal(conn_write(c, &piece, 1), 0);
    go_on(f);
}

static void on_deadline(struct conn *c)
{
    struct fixture *f = c->user;
    f->n_deadlines++;
    go_on(f);
}

static void on_close(struct conn *c, int err)
{
    struct fixture *f = c->user;
    assert_ptr_equal(f->conn, c);
    f->conn = NULL;
    f->n_closes++;
    f->err = err;
    if (f->other)
        assert_int_equal(conn_write(f->other, &SPAN("bye"), 1), 0);
}

static const struct conn_handler handler = {
    .on_data = on_data, .on_eof = on_eof, .on_drain = on_drain, .on_deadline = on_deadline, .on_close = on_close
};
static const struct conn_handler handler_of_few = { .on_data = on_data, .on_close = on_close };

static struct fixture *open_conn(const struct conn_handler *h, int sndbuf)
{
    static struct fixture f;
    int fds[2];
    f = (struct fixture){ 0 };
    tcp_pair(fds, sndbuf);
    loopback_init(&f.loopback);
    far_end_init(&f.far, &f.loopback, fds[1]);
    f.conn = conn_open(&f.loopback.worker.conns, fds[0], NULL, h, &f);
    assert_non_null(f.conn);
    return &f;
}

static void end(struct fixture *f)
{
    loopback_fini(&f->loopback);
    far_end_fini(&f->far);
    buf_fini(&f->in);
    assert_int_equal(f->n_closes, 1);
}

static void write_text(struct fixture *f, const char *text)
{
    assert_int_equal(conn_write(f->conn, &(struct span){ text, strlen(text) }, 1), 0);
}

static size_t n_chunks(const struct fixture *f)
{
    return f->loopback.worker.conns.chunk_pool.n_in_use;
}

static void bytes_go_both_ways(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    const struct conn_stats *stats = &f->loopback.worker.conns.stats;
    far_end_send_text(&f->far, "hello");
    RUN_UNTIL(&f->loopback, f->in.len == 5);
    assert_memory_equal(f->in.p, "hello", 5);
    write_text(f, "world!");
    assert_int_equal(f->conn->out_len, 6);
    RUN_UNTIL(&f->loopback, far_end_has(&f->far, "world!"));
    assert_int_equal(f->n_drains, 1);
    assert_int_equal(f->conn->out_len, 0);
    assert_int_equal(n_chunks(f), 0); // an idle conn holds no buffer
    assert_int_equal(stats->n_accepted, 1);
    assert_int_equal(stats->n_open, 1);
    assert_int_equal(stats->bytes_in, 5);
    assert_int_equal(stats->bytes_out, 6);
    end(f);
}

// A socket that keeps the borders between writes shows how many there were.
static void a_turns_writes_leave_as_one(void **state)
{
    (void)state;
    struct fixture f = { 0 };
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
    loopback_init(&f.loopback);
    far_end_init(&f.far, &f.loopback, fds[1]);
    f.conn = conn_open(&f.loopback.worker.conns, fds[0], NULL, &handler, &f);
    struct span parts[] = { SPAN("a"), SPAN(""), SPAN("bc") };
    for (int i = 0; i < 3000; i++) { // more than one chunk
        assert_int_equal(conn_write(f.conn, parts, 3), 0);
        if (i % 1000 == 0)
            assert_int_equal(conn_write_static(f.conn, SPAN("static")), 0);
    }
    RUN_UNTIL(&f.loopback, f.n_drains == 1 && f.far.n_reads == 1);
    assert_int_equal(f.far.in.len, 9018);
    assert_memory_equal(f.far.in.p, "abcstaticabcabc", 15);
    assert_memory_equal(f.far.in.p + 9018 - 9, "abcabcabc", 9);
    end(&f);
}

// Lengths around every border between the kinds of chunks, copied and static in turn: all arrives, in order.
static void any_lengths_arrive_in_order(void **state)
{
    (void)state;
    static const size_t lengths[] = { 1, 0, 4000, 4055, 4056, 4057, 8192, 16383, 16384, 16385, 60000, 3, 65536 };
    struct fixture *f = open_conn(&handler, 0);
    struct buf sent = { 0 };
    for (size_t i = 0; i < 3 * sizeof lengths / sizeof *lengths; i++) {
        struct span s = { large_piece().p, lengths[i % (sizeof lengths / sizeof *lengths)] };
        assert_int_equal(i % 3 ? conn_write(f->conn, &s, 1) : conn_write_static(f->conn, s), 0);
        assert_int_equal(buf_put_span(&sent, s), 0);
        assert_int_equal(f->conn->out_len, sent.len);
    }
    RUN_UNTIL(&f->loopback, f->far.in.len >= sent.len);
    assert_true(span_equal(buf_span(&f->far.in), buf_span(&sent)));
    buf_fini(&sent);
    end(f);
}

static void nothing_is_no_write(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    assert_int_equal(conn_write(f->conn, NULL, 0), 0);
    assert_int_equal(conn_write(f->conn, (struct span[]){ { 0 }, { 0 } }, 2), 0);
    assert_int_equal(conn_write_static(f->conn, SPAN("")), 0);
    loopback_settle(&f->loopback);
    assert_int_equal(f->n_drains, 0);
    write_text(f, "x");
    RUN_UNTIL(&f->loopback, far_end_has(&f->far, "x"));
    end(f);
}

static void a_slow_reader_gets_all(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 65536);
    size_t len = 0;
    far_end_ignore(&f->far);
    while (len < 4 << 20) {
        struct span piece = large_piece();
        assert_int_equal(conn_write(f->conn, &piece, 1), 0);
        len += piece.len;
    }
    loopback_settle(&f->loopback);
    assert_true(f->conn->is_blocked);
    assert_int_equal(f->n_drains, 0);
    write_text(f, "the end");
    far_end_listen(&f->far);
    RUN_UNTIL(&f->loopback, f->far.in.len == len + 7);
    for (size_t at = 0; at < len; at += large_piece().len)
        assert_memory_equal(f->far.in.p + at, large_piece().p, large_piece().len);
    assert_memory_equal(f->far.in.p + len, "the end", 7);
    assert_int_equal(f->n_drains, 1);
    assert_false(f->conn->is_blocked);
    end(f);
}

// One megabyte in one write, as a message of that length is.
static void a_large_write_needs_no_large_pool(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    struct span piece = large_piece(), parts[17] = { SPAN("head") };
    for (int i = 1; i < 17; i++)
        parts[i] = piece;
    assert_int_equal(conn_write(f->conn, parts, 17), 0);
    assert_in_range(n_chunks(f), 0, 2);
    RUN_UNTIL(&f->loopback, f->far.in.len == 4 + 16 * piece.len);
    assert_memory_equal(f->far.in.p + 4 + 15 * piece.len, piece.p, piece.len);
    end(f);
}

// What is written from on_drain leaves too, though the loop was about to sleep; the far end does not wake it here.
static void writing_from_on_drain_goes_on(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 1 << 20);
    far_end_ignore(&f->far);
    f->n_left = 3;
    write_text(f, "x");
    RUN_UNTIL(&f->loopback, f->n_drains == 4);
    far_end_listen(&f->far);
    f->n_left = 64;
    write_text(f, "x");
    RUN_UNTIL(&f->loopback, f->far.in.len == 2 + 67 * large_piece().len);
    assert_int_equal(f->n_drains, 4 + 65);
    end(f);
}

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
    struct fixture *f = open_conn(&handler, 0);
    write_text(f, "bye");
    conn_finish(f->conn);
    RUN_UNTIL(&f->loopback, f->far.has_eof);
    assert_true(far_end_has(&f->far, "bye"));
    let_linger_pass(f);
    RUN_UNTIL(&f->loopback, f->n_closes);
    assert_int_equal(f->err, UV_ETIMEDOUT);
    assert_int_equal(f->n_deadlines, 0);
    end(f);
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
        uv_run(&f->loopback.worker.loop, UV_RUN_NOWAIT);
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

static void paused_reads_nothing(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    conn_pause(f->conn);
    far_end_send_text(&f->far, "held");
    write_text(f, "still writing");
    RUN_UNTIL(&f->loopback, far_end_has(&f->far, "still writing"));
    loopback_settle(&f->loopback);
    assert_int_equal(f->in.len, 0);
    conn_resume(f->conn);
    RUN_UNTIL(&f->loopback, f->in.len == 4);
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

static void deadlines_pass_once(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    conn_set_deadline(f->conn, 1000000);
    conn_set_deadline(f->conn, 1);
    RUN_UNTIL(&f->loopback, f->n_deadlines);
    conn_set_deadline(f->conn, 1);
    conn_cancel_deadline(f->conn);
    assert_true(list_is_empty(&f->conn->deadline.node));
    assert_int_equal(f->n_deadlines, 1);
    assert_int_equal(f->n_closes, 0);
    end(f);
    f = open_conn(&handler_of_few, 0);
    conn_set_deadline(f->conn, 1); // whom nobody hears closes the conn
    RUN_UNTIL(&f->loopback, f->n_closes);
    assert_int_equal(f->err, UV_ETIMEDOUT);
    end(f);
}

static void close_now(struct fixture *f)
{
    struct conn *c = f->conn;
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

static void the_clients_address_is_known(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    struct addr loopback, other;
    assert_int_equal(addr_parse(&loopback, SPAN("127.0.0.1")), 0);
    assert_int_equal(addr_parse(&other, SPAN("192.0.2.7")), 0);
    assert_true(addr_is_equal(conn_client_address(f->conn), &loopback));
    conn_set_client_address(f->conn, &other);
    assert_true(addr_is_equal(conn_client_address(f->conn), &other));
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_both_ways),
        cmocka_unit_test(a_turns_writes_leave_as_one),
        cmocka_unit_test(any_lengths_arrive_in_order),
        cmocka_unit_test(nothing_is_no_write),
        cmocka_unit_test(a_slow_reader_gets_all),
        cmocka_unit_test(a_large_write_needs_no_large_pool),
        cmocka_unit_test(writing_from_on_drain_goes_on),
        cmocka_unit_test(finishing_from_on_drain_goes_on),
        cmocka_unit_test(finish_keeps_the_last_answer),
        cmocka_unit_test(finish_waits_so_long_and_no_longer),
        cmocka_unit_test(finish_is_patient_while_output_leaves),
        cmocka_unit_test(finish_does_not_listen_for_ever),
        cmocka_unit_test(finish_works_on_a_paused_conn),
        cmocka_unit_test(paused_reads_nothing),
        cmocka_unit_test(the_end_of_input_is_not_the_end),
        cmocka_unit_test(without_on_eof_it_is),
        cmocka_unit_test(a_reset_is_an_error),
        cmocka_unit_test(deadlines_pass_once),
        cmocka_unit_test(closing_is_told_once),
        cmocka_unit_test(finishing_can_be_cut_short),
        cmocka_unit_test(writes_from_on_close_leave),
        cmocka_unit_test(the_clients_address_is_known),
    };
    return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
