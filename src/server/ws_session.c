// SPDX-License-Identifier: MIT
// WebSocket on one connection; see ws_session.h.
#include "server/ws_session.h"

#include <stdlib.h>

#include "base/buf.h"
#include "dialect/dialect.h"

struct ws_gather {
    struct buf message, control;
};

static struct ws_session *of_session(struct session *s)
{
    return CONTAINER_OF(s, struct ws_session, session);
}

static void write_frame(struct ws_session *w, enum ws_opcode opcode, const struct span *parts, size_t n)
{
    enum { MAX_PARTS = 8 };
    uint8_t head[WS_MAX_SERVER_HEAD];
    struct span all[1 + MAX_PARTS];
    uint64_t len = 0;
    for (size_t i = 0; i < n; i++) {
        all[1 + i] = parts[i];
        len += parts[i].len;
    }
    all[0] = (struct span){ (char *)head, ws_put_head(head, opcode, len) };
    conn_write(w->conn, all, n + 1);
}

// The end of the session for the dialect, once; the connection may live on for the close handshake.
static void end_dialect(struct ws_session *w)
{
    w->state = WS_SESSION_CLOSED;
    if (w->session.dialect->on_close)
        w->session.dialect->on_close(&w->session);
}

// The name is free before the client can know that it is.
static void end(struct ws_session *w, int code, struct span reason)
{
    if (w->state == WS_SESSION_CLOSED)
        return;
    end_dialect(w);
    uint8_t payload[WS_MAX_CONTROL];
    struct span close = { (char *)payload, ws_put_close(payload, code, reason) };
    write_frame(w, WS_CLOSE, &close, 1);
    conn_finish(w->conn);
}

static void send_text(struct session *s, const struct span *parts, size_t n)
{
    struct ws_session *w = of_session(s);
    if (w->state != WS_SESSION_CLOSED)
        write_frame(w, WS_TEXT, parts, n);
}

static void send_binary(struct session *s, struct span data)
{
    struct ws_session *w = of_session(s);
    if (w->state != WS_SESSION_CLOSED)
        write_frame(w, WS_BINARY, &data, 1);
}

// Only notes it: the dialect that calls this may be in the middle of something that its own on_close would pull away.
static void close_session(struct session *s, int code)
{
    struct ws_session *w = of_session(s);
    if (w->state == WS_SESSION_CLOSED || w->closing_code)
        return;
    w->closing_code = code;
    conn_set_deadline(w->conn, 0);
}

static const struct session_ops session_ops = {
    .send = send_text,
    .send_binary = send_binary,
    .close = close_session,
};

static void free_gather(struct ws_session *w)
{
    if (!w->gather)
        return;
    buf_fini(&w->gather->message);
    buf_fini(&w->gather->control);
    free(w->gather);
    w->gather = NULL;
}

static void handle_text(struct ws_session *w, struct span text)
{
    w->session.dialect->on_text(&w->session, text);
}

static void handle_binary(struct ws_session *w, struct span data)
{
    w->session.dialect->on_binary(&w->session, data);
}

static void handle_close(struct ws_session *w, struct span payload)
{
    int code = ws_parse_close(payload, NULL);
    end(w, code < 0 ? -code : code, SPAN(""));
}

static void handle_ping(struct ws_session *w, struct span payload)
{
    write_frame(w, WS_PONG, &payload, 1);
}

static void handle_pong(struct ws_session *w, struct span payload)
{
    (void)w; // any byte from the client shows that it lives; see on_data
    (void)payload;
}

typedef void message_fn(struct ws_session *w, struct span payload);

static message_fn *const handlers[] = {
    [WS_TEXT] = handle_text, [WS_BINARY] = handle_binary, [WS_CLOSE] = handle_close,
    [WS_PING] = handle_ping, [WS_PONG] = handle_pong,
};

// Adds PIECE to what came before of its message. The whole message when this was its last, else the empty span.
static struct span gather(struct ws_session *w, const struct ws_piece *piece)
{
    struct span nothing = { 0 };
    if (!w->gather)
        w->gather = calloc(1, sizeof *w->gather);
    if (!w->gather) {
        conn_close(w->conn, UV_ENOMEM);
        return nothing;
    }
    struct buf *b = piece->opcode >= WS_CLOSE ? &w->gather->control : &w->gather->message;
    if (buf_put_span(b, piece->data) != 0) {
        conn_close(w->conn, UV_ENOMEM);
        return nothing;
    }
    return piece->is_last ? buf_span(b) : nothing;
}

static void forget_gathered(struct ws_session *w, enum ws_opcode opcode)
{
    if (!w->gather)
        return;
    buf_fini(opcode >= WS_CLOSE ? &w->gather->control : &w->gather->message);
    if (!w->gather->message.cap && !w->gather->control.cap)
        free_gather(w);
}

static void handle_piece(struct ws_session *w, const struct ws_piece *piece)
{
    if (piece->is_first && piece->is_last) {
        handlers[piece->opcode](w, piece->data);
        return;
    }
    struct span message = gather(w, piece);
    if (!piece->is_last || w->conn->state != CONN_OPEN)
        return;
    handlers[piece->opcode](w, message);
    forget_gathered(w, piece->opcode);
}

static struct span reason_of(int code)
{
    return code == WS_CLOSE_PROTOCOL_ERROR ? SPAN("protocol error")
           : code == WS_CLOSE_INVALID_DATA ? SPAN("invalid UTF-8")
           : code == WS_CLOSE_TOO_BIG      ? SPAN("message too big")
                                           : SPAN("");
}

static void on_data(struct conn *c, char *p, size_t len)
{
    struct ws_session *w = c->user;
    w->heard_at = uv_now(c->group->loop);
    while (len && w->state != WS_SESSION_CLOSED && !w->closing_code && c->state == CONN_OPEN) {
        struct ws_piece piece;
        bool has_piece;
        ssize_t n = ws_parse(&w->parser, &w->opts->limits, p, len, &piece, &has_piece);
        if (n < 0) {
            end(w, (int)-n, reason_of((int)-n));
            return;
        }
        if (has_piece)
            handle_piece(w, &piece);
        p += n;
        len -= (size_t)n;
    }
}

// One deadline serves all: a close that was asked for, the next ping, and the end of the wait for its answer.
static void on_deadline(struct conn *c)
{
    struct ws_session *w = c->user;
    if (w->closing_code) {
        end(w, w->closing_code, SPAN(""));
        return;
    }
    uint64_t silent_ms = uv_now(c->group->loop) - w->heard_at;
    bool is_gone = w->state == WS_SESSION_PINGED && silent_ms >= w->opts->ping_interval_ms + w->opts->ping_timeout_ms;
    if (is_gone) {
        conn_close(c, UV_ETIMEDOUT);
    } else if (silent_ms >= w->opts->ping_interval_ms) {
        w->state = WS_SESSION_PINGED;
        write_frame(w, WS_PING, NULL, 0);
        conn_set_deadline(c, w->opts->ping_timeout_ms);
    } else {
        w->state = WS_SESSION_OPEN;
        conn_set_deadline(c, w->opts->ping_interval_ms - silent_ms);
    }
}

static void on_close(struct conn *c, int err)
{
    (void)err;
    struct ws_session *w = c->user;
    if (w->state != WS_SESSION_CLOSED)
        end_dialect(w);
    free_gather(w);
    pool_give(w->opts->pool, w);
}

static const struct conn_handler conn_handler = {
    .on_data = on_data,
    .on_deadline = on_deadline,
    .on_close = on_close,
};

int ws_session_check(const struct http_request *r)
{
    struct span key_name = SPAN("Sec-WebSocket-Key"), version_name = SPAN("Sec-WebSocket-Version");
    if (r->method != HTTP_GET || r->minor_version < 1 || r->has_body)
        return 400;
    if (!span_equal(http_find_field(r, version_name), SPAN("13")) || http_count_field(r, version_name) != 1)
        return 426;
    if (http_count_field(r, key_name) != 1 || !ws_is_key(http_find_field(r, key_name)))
        return 400;
    return 0;
}

static void write_handshake(struct conn *c, const struct http_request *r)
{
    char accept[WS_ACCEPT_LEN];
    ws_put_accept(accept, http_find_field(r, SPAN("Sec-WebSocket-Key")));
    struct span parts[] = {
        SPAN("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "),
        { accept, sizeof accept },
        SPAN("\r\n\r\n"),
    };
    conn_write(c, parts, 3);
}

void ws_session_open(struct conn *c, const struct http_request *r, const struct mount *mount,
                     const struct ws_opts *opts)
{
    struct ws_session *w = pool_take(opts->pool);
    if (!w) {
        conn_close(c, UV_ENOMEM);
        return;
    }
    *w = (struct ws_session){ .session = { .ops = &session_ops, .dialect = mount->dialect, .mount = mount },
                              .conn = c,
                              .opts = opts,
                              .heard_at = uv_now(c->group->loop) };
    c->handler = &conn_handler;
    c->user = w;
    write_handshake(c, r);
    conn_set_deadline(c, opts->ping_interval_ms);
    if (w->session.dialect->on_open)
        w->session.dialect->on_open(&w->session);
}
