// SPDX-License-Identifier: MIT
// WebSocket on one connection; see websocket.h.
#include "carrier/websocket.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/pieces.h"

// What there is only while a message or a control frame is not whole, a client does not read its pong, or must still say
// who it is.
struct websocket_pending {
    struct websocket *websocket;
    struct deadline whole; // when what was begun must be whole
    struct deadline login; // when the client must have said who it is
    struct pieces message;
    struct buf control, pong;
    bool has_pong;
};

static void write_frame(struct websocket *w, enum ws_opcode opcode, const struct span *parts, size_t n)
{
    uint8_t head[WS_MAX_SERVER_HEAD];
    struct span all[1 + WEBSOCKET_MAX_PARTS];
    uint64_t len = 0;
    for (size_t i = 0; i < n; i++) {
        all[1 + i] = parts[i];
        len += parts[i].len;
    }
    all[0] = (struct span){ (char *)head, ws_put_head(head, opcode, len) };
    conn_write(w->conn, all, n + 1);
}

// What a client is told that did not ask for the end.
static const struct span farewells[N_ENDINGS] = {
    [ENDING_SILENT] = SPAN("no answer to the ping"), // who was only asleep learns why
    [ENDING_PROTOCOL_ERROR] = SPAN("protocol error"),
    [ENDING_INVALID_TEXT] = SPAN("invalid UTF-8"),
    [ENDING_TOO_BIG] = SPAN("message too big"),
    [ENDING_SLOW_MESSAGE] = SPAN("message timeout"),
    [ENDING_LATE_LOGIN] = SPAN("login timeout"),
    [ENDING_CONTROL_FLOOD] = SPAN("too many control frames"),
    [ENDING_TOO_MANY_MESSAGES] = SPAN("too many messages"),
    [ENDING_TOO_MANY_BYTES] = SPAN("too many bytes"),
    [ENDING_TOO_MANY_JOINS] = SPAN("too many joins"),
    [ENDING_TOO_MANY_FAILED_LOGINS] = SPAN("too many failed logins"),
};

static void count(struct websocket *w, enum ending why)
{
    w->conn->group->stats.n_ended[why]++;
}

void websocket_end(struct websocket *w, enum ending why, int code)
{
    if (w->state == WEBSOCKET_ENDED)
        return;
    w->state = WEBSOCKET_ENDED;
    w->handler->on_end(w, why, code); // first: who sees the close must find the name free
    uint8_t payload[WS_MAX_CONTROL];
    struct span close = { (char *)payload, ws_put_close(payload, code, farewells[why]) };
    write_frame(w, WS_CLOSE, &close, 1);
    conn_finish(w->conn);
}

// Ends W for going beyond a limit, and counts it.
static void expire(struct websocket *w, enum ending why, int code)
{
    if (w->state == WEBSOCKET_ENDED)
        return;
    count(w, why);
    websocket_end(w, why, code);
}

// What came is wrong, or too much: the client is told CODE.
static void violate(struct websocket *w, int code)
{
    if (code == WS_CLOSE_TOO_BIG)
        expire(w, ENDING_TOO_BIG, code);
    else
        websocket_end(w, code == WS_CLOSE_INVALID_DATA ? ENDING_INVALID_TEXT : ENDING_PROTOCOL_ERROR, code);
}

// Milliseconds since AT, which is no more than 49 days ago.
static uint64_t ms_since(const struct websocket *w, uint32_t at)
{
    return (uint32_t)((uint32_t)uv_now(w->conn->group->loop) - at);
}

// Has on_deadline() called in MS, or when there was no message for too long by then.
static void look_in(struct websocket *w, uint64_t ms)
{
    uint64_t limit_ms = w->opts->alive_ms, untold_ms = ms_since(w, w->told_at);
    uint64_t left_ms = limit_ms > untold_ms ? limit_ms - untold_ms : 0;
    conn_set_deadline(w->conn, limit_ms && left_ms < ms ? left_ms : ms);
}

// Has an eye on whether W's client is there.
static void watch(struct websocket *w)
{
    if (w->opts->ping_interval_ms)
        look_in(w, w->opts->ping_interval_ms);
    else
        conn_cancel_deadline(w->conn);
}

void websocket_end_in(struct websocket *w, uint64_t ms, enum ending why, int code)
{
    w->ending = why;
    w->closing_code = (unsigned)code;
    conn_set_deadline(w->conn, ms);
}

void websocket_stay(struct websocket *w)
{
    if (w->state >= WEBSOCKET_ENDING)
        return;
    w->closing_code = 0;
    watch(w);
}

void websocket_end_later(struct websocket *w, enum ending why, int code)
{
    if (w->state >= WEBSOCKET_ENDING)
        return;
    w->state = WEBSOCKET_ENDING;
    websocket_end_in(w, 0, why, code);
}

// Whether too much waits for W's client: it may be no sign that it doesn't read when nobody has tried to send it, nor when a
// single message is as much.
static bool is_overflowing(struct websocket *w)
{
    struct conn *c = w->conn;
    if (!c->is_blocked)
        conn_flush(c);
    uint64_t most = c->group->allowance, max_message = w->opts->limits.max_message;
    if (most == CONN_ALLOWANCE && max_message > most)
        most = max_message;
    return c->is_blocked && conn_out_len(c) > most;
}

void websocket_send(struct websocket *w, enum ws_opcode opcode, const struct span *parts, size_t n)
{
    struct conn *c = w->conn;
    if (w->state >= WEBSOCKET_ENDING)
        return;
    if (conn_out_len(c) <= c->group->allowance || !is_overflowing(w)) {
        write_frame(w, opcode, parts, n);
        return;
    }
    websocket_end_later(w, ENDING_OVERFLOWED, WS_CLOSE_TRY_AGAIN_LATER);
}

// ---- what is pending

static void forget_message(struct websocket *w)
{
    w->conn->group->begun_len -= w->pending->message.len;
    pieces_fini(&w->pending->message);
}

static void free_pending(struct websocket *w)
{
    struct websocket_pending *p = w->pending;
    if (!p)
        return;
    deadline_cancel(&p->whole);
    deadline_cancel(&p->login);
    forget_message(w);
    buf_fini(&p->control);
    buf_fini(&p->pong);
    free(p);
    w->pending = NULL;
}

static void on_message_due(struct deadline *d)
{
    expire(CONTAINER_OF(d, struct websocket_pending, whole)->websocket, ENDING_SLOW_MESSAGE, WS_CLOSE_POLICY);
}

static void on_login_due(struct deadline *d)
{
    expire(CONTAINER_OF(d, struct websocket_pending, login)->websocket, ENDING_LATE_LOGIN, WS_CLOSE_POLICY);
}

// W's pending, made if need be, or NULL.
static struct websocket_pending *need_pending(struct websocket *w)
{
    if (w->pending)
        return w->pending;
    struct websocket_pending *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->websocket = w;
    deadline_init(&p->whole, on_message_due);
    deadline_init(&p->login, on_login_due);
    return w->pending = p;
}

// Lets go of what is pending no longer. Between two messages nothing is.
static void settle(struct websocket *w)
{
    if (!ws_is_at_rest(&w->parser))
        return;
    deadline_cancel(&w->pending->whole);
    if (!w->pending->has_pong && !deadline_is_armed(&w->pending->login))
        free_pending(w);
}

static void await_login(struct websocket *w)
{
    struct websocket_pending *p = need_pending(w);
    if (p)
        deadline_set(w->conn->group->deadlines, &p->login, w->opts->login_ms);
    else
        conn_close(w->conn, UV_ENOMEM);
}

// In the midst of a message W is: what came of it stays.
void websocket_stop_login(struct websocket *w)
{
    if (w->pending)
        deadline_cancel(&w->pending->login);
}

// All that has come was looked at: what was begun and is not whole must be so in time.
static void await_rest(struct websocket *w)
{
    if (ws_is_at_rest(&w->parser) || w->state >= WEBSOCKET_ENDING || w->conn->state != CONN_OPEN)
        return;
    struct websocket_pending *p = need_pending(w);
    if (!p)
        conn_close(w->conn, UV_ENOMEM);
    else if (w->opts->message_ms && !deadline_is_armed(&p->whole))
        deadline_set(w->conn->group->deadlines, &p->whole, w->opts->message_ms);
}

// ---- what has come

// A payload lies in the read buffer or in our own: either may be written to.
static void handle_text(struct websocket *w, struct span text)
{
    w->told_at = w->heard_at;
    w->handler->on_text(w, (char *)text.p, text.len);
}

static void handle_binary(struct websocket *w, struct span data)
{
    w->told_at = w->heard_at;
    w->handler->on_binary(w, (char *)data.p, data.len);
}

static void handle_close(struct websocket *w, struct span payload)
{
    int code = ws_parse_close(payload, NULL);
    if (code < 0)
        violate(w, -code);
    else
        websocket_end(w, ENDING_ASKED, code);
}

// Whether one control frame more may come in this second; else W has been ended.
static bool may_control(struct websocket *w)
{
    if (w->n_controls++ < w->opts->max_controls)
        return true;
    expire(w, ENDING_CONTROL_FLOOD, WS_CLOSE_POLICY);
    return false;
}

static void handle_ping(struct websocket *w, struct span payload)
{
    if (!may_control(w))
        return;
    if (!w->conn->is_blocked) {
        write_frame(w, WS_PONG, &payload, 1);
        return;
    }
    // Who does not read its pongs will get one, for its latest ping (section 5.5.3).
    struct websocket_pending *p = need_pending(w);
    if (p) {
        w->conn->group->stats.n_pongs_left_out += p->has_pong;
        p->pong.len = 0;
    }
    if (!p || buf_put_span(&p->pong, payload) != 0)
        conn_close(w->conn, UV_ENOMEM);
    else
        p->has_pong = true;
}

static void handle_pong(struct websocket *w, struct span payload)
{
    (void)payload; // any byte from the client shows that it lives; see on_data
    (void)may_control(w);
}

typedef void message_fn(struct websocket *w, struct span payload);

static message_fn *const handlers[] = {
    [WS_TEXT] = handle_text, [WS_BINARY] = handle_binary, [WS_CLOSE] = handle_close,
    [WS_PING] = handle_ping, [WS_PONG] = handle_pong,
};

// Adds PIECE to what came before of its message; the last one is replaced by the whole. 0, -ENOMEM, or -ENOBUFS: others have
// left no room for so much.
static int gather(struct websocket *w, struct ws_piece *piece)
{
    struct websocket_pending *p = need_pending(w);
    if (!p)
        return -ENOMEM;
    if (piece->opcode >= WS_CLOSE) {
        int err = buf_put_span(&p->control, piece->data);
        piece->data = buf_span(&p->control);
        return err;
    }
    struct conn_group *g = w->conn->group;
    if (!conn_may_begin(g, p->message.len + piece->data.len))
        return -ENOBUFS;
    int err = pieces_put(&p->message, piece->data);
    g->begun_len += err ? 0 : piece->data.len;
    return !err && piece->is_last ? pieces_join(&p->message, &piece->data) : err;
}

static void forget_gathered(struct websocket *w, enum ws_opcode opcode)
{
    if (opcode >= WS_CLOSE)
        buf_fini(&w->pending->control);
    else
        forget_message(w);
}

static void handle_piece(struct websocket *w, struct ws_piece *piece)
{
    bool is_whole = piece->is_first && piece->is_last;
    int err = is_whole ? 0 : gather(w, piece);
    if (err == -ENOBUFS) {
        forget_message(w);
        expire(w, ENDING_OVERFLOWED, WS_CLOSE_TRY_AGAIN_LATER);
    } else if (err) {
        conn_close(w->conn, UV_ENOMEM);
    }
    if (err || !piece->is_last)
        return;
    handlers[piece->opcode](w, piece->data);
    if (!w->pending)
        return;
    if (!is_whole)
        forget_gathered(w, piece->opcode);
    settle(w);
}

static void on_data(struct conn *c, char *p, size_t len)
{
    struct websocket *w = c->user;
    uint32_t now = (uint32_t)uv_now(c->group->loop);
    if ((now ^ w->heard_at) >> 10) // another second has begun, one of 1,024 ms
        w->n_controls = 0;
    w->heard_at = now;
    if (w->state == WEBSOCKET_PINGED) {
        w->state = WEBSOCKET_OPEN;
        look_in(w, w->opts->ping_interval_ms);
    }
    uint32_t n_messages = 0;
    while (len && w->state < WEBSOCKET_ENDING && c->state == CONN_OPEN) {
        struct ws_piece piece;
        bool has_piece;
        ssize_t n = ws_parse(&w->parser, &w->opts->limits, p, len, &piece, &has_piece);
        if (n < 0) {
            violate(w, (int)-n);
            return;
        }
        if (has_piece) {
            n_messages += piece.is_last && piece.opcode < WS_CLOSE;
            handle_piece(w, &piece);
        }
        p += n;
        len -= (size_t)n;
    }
    conn_charge(c, FLOW_MESSAGES, n_messages); // together: it costs less, and what was read is heard anyway
    await_rest(w);
}

static void on_drain(struct conn *c)
{
    struct websocket *w = c->user;
    if (!w->pending || !w->pending->has_pong || w->state >= WEBSOCKET_ENDING)
        return;
    struct span payload = buf_span(&w->pending->pong);
    w->pending->has_pong = false;
    write_frame(w, WS_PONG, &payload, 1);
    settle(w);
}

// One deadline serves all: a close that was asked for, the next ping, and the end of the wait for its answer or for a
// message.
static void on_deadline(struct conn *c)
{
    struct websocket *w = c->user;
    if (w->closing_code) {
        if (w->ending < N_COUNTED_ENDINGS)
            count(w, w->ending);
        websocket_end(w, w->ending, (int)w->closing_code);
        return;
    }
    uint64_t silent_ms = ms_since(w, w->heard_at), limit_ms = w->opts->alive_ms;
    if (limit_ms && ms_since(w, w->told_at) >= limit_ms) {
        expire(w, ENDING_SILENT, WS_CLOSE_NO_STATUS);
    } else if (w->state == WEBSOCKET_PINGED) {
        expire(w, ENDING_SILENT, WS_CLOSE_POLICY);
    } else if (silent_ms >= w->opts->ping_interval_ms) {
        w->state = WEBSOCKET_PINGED;
        write_frame(w, WS_PING, NULL, 0);
        look_in(w, w->opts->ping_timeout_ms);
    } else {
        look_in(w, w->opts->ping_interval_ms - silent_ms);
    }
}

static void on_excess(struct conn *c, enum flow flow)
{
    static const enum ending endings[N_FLOWS] = { [FLOW_MESSAGES] = ENDING_TOO_MANY_MESSAGES,
                                                  [FLOW_BYTES] = ENDING_TOO_MANY_BYTES,
                                                  [FLOW_JOINS] = ENDING_TOO_MANY_JOINS,
                                                  [FLOW_LOGINS] = ENDING_TOO_MANY_FAILED_LOGINS };
    websocket_end(c->user, endings[flow], WS_CLOSE_POLICY);
}

static void on_stall(struct conn *c, enum ending why)
{
    websocket_end(c->user, why, WS_CLOSE_TRY_AGAIN_LATER);
}

static void on_shutdown(struct conn *c)
{
    websocket_end(c->user, ENDING_SHUTDOWN, WS_CLOSE_GOING_AWAY);
}

// Why a session ends with its connection, which ended with ERR.
static enum ending ending_of_conn(int err)
{
    return err == UV_ENOMEM ? ENDING_OUT_OF_MEMORY : err == UV_ECANCELED ? ENDING_SHUTDOWN : ENDING_LOST;
}

static void on_close(struct conn *c, int err)
{
    struct websocket *w = c->user;
    if (w->state != WEBSOCKET_ENDED) {
        w->state = WEBSOCKET_ENDED;
        w->handler->on_end(w, ending_of_conn(err), WS_CLOSE_ABNORMAL);
    }
    free_pending(w);
    w->handler->on_close(w);
}

static const struct conn_handler conn_handler = {
    .on_data = on_data,
    .on_drain = on_drain,
    .on_excess = on_excess,
    .on_stall = on_stall,
    .on_deadline = on_deadline,
    .on_shutdown = on_shutdown,
    .on_close = on_close,
};

int websocket_check(const struct http_request *r)
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

void websocket_open(struct websocket *w, struct conn *c, const struct http_request *r,
                    const struct websocket_handler *handler, const struct websocket_opts *opts)
{
    uint32_t now = (uint32_t)uv_now(c->group->loop);
    *w = (struct websocket){ .conn = c, .handler = handler, .opts = opts, .heard_at = now, .told_at = now };
    c->handler = &conn_handler;
    c->user = w;
    write_handshake(c, r);
    if (opts->login_ms)
        await_login(w);
    watch(w);
}
