// SPDX-License-Identifier: MIT
// Unit tests of carrier/http_conn.h, over loopback TCP.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdio.h>
#include <sys/mman.h>

#include "carrier/http_conn.h"
#include "loopback.h"

enum { BODY_MAX = 1000, FILE_LEN = 300 * 1000 };

struct fixture {
    struct loopback loopback;
    struct far_end far;
    struct pool pool;
    struct http_opts opts;
    int n_requests;
    struct http_conn *held;
    int n_gone;
    struct buf taken; // what came on a conn that was taken
    int n_taken_closes;
};

static void text(struct http_conn *h, const char *s)
{
    http_respond_text(h, 200, SPAN("X-Test: 1\r\n"), span_of(s));
}

static void on_body(struct http_conn *h, char *p, size_t len)
{
    memset(p + len, 0, 0); // the bytes are there
    http_respond_text(h, 200, SPAN(""), (struct span){ p, len });
}

static void on_gone(struct http_conn *h)
{
    struct fixture *f = h->waiter_user;
    f->n_gone++;
    f->held = NULL;
}

static const struct http_waiter waiter = { .on_body = on_body, .on_gone = on_gone };

static void on_taken_data(struct conn *c, char *p, size_t len)
{
    struct fixture *f = c->user;
    assert_int_equal(buf_put(&f->taken, p, len), 0);
}

static void on_taken_close(struct conn *c, int err)
{
    struct fixture *f = c->user;
    (void)err;
    f->n_taken_closes++;
}

static const struct conn_handler taken_handler = { .on_data = on_taken_data, .on_close = on_taken_close };

static void take(struct http_conn *h, struct fixture *f)
{
    struct conn *c = http_conn_take(h);
    c->handler = &taken_handler;
    c->user = f;
    assert_int_equal(conn_write(c, &SPAN("taken"), 1), 0);
}

// A file of LEN bytes that says it has PROMISED.
static void respond_file(struct http_conn *h, size_t len, size_t promised)
{
    int fd = memfd_create("file", MFD_CLOEXEC);
    for (size_t i = 0; i < len; i += 10)
        assert_int_equal(pwrite(fd, "0123456789", 10, (off_t)i), 10);
    struct http_response response = { .status = 200, .type = SPAN("text/plain") };
    http_respond_file(h, &response, fd, promised);
}

static void on_request(struct http_conn *h, const struct http_request *r)
{
    struct fixture *f = h->opts->user;
    f->n_requests++;
    if (span_equal(r->path, SPAN("/body"))) {
        http_read_body(h, r, BODY_MAX, &waiter, f);
    } else if (span_equal(r->path, SPAN("/hold"))) {
        f->held = h;
        http_hold(h, &waiter, f);
    } else if (span_equal(r->path, SPAN("/stream"))) {
        f->held = h;
        http_stream(h, SPAN("text/plain"), &waiter, f);
    } else if (span_equal(r->path, SPAN("/take"))) {
        take(h, f);
    } else if (span_equal(r->path, SPAN("/file"))) {
        respond_file(h, FILE_LEN, FILE_LEN);
    } else if (span_equal(r->path, SPAN("/empty"))) {
        respond_file(h, 0, 0);
    } else if (span_equal(r->path, SPAN("/shrunk"))) {
        respond_file(h, FILE_LEN / 2, FILE_LEN);
    } else {
        char path[64];
        snprintf(path, sizeof path, "%.*s", (int)r->path.len, r->path.p);
        text(h, path);
    }
}

static int setup(void **state)
{
    static struct fixture f;
    int fds[2];
    f = (struct fixture){ 0 };
    pool_init(&f.pool, sizeof(struct http_conn), false);
    f.opts = (struct http_opts){ .head_timeout_ms = 1000000, .on_request = on_request, .user = &f, .pool = &f.pool };
    tcp_pair(fds, 0);
    loopback_init(&f.loopback);
    far_end_init(&f.far, &f.loopback, fds[1]);
    http_conn_open(&f.loopback.worker.conns, fds[0], NULL, &f.opts);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    loopback_fini(&f->loopback);
    far_end_fini(&f->far);
    buf_fini(&f->taken);
    assert_int_equal(f->pool.n_in_use, 0);
    pool_fini(&f->pool);
    return 0;
}

// Takes the Date lines, each of which must look like one, out of what came.
static void drop_dates(struct far_end *f)
{
    char *date;
    if (buf_reserve(&f->in, 1) != 0)
        abort();
    f->in.p[f->in.len] = '\0';
    while ((date = strstr(f->in.p, "\r\nDate: "))) {
        char *end = date + strlen("\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT");
        assert_memory_equal(end - 4, " GMT\r\n", 6);
        memmove(date, end, (size_t)(f->in.p + f->in.len - end) + 1);
        f->in.len -= (size_t)(end - date);
    }
}

static bool has_dropping_dates(struct far_end *f, const char *wanted)
{
    drop_dates(f);
    return far_end_has(f, wanted);
}

#define ANSWER(length, body)                                                                                           \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nX-Test: 1\r\nContent-Length: " length "\r\n\r"      \
    "\n" body
#define PLAIN(status, connection, length, body)                                                                        \
    "HTTP/1.1 " status "\r\nContent-Type: text/plain; charset=utf-8\r\n" connection "Content-Length: " length          \
    "\r\n\r\n" body
#define CLOSE        "Connection: close\r\n"
#define GET(path)    "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"
#define POST(fields) "POST /body HTTP/1.1\r\nHost: h\r\n" fields "\r\n\r\n"
#define CHUNKED      POST("Transfer-Encoding: chunked")

#define ASSERT_ANSWERED(f, wanted) RUN_UNTIL(&(f)->loopback, has_dropping_dates(&(f)->far, wanted))

static bool is_closed(struct fixture *f)
{
    return f->far.has_eof || f->far.err;
}

static void requests_are_answered_in_turn(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        far_end_send_text(&f->far, GET("/a"));
        ASSERT_ANSWERED(f, ANSWER("2", "/a"));
        far_end_forget(&f->far);
    }
    far_end_send_text(&f->far, "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_ANSWERED(f, ANSWER("2", ""));
    assert_false(is_closed(f));
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, GET("/1") GET("/2") "\r\n" GET("/3"));
    ASSERT_ANSWERED(f, ANSWER("2", "/1") ANSWER("2", "/2") ANSWER("2", "/3"));
    assert_int_equal(f->far.n_reads, 1); // and together
}

static void a_request_may_come_byte_by_byte(void **state)
{
    struct fixture *f = *state;
    const char *request = GET("/slow") GET("/two");
    for (size_t i = 0; request[i]; i++) {
        far_end_send(&f->far, (struct span){ &request[i], 1 });
        loopback_settle(&f->loopback);
    }
    ASSERT_ANSWERED(f, ANSWER("5", "/slow") ANSWER("4", "/two"));
}

static void close_is_obeyed(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" GET("/never"));
    RUN_UNTIL(&f->loopback, is_closed(f));
    assert_true(has_dropping_dates(
        &f->far, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nX-Test: 1\r\nConnection: close\r\n"
                 "Content-Length: 2\r\n\r\n/x"));
    assert_int_equal(f->n_requests, 1);
}

// ab and its like count on the answer to say so.
static void who_speaks_1_0_is_told_that_it_may_go_on(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, "GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    ASSERT_ANSWERED(f, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nX-Test: 1\r\n"
                       "Connection: keep-alive\r\nContent-Length: 2\r\n\r\n/a");
    far_end_forget(&f->far);
    far_end_send_text(&f->far, "GET /b HTTP/1.0\r\n\r\n" GET("/never"));
    RUN_UNTIL(&f->loopback, is_closed(f));
    assert_int_equal(f->n_requests, 2);
}

static void nonsense_is_refused(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, GET("/a") "GET /b HTTP/1.1\nHost: h\n\n" GET("/never"));
    RUN_UNTIL(&f->loopback, is_closed(f));
    assert_true(has_dropping_dates(&f->far, ANSWER("2", "/a") PLAIN("400 Bad Request", CLOSE, "11", "Bad Request")));
    assert_int_equal(f->n_requests, 1);
}

static void pass_deadline(struct fixture *f)
{
    struct conn_group *g = &f->loopback.worker.conns;
    struct list *conns = list_is_empty(&g->conns) ? &g->blocked : &g->conns;
    assert_false(list_is_empty(conns));
    struct conn *c = CONTAINER_OF(conns->next, struct conn, in_group);
    assert_false(list_is_empty(&c->deadline.node));
    deadline_cancel(&c->deadline);
    c->deadline.on_due(&c->deadline);
}

static void a_head_that_takes_too_long_is_408(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, GET("/a") "GET /b HTTP/1.1\r\n");
    ASSERT_ANSWERED(f, ANSWER("2", "/a"));
    far_end_forget(&f->far);
    pass_deadline(f);
    RUN_UNTIL(&f->loopback, is_closed(f));
    assert_true(has_dropping_dates(&f->far, PLAIN("408 Request Timeout", CLOSE, "15", "Request Timeout")));
}

static void silence_is_closed_in_silence(void **state)
{
    struct fixture *f = *state;
    loopback_settle(&f->loopback);
    pass_deadline(f);
    RUN_UNTIL(&f->loopback, is_closed(f));
    assert_int_equal(f->far.in.len, 0);
}

static void a_client_may_end_its_side_first(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, GET("/a") GET("/file"));
    far_end_shutdown(&f->far);
    RUN_UNTIL(&f->loopback, is_closed(f));
    drop_dates(&f->far);
    assert_true(span_has_prefix(buf_span(&f->far.in), SPAN(ANSWER("2", "/a") "HTTP/1.1 200 OK")));
    assert_true(f->far.in.len > FILE_LEN);
    assert_int_equal(f->far.err, 0);
}

static void what_a_client_asked_for_before_it_ended_its_side_is_answered(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, GET("/file") GET("/b") GET("/file") GET("/c") "GET /half HTTP/1.1\r\n");
    far_end_shutdown(&f->far);
    RUN_UNTIL(&f->loopback, is_closed(f));
    drop_dates(&f->far);
    assert_int_equal(f->n_requests, 4);
    const char last[] = ANSWER("2", "/c");
    assert_true(f->far.in.len > 2 * FILE_LEN);
    assert_memory_equal(f->far.in.p + f->far.in.len - strlen(last), last, strlen(last));
    assert_int_equal(f->far.err, 0);
}

#define FILE_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 300000\r\n\r\n"

static void files_leave_whole_and_in_order(void **state)
{
    struct fixture *f = *state;
    static const char head[] = FILE_HEAD, rest[] = ANSWER("2", "/b");
    far_end_send_text(&f->far, "HEAD /file HTTP/1.1\r\nHost: h\r\n\r\n" GET("/file") GET("/b"));
    RUN_UNTIL(&f->loopback, (drop_dates(&f->far), f->far.in.len >= 2 * strlen(head) + FILE_LEN + strlen(rest)));
    const char *p = f->far.in.p;
    assert_memory_equal(p, head, strlen(head));
    assert_memory_equal(p + strlen(head), head, strlen(head));
    p += 2 * strlen(head);
    for (size_t i = 0; i < FILE_LEN; i += 10)
        assert_memory_equal(p + i, "0123456789", 10);
    assert_true(span_equal((struct span){ p + FILE_LEN, strlen(p + FILE_LEN) }, SPAN(ANSWER("2", "/b"))));
    far_end_forget(&f->far);
    far_end_send_text(&f->far, GET("/empty") GET("/c"));
    ASSERT_ANSWERED(f, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n" ANSWER("2", "/c"));
}

static void a_file_that_shrank_is_cut_off(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, GET("/shrunk") GET("/never"));
    RUN_UNTIL(&f->loopback, is_closed(f));
    assert_in_range(f->far.in.len, 1, FILE_LEN);
    assert_int_equal(f->n_requests, 1);
}

// Lets the far end read nothing until no more leaves.
static void stall(struct fixture *f)
{
    uint64_t before;
    far_end_ignore(&f->far);
    do {
        before = f->loopback.worker.conns.stats.bytes_out;
        loopback_settle(&f->loopback);
    } while (f->loopback.worker.conns.stats.bytes_out != before);
}

static void a_slow_reader_is_given_time_while_it_reads(void **state)
{
    struct fixture *f = *state;
    const struct conn_stats *stats = &f->loopback.worker.conns.stats;
    for (int i = 0; i < 100; i++) // more than any socket buffers
        far_end_send_text(&f->far, GET("/file"));
    for (int i = 0; i < 3; i++) {
        stall(f);
        assert_int_equal(stats->n_open, 1);
        pass_deadline(f);
        uint64_t before = stats->bytes_out;
        far_end_listen(&f->far);
        RUN_UNTIL(&f->loopback, stats->bytes_out > before);
    }
    f->loopback.worker.conns.stall_ms = 100;
    stall(f);
    RUN_UNTIL(&f->loopback, stats->n_open == 0);
    assert_int_equal(stats->n_ended[ENDING_STALLED], 1);
}

static void a_body_nobody_reads_ends_it(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\n" GET("/smuggled"));
    RUN_UNTIL(&f->loopback, is_closed(f));
    assert_int_equal(f->n_requests, 1);
    assert_non_null(strstr(f->far.in.p, CLOSE));
}

static void bodies_are_read(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, POST("Content-Length: 5") "hello" GET("/a") POST("Content-Length: 0") //
                      CHUNKED "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n" GET("/b"));
    ASSERT_ANSWERED(f, PLAIN("200 OK", "", "5", "hello") ANSWER("2", "/a") PLAIN("200 OK", "", "0", "")
                           PLAIN("200 OK", "", "5", "abcde") ANSWER("2", "/b"));
    assert_int_equal(f->n_gone, 0);
}

static void bodies_may_come_byte_by_byte(void **state)
{
    struct fixture *f = *state;
    const char *requests = POST("Content-Length: 5") "hello" CHUNKED "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" GET("/b");
    for (size_t i = 0; requests[i]; i++) {
        far_end_send(&f->far, (struct span){ &requests[i], 1 });
        loopback_settle(&f->loopback);
    }
    ASSERT_ANSWERED(f, PLAIN("200 OK", "", "5", "hello") PLAIN("200 OK", "", "5", "abcde") ANSWER("2", "/b"));
}

// All that may come has come, but not yet the end of it: the loop must go on, and wait.
static void a_full_chunked_body_without_its_end_is_waited_for(void **state)
{
    struct fixture *f = *state;
    char chunk[16 + BODY_MAX];
    int len = snprintf(chunk, sizeof chunk, "%x\r\n%0*d\r\n", BODY_MAX, BODY_MAX, 7);
    far_end_send_text(&f->far, CHUNKED);
    far_end_send(&f->far, (struct span){ chunk, (size_t)len });
    loopback_settle(&f->loopback);
    assert_int_equal(f->far.in.len, 0);
    far_end_send_text(&f->far, "0\r\n\r\n");
    RUN_UNTIL(&f->loopback, f->far.in.len > BODY_MAX);
    assert_int_equal(f->n_gone, 0);
}

static void too_long_a_body_is_413(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, POST("Content-Length: 1001"));
    RUN_UNTIL(&f->loopback, is_closed(f));
    assert_true(has_dropping_dates(&f->far, PLAIN("413 Content Too Large", CLOSE, "17", "Content Too Large")));
    assert_int_equal(f->n_gone, 1);
}

static void too_long_a_chunked_body_is_413(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, CHUNKED "3e9\r\n");
    char bytes[1001] = { 0 };
    far_end_send(&f->far, (struct span){ bytes, sizeof bytes });
    RUN_UNTIL(&f->loopback, is_closed(f));
    assert_true(has_dropping_dates(&f->far, PLAIN("413 Content Too Large", CLOSE, "17", "Content Too Large")));
    assert_int_equal(f->n_gone, 1);
}

static void a_broken_chunk_is_400(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, CHUNKED "3\r\nabcd\r\n");
    RUN_UNTIL(&f->loopback, is_closed(f));
    assert_true(has_dropping_dates(&f->far, PLAIN("400 Bad Request", CLOSE, "11", "Bad Request")));
    assert_int_equal(f->n_gone, 1);
}

static void who_expects_100_gets_it(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, POST("Content-Length: 2\r\nExpect: 100-continue"));
    RUN_UNTIL(&f->loopback, far_end_has(&f->far, "HTTP/1.1 100 Continue\r\n\r\n"));
    far_end_forget(&f->far);
    far_end_send_text(&f->far, "ok");
    ASSERT_ANSWERED(f, PLAIN("200 OK", "", "2", "ok"));
}

static void a_body_that_stops_is_let_go(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, POST("Content-Length: 5") "he");
    loopback_settle(&f->loopback);
    pass_deadline(f);
    RUN_UNTIL(&f->loopback, is_closed(f));
    assert_true(has_dropping_dates(&f->far, PLAIN("408 Request Timeout", CLOSE, "15", "Request Timeout")));
    assert_int_equal(f->n_gone, 1);
}

static void a_body_that_is_cut_off_is_let_go(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, POST("Content-Length: 5") "he");
    far_end_shutdown(&f->far);
    RUN_UNTIL(&f->loopback, is_closed(f));
    assert_int_equal(f->far.in.len, 0);
    assert_int_equal(f->n_gone, 1);
}

static void an_answer_may_come_later(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, GET("/hold") GET("/b"));
    RUN_UNTIL(&f->loopback, f->held);
    loopback_settle(&f->loopback);
    assert_int_equal(f->n_requests, 1);
    text(f->held, "late");
    ASSERT_ANSWERED(f, ANSWER("4", "late") ANSWER("2", "/b"));
    assert_int_equal(f->n_gone, 0);
}

static void who_holds_hears_that_nobody_waits(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, GET("/hold"));
    RUN_UNTIL(&f->loopback, f->held);
    far_end_close(&f->far, true);
    RUN_UNTIL(&f->loopback, f->n_gone);
    loopback_settle(&f->loopback);
    assert_int_equal(f->n_gone, 1);
    assert_int_equal(f->loopback.worker.conns.stats.n_open, 0);
}

static void a_stream_has_one_head(void **state)
{
    struct fixture *f = *state;
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\n"
                               "Connection: close\r\n\r\n";
    far_end_send_text(&f->far, GET("/stream"));
    ASSERT_ANSWERED(f, head);
    struct conn *c = f->held->conn;
    c->handler->on_excess(c, FLOW_BYTES);
    RUN_UNTIL(&f->loopback, is_closed(f));
    assert_true(far_end_has(&f->far, head));
    assert_int_equal(f->n_gone, 1);
}

static void a_conn_can_be_taken_with_what_follows(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, GET("/a") GET("/take") "early");
    ASSERT_ANSWERED(f, ANSWER("2", "/a") "taken");
    assert_true(span_equal(buf_span(&f->taken), SPAN("early")));
    assert_int_equal(f->pool.n_in_use, 0); // the http_conn is gone
    far_end_send_text(&f->far, " late");
    RUN_UNTIL(&f->loopback, f->taken.len == 10);
    far_end_shutdown(&f->far);
    RUN_UNTIL(&f->loopback, f->n_taken_closes == 1);
}

static void one_behind_a_file_can_be_taken_too(void **state)
{
    struct fixture *f = *state;
    far_end_send_text(&f->far, GET("/file") GET("/take") "early");
    RUN_UNTIL(&f->loopback, f->taken.len == 5 && f->far.in.len > FILE_LEN);
    assert_int_equal(f->pool.n_in_use, 0);
}

int main(void)
{
#define UNIT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        UNIT_TEST(requests_are_answered_in_turn),
        UNIT_TEST(pipelined_requests_are_answered_in_order),
        UNIT_TEST(a_request_may_come_byte_by_byte),
        UNIT_TEST(close_is_obeyed),
        UNIT_TEST(who_speaks_1_0_is_told_that_it_may_go_on),
        UNIT_TEST(nonsense_is_refused),
        UNIT_TEST(a_head_that_takes_too_long_is_408),
        UNIT_TEST(silence_is_closed_in_silence),
        UNIT_TEST(a_client_may_end_its_side_first),
        UNIT_TEST(what_a_client_asked_for_before_it_ended_its_side_is_answered),
        UNIT_TEST(files_leave_whole_and_in_order),
        UNIT_TEST(a_file_that_shrank_is_cut_off),
        UNIT_TEST(a_slow_reader_is_given_time_while_it_reads),
        UNIT_TEST(a_body_nobody_reads_ends_it),
        UNIT_TEST(bodies_are_read),
        UNIT_TEST(bodies_may_come_byte_by_byte),
        UNIT_TEST(a_full_chunked_body_without_its_end_is_waited_for),
        UNIT_TEST(too_long_a_body_is_413),
        UNIT_TEST(too_long_a_chunked_body_is_413),
        UNIT_TEST(a_broken_chunk_is_400),
        UNIT_TEST(who_expects_100_gets_it),
        UNIT_TEST(a_body_that_stops_is_let_go),
        UNIT_TEST(a_body_that_is_cut_off_is_let_go),
        UNIT_TEST(an_answer_may_come_later),
        UNIT_TEST(who_holds_hears_that_nobody_waits),
        UNIT_TEST(a_stream_has_one_head),
        UNIT_TEST(a_conn_can_be_taken_with_what_follows),
        UNIT_TEST(one_behind_a_file_can_be_taken_too),
    };
    return cmocka_run_group_tests_name("http_conn", tests, NULL, NULL);
}
