// SPDX-License-Identifier: MIT
// A worker's loop under test, and the far ends of its connections, all in one thread.
//
// Include it after cmocka.h. Nothing here waits for time to pass: a test runs the loop until what it waits for is so, and
// fails when that has not come after LOOPBACK_LIMIT_MS. No other timer wakes the loop, so what was left lying shows.
#ifndef STROWGER_TESTS_LOOPBACK_H
#define STROWGER_TESTS_LOOPBACK_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "net/worker.h"

enum { LOOPBACK_LIMIT_MS = 20000 };

struct loopback {
    struct worker worker;
    struct sources *sources; // whom its connections are from, without limits
    uv_timer_t limit;
    bool is_over;
};

static inline void loopback_on_limit(uv_timer_t *timer)
{
    ((struct loopback *)timer->data)->is_over = true;
}

static inline void loopback_init(struct loopback *l)
{
    assert_int_equal(worker_init(&l->worker), 0);
    static const struct source_opts no_limits;
    l->worker.conns.sources = l->sources = sources_new(&no_limits);
    assert_non_null(l->sources);
    uv_timer_init(&l->worker.loop, &l->limit);
    l->limit.data = l;
}

static inline void loopback_begin(struct loopback *l)
{
    l->is_over = false;
    uv_update_time(&l->worker.loop);
    uv_timer_start(&l->limit, loopback_on_limit, LOOPBACK_LIMIT_MS, 0);
}

static inline void loopback_fini(struct loopback *l)
{
    worker_close_conns(&l->worker);
    worker_fini(&l->worker);
    sources_free(l->sources);
    assert_int_equal(l->worker.conns.stats.n_open, 0);
}

// Runs the loop until CONDITION holds.
#define RUN_UNTIL(l, condition)                                                                                        \
    do {                                                                                                               \
        loopback_begin(l);                                                                                             \
        while (!(condition)) {                                                                                         \
            if ((l)->is_over)                                                                                          \
                fail_msg("in vain: %s", #condition);                                                                   \
            worker_turn(&(l)->worker, true);                                                                           \
        }                                                                                                              \
        uv_timer_stop(&(l)->limit);                                                                                    \
    } while (0)

// Lets the loop do all that can be done without waiting.
static inline void loopback_settle(struct loopback *l)
{
    for (int i = 0; i < 5; i++)
        worker_turn(&l->worker, false);
}

// The client's end of a connection.
struct far_end {
    uv_poll_t poll;
    int fd;
    struct buf in; // all that has come
    size_t n_reads;
    bool has_eof;
    int err; // what reading ended with, a positive errno
};

static inline void far_end_read(struct far_end *f)
{
    enum { PIECE = 256 * 1024 };
    if (buf_reserve(&f->in, PIECE) != 0)
        abort();
    ssize_t n = recv(f->fd, f->in.p + f->in.len, PIECE, 0);
    if (n > 0) {
        f->in.len += (size_t)n;
        f->n_reads++;
        return;
    }
    if (n < 0 && errno == EAGAIN)
        return;
    f->has_eof = n == 0;
    f->err = n < 0 ? errno : 0;
    uv_poll_stop(&f->poll);
}

static inline void far_end_on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    far_end_read(CONTAINER_OF(poll, struct far_end, poll));
}

// Starts and stops reading what comes.
static inline void far_end_listen(struct far_end *f)
{
    uv_poll_start(&f->poll, UV_READABLE, far_end_on_poll);
}

static inline void far_end_ignore(struct far_end *f)
{
    uv_poll_stop(&f->poll);
}

static inline void far_end_init(struct far_end *f, struct loopback *l, int fd)
{
    *f = (struct far_end){ .fd = fd };
    assert_int_equal(uv_poll_init(&l->worker.loop, &f->poll, fd), 0);
    far_end_listen(f);
}

static inline void far_end_send(struct far_end *f, struct span s)
{
    assert_int_equal(send(f->fd, s.p, s.len, MSG_NOSIGNAL), s.len);
}

static inline void far_end_send_text(struct far_end *f, const char *text)
{
    far_end_send(f, span_of(text));
}

// Says that no more will be sent.
static inline void far_end_shutdown(struct far_end *f)
{
    assert_int_equal(shutdown(f->fd, SHUT_WR), 0);
}

// Hangs up, with a reset if HARD.
static inline void far_end_close(struct far_end *f, bool hard)
{
    struct linger linger = { .l_onoff = 1 };
    if (f->fd < 0)
        return;
    if (hard)
        setsockopt(f->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    if (!uv_is_closing((uv_handle_t *)&f->poll))
        uv_close((uv_handle_t *)&f->poll, NULL);
    close(f->fd);
    f->fd = -1;
}

// Frees F; after loopback_fini().
static inline void far_end_fini(struct far_end *f)
{
    if (f->fd >= 0)
        close(f->fd);
    buf_fini(&f->in);
}

// Whether all that has come is TEXT.
static inline bool far_end_has(const struct far_end *f, const char *text)
{
    return span_equal(buf_span(&f->in), span_of(text));
}

// Forgets what has come.
static inline void far_end_forget(struct far_end *f)
{
    f->in.len = 0;
}

// A connected pair of non-blocking TCP sockets on 127.0.0.1: fds[0] the server's. SNDBUF over 0 is the server's SO_SNDBUF.
static inline void tcp_pair(int fds[2], int sndbuf)
{
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof addr;
    assert_true(listening >= 0);
    if (sndbuf)
        setsockopt(listening, SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof sndbuf);
    assert_int_equal(bind(listening, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&addr, &len), 0);
    fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fds[1], (struct sockaddr *)&addr, len), 0);
    fds[0] = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(fds[0] >= 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    close(listening);
}

#endif
