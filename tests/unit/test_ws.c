// SPDX-License-Identifier: MIT
// WebSocket frames: what passes, what is refused and at which byte, and that no way of cutting the bytes matters.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "at_end.h"
#include "base/buf.h"
#include "proto/ws.h"

static const struct ws_limits roomy = { .max_message = 1 << 20, .max_fragments = 64 };

// What came out of a parser: whole messages, each as its opcode, a colon, the payload and a line end.
struct listener {
    struct ws_parser parser;
    struct ws_limits limits;
    struct buf log, message, control;
    int error;      // minus a close code once the parser refused
    size_t n_eaten; // before that
};

static void put(struct buf *b, const void *p, size_t len)
{
    assert_int_equal(buf_put(b, p, len), 0);
}

static void hear_piece(struct listener *l, const struct ws_piece *piece)
{
    struct buf *b = piece->opcode >= WS_CLOSE ? &l->control : &l->message;
    char head[] = { "0TB34567CPp"[piece->opcode], ':' };
    assert_true(piece->data.len > 0 || piece->is_first || piece->is_last);
    if (piece->is_first) {
        assert_int_equal(b->len, 0);
        put(b, head, sizeof head);
    }
    assert_true(b->len >= sizeof head);
    assert_memory_equal(b->p, head, sizeof head);
    put(b, piece->data.p, piece->data.len);
    if (piece->is_last) {
        put(&l->log, b->p, b->len);
        put(&l->log, "\n", 1);
        buf_fini(b);
    }
}

// Gives the parser the LEN bytes at P as one read.
static void feed(struct listener *l, const char *p, size_t len)
{
    char *copy = at_end(p, len);
    for (size_t at = 0; at < len && l->error == 0;) {
        struct ws_piece piece;
        bool has_piece;
        ssize_t n = ws_parse(&l->parser, &l->limits, copy + at, len - at, &piece, &has_piece);
        if (n < 0) {
            l->error = (int)n;
            break;
        }
        at += (size_t)n;
        l->n_eaten += (size_t)n;
        if (has_piece)
            hear_piece(l, &piece);
        else
            assert_int_equal(at, len);
    }
    free(copy);
}

static void forget(struct listener *l)
{
    buf_fini(&l->log);
    buf_fini(&l->message);
    buf_fini(&l->control);
}

static void assert_heard(struct listener *l, struct span log, int error)
{
    assert_int_equal(l->error, error);
    assert_int_equal(l->log.len, log.len);
    if (log.len)
        assert_memory_equal(l->log.p, log.p, log.len);
}

// Checks that BYTES give LOG and ERROR however they are cut in two or three or into single bytes, and that the error is
// told with the byte KNOWN_AT and not before.
static void check_cuts(struct span bytes, struct ws_limits limits, struct span log, int error, size_t known_at)
{
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        struct listener l = { .limits = limits };
        feed(&l, bytes.p, cut);
        assert_int_equal(l.error, error != 0 && cut >= known_at ? error : 0);
        if (l.error == 0)
            assert_int_equal(l.n_eaten, cut);
        feed(&l, bytes.p + cut, bytes.len - cut);
        assert_heard(&l, log, error);
        forget(&l);
    }
    for (size_t step = 1; step <= 3; step++) {
        struct listener l = { .limits = limits };
        for (size_t at = 0; at < bytes.len; at += step)
            feed(&l, bytes.p + at, bytes.len - at < step ? bytes.len - at : step);
        assert_heard(&l, log, error);
        forget(&l);
    }
}

// In these samples the mask key is zero or a blank ("    "), so that the payload can be read here.
#define KEY "\0\0\0\0"
struct sample {
    const char *name;
    struct span bytes, log;
    int error;       // minus the close code
    size_t known_at; // the byte, counted from 1, with which the error shows
};
#define BYTES(literal)                                                                                                 \
    {                                                                                                                  \
        "" literal, sizeof(literal) - 1                                                                                \
    }

static const struct sample accepted[] = {
    { .name = "text", .bytes = BYTES("\x81\x85" KEY "Hello"), .log = BYTES("T:Hello\n") },
    { .name = "masked text (section 5.7)",
      .bytes = BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
      .log = BYTES("T:Hello\n") },
    { .name = "empty text", .bytes = BYTES("\x81\x80" KEY), .log = BYTES("T:\n") },
    { .name = "empty binary", .bytes = BYTES("\x82\x80" KEY), .log = BYTES("B:\n") },
    { .name = "binary of any bytes",
      .bytes = BYTES("\x82\x84" KEY "\xff\0\xc0\x80"),
      .log = BYTES("B:\xff\0\xc0\x80\n") },
    { .name = "two messages", .bytes = BYTES("\x81\x81" KEY "a\x82\x81" KEY "b"), .log = BYTES("T:a\nB:b\n") },
    { .name = "three fragments",
      .bytes = BYTES("\x01\x82" KEY "ab\0\x81" KEY "c\x80\x82" KEY "de"),
      .log = BYTES("T:abcde\n") },
    { .name = "empty fragments", .bytes = BYTES("\x01\x80" KEY "\0\x80" KEY "\x80\x80" KEY), .log = BYTES("T:\n") },
    { .name = "an empty last fragment", .bytes = BYTES("\x02\x81" KEY "a\x80\x80" KEY), .log = BYTES("B:a\n") },
    { .name = "an empty first fragment", .bytes = BYTES("\x02\x80" KEY "\x80\x81" KEY "a"), .log = BYTES("B:a\n") },
    { .name = "control frames between fragments",
      .bytes = BYTES("\x01\x81" KEY "a\x89\x82" KEY "hi\x8a\x80" KEY "\0\x80" KEY "\x89\x80" KEY "\x80\x81" KEY "b"),
      .log = BYTES("P:hi\np:\nP:\nT:ab\n") },
    { .name = "a control frame inside a character",
      .bytes = BYTES("\x01\x81" KEY "\xc3\x89\x81" KEY "\xff\x80\x81" KEY "\xa4"),
      .log = BYTES("P:\xff\nT:\xc3\xa4\n") },
    { .name = "close", .bytes = BYTES("\x88\x85" KEY "\x03\xe8yes"), .log = BYTES("C:\x03\xe8yes\n") },
    { .name = "a character in two fragments, with ASCII behind it",
      .bytes = BYTES("\x01\x83" KEY "ab\xe2\0\x82" KEY "\x82\xac\x80\x82" KEY "cd"),
      .log = BYTES("T:ab\xe2\x82\xac"
                   "cd\n") },
    { .name = "the last code point",
      .bytes = BYTES("\x81\x84" KEY "\xf4\x8f\xbf\xbf"),
      .log = BYTES("T:\xf4\x8f\xbf\xbf\n") },
    { .name = "invalid UTF-8 that is no text but pong",
      .bytes = BYTES("\x8a\x81" KEY "\xff"),
      .log = BYTES("p:\xff\n") },
};

static const struct sample refused[] = {
    { .name = "RSV1", .bytes = BYTES("\xc1\x81" KEY "a"), .error = -1002, .known_at = 1 },
    { .name = "RSV2", .bytes = BYTES("\xa1\x81" KEY "a"), .error = -1002, .known_at = 1 },
    { .name = "RSV3", .bytes = BYTES("\x91\x81" KEY "a"), .error = -1002, .known_at = 1 },
    { .name = "RSV1 on a ping", .bytes = BYTES("\xc9\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "RSV1 after a message",
      .bytes = BYTES("\x81\x81" KEY "a\xc1\x80" KEY),
      .log = BYTES("T:a\n"),
      .error = -1002,
      .known_at = 8 },
    { .name = "opcode 3", .bytes = BYTES("\x83\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "opcode 4", .bytes = BYTES("\x84\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "opcode 5", .bytes = BYTES("\x85\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "opcode 6", .bytes = BYTES("\x86\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "opcode 7", .bytes = BYTES("\x87\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "opcode 11", .bytes = BYTES("\x8b\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "opcode 12", .bytes = BYTES("\x8c\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "opcode 13", .bytes = BYTES("\x8d\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "opcode 14", .bytes = BYTES("\x8e\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "opcode 15", .bytes = BYTES("\x8f\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "ping in fragments", .bytes = BYTES("\x09\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "pong in fragments", .bytes = BYTES("\x0a\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "close in fragments", .bytes = BYTES("\x08\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "continuation of nothing", .bytes = BYTES("\x80\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "continuation of nothing, more to come", .bytes = BYTES("\0\x80" KEY), .error = -1002, .known_at = 1 },
    { .name = "continuation of a finished message",
      .bytes = BYTES("\x01\x80" KEY "\x80\x80" KEY "\x80\x80" KEY),
      .log = BYTES("T:\n"),
      .error = -1002,
      .known_at = 13 },
    { .name = "text inside a message", .bytes = BYTES("\x01\x80" KEY "\x81\x80" KEY), .error = -1002, .known_at = 7 },
    { .name = "binary inside a message", .bytes = BYTES("\x01\x80" KEY "\x02\x80" KEY), .error = -1002, .known_at = 7 },
    { .name = "no mask", .bytes = BYTES("\x81\x05Hello"), .error = -1002, .known_at = 2 },
    { .name = "no mask on a ping", .bytes = BYTES("\x89\0"), .error = -1002, .known_at = 2 },
    { .name = "ping of 126 bytes", .bytes = BYTES("\x89\xfe\0\x7e" KEY), .error = -1002, .known_at = 2 },
    { .name = "close in 64-bit form", .bytes = BYTES("\x88\xff\0\0\0\0\0\0\0\1" KEY), .error = -1002, .known_at = 2 },
    { .name = "125 in 16 bits", .bytes = BYTES("\x82\xfe\0\x7d" KEY), .error = -1002, .known_at = 4 },
    { .name = "0 in 16 bits", .bytes = BYTES("\x82\xfe\0\0" KEY), .error = -1002, .known_at = 4 },
    { .name = "65535 in 64 bits", .bytes = BYTES("\x82\xff\0\0\0\0\0\0\xff\xff" KEY), .error = -1002, .known_at = 8 },
    { .name = "0 in 64 bits", .bytes = BYTES("\x82\xff\0\0\0\0\0\0\0\0" KEY), .error = -1002, .known_at = 8 },
    { .name = "2^63", .bytes = BYTES("\x82\xff\x80\0\0\0\0\0\0\0" KEY), .error = -1002, .known_at = 3 },
    { .name = "2^62", .bytes = BYTES("\x82\xff\x40\0\0\0\0\0\0\0" KEY), .error = -1009, .known_at = 3 },
    { .name = "2^20 + 1", .bytes = BYTES("\x82\xff\0\0\0\0\0\x10\0\1" KEY), .error = -1009, .known_at = 10 },
    { .name = "2^20 behind one byte",
      .bytes = BYTES("\x02\x81" KEY "a\0\xff\0\0\0\0\0\x10\0\0" KEY),
      .error = -1009,
      .known_at = 15 },
    { .name = "byte ff",
      .bytes = BYTES("\x81\x83" KEY "a\xff"
                     "b"),
      .error = -1007,
      .known_at = 8 },
    { .name = "a tail alone",
      .bytes = BYTES("\x81\x82" KEY "\x80"
                     "b"),
      .error = -1007,
      .known_at = 7 },
    { .name = "overlong slash", .bytes = BYTES("\x81\x83" KEY "\xe0\x80\xaf"), .error = -1007, .known_at = 8 },
    { .name = "a surrogate", .bytes = BYTES("\x81\x83" KEY "\xed\xa0\x80"), .error = -1007, .known_at = 8 },
    { .name = "above U+10FFFF", .bytes = BYTES("\x81\x84" KEY "\xf4\x90\x80\x80"), .error = -1007, .known_at = 8 },
    { .name = "a cut character at the end", .bytes = BYTES("\x81\x83" KEY "a\xe2\x82"), .error = -1007, .known_at = 9 },
    { .name = "a cut character in the last fragment, which is empty",
      .bytes = BYTES("\x01\x81" KEY "\xe2\x80\x80" KEY),
      .error = -1007,
      .known_at = 13 },
    { .name = "ASCII where a fragment left a character open",
      .bytes = BYTES("\x01\x81" KEY "\xe2\0\x82" KEY "ab"),
      .error = -1007,
      .known_at = 14 },
    { .name = "a bad byte in a long fragment that is not whole",
      .bytes = BYTES("\x01\xfe\x10\0" KEY "0123456789abcdef0123456789abcdef\xf5"),
      .error = -1007,
      .known_at = 41 },
};

static void samples_are_heard_alike_however_they_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        print_message("  %s\n", accepted[i].name);
        check_cuts(accepted[i].bytes, roomy, accepted[i].log, 0, 0);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        print_message("  %s\n", refused[i].name);
        check_cuts(refused[i].bytes, roomy, refused[i].log, refused[i].error, refused[i].known_at);
    }
}

static const uint8_t key[4] = { 0x9a, 0x01, 0xfe, 0x77 };

// Appends a frame masked with KEY, in the shortest form of length.
static void put_frame(struct buf *out, uint8_t first_byte, const char *p, size_t len)
{
    uint8_t head[WS_MAX_SERVER_HEAD];
    size_t n = ws_put_head(head, WS_BINARY, len);
    head[0] = first_byte;
    head[1] |= 0x80;
    put(out, head, n);
    put(out, key, sizeof key);
    for (size_t i = 0; i < len; i++) {
        char c = (char)(p[i] ^ key[i % 4]);
        put(out, &c, 1);
    }
}

static void fill(char *p, size_t len, bool is_ascii)
{
    for (size_t i = 0; i < len; i++)
        p[i] = (char)(is_ascii ? 'a' + i * 7 % 26 : i * 37 + 11);
}

static void check_unmask(size_t offset, const char *plain, size_t len, size_t cut)
{
    _Alignas(16) char room[256];
    struct buf wire = { 0 };
    put_frame(&wire, 0x82, plain, len);
    size_t head_len = wire.len - len;
    struct ws_parser w = { 0 };
    struct ws_piece piece = { 0 };
    bool has_piece;
    assert_int_equal(ws_parse(&w, &roomy, wire.p, head_len, &piece, &has_piece), head_len);
    for (size_t at = 0; at < len; at += piece.data.len) {
        size_t n = at == 0 && cut != 0 ? cut : len - at;
        memset(room, 0x5a, sizeof room);
        memcpy(room + offset, wire.p + head_len + at, n);
        assert_int_equal(ws_parse(&w, &roomy, room + offset, n, &piece, &has_piece), n);
        assert_true(has_piece);
        assert_ptr_equal(piece.data.p, room + offset);
        assert_int_equal(piece.data.len, n);
        assert_memory_equal(piece.data.p, plain + at, n);
        assert_int_equal(piece.is_first, at == 0);
        assert_int_equal(piece.is_last, at + n == len);
        for (size_t i = 0; i < sizeof room; i++)
            if (i < offset || i >= offset + n)
                assert_int_equal(room[i], 0x5a);
    }
    buf_fini(&wire);
}

static void every_length_is_unmasked_at_every_offset(void **state)
{
    (void)state;
    char plain[130];
    fill(plain, sizeof plain, false);
    for (size_t len = 1; len <= sizeof plain; len++) {
        for (size_t offset = 0; offset < 16; offset++)
            check_unmask(offset, plain, len, 0);
        for (size_t cut = 1; cut < len; cut++)
            check_unmask(3, plain, len, cut);
    }
}

// A byte above 127 is seen wherever it stands, so that it is checked.
static void half_a_character_is_seen_wherever_it_stands(void **state)
{
    (void)state;
    char text[130];
    for (size_t len = 1; len <= sizeof text; len++)
        for (size_t at = 0; at < len; at++) {
            struct listener l = { .limits = roomy };
            struct buf wire = { 0 };
            fill(text, len, true);
            text[at] = (char)0x80;
            put_frame(&wire, 0x81, text, len);
            feed(&l, wire.p, wire.len);
            assert_int_equal(l.error, -WS_CLOSE_INVALID_DATA);
            buf_fini(&wire);
            forget(&l);
        }
}

static void every_form_of_length_is_read(void **state)
{
    (void)state;
    static const size_t lens[] = { 125, 126, 127, 65535, 65536, 1 << 20 };
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct listener l = { .limits = roomy };
        struct buf wire = { 0 };
        char *plain = malloc(lens[i]);
        assert_non_null(plain);
        fill(plain, lens[i], true);
        put_frame(&wire, 0x81, plain, lens[i]);
        for (size_t at = 0; at < wire.len; at += 997)
            feed(&l, wire.p + at, wire.len - at < 997 ? wire.len - at : 997);
        assert_int_equal(l.error, 0);
        assert_int_equal(l.log.len, lens[i] + 3);
        assert_memory_equal(l.log.p + 2, plain, lens[i]);
        free(plain);
        buf_fini(&wire);
        forget(&l);
    }
}

// A message that lies whole in one read is one piece, in place.
static void a_whole_message_is_one_piece_where_it_lies(void **state)
{
    (void)state;
    struct buf wire = { 0 };
    put_frame(&wire, 0x81, "first", 5);
    put_frame(&wire, 0x82, "second", 6);
    struct ws_parser w = { 0 };
    struct ws_piece piece;
    bool has_piece;
    assert_int_equal(ws_parse(&w, &roomy, wire.p, wire.len, &piece, &has_piece), 11);
    assert_true(has_piece && piece.is_first && piece.is_last);
    assert_int_equal(piece.opcode, WS_TEXT);
    assert_ptr_equal(piece.data.p, wire.p + 6);
    assert_true(span_equal(piece.data, SPAN("first")));
    assert_int_equal(ws_parse(&w, &roomy, wire.p + 11, wire.len - 11, &piece, &has_piece), 12);
    assert_true(has_piece && piece.is_first && piece.is_last);
    assert_int_equal(piece.opcode, WS_BINARY);
    assert_true(span_equal(piece.data, SPAN("second")));
    buf_fini(&wire);
}

static void what_is_beyond_a_limit_is_refused_by_its_promised_length(void **state)
{
    (void)state;
    struct ws_limits ten = { .max_message = 10, .max_fragments = 3 };
    check_cuts(SPAN("\x81\x8a" KEY "0123456789"), ten, SPAN("T:0123456789\n"), 0, 0);
    check_cuts(SPAN("\x81\x8b" KEY), ten, SPAN(""), -1009, 2);
    check_cuts(SPAN("\x81\xfe\x01\0" KEY), ten, SPAN(""), -1009, 3);
    check_cuts(SPAN("\x81\xff\xff\0" KEY), ten, SPAN(""), -1002, 3);
    check_cuts(SPAN("\x81\xfe\0\x7d" KEY), ten, SPAN(""), -1002, 4);
    check_cuts(SPAN("\x81\xff\0\0\0\0\0\1\0\0" KEY), (struct ws_limits){ 65535, 1 }, SPAN(""), -1009, 8);
    check_cuts(SPAN("\x81\xfe\xff\0" KEY), (struct ws_limits){ 0xfeff, 1 }, SPAN(""), -1009, 3);
    check_cuts(SPAN("\x01\x85" KEY "01234\x80\x85" KEY "56789"), ten, SPAN("T:0123456789\n"), 0, 0);
    check_cuts(SPAN("\x01\x8a" KEY "0123456789\x80\x80" KEY), ten, SPAN("T:0123456789\n"), 0, 0);
    check_cuts(SPAN("\x01\x85" KEY "01234\x80\x86" KEY "56789x"), ten, SPAN(""), -1009, 13);
    check_cuts(SPAN("\x01\x80" KEY "\0\x80" KEY "\x80\x80" KEY), ten, SPAN("T:\n"), 0, 0);
    check_cuts(SPAN("\x01\x80" KEY "\0\x80" KEY "\0\x80" KEY "\x80\x80" KEY), ten, SPAN(""), -1009, 19);
    // Neither control frames nor earlier messages count.
    check_cuts(
        SPAN("\x01\x80" KEY "\x89\x8c" KEY "longer ping.\x80\x80" KEY "\x01\x80" KEY "\0\x80" KEY "\x80\x80" KEY), ten,
        SPAN("P:longer ping.\nT:\nT:\n"), 0, 0);
}

static void check_put_head(uint64_t len, struct span wanted)
{
    uint8_t out[WS_MAX_SERVER_HEAD];
    assert_int_equal(ws_put_head(out, WS_TEXT, len), wanted.len);
    assert_memory_equal(out, wanted.p, wanted.len);
}

static void a_head_says_the_length_in_its_shortest_form(void **state)
{
    (void)state;
    check_put_head(0, SPAN("\x81\0"));
    check_put_head(125, SPAN("\x81\x7d"));
    check_put_head(126, SPAN("\x81\x7e\0\x7e"));
    check_put_head(65535, SPAN("\x81\x7e\xff\xff"));
    check_put_head(65536, SPAN("\x81\x7f\0\0\0\0\0\1\0\0"));
    check_put_head(UINT64_C(0x0102030405060708), SPAN("\x81\x7f\1\2\3\4\5\6\7\x08"));
    uint8_t out[WS_MAX_SERVER_HEAD];
    assert_int_equal(ws_put_head(out, WS_PONG, 3), 2);
    assert_int_equal(out[0], 0x8a);
}

static int parse_code(int code)
{
    char bytes[] = { (char)(code >> 8), (char)code };
    return ws_parse_close((struct span){ bytes, 2 }, NULL);
}

static void codes_that_nobody_may_send_are_refused(void **state)
{
    (void)state;
    for (int code = 0; code <= 65535; code++) {
        bool is_registered = code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
        bool is_good = is_registered || (code >= 3000 && code <= 4999);
        assert_int_equal(parse_code(code), is_good ? code : -1002);
    }
}

static void a_close_is_read_with_its_reason(void **state)
{
    (void)state;
    struct span reason;
    struct span whole = SPAN("\x03\xe8gr\xc3\xbc\xc3\x9f");
    for (size_t len = 0; len <= whole.len; len++) {
        static const int wanted[] = { 1005, -1002, 1000, 1000, 1000, -1007, 1000, -1007, 1000 };
        char *copy = at_end(whole.p, len);
        assert_int_equal(ws_parse_close((struct span){ copy, len }, &reason), wanted[len]);
        assert_int_equal(reason.len, wanted[len] == 1000 ? len - 2 : 0);
        free(copy);
    }
    assert_int_equal(ws_parse_close(whole, &reason), 1000);
    assert_ptr_equal(reason.p, whole.p + 2);
    assert_int_equal(ws_parse_close((struct span){ NULL, 0 }, NULL), WS_CLOSE_NO_STATUS);
}

static void a_close_is_written_with_what_fits_of_its_reason(void **state)
{
    (void)state;
    uint8_t out[WS_MAX_CONTROL];
    assert_int_equal(ws_put_close(out, WS_CLOSE_NO_STATUS, SPAN("dropped")), 0);
    assert_int_equal(ws_put_close(out, 1001, (struct span){ 0 }), 2);
    assert_memory_equal(out, "\x03\xe9", 2);
    assert_int_equal(ws_put_close(out, 1009, SPAN("too big")), 9);
    assert_memory_equal(out, "\x03\xf1too big", 9);
    char reason[200];
    memset(reason, 'r', sizeof reason);
    assert_int_equal(ws_put_close(out, 1000, (struct span){ reason, 123 }), 125);
    assert_int_equal(ws_put_close(out, 1000, (struct span){ reason, 124 }), 125);
    memcpy(reason + 121, "\xe2\x82\xac", 3);
    assert_int_equal(ws_put_close(out, 1000, (struct span){ reason, 124 }), 123);
    memcpy(reason + 120, "\xe2\x82\xac", 3);
    assert_int_equal(ws_put_close(out, 1000, (struct span){ reason, 124 }), 125);
}

static void a_key_is_16_bytes_in_base64(void **state)
{
    (void)state;
    assert_true(ws_is_key(SPAN("dGhlIHNhbXBsZSBub25jZQ==")));
    assert_true(ws_is_key(SPAN("AQIDBAUGBwgJCgsMDQ4PEC=="))); // the example of section 4.1
    assert_true(ws_is_key(SPAN("++//++//++//++//++//+w==")));
    assert_false(ws_is_key(SPAN("eHh4eHh4eHh4eHh4eHh4")));     // 15 bytes
    assert_false(ws_is_key(SPAN("eHh4eHh4eHh4eHh4eHh4eHh4"))); // 18 bytes
    assert_false(ws_is_key(SPAN("eHh4eHh4eHh4eHh4eHh4eHg="))); // 17 bytes
    assert_false(ws_is_key(SPAN("!!!!!!!!!!!!!!!!!!!!!!==")));
    assert_false(ws_is_key(SPAN("dGhlIHNhbXBsZSBub25jZQ=")));
    assert_false(ws_is_key(SPAN("dGhlIHNhbXBsZSBub25jZQ===")));
    assert_false(ws_is_key(SPAN("dGhlIHNhbXBsZSBub25j=Q==")));
    assert_false(ws_is_key((struct span){ 0 }));
}

static void the_accept_is_the_rfcs(void **state)
{
    (void)state;
    char out[WS_ACCEPT_LEN];
    ws_put_accept(out, SPAN("dGhlIHNhbXBsZSBub25jZQ==")); // section 1.3
    assert_memory_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", WS_ACCEPT_LEN);
}

// One of these is part of every connection.
static void a_parser_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct ws_parser) <= 48);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_heard_alike_however_they_are_cut),
        cmocka_unit_test(every_length_is_unmasked_at_every_offset),
        cmocka_unit_test(half_a_character_is_seen_wherever_it_stands),
        cmocka_unit_test(every_form_of_length_is_read),
        cmocka_unit_test(a_whole_message_is_one_piece_where_it_lies),
        cmocka_unit_test(what_is_beyond_a_limit_is_refused_by_its_promised_length),
        cmocka_unit_test(a_head_says_the_length_in_its_shortest_form),
        cmocka_unit_test(codes_that_nobody_may_send_are_refused),
        cmocka_unit_test(a_close_is_read_with_its_reason),
        cmocka_unit_test(a_close_is_written_with_what_fits_of_its_reason),
        cmocka_unit_test(a_key_is_16_bytes_in_base64),
        cmocka_unit_test(the_accept_is_the_rfcs),
        cmocka_unit_test(a_parser_is_small),
    };
    return cmocka_run_group_tests_name("ws", tests, NULL, NULL);
}
