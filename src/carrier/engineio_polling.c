// SPDX-License-Identifier: MIT
// Engine.IO over HTTP; see engineio_polling.h.
#include "carrier/engineio_polling.h"

#include <errno.h>
#include <stdlib.h>

#include "carrier/deed.h"

enum { MAX_JSONP_DIGITS = 16 };

struct engineio_polling {
    struct http_conn *get;           // held, or NULL
    struct http_conn *post;          // whose body is being read, or NULL
    struct conn *heard_on;           // whose body's packets are being handed up, or NULL
    struct source *nameless_at;      // among whose sessions without a name this is one, or NULL
    enum engineio_payload post_kind; // what that body is
    void *upgrade;                   // a WebSocket that would take over, or NULL
    void (*on_abandoned)(void *upgrade);
    bool is_probed; // the upgrade works
    bool is_jsonp_post;
    bool is_jsonp_get;
    uint8_t jsonp_len; // of the number of the callback that the held GET's answer is wrapped for
    char jsonp_number[MAX_JSONP_DIGITS];
};

// ---- what the client gets

static const struct span text_type = SPAN("text/plain; charset=UTF-8"), binary_type = SPAN("application/octet-stream"),
                         script_type = SPAN("text/javascript; charset=UTF-8");

// Answers the held GET with PAYLOAD, which is of that KIND.
static void respond(struct engineio_session *e, enum engineio_payload kind, struct span payload)
{
    struct engineio_polling *p = e->polling;
    struct http_conn *h = p->get;
    struct buf script = { 0 };
    p->get = NULL;
    struct http_response response = { .status = 200, .fields = SPAN("Cache-Control: no-store\r\n") };
    response.type = p->is_jsonp_get ? script_type : kind == ENGINEIO_PAYLOAD_3_BINARY ? binary_type : text_type;
    response.body = payload;
    if (p->is_jsonp_get) {
        struct span number = { p->jsonp_number, p->jsonp_len };
        if (engineio_put_jsonp(number, payload, &script) != 0)
            engineio_session_end_later(e, ENDING_OUT_OF_MEMORY);
        response.body = buf_span(&script);
    }
    http_respond(h, &response);
    buf_fini(&script);
}

// Answers the held GET with one packet and nothing else.
static void respond_packet(struct engineio_session *e, enum engineio_type type)
{
    struct buf payload = { 0 };
    struct engineio_packet packet = { .type = type };
    enum engineio_payload kind = engineio_choose_payload(&e->link, false);
    if (engineio_put_packet(kind, &packet, &payload) != 0)
        engineio_session_end_later(e, ENDING_OUT_OF_MEMORY); // an empty body is no payload: the client ends too
    respond(e, kind, buf_span(&payload));
    buf_fini(&payload);
}

static void flush(struct engineio_session *e)
{
    struct engineio_polling *p = e->polling;
    if (!p->get)
        return;
    if (!engineio_session_has_queue(e)) {
        if (p->is_probed)
            respond_packet(e, ENGINEIO_NOOP);
        return;
    }
    enum engineio_payload kind = engineio_choose_payload(&e->link, engineio_session_has_binary(e));
    struct buf payload = { 0 };
    struct engineio_queued *q;
    while ((q = engineio_session_shift(e))) {
        if (engineio_put_packet(kind, &q->packet, &payload) != 0)
            engineio_session_end_later(e, ENDING_OUT_OF_MEMORY);
        free(q);
    }
    respond(e, kind, buf_span(&payload));
    buf_fini(&payload);
}

static void leave_nameless(struct engineio_session *e)
{
    struct engineio_polling *p = e->polling;
    if (p->nameless_at)
        source_remove_nameless(p->nameless_at, uv_now(e->home->conns->loop));
    p->nameless_at = NULL;
}

static void note(struct engineio_session *e, enum session_deed deed)
{
    if (deed == SESSION_ARRIVES)
        leave_nameless(e);
    else if (e->polling->heard_on)
        deed_note(e->polling->heard_on, deed);
}

static const struct conn *conn_of(const struct engineio_session *e)
{
    const struct engineio_polling *p = e->polling;
    return p->heard_on ? p->heard_on : p->get ? p->get->conn : NULL;
}

static void stop(struct engineio_session *e, enum engineio_type last_word)
{
    struct engineio_polling *p = e->polling;
    if (p->get)
        respond_packet(e, last_word);
    if (p->post)
        http_refuse_body(p->post, 400);
    if (p->upgrade)
        p->on_abandoned(p->upgrade);
    leave_nameless(e);
    free(p);
    e->polling = NULL;
}

static void end(struct engineio_session *e, enum ending why)
{
    bool is_gone = why == ENDING_ASKED || why == ENDING_LOST;
    stop(e, is_gone ? ENGINEIO_NOOP : ENGINEIO_CLOSE);
}

static const struct engineio_transport_ops transport = { .flush = flush, .note = note, .conn = conn_of, .end = end };

// ---- the held GET

static void on_get_gone(struct http_conn *h)
{
    struct engineio_session *e = h->waiter_user;
    e->polling->get = NULL;
    engineio_session_end(e, ENDING_LOST);
}

static void on_get_shutdown(struct http_conn *h)
{
    engineio_session_end(h->waiter_user, ENDING_SHUTDOWN);
}

static const struct http_waiter get_waiter = { .on_gone = on_get_gone, .on_shutdown = on_get_shutdown };

static void refuse(struct http_conn *h)
{
    const struct engineio_refusal *refusal = &engineio_refusals[ENGINEIO_BAD_REQUEST];
    struct http_response response = { .status = refusal->status,
                                      .type = SPAN("application/json"),
                                      .body = refusal->body };
    http_respond(h, &response);
}

void engineio_polling_get(struct engineio_session *e, struct http_conn *h, const struct engineio_query *q)
{
    struct engineio_polling *p = e->polling;
    if (p->get) { // two at once: the client is confused about what it has read
        engineio_session_end(e, ENDING_PROTOCOL_ERROR);
        refuse(h);
        return;
    }
    p->is_jsonp_get = q->is_jsonp;
    p->jsonp_len = q->jsonp_number.len < MAX_JSONP_DIGITS ? (uint8_t)q->jsonp_number.len : 0;
    if (p->jsonp_len)
        memcpy(p->jsonp_number, q->jsonp_number.p, p->jsonp_len);
    p->get = h;
    http_hold(h, &get_waiter, e);
    flush(e);
}

// ---- the POST

static void on_post_gone(struct http_conn *h)
{
    struct engineio_session *e = h->waiter_user;
    e->polling->post = NULL;
    engineio_session_end(e, ENDING_LOST);
}

// Hands up the packets of the body at P. False when it is malformed.
static bool receive_packets(struct engineio_session *e, enum engineio_payload kind, char *p, size_t len)
{
    do {
        struct engineio_packet packet;
        ssize_t n = engineio_parse_payload(kind, p, len, &packet);
        if (n < 0)
            return false;
        conn_charge(e->polling->heard_on, FLOW_MESSAGES, 1);
        engineio_session_receive(e, &packet);
        p += n;
        len -= (size_t)n;
    } while (len && engineio_session_is_open(e));
    return true;
}

static bool receive_payload(struct engineio_session *e, struct conn *c, char *p, size_t len)
{
    e->polling->heard_on = c;
    bool is_good = receive_packets(e, e->polling->post_kind, p, len);
    if (e->polling)
        e->polling->heard_on = NULL;
    return is_good;
}

static bool receive_jsonp(struct engineio_session *e, struct conn *c, struct span form)
{
    struct buf body = { 0 };
    bool is_good = engineio_decode_jsonp(form, &body) == 0 && receive_payload(e, c, body.p, body.len);
    buf_fini(&body);
    return is_good;
}

static void on_post_body(struct http_conn *h, char *p, size_t len)
{
    struct engineio_session *e = h->waiter_user;
    e->polling->post = NULL;
    bool is_good = e->polling->is_jsonp_post ? receive_jsonp(e, h->conn, (struct span){ p, len })
                                             : receive_payload(e, h->conn, p, len);
    if (is_good) {
        // As HTML, and named so, because the reference says it so to please browsers of old.
        struct http_response ok = { .status = 200, .type = SPAN("text/html"), .body = SPAN("ok") };
        http_respond(h, &ok);
    } else {
        engineio_session_end(e, ENDING_PROTOCOL_ERROR);
        refuse(h);
    }
}

static const struct http_waiter post_waiter = { .on_body = on_post_body, .on_gone = on_post_gone };

// The kind of R's body, or -EINVAL when E's version has no such.
static int kind_of_body(const struct engineio_session *e, const struct http_request *r)
{
    bool is_binary = http_list_has(http_find_field(r, SPAN("Content-Type")), binary_type);
    if (e->link.version == ENGINEIO_3)
        return is_binary ? ENGINEIO_PAYLOAD_3_BINARY : ENGINEIO_PAYLOAD_3;
    return is_binary ? -EINVAL : ENGINEIO_PAYLOAD_4;
}

void engineio_polling_post(struct engineio_session *e, struct http_conn *h, const struct http_request *r,
                           const struct engineio_query *q)
{
    struct engineio_polling *p = e->polling;
    int kind = kind_of_body(e, r);
    if (p->post || kind < 0) {
        engineio_session_end(e, ENDING_PROTOCOL_ERROR);
        refuse(h);
        return;
    }
    p->post = h;
    p->post_kind = (enum engineio_payload)kind;
    p->is_jsonp_post = q->is_jsonp;
    http_read_body(h, r, e->home->opts->max_payload, &post_waiter, e);
}

// ---- beginning and end

int engineio_polling_start(struct engineio_session *e, struct conn *c)
{
    e->transport = &transport;
    e->polling = calloc(1, sizeof *e->polling);
    if (!e->polling)
        return -ENOMEM;
    e->polling->nameless_at = conn_pass_nameless(c);
    return 0;
}

void *engineio_polling_upgrade(const struct engineio_session *e)
{
    return e->polling->upgrade;
}

void engineio_polling_set_upgrade(struct engineio_session *e, void *upgrade, void (*on_abandoned)(void *upgrade))
{
    e->polling->upgrade = upgrade;
    e->polling->on_abandoned = on_abandoned;
    e->polling->is_probed = false;
}

void engineio_polling_probe(struct engineio_session *e)
{
    e->polling->is_probed = true;
    flush(e);
}

bool engineio_polling_is_probed(const struct engineio_session *e)
{
    return e->polling->is_probed;
}

void engineio_polling_stop(struct engineio_session *e, struct conn *c)
{
    bool is_nameless = e->polling->nameless_at != NULL;
    e->polling->upgrade = NULL; // it was not abandoned
    stop(e, ENGINEIO_NOOP);
    if (is_nameless && !conn_set_nameless(c))
        engineio_session_end_later(e, ENDING_NAMELESS);
}
