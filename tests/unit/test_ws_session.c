// SPDX-License-Identifier: MIT
// Unit tests of carrier/ws_session.h and carrier/websocket.h, over loopback TCP from the handshake on.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdio.h>

#include "carrier/http_conn.h"
#include "carrier/ws_session.h"
#include "dialect/dialect.h"
#include "loopback.h"

struct fixture {
    struct loopback loopback;
    struct far_end far;
    struct pool http_pool, ws_pool;
    struct http_opts http;
    struct ws_opts ws;
    struct realm realm;
    struct mount mount;
    struct session *session; // NULL before on_open and after on_close
    int n_texts, n_opens, n_closes;
    size_t last_len;
    size_t sent_at_close; // bytes the server had written when on_close came
};

static struct fixture fixture; // a dialect has no place to keep it

// A dialect that repeats what it is told, but for a few words.
static void on_open(struct session *s, struct span auth)
{
    assert_int_equal(auth.len, 0);
    assert_null(s->peer);
    fixture.session = s;
    fixture.n_opens++;
}

static void on_text(struct session *s, struct span text)
{
    fixture.n_texts++;
    fixture.last_len = text.len;
    if (span_equal(text, SPAN("bye"))) {
        session_send_text(s, SPAN("last words"));
        s->ops->close(s, 4000);
        s->ops->close(s, 4001); // the first one counts
        session_send_text(s, SPAN("too late"));
        assert_int_equal(fixture.n_closes, 0); // not within this call
    } else if (text.len < 1000) {
        struct span parts[] = { SPAN(""),
                                { text.p, text.len / 2 },
                                { text.p + text.len / 2, text.len - text.len / 2 } };
        session_send(s, parts, 3);
    }
}

static void on_binary(struct session *s, struct span data)
{
    s->ops->send_binary(s, data);
}

static void on_close(struct session *s, enum ending why)
{
    (void)why;
    assert_ptr_equal(s, fixture.session);
    session_send_text(s, SPAN("nobody hears this"));
    s->ops->close(s, 4002);
    fixture.session = NULL;
    fixture.n_closes++;
    fixture.sent_at_close = fixture.loopback.worker.conns.stats.bytes_out;
}

static const struct dialect parrot = {
    .name = "parrot", .on_open = on_open, .on_text = on_text, .on_binary = on_binary, .on_close = on_close
};

static void on_request(struct http_conn *h, const struct http_request *r)
{
    int status = websocket_check(r);
    if (status)
        http_respond_text(h, status, SPAN(""), SPAN("no"));
    else
        ws_session_open(http_conn_take(h), r, &fixture.mount, &fixture.ws);
}

static uint64_t n_ended(const struct fixture *f, enum ending why)
{
    return f->loopback.worker.conns.stats.n_ended[why];
}

static int setup(void **state)
{
    struct fixture *f = *state = &fixture;
    int fds[2];
    *f = (struct fixture){ .mount = { .dialect = &parrot, .realm = &f->realm } };
    pool_init(&f->http_pool, sizeof(struct http_conn), false);
    pool_init(&f->ws_pool, sizeof(struct ws_session), false);
    f->http = (struct http_opts){ .head_timeout_ms = 1000000, .on_request = on_request, .pool = &f->http_pool };
    f->ws = (struct ws_opts){ .websocket = { .limits = { .max_message = 100000, .max_fragments = 100 },
                                             .ping_interval_ms = 1000000,
                                             .ping_timeout_ms = 1000000,
                                             .max_controls = 100 },
                              .pool = &f->ws_pool };
    tcp_pair(fds, 65536);
    loopback_init(&f->loopback);
    far_end_init(&f->far, &f->loopback, fds[1]);
    http_conn_open(&f->loopback.worker.conns, fds[0], NULL, &f->http);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    loopback_fini(&f->loopback);
    far_end_fini(&f->far);
    assert_int_equal(f->n_closes, f->n_opens);
    assert_int_equal(f->ws_pool.n_in_use, 0);
    assert_int_equal(f->http_pool.n_in_use, 0);
    pool_fini(&f->ws_pool);
    pool_fini(&f->http_pool);
    return 0;
}

// The key and its answer are those of RFC 6455 section 1.3.
#define HANDSHAKE                                                                                                      \
    "GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"                       \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
#define SWITCHING                                                                                                      \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                                \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

enum { FIN = 0x80, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

// Appends a client's frame whose first byte is FIRST.
static void put_frame(struct buf *out, int first, struct span payload)
{
    static const char key[4] = { 0x12, (char)0xf4, 0x56, 0x78 };
    char head[14] = { (char)first };
    size_t len = 2;
    if (payload.len < 126) {
        head[1] = (char)(0x80 | payload.len);
    } else {
        size_t n = payload.len < 65536 ? 2 : 8;
        head[1] = (char)(0x80 | (n == 2 ? 126 : 127));
        for (size_t i = 0; i < n; i++)
            head[len++] = (char)(payload.len >> (8 * (n - 1 - i)));
    }
    memcpy(head + len, key, 4);
    assert_int_equal(buf_put(out, head, len + 4), 0);
    for (size_t i = 0; i < payload.len; i++) {
        char c = (char)(payload.p[i] ^ key[i % 4]);
        assert_int_equal(buf_put(out, &c, 1), 0);
    }
}

static void send_frame(struct fixture *f, int first, struct span payload)
{
    struct buf frame = { 0 };
    put_frame(&frame, first, payload);
    far_end_send(&f->far, buf_span(&frame));
    buf_fini(&frame);
}

static void shake_hands(struct fixture *f)
{
    far_end_send_text(&f->far, HANDSHAKE);
    RUN_UNTIL(&f->loopback, far_end_has(&f->far, SWITCHING));
    far_end_forget(&f->far);
}

static bool has_heard(struct fixture *f, struct span wanted)
{
    return span_equal(buf_span(&f->far.in), wanted);
}

#define ASSERT_HEARD(f, literal)                                                                                       \
    do {                                                                                                               \
        RUN_UNTIL(&(f)->loopback, (f)->far.in.len >= sizeof(literal) - 1);                                             \
        assert_memory_equal((f)->far.in.p, literal, sizeof(literal) - 1);                                              \
        assert_int_equal((f)->far.in.len, sizeof(literal) - 1);                                                        \
        far_end_forget(&(f)->far);                                                                                     \
    } while (0)

static struct websocket *server_side(struct fixture *f)
{
    return &CONTAINER_OF(f->session, struct ws_session, session)->websocket;
}

static void messages_go_both_ways(void **state)
{
    struct fixture *f = *state;
    shake_hands(f);
    assert_int_equal(f->http_pool.n_in_use, 0);
    send_frame(f, FIN | TEXT, SPAN("hello"));
    ASSERT_HEARD(f, "\x81\x05hello");
    send_frame(f, FIN | BINARY, SPAN("\0\xff"));
    ASSERT_HEARD(f, "\x82\x02\0\xff");
    send_frame(f, FIN | TEXT, SPAN(""));
    ASSERT_HEARD(f, "\x81\0");
    char bytes[70000] = "x";
    send_frame(f, FIN | BINARY, (struct span){ bytes, 300 });
    RUN_UNTIL(&f->loopback, f->far.in.len == 304);
    assert_memory_equal(f->far.in.p, "\x82\x7e\x01\x2cx", 5);
    far_end_forget(&f->far);
    send_frame(f, FIN | BINARY, (struct span){ bytes, 70000 });
    RUN_UNTIL(&f->loopback, f->far.in.len == 70010);
    assert_memory_equal(f->far.in.p, "\x82\x7f\0\0\0\0\0\x01\x11\x70x", 11);
    assert_null(server_side(f)->pending); // idle: no buffer
}

// A client that knows its server may send at once.
static void frames_behind_the_handshake_count(void **state)
{
    struct fixture *f = *state;
    struct buf all = { 0 };
    assert_int_equal(buf_put_span(&all, SPAN(HANDSHAKE)), 0);
    put_frame(&all, FIN | TEXT, SPAN("early"));
    put_frame(&all, FIN | TEXT, SPAN("bird"));
    far_end_send(&f->far, buf_span(&all));
    buf_fini(&all);
    ASSERT_HEARD(f, SWITCHING "\x81\x05"
                              "early\x81\x04"
                              "bird");
}

static void wrong_handshakes_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *request, *status;
    } rows[] = {
        { "GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "426" },
        { "GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: "
          "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
          "426" },
        { "GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Version: 13\r\n\r\n", "400" },
        { "GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n", "400" },
        { "GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
          "400" },
        { "HEAD / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
          "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
          "400" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        far_end_send_text(&f->far, rows[i].request);
        RUN_UNTIL(&f->loopback, f->far.in.len > 12);
        assert_memory_equal(f->far.in.p + 9, rows[i].status, 3);
        far_end_forget(&f->far);
    }
    assert_int_equal(f->n_opens, 0);
}

static void fragments_and_control_frames_mix(void **state)
{
    struct fixture *f = *state;
    struct buf all = { 0 };
    shake_hands(f);
    put_frame(&all, TEXT, SPAN("frag"));
    put_frame(&all, FIN | PING, SPAN("1"));
    put_frame(&all, 0, SPAN("men"));
    put_frame(&all, 0, SPAN(""));
    put_frame(&all, FIN | PONG, SPAN("nobody asked"));
    put_frame(&all, FIN | PING, SPAN(""));
    put_frame(&all, FIN | 0, SPAN("ted"));
    far_end_send(&f->far, buf_span(&all));
    ASSERT_HEARD(f, "\x8a\x01"
                    "1\x8a\0\x81\x0a"
                    "fragmented");
    for (size_t i = 0; i < all.len; i++) { // and the same byte by byte
        far_end_send(&f->far, (struct span){ all.p + i, 1 });
        loopback_settle(&f->loopback);
    }
    ASSERT_HEARD(f, "\x8a\x01"
                    "1\x8a\0\x81\x0a"
                    "fragmented");
    assert_null(server_side(f)->pending);
    buf_fini(&all);
}

static void a_close_is_answered(void **state)
{
    static const struct {
        struct span payload, answer;
    } rows[] = {
        { SPAN("\x03\xe8"), SPAN("\x88\x02\x03\xe8") },
        { SPAN("\x03\xe9leaving"), SPAN("\x88\x02\x03\xe9") },
        { SPAN("\x0f\xa0"), SPAN("\x88\x02\x0f\xa0") },
        { SPAN(""), SPAN("\x88\0") },
        { SPAN("\x03"), SPAN("\x88\x10\x03\xeaprotocol error") },
        { SPAN("\x03\xed"), SPAN("\x88\x10\x03\xeaprotocol error") },
        { SPAN("\x03\xe8\xff"), SPAN("\x88\x0f\x03\xefinvalid UTF-8") },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture *f = *state;
        shake_hands(f);
        struct buf all = { 0 };
        put_frame(&all, FIN | CLOSE, rows[i].payload);
        put_frame(&all, FIN | TEXT, SPAN("after the end"));
        far_end_send(&f->far, buf_span(&all));
        RUN_UNTIL(&f->loopback, f->far.has_eof);
        assert_true(has_heard(f, rows[i].answer));
        assert_int_equal(f->n_closes, 1);
        assert_int_equal(f->n_texts, 0);
        assert_int_equal(f->sent_at_close, strlen(SWITCHING)); // the name is free before the client can know
        far_end_send(&f->far, buf_span(&all));                 // thrown away
        far_end_shutdown(&f->far);
        RUN_UNTIL(&f->loopback, f->loopback.worker.conns.stats.n_open == 0);
        assert_int_equal(f->n_texts, 0);
        buf_fini(&all);
        teardown(state);
        setup(state);
    }
}

static void a_drop_is_a_close(void **state)
{
    for (int i = 0; i < 3; i++) {
        struct fixture *f = *state;
        shake_hands(f);
        send_frame(f, i == 1 ? TEXT : FIN | PONG, SPAN("half a messa")); // also in the middle of one
        if (i == 2)
            far_end_shutdown(&f->far);
        else
            far_end_close(&f->far, i == 0);
        RUN_UNTIL(&f->loopback, f->n_closes);
        teardown(state);
        setup(state);
    }
}

static void what_is_forbidden_ends_it(void **state)
{
    static char zeros[100001];
    static const struct {
        int first;
        struct span payload, answer;
    } rows[] = {
        { FIN | 3, SPAN("x"), SPAN("\x88\x10\x03\xeaprotocol error") },
        { FIN | 0x40 | TEXT, SPAN("x"), SPAN("\x88\x10\x03\xeaprotocol error") },
        { PING, SPAN("x"), SPAN("\x88\x10\x03\xeaprotocol error") },
        { FIN | 0, SPAN("x"), SPAN("\x88\x10\x03\xeaprotocol error") },
        { FIN | TEXT, SPAN("abc\xc0\x80"), SPAN("\x88\x0f\x03\xefinvalid UTF-8") },
        { TEXT, SPAN("\xed\xa0"), SPAN("\x88\x0f\x03\xefinvalid UTF-8") }, // at the first impossible byte
        { FIN | BINARY, { zeros, sizeof zeros }, SPAN("\x88\x11\x03\xf1message too big") },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture *f = *state;
        shake_hands(f);
        send_frame(f, rows[i].first, rows[i].payload);
        RUN_UNTIL(&f->loopback, f->far.has_eof);
        assert_true(has_heard(f, rows[i].answer));
        assert_int_equal(f->n_closes, 1);
        teardown(state);
        setup(state);
    }
}

static void an_unmasked_frame_ends_it(void **state)
{
    struct fixture *f = *state;
    shake_hands(f);
    far_end_send(&f->far, SPAN("\x81\x02hi"));
    RUN_UNTIL(&f->loopback, f->far.has_eof);
    assert_true(has_heard(f, SPAN("\x88\x10\x03\xeaprotocol error")));
}

static void the_dialect_may_end_it(void **state)
{
    struct fixture *f = *state;
    struct buf all = { 0 };
    shake_hands(f);
    put_frame(&all, FIN | TEXT, SPAN("bye"));
    put_frame(&all, FIN | TEXT, SPAN("more"));
    far_end_send(&f->far, buf_span(&all));
    RUN_UNTIL(&f->loopback, f->n_texts);
    far_end_send(&f->far, buf_span(&all));
    buf_fini(&all);
    RUN_UNTIL(&f->loopback, f->far.has_eof);
    assert_true(has_heard(f, SPAN("\x81\x0alast words\x88\x02\x0f\xa0")));
    assert_int_equal(f->n_texts, 1);
    assert_int_equal(f->n_closes, 1);
}

static void a_silent_client_is_pinged_and_kept(void **state)
{
    struct fixture *f = *state;
    f->ws.websocket.ping_interval_ms = 20;
    shake_hands(f);
    for (int i = 0; i < 3; i++) {
        ASSERT_HEARD(f, "\x89\0");
        send_frame(f, FIN | PONG, SPAN(""));
    }
    assert_int_equal(f->n_closes, 0);
}

static void a_silent_client_that_does_not_answer_is_gone(void **state)
{
    struct fixture *f = *state;
    f->ws.websocket.ping_interval_ms = f->ws.websocket.ping_timeout_ms = 20;
    shake_hands(f);
    RUN_UNTIL(&f->loopback, f->n_closes);
    RUN_UNTIL(&f->loopback, f->far.has_eof || f->far.err);
    assert_true(has_heard(f, SPAN("\x89\0\x88\x17\x03\xf0no answer to the ping")));
}

// Half a frame shows that somebody is there as well as a pong.
static void any_byte_is_a_sign_of_life(void **state)
{
    struct fixture *f = *state;
    f->ws.websocket.ping_interval_ms = 20;
    shake_hands(f);
    ASSERT_HEARD(f, "\x89\0");
    struct websocket *w = &CONTAINER_OF(f->session, struct ws_session, session)->websocket;
    assert_int_equal(w->state, WEBSOCKET_PINGED);
    far_end_send(&f->far, SPAN("\x81"));
    RUN_UNTIL(&f->loopback, w->state == WEBSOCKET_OPEN);
    ASSERT_HEARD(f, "\x89\0");
}

static void who_leaves_too_much_unread_is_ended(void **state)
{
    struct fixture *f = *state;
    static char bytes[60000];
    shake_hands(f);
    far_end_ignore(&f->far);
    for (int i = 0; i < 1000 && f->session; i++) {
        f->session->ops->send_binary(f->session, (struct span){ bytes, sizeof bytes });
        loopback_settle(&f->loopback);
    }
    RUN_UNTIL(&f->loopback, f->n_closes);
    far_end_listen(&f->far);
    RUN_UNTIL(&f->loopback, f->far.has_eof);
    assert_memory_equal(f->far.in.p + f->far.in.len - 4, "\x88\x02\x03\xf5", 4); // 1013, behind whole messages
    assert_int_equal((f->far.in.len - 4) % (sizeof bytes + 4), 0);
}

// A client that makes us say more than it reads is not listened to meanwhile.
// Has the parrot repeat texts of 900 bytes to a client that does not read, until IS_ENOUGH. Returns the bytes it said.
static size_t chatter_unread(struct fixture *f, bool (*is_enough)(const struct conn *c))
{
    enum { N = 40, LEN = 900 };
    struct buf texts = { 0 };
    char text[LEN];
    memset(text, 'x', sizeof text);
    for (int i = 0; i < N; i++)
        put_frame(&texts, FIN | TEXT, (struct span){ text, LEN });
    far_end_ignore(&f->far);
    int n = 0;
    for (; !is_enough(server_side(f)->conn); n += N) {
        far_end_send(&f->far, buf_span(&texts));
        RUN_UNTIL(&f->loopback, f->n_texts == n + N);
    }
    buf_fini(&texts);
    return (size_t)n * (4 + LEN);
}

static bool is_full(const struct conn *c)
{
    return c->is_full;
}

static bool is_blocked(const struct conn *c)
{
    return c->is_blocked;
}

static void who_asks_but_does_not_read_waits(void **state)
{
    struct fixture *f = *state;
    shake_hands(f);
    const struct conn *c = server_side(f)->conn;
    size_t n_echoed = chatter_unread(f, is_full);
    assert_in_range(conn_out_len(c), CONN_FULL_LEN, CONN_FULL_LEN + CONN_RECV_SIZE);
    far_end_listen(&f->far);
    RUN_UNTIL(&f->loopback, !c->is_full && f->far.in.len == n_echoed);
    assert_int_equal(f->n_closes, 0);
}

static void who_does_not_read_gets_one_pong(void **state)
{
    struct fixture *f = *state;
    shake_hands(f);
    size_t n_echoed = chatter_unread(f, is_blocked), out_len = conn_out_len(server_side(f)->conn);
    struct buf pings = { 0 };
    char payload[1] = { '0' };
    for (; payload[0] <= '9'; payload[0]++)
        put_frame(&pings, FIN | PING, (struct span){ payload, 1 });
    far_end_send(&f->far, buf_span(&pings));
    RUN_UNTIL(&f->loopback, server_side(f)->n_controls == 10);
    assert_int_equal(conn_out_len(server_side(f)->conn), out_len);
    assert_int_equal(server_side(f)->conn->group->stats.n_pongs_left_out, 9);
    assert_non_null(server_side(f)->pending);
    far_end_listen(&f->far);
    RUN_UNTIL(&f->loopback, f->far.in.len >= n_echoed + 3);
    assert_memory_equal(f->far.in.p + n_echoed,
                        "\x8a\x01"
                        "9",
                        3); // for the latest
    assert_null(server_side(f)->pending);
    far_end_forget(&f->far);
    send_frame(f, FIN | PING, SPAN("again"));
    ASSERT_HEARD(f, "\x8a\x05"
                    "again");
    buf_fini(&pings);
}

static void too_many_control_frames_end_it(void **state)
{
    struct fixture *f = *state;
    f->ws.websocket.max_controls = 3;
    shake_hands(f);
    struct buf controls = { 0 };
    put_frame(&controls, FIN | PING, SPAN("1"));
    put_frame(&controls, FIN | PONG, SPAN("2"));
    put_frame(&controls, FIN | PING, SPAN("3"));
    put_frame(&controls, FIN | PING, SPAN("4"));
    put_frame(&controls, FIN | TEXT, SPAN("too late"));
    far_end_send(&f->far, buf_span(&controls));
    RUN_UNTIL(&f->loopback, f->far.has_eof);
    assert_true(has_heard(f, SPAN("\x8a\x01"
                                  "1"
                                  "\x8a\x01"
                                  "3"
                                  "\x88\x19\x03\xf0too many control frames")));
    assert_int_equal(n_ended(f, ENDING_CONTROL_FLOOD), 1);
    assert_int_equal(f->n_texts, 0);
    buf_fini(&controls);
}

static void a_message_must_end_in_time(void **state)
{
    // as the first bytes of a head, of a payload, of a fragmented message whose pings are whole
    static const struct span begun[] = { SPAN("\x81"), SPAN("\x81\x85key.ab"), SPAN("\x01\x80key.\x89\x80key.") };
    for (size_t i = 0; i < sizeof begun / sizeof *begun; i++) {
        struct fixture *f = *state;
        f->ws.websocket.message_ms = 30;
        shake_hands(f);
        far_end_send(&f->far, begun[i]);
        RUN_UNTIL(&f->loopback, f->far.has_eof);
        struct span answer = SPAN("\x88\x11\x03\xf0message timeout");
        size_t len = f->far.in.len - answer.len; // the pong's
        assert_int_equal(len, i == 2 ? 2 : 0);
        assert_memory_equal(f->far.in.p + len, answer.p, answer.len);
        assert_int_equal(n_ended(f, ENDING_SLOW_MESSAGE), 1);
        teardown(state);
        setup(state);
    }
}

static void messages_on_end_never_run_out_of_time(void **state)
{
    struct fixture *f = *state;
    f->ws.websocket.message_ms = 200;
    shake_hands(f);
    // Every read ends within a message, but none of them takes long.
    struct span halves[] = { SPAN("\x81\x82keyk\x0a"), SPAN("\x07\x01\x80keyk\x89\x80keyk"), SPAN("\x80\x80keyk\x81"),
                             SPAN("\x80keyk") };
    uint64_t end = uv_now(&f->loopback.worker.loop) + 500;
    for (size_t i = 0; uv_now(&f->loopback.worker.loop) < end || i % 4; i++) {
        server_side(f)->n_controls = 0;
        far_end_send(&f->far, halves[i % 4]);
        loopback_settle(&f->loopback);
        uv_sleep(1);
        uv_update_time(&f->loopback.worker.loop);
    }
    RUN_UNTIL(&f->loopback, !server_side(f)->pending);
    assert_int_equal(f->n_closes, 0);
}

int main(void)
{
#define UNIT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        UNIT_TEST(messages_go_both_ways),
        UNIT_TEST(frames_behind_the_handshake_count),
        UNIT_TEST(wrong_handshakes_are_refused),
        UNIT_TEST(fragments_and_control_frames_mix),
        UNIT_TEST(a_close_is_answered),
        UNIT_TEST(a_drop_is_a_close),
        UNIT_TEST(what_is_forbidden_ends_it),
        UNIT_TEST(an_unmasked_frame_ends_it),
        UNIT_TEST(the_dialect_may_end_it),
        UNIT_TEST(a_silent_client_is_pinged_and_kept),
        UNIT_TEST(a_silent_client_that_does_not_answer_is_gone),
        UNIT_TEST(any_byte_is_a_sign_of_life),
        UNIT_TEST(who_leaves_too_much_unread_is_ended),
        UNIT_TEST(who_asks_but_does_not_read_waits),
        UNIT_TEST(who_does_not_read_gets_one_pong),
        UNIT_TEST(too_many_control_frames_end_it),
        UNIT_TEST(a_message_must_end_in_time),
        UNIT_TEST(messages_on_end_never_run_out_of_time),
    };
    return cmocka_run_group_tests_name("ws_session", tests, NULL, NULL);
}
