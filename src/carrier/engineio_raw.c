// SPDX-License-Identifier: MIT
// A dialect's session over Engine.IO without Socket.IO; see engineio_raw.h.
#include "carrier/engineio_raw.h"

#include "dialect/dialect.h"

struct engineio_raw {
    struct session session;
    struct engineio_session *engineio;
};

_Static_assert(sizeof(struct engineio_raw) <= ENGINEIO_RIDER_SIZE, "it rides on an Engine.IO session");

static struct engineio_session *engineio_of(struct session *s)
{
    return CONTAINER_OF(s, struct engineio_raw, session)->engineio;
}

static void send_text(struct session *s, const struct span *parts, size_t n)
{
    engineio_session_send(engineio_of(s), false, parts, n);
}

static void send_binary(struct session *s, struct span data)
{
    engineio_session_send(engineio_of(s), true, &data, 1);
}

static void close_session(struct session *s, int code)
{
    (void)code;
    engineio_session_end_later(engineio_of(s), ENDING_DIALECT);
}

static struct span id_of(const struct session *s)
{
    return (struct span){ CONTAINER_OF(s, struct engineio_raw, session)->engineio->sid, ENGINEIO_SID_LEN };
}

static void note(struct session *s, enum session_deed deed)
{
    engineio_session_note(engineio_of(s), deed);
}

static uint64_t number_of_conn(const struct session *s)
{
    return engineio_session_conn_number(CONTAINER_OF(s, const struct engineio_raw, session)->engineio);
}

static const struct session_ops session_ops = {
    .send = send_text,
    .send_binary = send_binary,
    .close = close_session,
    .id = id_of,
    .conn_number = number_of_conn,
    .note = note,
};

static void on_open(struct engineio_session *e)
{
    struct engineio_raw *raw = engineio_session_rider(e);
    raw->session = (struct session){ .ops = &session_ops, .mount = e->mount };
    raw->engineio = e;
    dialect_open(&raw->session, (struct span){ 0 });
}

static void on_message(struct engineio_session *e, struct span data, bool is_binary)
{
    struct engineio_raw *raw = engineio_session_rider(e);
    const struct dialect *dialect = e->mount->dialect;
    if (is_binary)
        dialect->on_binary(&raw->session, data);
    else
        dialect->on_text(&raw->session, data);
}

static void on_close(struct engineio_session *e, enum ending why)
{
    struct engineio_raw *raw = engineio_session_rider(e);
    if (raw->engineio)
        dialect_close(&raw->session, why, 0);
}

const struct engineio_handler engineio_raw_handler = {
    .on_open = on_open,
    .on_message = on_message,
    .on_close = on_close,
};
