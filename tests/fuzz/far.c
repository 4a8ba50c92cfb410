// SPDX-License-Identifier: MIT
// A client's end of a connection; see far.h.
#include "far.h"

#include <string.h>

#include "base/utf8.h"
#include "far_tls.h"
#include "proto/json.h"
#include "proto/ws.h"

// ---- what it hears

static void learn_sid(struct far *f, struct span s)
{
    struct span key = SPAN("\"sid\":\"");
    const char *found = s.len ? memmem(s.p, s.len, key.p, key.len) : NULL;
    if (found && s.len - (size_t)(found - s.p) >= key.len + sizeof f->sid)
        memcpy(f->sid, found + key.len, sizeof f->sid);
}

// The first server's frame in S, whose head is checked: its whole length and its payload, or 0 when it has not all come.
static size_t read_frame(struct span s, struct span *payload)
{
    const uint8_t *p = (const uint8_t *)s.p;
    if (s.len < 2)
        return 0;
    must((p[0] & 0xf0) == 0x80 && p[1] < 0x80); // whole messages, nothing reserved, no mask
    size_t head_len = p[1] < 126 ? 2 : p[1] == 126 ? 4 : 10;
    if (s.len < head_len)
        return 0;
    uint64_t len = p[1] < 126 ? p[1] : 0;
    for (size_t i = 2; i < head_len; i++)
        len = len << 8 | p[i];
    must(p[1] < 126 || len >= (p[1] == 126 ? 126 : 65536)); // as short as can be
    if (s.len - head_len < len)
        return 0;
    *payload = (struct span){ s.p + head_len, (size_t)len };
    return head_len + (size_t)len;
}

static void hear_text(struct far *f, struct span text)
{
    struct json_value value;
    must(utf8_is_valid(text.p, text.len));
    if (f->is_json)
        must(json_parse(text, &value) == JSON_OK);
    learn_sid(f, text);
}

static void hear_frame(struct far *f, enum ws_opcode opcode, struct span payload)
{
    must(f->state == FAR_WEBSOCKET);
    must(opcode == WS_TEXT || opcode == WS_BINARY || opcode >= WS_CLOSE);
    must(opcode <= WS_PONG && (opcode < WS_CLOSE || payload.len <= WS_MAX_CONTROL));
    if (opcode == WS_TEXT)
        hear_text(f, payload);
    if (opcode == WS_CLOSE) {
        must(ws_parse_close(payload, NULL) > 0);
        f->state = FAR_LAST;
    }
}

// The answer to a WebSocket handshake. The bytes it took, 0 when it has not all come.
static size_t hear_answer(struct far *f, struct span s)
{
    const char *end = memmem(s.p, s.len, "\r\n\r\n", 4);
    if (!end)
        return 0;
    must(span_has_prefix(s, SPAN("HTTP/1.1 ")));
    f->state = span_has_prefix(s, SPAN("HTTP/1.1 101 ")) ? FAR_WEBSOCKET : FAR_HTTP;
    return (size_t)(end - s.p) + 4;
}

static size_t hear_some(struct far *f, struct span s)
{
    struct span payload;
    if (f->state == FAR_HANDSHAKE)
        return hear_answer(f, s);
    if (f->state == FAR_HTTP) {
        learn_sid(f, s);
        return s.len;
    }
    size_t n = read_frame(s, &payload);
    if (n)
        hear_frame(f, (enum ws_opcode)(s.p[0] & 0x0f), payload);
    return n;
}

bool far_hear(struct far *f)
{
    if (f->state == FAR_CLOSED || f->is_deaf)
        return false;
    bool has_any = f->ssl ? far_tls_receive(f) : wire_receive(f->wire, &f->in);
    size_t at = 0, n;
    while (at < f->in.len && (n = hear_some(f, (struct span){ f->in.p + at, f->in.len - at })) > 0)
        at += n;
    if (at && at < f->in.len)
        memmove(f->in.p, f->in.p + at, f->in.len - at);
    f->in.len -= at;
    return has_any;
}

// ---- what it says

void far_say_beneath(struct far *f, struct span bytes)
{
    f->is_spoiled = true;
    must(buf_put_span(&f->out, bytes) == 0);
}

void far_say(struct far *f, struct span bytes)
{
    f->is_new = false;
    if (f->manners)
        far_tls_say(f, bytes);
    else
        must(buf_put_span(&f->out, bytes) == 0);
}

size_t far_send(struct far *f, bool is_whole)
{
    if (f->state == FAR_CLOSED || !f->out.len)
        return 0;
    size_t len = f->piece && f->piece < f->out.len && !is_whole ? f->piece : f->out.len;
    size_t n = wire_send(f->wire, (struct span){ f->out.p, len });
    f->out.len -= n;
    if (n && f->out.len)
        memmove(f->out.p, f->out.p + n, f->out.len);
    return n;
}

// ---- beginning and end

void far_open(struct far *f, struct wire *w)
{
    far_close(f);
    f->wire = w;
    f->state = FAR_HTTP;
    f->is_new = true;
    f->is_deaf = f->is_json = f->is_spoiled = false;
    f->piece = f->record = f->spoil_at = 0;
}

void far_close(struct far *f)
{
    if (f->state == FAR_CLOSED)
        return;
    far_tls_close(f);
    wire_close(f->wire);
    f->in.len = f->out.len = 0;
    f->state = FAR_CLOSED;
}

void far_reset(struct far *f)
{
    far_close(f);
    SSL_SESSION_free(f->session);
    *f = (struct far){ .in = f->in, .out = f->out, .plain = f->plain, .fields = f->fields };
    f->fields.len = 0;
}
