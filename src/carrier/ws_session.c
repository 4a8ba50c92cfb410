// SPDX-License-Identifier: MIT
// A dialect's session over a plain WebSocket; see ws_session.h.
#include "carrier/ws_session.h"

#include "carrier/deed.h"
#include "dialect/dialect.h"

static struct ws_session *of_session(struct session *s)
{
    return CONTAINER_OF(s, struct ws_session, session);
}

static struct ws_session *of_websocket(struct websocket *w)
{
    return CONTAINER_OF(w, struct ws_session, websocket);
}

static void send_text(struct session *s, const struct span *parts, size_t n)
{
    websocket_send(&of_session(s)->websocket, WS_TEXT, parts, n);
}

static void send_binary(struct session *s, struct span data)
{
    websocket_send(&of_session(s)->websocket, WS_BINARY, &data, 1);
}

static void close_session(struct session *s, int code)
{
    websocket_end_later(&of_session(s)->websocket, ENDING_DIALECT, code);
}

static void note(struct session *s, enum session_deed deed)
{
    if (deed == SESSION_ARRIVES)
        websocket_stop_login(&of_session(s)->websocket);
    deed_note(of_session(s)->websocket.conn, deed);
}

static uint64_t number_of_conn(const struct session *s)
{
    return conn_number(CONTAINER_OF(s, const struct ws_session, session)->websocket.conn);
}

static const struct session_ops session_ops = {
    .send = send_text,
    .send_binary = send_binary,
    .close = close_session,
    .conn_number = number_of_conn,
    .note = note,
};

static void on_text(struct websocket *w, char *p, size_t len)
{
    struct session *s = &of_websocket(w)->session;
    session_dialect(s)->on_text(s, (struct span){ p, len });
}

static void on_binary(struct websocket *w, char *p, size_t len)
{
    struct session *s = &of_websocket(w)->session;
    session_dialect(s)->on_binary(s, (struct span){ p, len });
}

static void on_end(struct websocket *w, enum ending why, int code)
{
    dialect_close(&of_websocket(w)->session, why, code);
}

static void on_close(struct websocket *w)
{
    const struct ws_opts *opts = CONTAINER_OF(w->opts, const struct ws_opts, websocket);
    pool_give(opts->pool, of_websocket(w));
}

static const struct websocket_handler handler = {
    .on_text = on_text,
    .on_binary = on_binary,
    .on_end = on_end,
    .on_close = on_close,
};

void ws_session_open(struct conn *c, const struct http_request *r, const struct mount *mount,
                     const struct ws_opts *opts)
{
    struct ws_session *ws = pool_take(opts->pool);
    if (!ws) {
        conn_close(c, UV_ENOMEM);
        return;
    }
    ws->session = (struct session){ .ops = &session_ops, .mount = mount };
    websocket_open(&ws->websocket, c, r, &handler, &opts->websocket);
    if (mount->dialect->is_anonymous)
        websocket_stop_login(&ws->websocket);
    dialect_open(&ws->session, r->query);
}
