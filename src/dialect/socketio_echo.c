// SPDX-License-Identifier: MIT
// Answers Socket.IO's conformance suite: for testing what lies below.
//
//     (on connect, a moment later)                  < auth, the client's auth
//     > message, ARGS                               < message-back, ARGS
//     > message-with-ack, ARGS (wants an ack)       < acknowledged with ARGS
//
// The suite begins to listen for `auth` only when it has seen that it is connected: of two messages in one segment it
// would miss the second.
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "dialect/dialect.h"
#include "switchboard/switchboard.h"

enum { AUTH_DELAY_MS = 8 }; // the suite's own beat is 300

// What a client said of itself, until it is told so.
struct auth {
    struct deadline due;
    struct session *session;
    size_t len;
    char text[];
};

static struct session_event reply_of(struct span name, const struct dialect_event *e)
{
    return (struct session_event){
        .name = name, .args = e->args_raw, .attachments = e->attachments, .n_attachments = e->n_attachments
    };
}

static void forget_auth(struct session *s)
{
    struct auth *a = s->user;
    if (a)
        deadline_cancel(&a->due);
    free(a);
    s->user = NULL;
}

static void on_due(struct deadline *d)
{
    struct auth *a = CONTAINER_OF(d, struct auth, due);
    struct session *s = a->session;
    struct session_event e = { .name = SPAN("\"auth\""), .args = { a->text, a->len } };
    s->ops->emit(s, &e);
    forget_auth(s);
}

static void on_open(struct session *s, struct span auth)
{
    struct span said = auth.len ? auth : SPAN("{}");
    struct auth *a = malloc(sizeof *a + said.len);
    if (!a) {
        s->ops->close(s, 0);
        return;
    }
    *a = (struct auth){ .session = s, .len = said.len };
    memcpy(a->text, said.p, said.len);
    deadline_init(&a->due, on_due);
    deadline_set(s->mount->realm->switchboard->deadlines, &a->due, AUTH_DELAY_MS);
    s->user = a;
}

static void on_event(struct session *s, const struct dialect_event *e)
{
    struct session_event reply = reply_of(SPAN("\"message-back\""), e);
    if (json_string_is(&e->name, SPAN("message")))
        s->ops->emit(s, &reply);
    else if (json_string_is(&e->name, SPAN("message-with-ack")) && e->wants_ack)
        s->ops->acknowledge(s, e->ack_id, &reply);
}

static void on_close(struct session *s, enum ending why)
{
    (void)why;
    forget_auth(s);
}

static const char *const namespaces[] = { "/custom", NULL };

const struct dialect dialect_socketio_echo = {
    .name = "sio-echo",
    .summary = "events come back as Socket.IO's conformance suite wants them, for testing",
    .is_anonymous = true,
    .carrier = CARRIER_SOCKETIO,
    .on_open = on_open,
    .on_event = on_event,
    .on_close = on_close,
    .namespaces = namespaces,
};
