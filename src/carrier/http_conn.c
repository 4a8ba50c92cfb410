// SPDX-License-Identifier: MIT
// HTTP/1.1 on one connection; see http_conn.h.
#include "carrier/http_conn.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "net/conn_open.h"
#include "proto/forwarded.h"

enum {
    REFUSED_MS = 2000,      // for the request of a client that will be refused
    MAX_AHEAD = 64 * 1024,  // bytes a client may send ahead of its answers before it is no longer read
    FILE_PIECE = 64 * 1024, // of a file, read at a time
};

static void process(struct http_conn *h, char *p, size_t len);

static void forget_body(struct http_conn *h)
{
    if (h->body.cap)
        h->conn->group->begun_len -= h->body.cap;
    buf_fini(&h->body);
}

static void free_http(struct http_conn *h)
{
    if (h->file_fd >= 0)
        close(h->file_fd);
    buf_fini(&h->in);
    forget_body(h);
    buf_fini(&h->fields);
    pool_give(h->opts->pool, h);
}

static void end(struct http_conn *h)
{
    h->state = HTTP_ENDED;
    conn_finish(h->conn);
}

// What came while an answer was under way is looked at once that is done: requests, or that no more will come.
static void process_waiting(struct http_conn *h)
{
    if (h->state != HTTP_READING || (!h->in.len && !h->conn->has_eof))
        return;
    struct buf waiting = h->in;
    h->in = (struct buf){ 0 };
    conn_resume(h->conn);
    process(h, waiting.p, waiting.len);
    buf_fini(&waiting);
}

// The answer is complete, though it may not all have left yet.
static void end_answer(struct http_conn *h)
{
    if (!h->keep_alive) {
        end(h);
        return;
    }
    h->state = HTTP_READING;
    conn_set_deadline(h->conn, h->opts->head_timeout_ms);
}

// A client of HTTP/1.0 that asked for the connection to stay waits for its end unless it is told (RFC 9112 C.2.2).
static const char *connection_line(const struct http_conn *h)
{
    if (!h->keep_alive)
        return "Connection: close\r\n";
    return h->is_old ? "Connection: keep-alive\r\n" : "";
}

static void write_head(struct http_conn *h, const struct http_response *r, uint64_t len)
{
    char status[64], date[HTTP_DATE_LEN], tail[160];
    int status_len = snprintf(status, sizeof status, "HTTP/1.1 %d %s\r\n", r->status, http_reason(r->status));
    http_put_date(date, time(NULL));
    int tail_len = snprintf(tail, sizeof tail, "Date: %s\r\n%s", date, connection_line(h));
    if (!r->is_bodyless && !r->is_stream)
        tail_len += snprintf(tail + tail_len, sizeof tail - (size_t)tail_len, "Content-Length: %" PRIu64 "\r\n", len);
    bool has_type = r->type.len > 0;
    struct span parts[] = {
        { status, (size_t)status_len },
        has_type ? SPAN("Content-Type: ") : SPAN(""),
        r->type,
        has_type ? SPAN("\r\n") : SPAN(""),
        r->fields,
        buf_span(&h->fields),
        { tail, (size_t)tail_len },
        SPAN("\r\n"),
    };
    conn_write(h->conn, parts, sizeof parts / sizeof *parts);
    buf_fini(&h->fields);
}

void http_respond(struct http_conn *h, const struct http_response *response)
{
    h->keep_alive = h->keep_alive && !h->had_body && !response->is_last;
    write_head(h, response, response->body.len);
    if (!h->is_head && !response->is_bodyless && response->body.len) {
        if (response->is_static)
            conn_write_static(h->conn, response->body);
        else
            conn_write(h->conn, &response->body, 1);
    }
    end_answer(h);
}

void http_respond_text(struct http_conn *h, int status, struct span fields, struct span text)
{
    struct http_response response = {
        .status = status, .type = SPAN("text/plain; charset=utf-8"), .fields = fields, .body = text
    };
    http_respond(h, &response);
}

void http_stream(struct http_conn *h, struct span type, const struct http_waiter *waiter, void *user)
{
    struct http_response response = {
        .status = 200, .type = type, .fields = SPAN("Cache-Control: no-store\r\n"), .is_stream = true
    };
    h->keep_alive = false;
    write_head(h, &response, 0);
    http_hold(h, waiter, user);
    h->state = HTTP_STREAMING;
}

void http_stream_put(struct http_conn *h, struct span piece, size_t max)
{
    if (conn_out_len(h->conn) <= max) {
        conn_write(h->conn, &piece, 1);
        return;
    }
    h->waiter->on_gone(h);
    h->state = HTTP_ENDED;
    conn_close(h->conn, UV_ENOBUFS);
}

// Passes the next piece of the file on; on_drain comes back for more.
static void pump_file(struct http_conn *h)
{
    char piece[FILE_PIECE];
    size_t want = h->file_left < sizeof piece ? (size_t)h->file_left : sizeof piece;
    ssize_t n = want ? read(h->file_fd, piece, want) : 0;
    if (want && n <= 0) {
        // The file shrank: the length that was promised can't be kept, and only a cut connection says so.
        conn_close(h->conn, UV_EIO);
        return;
    }
    h->file_left -= (uint64_t)n;
    struct span s = { piece, (size_t)n };
    conn_write(h->conn, &s, 1);
    if (h->file_left)
        return;
    close(h->file_fd);
    h->file_fd = -1;
    end_answer(h);
}

void http_respond_file(struct http_conn *h, const struct http_response *response, int fd, uint64_t len)
{
    h->keep_alive = h->keep_alive && !h->had_body;
    write_head(h, response, len);
    if (h->is_head || !len) {
        close(fd);
        end_answer(h);
        return;
    }
    h->file_fd = fd;
    h->file_left = len;
    conn_set_deadline(h->conn, h->opts->head_timeout_ms);
    pump_file(h);
}

bool http_admit_session(struct http_conn *h)
{
    if (conn_set_nameless(h->conn))
        return true;
    http_respond_text(h, 429, SPAN("Retry-After: 10\r\n"),
                      SPAN("Your address has too many sessions without a name.\n"));
    return false;
}

void http_move(struct http_conn *h, int worker)
{
    h->state = HTTP_ENDED;
    h->move_to = worker;
}

struct conn *http_conn_take(struct http_conn *h)
{
    h->state = HTTP_ENDED;
    conn_cancel_deadline(h->conn);
    conn_spare(h->conn);
    return h->conn;
}

// Tells a client that is over a limit to come back later.
static void turn_away(struct http_conn *h)
{
    static const struct {
        int status;
        struct span retry, text;
    } answers[N_SOURCE_VERDICTS] = {
        [SOURCE_FULL] = { 503, SPAN("Retry-After: 10\r\n"), SPAN("There are too many connections.\n") },
        [SOURCE_CROWDED] = { 429, SPAN("Retry-After: 10\r\n"), SPAN("Your address has too many connections.\n") },
        [SOURCE_HASTY] = { 429, SPAN("Retry-After: 1\r\n"), SPAN("Your address makes connections too fast.\n") },
    };
    enum source_verdict verdict = h->conn->verdict;
    h->keep_alive = false;
    http_respond_text(h, answers[verdict].status, answers[verdict].retry, answers[verdict].text);
}

static void count(struct http_conn *h, enum ending why)
{
    h->conn->group->stats.n_ended[why]++;
}

static void refuse(struct http_conn *h, int status)
{
    if (status == 408)
        count(h, ENDING_SLOW_REQUEST);
    else if (status == 413 || status == 414 || status == 431)
        count(h, ENDING_TOO_BIG);
    h->keep_alive = false;
    h->is_head = false;
    forget_body(h);
    struct span reason = span_of(http_reason(status));
    http_respond_text(h, status, SPAN(""), reason);
}

// Behind a proxy one connection may carry the requests of many.
static void find_client(struct http_conn *h, const struct http_request *r)
{
    const struct http_opts *o = h->opts;
    if (addr_is_unknown(&h->peer))
        h->peer = conn_client_address(h->conn);
    if (!addr_is_in_any(&h->peer, o->proxies, o->n_proxies))
        return;
    struct addr client = forwarded_find_client(r, &h->peer, o->proxies, o->n_proxies);
    conn_set_client_address(h->conn, &client);
}

static void begin_answer(struct http_conn *h, const struct http_request *r)
{
    h->state = HTTP_ANSWERING;
    h->keep_alive = r->keep_alive && !h->conn->is_shed;
    h->is_old = r->minor_version == 0;
    h->is_head = r->method == HTTP_HEAD;
    h->had_body = r->has_body;
    conn_cancel_deadline(h->conn);
    if (h->opts->n_proxies && h->conn->verdict == SOURCE_WELCOME)
        find_client(h, r);
    if (h->conn->verdict == SOURCE_WELCOME)
        h->opts->on_request(h, r);
    else
        turn_away(h);
}

void http_add_fields(struct http_conn *h, struct span fields)
{
    if (buf_put_span(&h->fields, fields) != 0)
        conn_close(h->conn, UV_ENOMEM);
}

void http_hold(struct http_conn *h, const struct http_waiter *waiter, void *user)
{
    h->state = HTTP_HELD;
    h->waiter = waiter;
    h->waiter_user = user;
    conn_spare(h->conn); // the last that it was heard on may wait for longer than a drain
}

void http_read_body(struct http_conn *h, const struct http_request *r, uint64_t max, const struct http_waiter *waiter,
                    void *user)
{
    h->waiter = waiter;
    h->waiter_user = user;
    if (!r->is_chunked && r->content_length > max) {
        waiter->on_gone(h);
        refuse(h, 413);
        return;
    }
    h->state = HTTP_BODY;
    h->is_chunked = r->is_chunked;
    h->body_left = r->is_chunked ? max : r->content_length;
    h->chunked = (struct http_chunked){ 0 };
    if (r->expects_continue) {
        struct span go_on = SPAN("HTTP/1.1 100 Continue\r\n\r\n");
        conn_write(h->conn, &go_on, 1);
    }
    conn_set_deadline(h->conn, h->opts->head_timeout_ms);
}

static void end_body(struct http_conn *h, char *p, size_t len)
{
    h->state = HTTP_ANSWERING;
    h->had_body = false; // it was read: another request may follow
    conn_cancel_deadline(h->conn);
    h->waiter->on_body(h, p, len);
}

static void abandon_body(struct http_conn *h, int status)
{
    h->waiter->on_gone(h);
    refuse(h, status);
}

void http_refuse_body(struct http_conn *h, int status)
{
    refuse(h, status);
}

static void gather_body(struct http_conn *h, struct span data, bool is_last)
{
    struct conn_group *g = h->conn->group;
    size_t cap = h->body.cap;
    bool may_begin = conn_may_begin(g, h->body.len + data.len);
    int err = may_begin ? buf_put_span(&h->body, data) : -ENOBUFS;
    g->begun_len += h->body.cap - cap;
    if (err) {
        g->stats.n_ended[ENDING_OVERFLOWED] += !may_begin;
        abandon_body(h, 503);
    } else if (is_last) {
        struct buf body = h->body;
        g->begun_len -= body.cap;
        h->body = (struct buf){ 0 };
        end_body(h, body.p, body.len);
        buf_fini(&body);
    }
}

// Each of these eats what is there of the body, and hands all of it on when it is complete. They return the bytes eaten.
static size_t read_sized_body(struct http_conn *h, char *p, size_t len)
{
    size_t n = h->body_left < len ? (size_t)h->body_left : len;
    h->body_left -= n;
    if (!h->body_left && !h->body.len) {
        end_body(h, p, n);
        return n;
    }
    gather_body(h, (struct span){ p, n }, !h->body_left);
    return n;
}

static size_t read_chunked_body(struct http_conn *h, char *p, size_t len)
{
    struct span data;
    ssize_t n = http_chunked_parse(&h->chunked, p, len, &data);
    if (n < 0 || data.len > h->body_left) {
        abandon_body(h, n < 0 ? (int)-n : 413);
        return len;
    }
    h->body_left -= data.len;
    gather_body(h, data, h->chunked.is_done);
    return (size_t)n;
}

// Keeps what can't be used yet. What P points at may lie in the buffer itself only when that was emptied before.
static void keep(struct http_conn *h, const char *p, size_t len)
{
    if (buf_put(&h->in, p, len) != 0)
        conn_close(h->conn, UV_ENOMEM);
    else if (h->in.len > MAX_AHEAD)
        conn_pause(h->conn);
}

// Reads the next request's head. Returns the bytes eaten, 0 for none: it is incomplete, or was refused.
static size_t read_head(struct http_conn *h, char *p, size_t len)
{
    struct http_request r;
    ssize_t n = http_parse_request(p, len, &r);
    if (n < 0)
        refuse(h, (int)-n);
    else if (n > 0)
        begin_answer(h, &r);
    return n < 0 ? 0 : (size_t)n;
}

// Whether the next request may be begun: not while too much of the answers to others waits to leave.
static bool may_begin(const struct http_conn *h)
{
    return h->state == HTTP_READING && conn_out_len(h->conn) <= CONN_FULL_LEN;
}

static bool is_ready(const struct http_conn *h, size_t len)
{
    return h->state == HTTP_BODY ? len || (!h->is_chunked && !h->body_left) : len && may_begin(h);
}

// The bytes at P begin with the request that moves.
static void move(struct http_conn *h, const char *p, size_t len)
{
    struct conn_transfer t;
    if (conn_detach(h->conn, &t) != 0) {
        conn_close(h->conn, UV_EBUSY); // it has not read its last answer yet asks more of it
        return;
    }
    t.peer = h->peer;
    h->opts->on_move(h->opts->user, h->move_to, &t, (struct span){ p, len });
}

static void process(struct http_conn *h, char *p, size_t len)
{
    struct conn *c = h->conn;
    while (is_ready(h, len)) {
        size_t n = h->state == HTTP_READING ? read_head(h, p, len)
                   : h->is_chunked          ? read_chunked_body(h, p, len)
                                            : read_sized_body(h, p, len);
        if (h->move_to >= 0) {
            move(h, p, len);
            return;
        }
        p += n;
        len -= n;
        if (c->user != h) { // handed on
            free_http(h);
            if (len && c->state == CONN_OPEN)
                c->handler->on_data(c, p, len);
            if (c->has_eof) // which the new handler can't know
                conn_finish(c);
            return;
        }
        if (!n && h->state == HTTP_READING)
            break; // the head is incomplete
    }
    if (c->has_eof && may_begin(h))
        end(h); // what there is of a request will never be whole
    else if (len && h->state != HTTP_ENDED)
        keep(h, p, len);
}

static void on_data(struct conn *c, char *p, size_t len)
{
    struct http_conn *h = c->user;
    if (!h->in.len) {
        process(h, p, len);
        return;
    }
    keep(h, p, len);
    process_waiting(h);
}

// Whether somebody is to hear when the client goes.
static bool is_waited_for(const struct http_conn *h)
{
    return h->state == HTTP_BODY || h->state == HTTP_HELD || h->state == HTTP_STREAMING;
}

static void let_go(struct http_conn *h)
{
    h->waiter->on_gone(h);
    end(h);
}

// What was asked for before is still wanted.
static void on_eof(struct conn *c)
{
    struct http_conn *h = c->user;
    if (is_waited_for(h))
        let_go(h);
    else
        process_waiting(h);
}

static void on_shutdown(struct conn *c)
{
    struct http_conn *h = c->user;
    bool is_fresh = h->state == HTTP_READING && !h->keep_alive;
    if (is_fresh) { // nobody who was let in is sent away unheard
        conn_set_deadline(c, CONN_LAST_CALL_MS);
        return;
    }
    h->keep_alive = false; // the request that came, or is coming, is the last
    if (h->state == HTTP_HELD && h->waiter->on_shutdown)
        h->waiter->on_shutdown(h);
    else if (h->state == HTTP_HELD || h->state == HTTP_STREAMING)
        let_go(h);
    else if (h->state == HTTP_READING)
        end(h);
}

static void on_drain(struct conn *c)
{
    struct http_conn *h = c->user;
    if (h->file_fd >= 0)
        pump_file(h);
    process_waiting(h);
}

static void on_excess(struct conn *c, enum flow flow)
{
    (void)flow;
    struct http_conn *h = c->user;
    if (h->state == HTTP_ANSWERING || h->state == HTTP_STREAMING) { // half of an answer has left
        conn_close(c, UV_ECONNABORTED);
        return;
    }
    if (is_waited_for(h))
        h->waiter->on_gone(h);
    refuse(h, 429);
}

static void on_deadline(struct conn *c)
{
    struct http_conn *h = c->user;
    if (h->state == HTTP_BODY) {
        abandon_body(h, 408);
    } else if (conn_out_len(c) || h->file_left) { // who takes none of that is ended for it
        conn_set_deadline(c, h->opts->head_timeout_ms);
    } else if (c->verdict != SOURCE_WELCOME) {
        turn_away(h);
    } else if (h->in.len) {
        refuse(h, 408);
    } else {
        if (!h->keep_alive) // it never asked for anything
            count(h, ENDING_SLOW_REQUEST);
        conn_close(c, UV_ETIMEDOUT);
    }
}

static void on_close(struct conn *c, int err)
{
    (void)err;
    struct http_conn *h = c->user;
    if (is_waited_for(h))
        h->waiter->on_gone(h);
    free_http(h);
}

static const struct conn_handler handler = {
    .on_data = on_data,
    .on_eof = on_eof,
    .on_drain = on_drain,
    .on_excess = on_excess,
    .on_deadline = on_deadline,
    .on_shutdown = on_shutdown,
    .on_close = on_close,
};

static struct http_conn *new_http(const struct http_opts *opts)
{
    struct http_conn *h = pool_take(opts->pool);
    if (h)
        *h = (struct http_conn){ .opts = opts, .move_to = -1, .file_fd = -1 };
    return h;
}

// Makes C, which is NULL when memory was short, H's connection. Whether it is.
static bool begin(struct http_conn *h, struct conn *c)
{
    h->conn = c;
    if (c)
        conn_set_deadline(c, c->verdict == SOURCE_WELCOME ? h->opts->head_timeout_ms : REFUSED_MS);
    else
        pool_give(h->opts->pool, h);
    return c != NULL;
}

void http_conn_open(struct conn_group *g, int fd, const struct conn_opts *how, const struct http_opts *opts)
{
    struct http_conn *h = new_http(opts);
    if (h)
        begin(h, conn_open(g, fd, how, &handler, h));
    else
        close(fd);
}

void http_conn_adopt(struct conn_group *g, const struct conn_transfer *t, const struct http_opts *opts, char *p,
                     size_t len)
{
    struct http_conn *h = new_http(opts);
    if (!h) {
        conn_drop(t);
        return;
    }
    h->peer = t->peer;
    if (begin(h, conn_adopt(g, t, &handler, h)))
        process(h, p, len);
}
