// SPDX-License-Identifier: MIT
// Unit tests of net/conn.h, over loopback TCP on a worker's loop: how bytes travel.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "conn_fixture.h"

static void bytes_go_both_ways(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    const struct conn_stats *stats = &f->loopback.worker.conns.stats;
    far_end_send_text(&f->far, "hello");
    RUN_UNTIL(&f->loopback, f->in.len == 5);
    assert_memory_equal(f->in.p, "hello", 5);
    write_text(f, "world!");
    assert_int_equal(conn_out_len(f->conn), 6);
    RUN_UNTIL(&f->loopback, far_end_has(&f->far, "world!"));
    assert_int_equal(f->n_drains, 1);
    assert_int_equal(conn_out_len(f->conn), 0);
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
        assert_int_equal(conn_out_len(f->conn), sent.len);
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

static void the_clients_address_is_known(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    struct addr loopback, other, got;
    assert_int_equal(addr_parse(&loopback, SPAN("127.0.0.1")), 0);
    assert_int_equal(addr_parse(&other, SPAN("192.0.2.7")), 0);
    got = conn_client_address(f->conn);
    assert_true(addr_is_equal(&got, &loopback));
    conn_set_client_address(f->conn, &other);
    got = conn_client_address(f->conn);
    assert_true(addr_is_equal(&got, &other));
    end(f);
}

// From one loop to another, with what has come since.
static void a_conn_can_move(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 0);
    struct fixture next = { 0 };
    struct conn_transfer transfer;
    write_text(f, "before ");
    assert_int_equal(conn_detach(f->conn, &transfer), 0);
    far_end_send_text(&f->far, "meanwhile");
    RUN_UNTIL(&f->loopback, f->n_closes);
    assert_int_equal(f->err, 0);
    next.conn = conn_adopt(&f->loopback.worker.conns, &transfer, &handler, &next);
    write_text(&next, "and after");
    RUN_UNTIL(&f->loopback, next.in.len == 9 && far_end_has(&f->far, "before and after"));
    assert_int_equal(f->in.len, 0);
    assert_false(f->far.has_eof);
    end(f);
    assert_int_equal(next.n_closes, 1);
    buf_fini(&next.in);
}

static void a_conn_with_output_left_stays(void **state)
{
    (void)state;
    struct fixture *f = open_conn(&handler, 65536);
    struct conn_transfer transfer;
    far_end_ignore(&f->far);
    for (int i = 0; i < 200; i++)
        assert_int_equal(conn_write_static(f->conn, large_piece()), 0);
    assert_int_equal(conn_detach(f->conn, &transfer), -EBUSY);
    far_end_listen(&f->far);
    RUN_UNTIL(&f->loopback, f->far.in.len == 200 * large_piece().len);
    assert_int_equal(f->n_closes, 0);
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
        cmocka_unit_test(paused_reads_nothing),
        cmocka_unit_test(deadlines_pass_once),
        cmocka_unit_test(the_clients_address_is_known),
        cmocka_unit_test(a_conn_can_move),
        cmocka_unit_test(a_conn_with_output_left_stays),
    };
    return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
