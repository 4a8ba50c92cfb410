// SPDX-License-Identifier: MIT
// What the tests of net/conn.h have in common: one conn, its far end, and what its handler was told.
//
// Include it after cmocka.h.
#ifndef STROWGER_TESTS_CONN_FIXTURE_H
#define STROWGER_TESTS_CONN_FIXTURE_H

#include "loopback.h"
#include "net/conn_open.h"

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

static inline void go_on(struct fixture *f)
{
    void (*then)(struct fixture * f) = f->then;
    f->then = NULL;
    if (then)
        then(f);
}

static inline void on_data(struct conn *c, char *p, size_t len)
{
    struct fixture *f = c->user;
    assert_true(len > 0);
    assert_int_equal(f->n_closes, 0);
    assert_int_equal(buf_put(&f->in, p, len), 0);
    memset(p, 0xff, len); // it is ours to change
    go_on(f);
}

static inline void on_eof(struct conn *c)
{
    struct fixture *f = c->user;
    f->n_eofs++;
    go_on(f);
}

static inline struct span large_piece(void)
{
    static char bytes[64 * 1024];
    if (!bytes[1])
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)(i * 7 + i / 251);
    return (struct span){ bytes, sizeof bytes };
}

static inline void on_drain(struct conn *c)
{
    struct fixture *f = c->user;
    struct span piece = large_piece();
    f->n_drains++;
    if (f->n_left-- > 0)
        assert_int_equal(conn_write(c, &piece, 1), 0);
    go_on(f);
}

static inline void on_deadline(struct conn *c)
{
    struct fixture *f = c->user;
    f->n_deadlines++;
    go_on(f);
}

static inline void on_close(struct conn *c, int err)
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

static inline struct fixture *open_conn(const struct conn_handler *h, int sndbuf)
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

static inline void end(struct fixture *f)
{
    loopback_fini(&f->loopback);
    far_end_fini(&f->far);
    buf_fini(&f->in);
    assert_int_equal(f->n_closes, 1);
}

static inline void write_text(struct fixture *f, const char *text)
{
    assert_int_equal(conn_write(f->conn, &(struct span){ text, strlen(text) }, 1), 0);
}

static inline size_t n_chunks(const struct fixture *f)
{
    return f->loopback.worker.conns.out_memory.chunks.n_in_use;
}

#endif
