// SPDX-License-Identifier: MIT
// Fuzzes Engine.IO's codec. The first byte says what the rest is: a payload of one of three kinds, a frame, a query,
// or a JSONP form. A payload that is accepted, made again, must be read as the same packets.
#include <assert.h>
#include <stdlib.h>

#include "proto/engineio.h"

enum { FRAME = ENGINEIO_PAYLOAD_3_BINARY + 1, QUERY, FORM, N_KINDS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *copy_of(const void *p, size_t len)
{
    char *copy = malloc(len ? len : 1);
    assert(copy);
    return len ? memcpy(copy, p, len) : copy;
}

static void check_inside(struct span s, const char *p, size_t len)
{
    assert(s.len == 0 || (s.p >= p && s.len <= len - (size_t)(s.p - p)));
}

static bool is_same(const struct engineio_packet *a, const struct engineio_packet *b)
{
    return a->type == b->type && a->is_binary == b->is_binary && span_equal(a->data, b->data);
}

// Appends the packets of a whole body to OUT. False when it is refused.
static bool make_again(enum engineio_payload payload, char *p, size_t len, struct buf *out)
{
    size_t at = 0;
    do {
        struct engineio_packet packet;
        ssize_t n = engineio_parse_payload(payload, p + at, len - at, &packet);
        if (n == -400)
            return false;
        assert(n > 0 && (size_t)n <= len - at);
        check_inside(packet.data, p + at, (size_t)n);
        assert(!packet.is_binary || packet.type == ENGINEIO_MESSAGE);
        assert(engineio_put_packet(payload, &packet, out) == 0);
        at += (size_t)n;
    } while (at < len);
    return true;
}

static void fuzz_payload(enum engineio_payload payload, const uint8_t *data, size_t size)
{
    struct buf made = { 0 };
    char *first = copy_of(data, size);
    if (make_again(payload, first, size, &made)) {
        // Base64 was decoded where it lay, so the first reading is repeated on a fresh copy, packet by packet.
        char *again = copy_of(data, size), *other = copy_of(made.p, made.len);
        for (size_t at = 0, other_at = 0; at < size;) {
            struct engineio_packet a, b;
            ssize_t n = engineio_parse_payload(payload, again + at, size - at, &a);
            ssize_t m = engineio_parse_payload(payload, other + other_at, made.len - other_at, &b);
            assert(n > 0 && m > 0 && is_same(&a, &b));
            at += (size_t)n;
            other_at += (size_t)m;
            assert((at == size) == (other_at == made.len));
        }
        free(again);
        free(other);
    }
    free(first);
    buf_fini(&made);
}

static void fuzz_frame(const uint8_t *data, size_t size)
{
    for (enum engineio_version version = ENGINEIO_3; version <= ENGINEIO_4; version++) {
        struct engineio_packet packet, again;
        char *p = copy_of(data, size);
        if (engineio_parse_binary(version, (struct span){ p, size }, &packet) == 0)
            check_inside(packet.data, p, size);
        if (engineio_parse_text(version, p, size, &packet) == 0) {
            struct buf out = { 0 };
            check_inside(packet.data, p, size);
            assert(engineio_put_text(version, &packet, &out) == 0);
            assert(engineio_parse_text(version, out.p, out.len, &again) == 0 && is_same(&packet, &again));
            buf_fini(&out);
        }
        free(p);
    }
}

static void fuzz_query(const uint8_t *data, size_t size)
{
    struct engineio_query q;
    char *p = copy_of(data, size);
    engineio_parse_query((struct span){ p, size }, &q);
    check_inside(q.sid, p, size);
    check_inside(q.jsonp_number, p, size);
    struct engineio_link found = { ENGINEIO_4, ENGINEIO_POLLING, false };
    const struct engineio_refusal *refusal = engineio_check(&q, true, false, &found);
    assert(!refusal || refusal->status >= 400);
    assert(refusal || q.link.version != ENGINEIO_NO_VERSION);
    free(p);
}

// What JSONP sends is a JSON string between fixed bytes, and what it takes is never longer than it was encoded.
static void fuzz_form(const uint8_t *data, size_t size)
{
    struct buf out = { 0 };
    char *p = copy_of(data, size);
    if (engineio_decode_jsonp((struct span){ p, size }, &out) == 0) {
        assert(out.len <= size);
        struct buf answer = { 0 };
        assert(engineio_put_jsonp(SPAN("1"), buf_span(&out), &answer) == 0);
        assert(answer.len >= out.len + SPAN("___eio[1](\"\");").len);
        assert(span_has_prefix(buf_span(&answer), SPAN("___eio[1](\"")));
        assert(memcmp(answer.p + answer.len - 3, "\");", 3) == 0);
        assert(!memmem(answer.p, answer.len, "\u2028", 3) && !memmem(answer.p, answer.len, "\u2029", 3));
        buf_fini(&answer);
    }
    free(p);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    unsigned kind = data[0] % N_KINDS;
    data++;
    size--;
    if (kind == FRAME)
        fuzz_frame(data, size);
    else if (kind == QUERY)
        fuzz_query(data, size);
    else if (kind == FORM)
        fuzz_form(data, size);
    else
        fuzz_payload((enum engineio_payload)kind, data, size);
    return 0;
}
