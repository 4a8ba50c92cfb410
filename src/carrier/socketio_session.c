// SPDX-License-Identifier: MIT
// Socket.IO on an Engine.IO session; see socketio_session.h.
#include "carrier/socketio_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "dialect/dialect.h"
#include "proto/socketio.h"

struct socketio_session {
    struct engineio_session *engineio;
    struct list namespaces;      // struct socketio_namespace, those joined
    struct wait *wait;           // while something must happen in time, else NULL
    struct gathering *gathering; // an event whose attachments are still coming, or NULL
    enum socketio_version version;
};

// The time there is for joining a first namespace, and then for saying who one is there.
struct wait {
    struct deadline deadline;
    struct socketio_session *owner;
    enum ending ending; // what it is, when that time is over
};

_Static_assert(sizeof(struct socketio_session) <= ENGINEIO_RIDER_SIZE, "it rides on an Engine.IO session");

// A client in a namespace.
struct socketio_namespace {
    struct session session;
    struct socketio_session *owner;
    struct list in_owner; // in owner->namespaces
    size_t name_len;
    char name_and_sid[]; // with a '#' between them
};

// An event that has arrived up to some attachment.
struct gathering {
    struct engineio_session *engineio;
    struct deadline whole; // when the last must be there
    size_t len;            // bytes of the text and the attachments
    struct buf text;
    struct buf attachments[SOCKETIO_MAX_ATTACHMENTS];
    unsigned n_wanted, n_there;
};

static struct span name_of(const struct socketio_namespace *ns)
{
    return (struct span){ ns->name_and_sid, ns->name_len };
}

static struct socketio_namespace *of_session(const struct session *s)
{
    return CONTAINER_OF(s, struct socketio_namespace, session);
}

static struct socketio_namespace *find_namespace(const struct socketio_session *s, struct span name)
{
    LIST_EACH(&s->namespaces, node)
    {
        struct socketio_namespace *ns = CONTAINER_OF(node, struct socketio_namespace, in_owner);
        if (span_equal(name_of(ns), name))
            return ns;
    }
    return NULL;
}

// ---- waiting

static void on_due(struct deadline *d)
{
    const struct wait *w = CONTAINER_OF(d, struct wait, deadline);
    engineio_session_expire(w->owner->engineio, w->ending);
}

static void wait_for(struct socketio_session *s, uint64_t ms, enum ending ending)
{
    // Who leaves and comes again has no more time to say who it is.
    if (s->wait && s->wait->ending == ENDING_LATE_LOGIN)
        return;
    if (!s->wait && (s->wait = malloc(sizeof *s->wait))) {
        s->wait->owner = s;
        deadline_init(&s->wait->deadline, on_due);
    }
    if (!s->wait) {
        engineio_session_end_later(s->engineio, ENDING_OUT_OF_MEMORY);
        return;
    }
    s->wait->ending = ending;
    deadline_set(s->engineio->home->conns->deadlines, &s->wait->deadline, ms);
}

static void wait_for_connect(struct socketio_session *s)
{
    wait_for(s, s->engineio->home->opts->connect_timeout_ms, ENDING_LATE_CONNECT);
}

static void stop_waiting(struct socketio_session *s)
{
    if (s->wait)
        deadline_cancel(&s->wait->deadline);
    free(s->wait);
    s->wait = NULL;
}

static void wait_for_login(struct socketio_session *s, const struct dialect *dialect)
{
    uint64_t ms = s->engineio->home->opts->login_ms;
    if (ms && !dialect->is_anonymous)
        wait_for(s, ms, ENDING_LATE_LOGIN);
    else
        stop_waiting(s);
}

// ---- out

static void send_text(struct socketio_session *s, const struct buf *text)
{
    struct span whole = buf_span(text);
    engineio_session_send(s->engineio, false, &whole, 1);
}

// Sends a packet of TYPE with E: the head, then the array of its name, if it has one, and its arguments.
static void send_event(struct socketio_namespace *ns, struct socketio_head *head, const struct session_event *e)
{
    struct engineio_session *engineio = ns->owner->engineio;
    struct buf start = { 0 };
    head->nsp = name_of(ns);
    head->n_attachments = (unsigned)e->n_attachments;
    // Nearly all are plain events in the main namespace, whose head is one digit.
    bool is_plain = head->type == SOCKETIO_EVENT && ns->name_len == 1;
    if (!is_plain && socketio_put_head(&start, head) != 0) {
        engineio_session_end_later(engineio, ENDING_OUT_OF_MEMORY);
    } else {
        struct span parts[] = { is_plain ? SPAN("2") : buf_span(&start),           SPAN("["), e->name,
                                e->name.len && e->args.len ? SPAN(",") : SPAN(""), e->args,   SPAN("]") };
        engineio_session_send(engineio, false, parts, sizeof parts / sizeof *parts);
        for (size_t i = 0; i < e->n_attachments; i++)
            engineio_session_send(engineio, true, &e->attachments[i], 1);
    }
    buf_fini(&start);
}

static void emit(struct session *s, const struct session_event *e)
{
    struct socketio_head head = { .type = e->n_attachments ? SOCKETIO_BINARY_EVENT : SOCKETIO_EVENT };
    send_event(of_session(s), &head, e);
}

static void acknowledge(struct session *s, uint64_t id, const struct session_event *e)
{
    struct socketio_head head = { .type = e->n_attachments ? SOCKETIO_BINARY_ACK : SOCKETIO_ACK,
                                  .has_id = true,
                                  .id = id };
    struct session_event nameless = *e;
    nameless.name = (struct span){ 0 };
    send_event(of_session(s), &head, &nameless);
}

static void close_session(struct session *s, int code)
{
    (void)code;
    engineio_session_end_later(of_session(s)->owner->engineio, ENDING_DIALECT);
}

static struct span id_of(const struct session *s)
{
    const struct socketio_namespace *ns = of_session(s);
    // Version 4's clients make their ids themselves: one sid for all namespaces, bare in the main one.
    bool has_name = ns->owner->version == SOCKETIO_4 && ns->name_len > 1;
    size_t before_sid = ns->name_len + 1, skipped = has_name ? 0 : before_sid;
    return (struct span){ ns->name_and_sid + skipped, before_sid + ENGINEIO_SID_LEN - skipped };
}

static void note(struct session *s, enum session_deed deed)
{
    if (deed == SESSION_ARRIVES)
        stop_waiting(of_session(s)->owner);
    engineio_session_note(of_session(s)->owner->engineio, deed);
}

static uint64_t number_of_conn(const struct session *s)
{
    return engineio_session_conn_number(of_session(s)->owner->engineio);
}

static const struct session_ops session_ops = {
    .emit = emit,
    .acknowledge = acknowledge,
    .close = close_session,
    .id = id_of,
    .conn_number = number_of_conn,
    .note = note,
};

// ---- namespaces

// Where the clients of the namespace called NAME are, or NULL.
static const struct mount *find_mount(const struct mount *mount, struct span name)
{
    if (span_equal(name, SPAN("/")))
        return mount;
    for (size_t i = 0; i < mount->n_namespaces; i++)
        if (span_equal(mount->namespaces[i].path, name))
            return &mount->namespaces[i];
    return NULL;
}

static struct socketio_namespace *join(struct socketio_session *s, struct span name)
{
    const struct mount *mount = find_mount(s->engineio->mount, name);
    struct socketio_namespace *ns = mount ? malloc(sizeof *ns + name.len + 1 + ENGINEIO_SID_LEN) : NULL;
    if (!ns)
        return NULL;
    ns->session = (struct session){ .ops = &session_ops, .mount = mount };
    ns->owner = s;
    ns->name_len = name.len;
    memcpy(ns->name_and_sid, name.p, name.len);
    char *sid = ns->name_and_sid + name.len;
    *sid++ = '#';
    // Version 4 has one id for both layers; version 5's clients may know their own Engine.IO sid alone, others know this.
    if (s->version == SOCKETIO_4)
        memcpy(sid, s->engineio->sid, ENGINEIO_SID_LEN);
    else
        engineio_make_sid(sid);
    if (list_is_empty(&s->namespaces))
        wait_for_login(s, mount->dialect);
    list_append(&s->namespaces, &ns->in_owner);
    return ns;
}

static void leave(struct socketio_namespace *ns, enum ending why)
{
    dialect_close(&ns->session, why, 0);
    list_remove(&ns->in_owner);
    free(ns);
}

static void connect_namespace(struct socketio_session *s, struct span name, struct span auth)
{
    struct buf reply = { 0 };
    struct socketio_namespace *ns = join(s, name);
    struct span no_pid = { 0 };
    int err = ns ? socketio_put_connect(&reply, s->version, name, id_of(&ns->session), no_pid)
                 : socketio_put_connect_error(&reply, s->version, name, SPAN("Invalid namespace"));
    if (err)
        engineio_session_end_later(s->engineio, ENDING_OUT_OF_MEMORY);
    else
        send_text(s, &reply);
    buf_fini(&reply);
    if (ns)
        dialect_open(&ns->session, auth);
}

// ---- in

static void handle_connect(struct socketio_session *s, struct socketio_namespace *ns, const struct socketio_packet *p)
{
    bool has_auth = p->payload.type == JSON_OBJECT;
    if (!ns)
        connect_namespace(s, p->head.nsp, has_auth ? p->payload.raw : (struct span){ 0 });
    else if (s->version == SOCKETIO_5)
        engineio_session_end(s->engineio, ENDING_PROTOCOL_ERROR);
}

static void handle_disconnect(struct socketio_session *s, struct socketio_namespace *ns,
                              const struct socketio_packet *p)
{
    (void)p;
    leave(ns, ENDING_ASKED);
    if (list_is_empty(&s->namespaces))
        wait_for_connect(s);
}

static void deliver(struct socketio_namespace *ns, const struct socketio_packet *p, const struct span *attachments)
{
    struct dialect_event e = {
        .name = p->name,
        .args_raw = p->args_raw,
        .n_args = p->n_args,
        .args = p->args,
        .attachments = attachments,
        .n_attachments = p->head.n_attachments,
        .wants_ack = p->head.has_id,
        .ack_id = p->head.id,
    };
    session_dialect(&ns->session)->on_event(&ns->session, &e);
}

static void handle_event(struct socketio_session *s, struct socketio_namespace *ns, const struct socketio_packet *p)
{
    (void)s;
    deliver(ns, p, NULL);
}

static void handle_ack(struct socketio_session *s, struct socketio_namespace *ns, const struct socketio_packet *p)
{
    (void)s; // no dialect asks for acknowledgements
    (void)ns;
    (void)p;
}

static void handle_error(struct socketio_session *s, struct socketio_namespace *ns, const struct socketio_packet *p)
{
    (void)ns;
    (void)p;
    engineio_session_end(s->engineio, ENDING_PROTOCOL_ERROR); // only servers say this
}

typedef void packet_fn(struct socketio_session *s, struct socketio_namespace *ns, const struct socketio_packet *p);

static packet_fn *const handlers[] = {
    [SOCKETIO_CONNECT] = handle_connect,     [SOCKETIO_DISCONNECT] = handle_disconnect,
    [SOCKETIO_EVENT] = handle_event,         [SOCKETIO_ACK] = handle_ack,
    [SOCKETIO_CONNECT_ERROR] = handle_error, [SOCKETIO_BINARY_EVENT] = handle_event,
    [SOCKETIO_BINARY_ACK] = handle_ack,
};

static void free_gathering(struct gathering *g)
{
    if (!g)
        return;
    deadline_cancel(&g->whole);
    g->engineio->home->conns->begun_len -= g->len;
    buf_fini(&g->text);
    for (size_t i = 0; i < SOCKETIO_MAX_ATTACHMENTS; i++)
        buf_fini(&g->attachments[i]);
    free(g);
}

static void on_gathering_due(struct deadline *d)
{
    engineio_session_expire(CONTAINER_OF(d, struct gathering, whole)->engineio, ENDING_SLOW_MESSAGE);
}

static void begin_gathering(struct socketio_session *s, struct span text, unsigned n)
{
    const struct engineio_home *home = s->engineio->home;
    if (!conn_may_begin(home->conns, text.len)) {
        engineio_session_expire(s->engineio, ENDING_OVERFLOWED);
        return;
    }
    struct gathering *g = s->gathering = calloc(1, sizeof *g);
    if (!g) {
        engineio_session_end(s->engineio, ENDING_OUT_OF_MEMORY);
        return;
    }
    g->engineio = s->engineio;
    g->n_wanted = n;
    g->len = text.len;
    home->conns->begun_len += g->len;
    deadline_init(&g->whole, on_gathering_due);
    if (home->opts->message_ms)
        deadline_set(home->conns->deadlines, &g->whole, home->opts->message_ms);
    if (buf_put_span(&g->text, text) != 0)
        engineio_session_end(s->engineio, ENDING_OUT_OF_MEMORY);
}

// Keeps an attachment of the event being gathered: all of it is one message, and no longer than one may be. Whether the
// session goes on.
static bool gather(struct socketio_session *s, struct span attachment)
{
    struct gathering *g = s->gathering;
    if (!g) {
        engineio_session_end(s->engineio, ENDING_PROTOCOL_ERROR);
        return false;
    }
    if (g->len + attachment.len > s->engineio->home->opts->max_payload) {
        engineio_session_expire(s->engineio, ENDING_TOO_BIG);
        return false;
    }
    struct conn_group *conns = s->engineio->home->conns;
    if (!conn_may_begin(conns, g->len + attachment.len)) {
        engineio_session_expire(s->engineio, ENDING_OVERFLOWED);
        return false;
    }
    if (buf_put_span(&g->attachments[g->n_there], attachment) != 0) {
        engineio_session_end(s->engineio, ENDING_OUT_OF_MEMORY);
        return false;
    }
    g->len += attachment.len;
    conns->begun_len += attachment.len;
    g->n_there++;
    return true;
}

static void handle_text(struct socketio_session *s, struct span text)
{
    struct socketio_packet p;
    if (s->gathering || socketio_parse(s->version, text, &p) != 0) {
        engineio_session_end(s->engineio, ENDING_PROTOCOL_ERROR);
        return;
    }
    struct socketio_namespace *ns = find_namespace(s, p.head.nsp);
    bool is_connect = p.head.type == SOCKETIO_CONNECT;
    if (!ns && !is_connect && s->version == SOCKETIO_5)
        engineio_session_end(s->engineio, ENDING_PROTOCOL_ERROR);
    else if (p.head.n_attachments)
        begin_gathering(s, text, p.head.n_attachments);
    else if (ns || is_connect)
        handlers[p.head.type](s, ns, &p);
}

static void handle_binary(struct socketio_session *s, struct span data)
{
    if (!gather(s, data) || s->gathering->n_there < s->gathering->n_wanted)
        return;
    struct gathering *g = s->gathering;
    struct span attachments[SOCKETIO_MAX_ATTACHMENTS];
    for (unsigned i = 0; i < g->n_there; i++)
        attachments[i] = buf_span(&g->attachments[i]);
    s->gathering = NULL; // the dialect may do what it likes meanwhile
    struct socketio_packet p;
    if (socketio_parse(s->version, buf_span(&g->text), &p) == 0) {
        struct socketio_namespace *ns = find_namespace(s, p.head.nsp);
        if (ns && p.head.type == SOCKETIO_BINARY_EVENT)
            deliver(ns, &p, attachments);
    }
    free_gathering(g);
}

static void on_message(struct engineio_session *e, struct span data, bool is_binary)
{
    struct socketio_session *s = engineio_session_rider(e);
    if (is_binary)
        handle_binary(s, data);
    else
        handle_text(s, data);
}

// ---- beginning and end

static void on_open(struct engineio_session *e)
{
    struct socketio_session *s = engineio_session_rider(e);
    *s = (struct socketio_session){ .engineio = e, .version = e->link.version == ENGINEIO_3 ? SOCKETIO_4 : SOCKETIO_5 };
    list_init(&s->namespaces);
    wait_for_connect(s);
    if (s->version == SOCKETIO_4)
        connect_namespace(s, SPAN("/"), (struct span){ 0 }); // its clients are in the main namespace unasked
}

static void on_close(struct engineio_session *e, enum ending why)
{
    struct socketio_session *s = engineio_session_rider(e);
    if (!s->engineio)
        return; // it was never opened
    stop_waiting(s);
    LIST_EACH(&s->namespaces, node)
    {
        leave(CONTAINER_OF(node, struct socketio_namespace, in_owner), why);
    }
    free_gathering(s->gathering);
    s->gathering = NULL;
}

const struct engineio_handler socketio_handler = { .on_open = on_open, .on_message = on_message, .on_close = on_close };
