// SPDX-License-Identifier: MIT
// Engine.IO over WebSocket; see engineio_socket.h.
//
//     > 2probe     < 3probe     (a held GET is answered with a noop)     > 5     from here on all goes this way
#include "carrier/engineio_socket.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "carrier/deed.h"

static struct engineio_socket *of_websocket(struct websocket *w)
{
    return CONTAINER_OF(w, struct engineio_socket, websocket);
}

// ---- out

static void send_base64(struct engineio_session *e, struct websocket *w, const struct span *parts, size_t n)
{
    struct buf data = { 0 }, text = { 0 };
    bool is_whole = true;
    for (size_t i = 0; i < n; i++)
        is_whole = is_whole && buf_put_span(&data, parts[i]) == 0;
    struct engineio_packet packet = { .type = ENGINEIO_MESSAGE, .is_binary = true, .data = buf_span(&data) };
    if (is_whole && engineio_put_text(e->link.version, &packet, &text) == 0) {
        struct span whole = buf_span(&text);
        websocket_send(w, WS_TEXT, &whole, 1);
    } else {
        engineio_session_end_later(e, ENDING_OUT_OF_MEMORY);
    }
    buf_fini(&data);
    buf_fini(&text);
}

static void send_packet(struct engineio_session *e, const struct engineio_packet *packet, const struct span *parts,
                        size_t n)
{
    struct engineio_socket *socket = e->carrier;
    struct span all[WEBSOCKET_MAX_PARTS];
    if (packet->is_binary && e->link.is_base64) {
        send_base64(e, &socket->websocket, parts, n);
        return;
    }
    all[0] = engineio_prefix(e->link.version, packet->type, packet->is_binary);
    for (size_t i = 0; i < n; i++)
        all[1 + i] = parts[i];
    websocket_send(&socket->websocket, packet->is_binary ? WS_BINARY : WS_TEXT, all, n + 1);
}

static void flush(struct engineio_session *e)
{
    struct engineio_queued *q;
    while ((q = engineio_session_shift(e))) {
        send_packet(e, &q->packet, &q->packet.data, 1);
        free(q);
    }
}

// What a message or a queue was over has the code that it has on any WebSocket; all else is Engine.IO's to tell, which has
// no codes.
static int close_code(enum ending why)
{
    switch (why) {
    case ENDING_TOO_BIG:
        return WS_CLOSE_TOO_BIG;
    case ENDING_SLOW_MESSAGE:
        return WS_CLOSE_POLICY;
    case ENDING_OVERFLOWED:
        return WS_CLOSE_TRY_AGAIN_LATER;
    default:
        return WS_CLOSE_NORMAL;
    }
}

static void end_transport(struct engineio_session *e, enum ending why)
{
    struct engineio_socket *socket = e->carrier;
    if (!socket)
        return;
    e->carrier = NULL;
    socket->session = NULL;
    websocket_end(&socket->websocket, why, close_code(why));
}

static void note(struct engineio_session *e, enum session_deed deed)
{
    const struct engineio_socket *socket = e->carrier;
    if (socket)
        deed_note(socket->websocket.conn, deed);
}

static const struct conn *conn_of(const struct engineio_session *e)
{
    const struct engineio_socket *socket = e->carrier;
    return socket ? socket->websocket.conn : NULL;
}

static const struct engineio_transport_ops transport = {
    .send = send_packet, .flush = flush, .note = note, .conn = conn_of, .end = end_transport
};

// ---- in

// Whether SOCKET's session still polls.
static bool is_probe(const struct engineio_socket *socket)
{
    return socket->session->carrier != socket;
}

static void attach(struct engineio_socket *socket)
{
    struct engineio_session *e = socket->session;
    e->carrier = socket;
    e->transport = &transport;
    e->link.transport = ENGINEIO_WEBSOCKET;
}

static void upgrade(struct engineio_socket *socket)
{
    struct engineio_session *e = socket->session;
    websocket_stay(&socket->websocket);
    engineio_polling_stop(e, socket->websocket.conn);
    attach(socket);
    flush(e);
}

// A probing socket may say two things, in their order.
static void receive_probe(struct engineio_socket *socket, char *p, size_t len)
{
    struct span text = { p, len }, answer = SPAN("3probe");
    if (span_equal(text, SPAN("2probe"))) {
        websocket_send(&socket->websocket, WS_TEXT, &answer, 1);
        engineio_polling_probe(socket->session);
    } else if (span_equal(text, SPAN("5")) && engineio_polling_is_probed(socket->session)) {
        upgrade(socket);
    } else {
        websocket_end(&socket->websocket, ENDING_DIALECT, WS_CLOSE_NORMAL);
    }
}

static void on_abandoned(void *upgrade)
{
    struct engineio_socket *socket = upgrade;
    socket->session = NULL;
    websocket_end(&socket->websocket, ENDING_DIALECT, WS_CLOSE_NORMAL);
}

static void receive(struct engineio_socket *socket, int err, const struct engineio_packet *packet)
{
    if (err)
        engineio_session_end(socket->session, ENDING_PROTOCOL_ERROR);
    else
        engineio_session_receive(socket->session, packet);
}

static void on_text(struct websocket *w, char *p, size_t len)
{
    struct engineio_socket *socket = of_websocket(w);
    struct engineio_packet packet;
    if (is_probe(socket))
        receive_probe(socket, p, len);
    else
        receive(socket, engineio_parse_text(socket->session->link.version, p, len, &packet), &packet);
}

static void on_binary(struct websocket *w, char *p, size_t len)
{
    struct engineio_socket *socket = of_websocket(w);
    struct engineio_packet packet;
    if (is_probe(socket))
        websocket_end(w, ENDING_DIALECT, WS_CLOSE_NORMAL);
    else
        receive(socket, engineio_parse_binary(socket->session->link.version, (struct span){ p, len }, &packet),
                &packet);
}

static void on_end(struct websocket *w, enum ending why, int code)
{
    (void)code;
    struct engineio_socket *socket = of_websocket(w);
    struct engineio_session *e = socket->session;
    if (!e)
        return;
    bool was_probe = is_probe(socket);
    if (was_probe)
        engineio_polling_set_upgrade(e, NULL, NULL);
    else
        engineio_session_end(e, why);
    socket->session = NULL;
}

static void on_close(struct websocket *w)
{
    const struct engineio_socket_opts *opts = CONTAINER_OF(w->opts, const struct engineio_socket_opts, websocket);
    pool_give(opts->pool, of_websocket(w));
}

static const struct websocket_handler handler = {
    .on_text = on_text,
    .on_binary = on_binary,
    .on_end = on_end,
    .on_close = on_close,
};

static struct engineio_socket *open_socket(struct conn *c, const struct http_request *r,
                                           const struct engineio_socket_opts *opts, struct engineio_session *e)
{
    struct engineio_socket *socket = pool_take(opts->pool);
    if (!socket) {
        conn_close(c, UV_ENOMEM);
        return NULL;
    }
    socket->session = e;
    websocket_open(&socket->websocket, c, r, &handler, &opts->websocket);
    return socket;
}

int engineio_socket_start(struct conn *c, const struct http_request *r, const struct engineio_socket_opts *opts,
                          struct engineio_session *e)
{
    e->transport = &transport;
    struct engineio_socket *socket = open_socket(c, r, opts, e);
    if (!socket)
        return -ENOMEM;
    attach(socket);
    return 0;
}

void engineio_socket_probe(struct conn *c, const struct http_request *r, const struct engineio_socket_opts *opts,
                           struct engineio_session *e)
{
    bool is_one_too_many = !e->polling || engineio_polling_upgrade(e);
    struct engineio_socket *socket = open_socket(c, r, opts, is_one_too_many ? NULL : e);
    if (!socket)
        return;
    if (is_one_too_many) {
        websocket_end(&socket->websocket, ENDING_DIALECT, WS_CLOSE_NORMAL);
        return;
    }
    engineio_polling_set_upgrade(e, socket, on_abandoned);
    websocket_end_in(&socket->websocket, e->home->opts->upgrade_timeout_ms, ENDING_LATE_UPGRADE, WS_CLOSE_NORMAL);
}
