// SPDX-License-Identifier: MIT
// Engine.IO as a codec; see engineio.h.
#include "proto/engineio.h"

#include <errno.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "proto/json.h"
#include "proto/uri.h"

enum {
    SEPARATOR = 0x1E,
    BINARY_HEAD_END = 0xFF,
    MAX_HEAD = 24, // the longest length with what is around it
};

// ---- requests

#define REFUSAL(status, code, message)                                                                                 \
    {                                                                                                                  \
        (status), SPAN(message), SPAN("{\"code\":" code ",\"message\":\"" message "\"}")                               \
    }

const struct engineio_refusal engineio_refusals[ENGINEIO_N_CODES] = {
    [ENGINEIO_TRANSPORT_UNKNOWN] = REFUSAL(400, "0", "Transport unknown"),
    [ENGINEIO_SESSION_UNKNOWN] = REFUSAL(400, "1", "Session ID unknown"),
    [ENGINEIO_BAD_HANDSHAKE_METHOD] = REFUSAL(400, "2", "Bad handshake method"),
    [ENGINEIO_BAD_REQUEST] = REFUSAL(400, "3", "Bad request"),
    [ENGINEIO_FORBIDDEN] = REFUSAL(403, "4", "Forbidden"),
    [ENGINEIO_UNSUPPORTED_VERSION] = REFUSAL(400, "5", "Unsupported protocol version"),
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static enum engineio_version version_of(struct span eio)
{
    if (span_equal(eio, SPAN("4")))
        return ENGINEIO_4;
    return span_equal(eio, SPAN("3")) ? ENGINEIO_3 : ENGINEIO_NO_VERSION;
}

static enum engineio_transport transport_of(struct span name)
{
    if (span_equal(name, SPAN("websocket")))
        return ENGINEIO_WEBSOCKET;
    return span_equal(name, SPAN("polling")) ? ENGINEIO_POLLING : ENGINEIO_NO_TRANSPORT;
}

void engineio_parse_query(struct span query, struct engineio_query *q)
{
    struct span callback = uri_find_param(query, SPAN("j"));
    *q = (struct engineio_query){
        .link.version = version_of(uri_find_param(query, SPAN("EIO"))),
        .link.transport = transport_of(uri_find_param(query, SPAN("transport"))),
        .sid = uri_find_param(query, SPAN("sid")),
    };
    q->is_jsonp = callback.p && q->link.transport == ENGINEIO_POLLING;
    q->link.is_base64 = q->is_jsonp || uri_find_param(query, SPAN("b64")).len > 0;
    if (!q->is_jsonp)
        return;
    q->jsonp_number.p = callback.p;
    while (q->jsonp_number.len < callback.len && is_digit(callback.p[q->jsonp_number.len]))
        q->jsonp_number.len++;
}

static const struct engineio_refusal *check_handshake(const struct engineio_query *q, bool is_get, bool is_upgrade)
{
    if (!is_get)
        return &engineio_refusals[ENGINEIO_BAD_HANDSHAKE_METHOD];
    if (is_upgrade != (q->link.transport == ENGINEIO_WEBSOCKET))
        return &engineio_refusals[ENGINEIO_BAD_REQUEST];
    if (q->link.version == ENGINEIO_NO_VERSION)
        return &engineio_refusals[ENGINEIO_UNSUPPORTED_VERSION];
    return NULL;
}

const struct engineio_refusal *engineio_check(const struct engineio_query *q, bool is_get, bool is_upgrade,
                                              const struct engineio_link *found)
{
    if (q->link.transport == ENGINEIO_NO_TRANSPORT)
        return &engineio_refusals[ENGINEIO_TRANSPORT_UNKNOWN];
    if (!q->sid.len)
        return check_handshake(q, is_get, is_upgrade);
    if (!found)
        return &engineio_refusals[ENGINEIO_SESSION_UNKNOWN];
    // What asks for no WebSocket polls, and who has one polls no more.
    enum engineio_transport expected = is_upgrade ? ENGINEIO_WEBSOCKET : ENGINEIO_POLLING;
    bool is_its_own = is_upgrade || found->transport == ENGINEIO_POLLING;
    if (q->link.transport != expected || !is_its_own || q->link.version != found->version)
        return &engineio_refusals[ENGINEIO_BAD_REQUEST];
    return NULL;
}

// ---- single packets

// Reads what follows the b: in version 3 the type's digit, then base64.
static int parse_base64(enum engineio_version version, char *p, size_t len, struct engineio_packet *packet)
{
    if (version == ENGINEIO_3) {
        if (len == 0 || *p != '0' + ENGINEIO_MESSAGE)
            return -EINVAL;
        p++;
        len--;
    }
    ssize_t n = base64_decode(p, (struct span){ p, len });
    if (n < 0)
        return -EINVAL;
    *packet = (struct engineio_packet){ { p, (size_t)n }, ENGINEIO_MESSAGE, true };
    return 0;
}

int engineio_parse_text(enum engineio_version version, char *p, size_t len, struct engineio_packet *packet)
{
    if (len == 0)
        return -EINVAL;
    if (*p == 'b')
        return parse_base64(version, p + 1, len - 1, packet);
    if (*p < '0' + ENGINEIO_OPEN || *p > '0' + ENGINEIO_NOOP)
        return -EINVAL;
    *packet = (struct engineio_packet){ { p + 1, len - 1 }, (enum engineio_type)(*p - '0'), false };
    return 0;
}

int engineio_parse_binary(enum engineio_version version, struct span frame, struct engineio_packet *packet)
{
    if (version == ENGINEIO_3) {
        if (frame.len == 0 || *frame.p != ENGINEIO_MESSAGE)
            return -EINVAL;
        frame.p++;
        frame.len--;
    }
    *packet = (struct engineio_packet){ frame, ENGINEIO_MESSAGE, true };
    return 0;
}

struct span engineio_prefix(enum engineio_version version, enum engineio_type type, bool is_binary)
{
    if (!is_binary)
        return (struct span){ &"0123456"[type], 1 };
    return version == ENGINEIO_3 ? SPAN("\x04") : SPAN("");
}

int engineio_put_text(enum engineio_version version, const struct engineio_packet *packet, struct buf *out)
{
    size_t before = out->len;
    int err;
    if (packet->is_binary) {
        err = buf_put_span(out, version == ENGINEIO_3 ? SPAN("b4") : SPAN("b"));
        if (!err)
            err = base64_put(out, packet->data);
    } else {
        err = buf_put_span(out, engineio_prefix(version, packet->type, false));
        if (!err)
            err = buf_put_span(out, packet->data);
    }
    if (err)
        out->len = before;
    return err;
}

int engineio_put_open(enum engineio_version version, const struct engineio_open *open, struct buf *out)
{
    char tail[128];
    int len = snprintf(tail, sizeof tail, "\",\"upgrades\":[%s],\"pingInterval\":%u,\"pingTimeout\":%u",
                       open->can_upgrade ? "\"websocket\"" : "", open->interval_ms, open->timeout_ms);
    if (version == ENGINEIO_4)
        len += snprintf(tail + len, sizeof tail - (size_t)len, ",\"maxPayload\":%u", open->max_payload);
    size_t before = out->len;
    if (buf_put_span(out, SPAN("{\"sid\":\"")) == 0 && buf_put_span(out, open->sid) == 0 &&
        buf_put(out, tail, (size_t)len) == 0 && buf_put_span(out, SPAN("}")) == 0)
        return 0;
    out->len = before;
    return -ENOMEM;
}

// ---- payloads

// A bit 0 in every byte of a word; sums of such bits over all bytes come out of a multiplication in the highest byte.
static const uint64_t ONES = 0x0101010101010101;

// The code units of the 8 bytes at P in UTF-16: one for each byte that begins a character, two if it begins one of 4
// bytes. Never over 16, whatever the bytes.
static size_t utf16_len_8(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
    uint64_t continuations = (w >> 7) & ~(w >> 6) & ONES;
    uint64_t fours = (w >> 7) & (w >> 6) & (w >> 5) & (w >> 4) & ONES;
    return 8 - (size_t)(continuations * ONES >> 56) + (size_t)(fours * ONES >> 56);
}

static size_t utf16_len_1(char c)
{
    uint8_t byte = (uint8_t)c;
    return byte >= 0xF0 ? 2 : (byte & 0xC0) != 0x80;
}

static size_t utf16_len(struct span text)
{
    size_t n = 0, at = 0;
    for (; text.len - at >= 8; at += 8)
        n += utf16_len_8(text.p + at);
    for (; at < text.len; at++)
        n += utf16_len_1(text.p[at]);
    return n;
}

// How many of TEXT's bytes make its first N UTF-16 code units, or -EINVAL when it has fewer, or when the last one is
// half a character. Means nothing for bytes that are not UTF-8.
static ssize_t utf16_find_end(struct span text, size_t n)
{
    size_t at = 0;
    for (; n >= 16 && text.len - at >= 8; at += 8)
        n -= utf16_len_8(text.p + at);
    // Up to the next byte that begins a character, so that the last one comes with its continuation bytes.
    for (; at < text.len; at++) {
        size_t units = utf16_len_1(text.p[at]);
        if (n == 0 && units)
            break;
        if (units > n)
            return -EINVAL;
        n -= units;
    }
    return n ? -EINVAL : (ssize_t)at;
}

// Reads a length, decimal digits of which the first has the value ZERO. Returns the bytes eaten, or -EINVAL when there
// is no digit, when END does not follow, or when it is over MAX.
static ssize_t parse_len(struct span in, uint8_t zero, uint8_t end, size_t *out)
{
    size_t at = 0, value = 0;
    for (; at < in.len; at++) {
        uint8_t digit = (uint8_t)((uint8_t)in.p[at] - zero);
        if (digit > 9)
            break;
        value = value * 10 + digit;
        if (value > in.len) // no packet can be longer than all that is here
            return -EINVAL;
    }
    if (at == 0 || at == in.len || (uint8_t)in.p[at] != end)
        return -EINVAL;
    *out = value;
    return (ssize_t)at + 1;
}

static int parse_checked_text(enum engineio_version version, char *p, size_t len, struct engineio_packet *packet)
{
    return utf8_is_valid(p, len) ? engineio_parse_text(version, p, len, packet) : -EINVAL;
}

static ssize_t parse_payload_4(char *p, size_t len, struct engineio_packet *packet)
{
    const char *separator = len ? memchr(p, SEPARATOR, len) : NULL;
    size_t packet_len = separator ? (size_t)(separator - p) : len;
    if (separator && packet_len + 1 == len) // nothing follows: an empty packet
        return -EINVAL;
    if (parse_checked_text(ENGINEIO_4, p, packet_len, packet) != 0)
        return -EINVAL;
    return (ssize_t)packet_len + (separator ? 1 : 0);
}

static ssize_t parse_payload_3(char *p, size_t len, struct engineio_packet *packet)
{
    size_t n_units;
    ssize_t head = parse_len((struct span){ p, len }, '0', ':', &n_units);
    if (head < 0)
        return head;
    if (n_units == 0) {
        *packet = (struct engineio_packet){ .type = ENGINEIO_NOOP };
        return head;
    }
    ssize_t n = utf16_find_end((struct span){ p + head, len - (size_t)head }, n_units);
    if (n < 0 || parse_checked_text(ENGINEIO_3, p + head, (size_t)n, packet) != 0)
        return -EINVAL;
    return head + n;
}

static ssize_t parse_payload_3_binary(char *p, size_t len, struct engineio_packet *packet)
{
    if (len == 0 || (*p != 0 && *p != 1))
        return -EINVAL;
    size_t n;
    ssize_t head = parse_len((struct span){ p + 1, len - 1 }, 0, BINARY_HEAD_END, &n);
    if (head < 0 || n > len - 1 - (size_t)head)
        return -EINVAL;
    char *data = p + 1 + head;
    int err = *p == 0 ? parse_checked_text(ENGINEIO_3, data, n, packet)
                      : engineio_parse_binary(ENGINEIO_3, (struct span){ data, n }, packet);
    return err ? err : 1 + head + (ssize_t)n;
}

ssize_t engineio_parse_payload(enum engineio_payload payload, char *p, size_t len, struct engineio_packet *packet)
{
    static ssize_t (*const parsers[])(char *, size_t, struct engineio_packet *) = {
        [ENGINEIO_PAYLOAD_4] = parse_payload_4,
        [ENGINEIO_PAYLOAD_3] = parse_payload_3,
        [ENGINEIO_PAYLOAD_3_BINARY] = parse_payload_3_binary,
    };
    ssize_t n = parsers[payload](p, len, packet);
    return n < 0 ? -400 : n;
}

enum engineio_payload engineio_choose_payload(const struct engineio_link *link, bool has_binary)
{
    if (link->version == ENGINEIO_4)
        return ENGINEIO_PAYLOAD_4;
    return has_binary && !link->is_base64 ? ENGINEIO_PAYLOAD_3_BINARY : ENGINEIO_PAYLOAD_3;
}

static int put_packet_4(const struct engineio_packet *packet, struct buf *out)
{
    int err = out->len ? buf_put_span(out, SPAN("\x1E")) : 0;
    return err ? err : engineio_put_text(ENGINEIO_4, packet, out);
}

static int put_packet_3(const struct engineio_packet *packet, struct buf *out)
{
    size_t n_units = packet->is_binary ? 2 + base64_len(packet->data.len) : 1 + utf16_len(packet->data);
    char head[MAX_HEAD];
    int len = snprintf(head, sizeof head, "%zu:", n_units);
    int err = buf_put(out, head, (size_t)len);
    return err ? err : engineio_put_text(ENGINEIO_3, packet, out);
}

static int put_packet_3_binary(const struct engineio_packet *packet, struct buf *out)
{
    char head[MAX_HEAD];
    int len = snprintf(head, sizeof head, "%d%zu", packet->is_binary, 1 + packet->data.len);
    for (int i = 0; i < len; i++)
        head[i] = (char)(head[i] - '0');
    head[len++] = (char)BINARY_HEAD_END;
    int err = buf_put(out, head, (size_t)len);
    if (!err)
        err = buf_put_span(out, engineio_prefix(ENGINEIO_3, packet->type, packet->is_binary));
    return err ? err : buf_put_span(out, packet->data);
}

int engineio_put_packet(enum engineio_payload payload, const struct engineio_packet *packet, struct buf *out)
{
    static int (*const putters[])(const struct engineio_packet *, struct buf *) = {
        [ENGINEIO_PAYLOAD_4] = put_packet_4,
        [ENGINEIO_PAYLOAD_3] = put_packet_3,
        [ENGINEIO_PAYLOAD_3_BINARY] = put_packet_3_binary,
    };
    size_t before = out->len;
    int err = putters[payload](packet, out);
    if (err)
        out->len = before;
    return err;
}

// ---- JSONP

// Whether the bytes at P are U+2028 or U+2029, which end a line in JavaScript before 2019 but not in JSON.
static bool is_line_end(const char *p)
{
    return memcmp(p, "\u2028", 3) == 0 || memcmp(p, "\u2029", 3) == 0;
}

// Appends PAYLOAD as a string that is JSON and JavaScript.
static int put_js_string(struct buf *out, struct span payload)
{
    size_t before = out->len;
    int err = json_put_string(out, payload);
    size_t n = 0;
    for (size_t at = before; !err && out->len - at >= 3; at++)
        n += is_line_end(out->p + at);
    if (n == 0 || err)
        return err;
    if (buf_reserve(out, 3 * n) != 0)
        return -ENOMEM;
    // From the end, each found one moves what follows it 3 bytes further than the next one before it will.
    char *to = out->p + out->len + 3 * n;
    size_t end = out->len;
    out->len += 3 * n;
    for (size_t at = end - 3; n > 0; at--) {
        if (!is_line_end(out->p + at))
            continue;
        size_t tail = end - at - 3;
        memmove(to -= tail, out->p + at + 3, tail);
        to -= 6;
        memcpy(to, out->p[at + 2] == '\xA8' ? "\\u2028" : "\\u2029", 6);
        end = at;
        n--;
    }
    return 0;
}

int engineio_put_jsonp(struct span number, struct span payload, struct buf *out)
{
    size_t before = out->len;
    if (buf_put_span(out, SPAN("___eio[")) == 0 && buf_put_span(out, number) == 0 &&
        buf_put_span(out, SPAN("](")) == 0 && put_js_string(out, payload) == 0 && buf_put_span(out, SPAN(");")) == 0)
        return 0;
    out->len = before;
    return -ENOMEM;
}

// Undoes in place what JSONP clients do to line feeds, which browsers' forms would change: \n is one, \\n is \n.
static size_t unescape_line_feeds(char *p, size_t len)
{
    size_t to = 0;
    for (size_t at = 0; at < len; at++) {
        size_t n_slashes = 0;
        while (n_slashes < 2 && at + n_slashes < len && p[at + n_slashes] == '\\')
            n_slashes++;
        if (n_slashes == 0 || at + n_slashes >= len || p[at + n_slashes] != 'n') {
            p[to++] = p[at];
        } else if (n_slashes == 1) {
            p[to++] = '\n';
            at++;
        } else {
            p[to++] = '\\';
            at++; // the n comes as itself
        }
    }
    return to;
}

int engineio_decode_jsonp(struct span form, struct buf *out)
{
    struct span d = uri_find_param(form, SPAN("d"));
    if (!d.p)
        return -EINVAL;
    if (d.len == 0)
        return 0;
    if (buf_reserve(out, d.len) != 0)
        return -ENOMEM;
    ssize_t n = uri_decode_param(d, out->p + out->len, d.len);
    if (n < 0)
        return -EINVAL;
    out->len += unescape_line_feeds(out->p + out->len, (size_t)n);
    return 0;
}
