// SPDX-License-Identifier: MIT
// Fuzzes the WebSocket parser: however a stream is cut into reads, it must give the same messages and the same verdict.
//
// The input's first byte chooses the limits, the second how the stream is cut; the others are the stream.
#include <stdlib.h>

#include "base/buf.h"
#include "proto/ws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    struct buf log;      // whole messages: opcode, payload, length
    struct buf parts[2]; // of the unfinished message, and of the unfinished control frame
    struct ws_parser parser;
    int error;
};

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static void put(struct buf *b, const void *p, size_t len)
{
    must(buf_put(b, p, len) == 0);
}

static void note_piece(struct outcome *o, const struct ws_piece *piece)
{
    struct buf *part = &o->parts[piece->opcode >= WS_CLOSE];
    const uint8_t opcode = (uint8_t)piece->opcode;
    must(piece->is_first == (part->len == 0));
    if (piece->is_first)
        put(part, &opcode, 1);
    must((uint8_t)part->p[0] == opcode);
    put(part, piece->data.p, piece->data.len);
    if (!piece->is_last)
        return;
    must(opcode != WS_TEXT || utf8_is_valid(part->p + 1, part->len - 1));
    must(opcode < WS_CLOSE || part->len <= 1 + WS_MAX_CONTROL);
    put(&o->log, part->p, part->len);
    put(&o->log, &part->len, sizeof part->len);
    part->len = 0;
    struct span reason;
    int code = ws_parse_close(piece->data, &reason);
    must(code > 0 || code == -WS_CLOSE_PROTOCOL_ERROR || code == -WS_CLOSE_INVALID_DATA);
}

// One read, in an allocation of just its size.
static void feed(struct outcome *o, const struct ws_limits *limits, const uint8_t *p, size_t len)
{
    char *copy = malloc(len);
    must(copy || len == 0);
    if (len)
        memcpy(copy, p, len);
    for (size_t at = 0; at < len && o->error == 0;) {
        struct ws_piece piece;
        bool has_piece;
        ssize_t n = ws_parse(&o->parser, limits, copy + at, len - at, &piece, &has_piece);
        if (n < 0) {
            o->error = (int)n;
            break;
        }
        must(n > 0 && (size_t)n <= len - at);
        at += (size_t)n;
        must(has_piece || at == len);
        if (has_piece)
            note_piece(o, &piece);
    }
    free(copy);
}

static void forget(struct outcome *o)
{
    buf_fini(&o->log);
    buf_fini(&o->parts[0]);
    buf_fini(&o->parts[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const struct ws_limits limits = { .max_message = data[0] * 40u, .max_fragments = 1 + data[0] % 8u };
    const size_t most = 1 + data[1] % 64u;
    const uint8_t *p = data + 2;
    size_t len = size - 2;
    struct outcome whole = { 0 }, cut = { 0 };
    feed(&whole, &limits, p, len);
    for (size_t at = 0, step = 1; at < len; at += step) {
        step = 1 + (at * 7 + data[1]) % most;
        if (step > len - at)
            step = len - at;
        feed(&cut, &limits, p + at, step);
    }
    must(whole.error == cut.error);
    must(span_equal(buf_span(&whole.log), buf_span(&cut.log)));
    forget(&whole);
    forget(&cut);
    return 0;
}
