// SPDX-License-Identifier: MIT
// What an HTTP request means to Engine.IO; see engineio.h.
#include "carrier/engineio.h"

struct request {
    const struct engineio *eio;
    struct http_conn *h;
    const struct http_request *r;
    const struct mount *mount;
    const struct engineio_handler *handler;
    struct engineio_query query;
    struct engineio_session *session; // that the query's sid names, or NULL
    bool is_upgrade;
};

static void refuse(const struct request *q, const struct engineio_refusal *refusal)
{
    if (q->is_upgrade) { // nobody reads its body; the reference says it so, but for a page that may not come
        struct http_response response = {
            .status = refusal->status, .type = SPAN("text/html"), .body = refusal->message, .is_last = true
        };
        http_respond(q->h, &response);
        return;
    }
    struct http_response response = { .status = refusal->status,
                                      .type = SPAN("application/json"),
                                      .body = refusal->body };
    http_respond(q->h, &response);
}

static void handshake_polling(const struct request *q)
{
    if (!http_admit_session(q->h))
        return;
    struct engineio_session *e = engineio_session_new(q->eio->home, q->mount, q->handler, &q->query.link);
    if (!e) {
        http_respond_text(q->h, 503, SPAN(""), SPAN("There is no memory for another session.\n"));
        return;
    }
    if (engineio_polling_start(e, q->h->conn) != 0) {
        http_respond_text(q->h, 503, SPAN(""), SPAN("There is no memory for another session.\n"));
        engineio_session_discard(e);
        return;
    }
    engineio_session_open(e);
    engineio_polling_get(e, q->h, &q->query);
}

static void handshake_socket(const struct request *q)
{
    if (!http_admit_session(q->h))
        return;
    struct engineio_session *e = engineio_session_new(q->eio->home, q->mount, q->handler, &q->query.link);
    if (!e)
        http_respond_text(q->h, 503, SPAN(""), SPAN("There is no memory for another session.\n"));
    else if (engineio_socket_start(http_conn_take(q->h), q->r, q->eio->socket, e) == 0)
        engineio_session_open(e);
    else
        engineio_session_discard(e);
}

static void handle_upgrade(const struct request *q)
{
    if (websocket_check(q->r) != 0)
        refuse(q, &engineio_refusals[ENGINEIO_BAD_REQUEST]);
    else if (q->session)
        engineio_socket_probe(http_conn_take(q->h), q->r, q->eio->socket, q->session);
    else
        handshake_socket(q);
}

static void handle_polling(const struct request *q)
{
    if (!q->session)
        handshake_polling(q);
    else if (q->r->method == HTTP_GET)
        engineio_polling_get(q->session, q->h, &q->query);
    else if (q->r->method == HTTP_POST)
        engineio_polling_post(q->session, q->h, q->r, &q->query);
    else
        refuse(q, &engineio_refusals[ENGINEIO_BAD_REQUEST]);
}

// Browsers of other origins ask first. Whether they may is in the fields that were added for every answer.
static bool is_preflight(const struct http_request *r, const struct buf *cors)
{
    return r->method == HTTP_OPTIONS && cors->len;
}

// Whether the request is another worker's, where it now goes with its connection: polling needs no sticky balancer.
static bool is_moved(const struct engineio_home *home, struct http_conn *h, struct span sid)
{
    int worker = engineio_session_worker(home, sid);
    if (worker == home->worker)
        return false;
    http_move(h, worker);
    return true;
}

void engineio_request(const struct engineio *eio, struct http_conn *h, const struct http_request *r,
                      const struct mount *mount, const struct engineio_handler *handler)
{
    struct request q = { .eio = eio, .h = h, .r = r, .mount = mount, .handler = handler };
    engineio_parse_query(r->query, &q.query);
    if (is_moved(eio->home, h, q.query.sid))
        return;
    q.is_upgrade =
        http_field_has(r, SPAN("Upgrade"), SPAN("websocket")) && http_field_has(r, SPAN("Connection"), SPAN("Upgrade"));
    q.session = q.query.sid.len ? engineio_session_find(eio->home, mount, q.query.sid) : NULL;
    struct buf cors = { 0 };
    // The server of version 3's clients let every page in.
    if (origin_put_cors(eio->origins, q.query.link.version == ENGINEIO_3, r, &cors) == 0)
        http_add_fields(h, buf_span(&cors));
    bool is_get = r->method == HTTP_GET;
    const struct engineio_refusal *refusal =
        engineio_check(&q.query, is_get, q.is_upgrade, q.session ? &q.session->link : NULL);
    struct http_response no_content = { .status = 204, .is_bodyless = true };
    if (!origin_admit(eio->origins, h->conn, r))
        refuse(&q, &engineio_refusals[ENGINEIO_FORBIDDEN]);
    else if (is_preflight(r, &cors))
        http_respond(h, &no_content);
    else if (refusal)
        refuse(&q, refusal);
    else if (q.is_upgrade)
        handle_upgrade(&q);
    else
        handle_polling(&q);
    buf_fini(&cors);
}
