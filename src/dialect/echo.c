// SPDX-License-Identifier: MIT
// Sends every message back, text as text and binary as binary: for testing what lies below.
#include "dialect/dialect.h"

static void send_back(struct session *s, struct span text)
{
    session_send_text(s, text);
}

static void send_back_binary(struct session *s, struct span data)
{
    s->ops->send_binary(s, data);
}

const struct dialect dialect_engineio_echo = {
    .name = "eio-echo",
    .summary = "every Engine.IO message comes back, for testing",
    .is_anonymous = true,
    .carrier = CARRIER_ENGINEIO,
    .on_text = send_back,
    .on_binary = send_back_binary,
};

const struct dialect dialect_echo = {
    .name = "echo",
    .summary = "every message comes back, for testing",
    .is_anonymous = true,
    .on_text = send_back,
    .on_binary = send_back_binary,
};
