// SPDX-License-Identifier: MIT
// Answers Socket.IO's conformance suite: for testing what lies below.
//
//     (on connect)                                  < auth, the client's auth
//     > message, ARGS                               < message-back, ARGS
//     > message-with-ack, ARGS (wants an ack)       < acknowledged with ARGS
#include "dialect/dialect.h"

static struct session_event reply_of(struct span name, const struct dialect_event *e)
{
    return (struct session_event){
        .name = name, .args = e->args_raw, .attachments = e->attachments, .n_attachments = e->n_attachments
    };
}

static void on_open(struct session *s, struct span auth)
{
    struct session_event e = { .name = SPAN("\"auth\""), .args = auth.len ? auth : SPAN("{}") };
    s->ops->emit(s, &e);
}

static void on_event(struct session *s, const struct dialect_event *e)
{
    struct session_event reply = reply_of(SPAN("\"message-back\""), e);
    if (json_string_is(&e->name, SPAN("message")))
        s->ops->emit(s, &reply);
    else if (json_string_is(&e->name, SPAN("message-with-ack")) && e->wants_ack)
        s->ops->acknowledge(s, e->ack_id, &reply);
}

static const char *const namespaces[] = { "/custom", NULL };

const struct dialect dialect_socketio_echo = {
    .name = "sio-echo",
    .summary = "events come back as Socket.IO's conformance suite wants them, for testing",
    .is_anonymous = true,
    .carrier = CARRIER_SOCKETIO,
    .on_open = on_open,
    .on_event = on_event,
    .namespaces = namespaces,
};
