// SPDX-License-Identifier: MIT
// Fuzzes Socket.IO's codec. The first byte chooses the version. A packet that is accepted, made again from its parts,
// must be read as the same packet.
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "proto/socketio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct span s, struct span text)
{
    assert(s.len == 0 || (s.p >= text.p && s.len <= text.len - (size_t)(s.p - text.p)));
}

static void check_packet(const struct socketio_packet *packet, struct span text)
{
    bool is_binary = packet->head.type == SOCKETIO_BINARY_EVENT || packet->head.type == SOCKETIO_BINARY_ACK;
    assert(packet->head.n_attachments <= SOCKETIO_MAX_ATTACHMENTS);
    assert(is_binary == (packet->head.n_attachments > 0));
    assert(packet->head.nsp.len > 0 && packet->head.nsp.p[0] == '/');
    assert(packet->head.id <= SOCKETIO_MAX_ID);
    if (!span_equal(packet->head.nsp, SPAN("/")))
        check_inside(packet->head.nsp, text);
    check_inside(packet->query, text);
    check_inside(packet->payload.raw, text);
    check_inside(packet->name.raw, text);
    check_inside(packet->args_raw, text);
    assert((packet->n_args > 0) == (packet->args_raw.len > 0));
    for (size_t i = 0; i < packet->n_args && i < SOCKETIO_MAX_ARGS; i++)
        check_inside(packet->args[i].raw, packet->args_raw);
}

// Makes PACKET again, an event with a name of its own when its name is no plain text. Returns whether NAME was kept.
static bool make_again(const struct socketio_packet *packet, struct buf *out)
{
    bool is_plain = packet->name.type == JSON_STRING && !packet->name.has_escapes;
    struct span name = is_plain ? json_string_raw(&packet->name) : SPAN("e");
    size_t n = packet->n_args > 0;
    int err;
    if (packet->name.type != JSON_ABSENT)
        err = socketio_put_event(out, &packet->head, name, &packet->args_raw, n);
    else if (packet->payload.type == JSON_ARRAY)
        err = socketio_put_ack(out, &packet->head, &packet->args_raw, n);
    else
        err = socketio_put_head(out, &packet->head) || buf_put_span(out, packet->payload.raw);
    assert(err == 0);
    return packet->name.type == JSON_ABSENT || is_plain;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum socketio_version version = data[0] & 1 ? SOCKETIO_5 : SOCKETIO_4;
    struct span text = { malloc(size), size - 1 };
    assert(text.p);
    // At the end of the allocation, so that a sanitizer sees one byte read too far.
    text.p = (char *)memcpy((char *)text.p + 1, data + 1, text.len);
    struct socketio_packet packet, again;
    int err = socketio_parse(version, text, &packet);
    assert(err == 0 || err == -EINVAL);
    if (err == 0) {
        struct buf out = { 0 };
        check_packet(&packet, text);
        bool has_name = make_again(&packet, &out);
        assert(socketio_parse(version, buf_span(&out), &again) == 0);
        assert(again.head.type == packet.head.type && again.head.n_attachments == packet.head.n_attachments);
        assert(again.head.has_id == packet.head.has_id && again.head.id == packet.head.id);
        assert(span_equal(again.head.nsp, packet.head.nsp));
        assert(again.n_args == packet.n_args && span_equal(again.args_raw, packet.args_raw));
        assert(!has_name || span_equal(again.name.raw, packet.name.raw));
        assert(again.payload.type == packet.payload.type);
        buf_fini(&out);
    }
    free((char *)text.p - 1);
    return 0;
}
