// SPDX-License-Identifier: MIT
// WebSocket frames and handshake values; see ws.h.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-------+-+-------------+-------------------------------+
//   |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
//   |I|S|S|S|  (4)  |A|     (7)     |             (16/64)           |
//   |N|V|V|V|       |S|             |   (if payload len==126/127)   |
//   | |1|2|3|       |K|             |                               |
//   +-+-+-+-+-------+-+-------------+ - - - - - - - - - - - - - - - +
//   |     then the masking key of 4 bytes, then the payload         |
//   +---------------------------------------------------------------+
//
// A text is looked at once while it is unmasked: only where that pass sees a byte above 127, or a character begun before,
// is there a second one for UTF-8.
#include "proto/ws.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

#include "proto/ws_mask.h"

enum { FIN = 0x80, RSV = 0x70, OPCODE = 0x0f, CONTROL = 0x08, MASK = 0x80, LENGTH = 0x7f };
enum { LENGTH_16 = 126, LENGTH_64 = 127 };

// The opcodes of section 5.2, one bit each; the others are reserved.
enum {
    KNOWN_OPCODES = 1 << WS_CONTINUATION | 1 << WS_TEXT | 1 << WS_BINARY | 1 << WS_CLOSE | 1 << WS_PING | 1 << WS_PONG
};

// What is wrong with the first byte of a frame: 0 or a close code.
static int first_byte_error(const struct ws_parser *w, const struct ws_limits *limits, uint8_t b)
{
    if ((b & RSV) != 0 || (KNOWN_OPCODES >> (b & OPCODE) & 1) == 0)
        return WS_CLOSE_PROTOCOL_ERROR;
    if ((b & CONTROL) != 0)
        return (b & FIN) != 0 ? 0 : WS_CLOSE_PROTOCOL_ERROR;
    if (((b & OPCODE) == WS_CONTINUATION) != (w->message_opcode != 0))
        return WS_CLOSE_PROTOCOL_ERROR;
    return w->n_fragments < limits->max_fragments ? 0 : WS_CLOSE_TOO_BIG;
}

// What is wrong with a data frame that is at least LEN bytes long: 0 or a close code.
static int length_error(const struct ws_parser *w, const struct ws_limits *limits, uint64_t len)
{
    bool is_within = w->message_len <= limits->max_message && len <= limits->max_message - w->message_len;
    return is_within ? 0 : WS_CLOSE_TOO_BIG;
}

static inline uint64_t get_big_endian(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

// What is wrong with an extended length of N_WIDE bytes that is between LEAST and MOST: 0 or a close code.
static inline int wide_length_error(uint64_t least, uint64_t most, size_t n_wide)
{
    // Section 5.2: the shortest form must be used, and the top bit must be 0.
    const uint64_t shortest = n_wide == 2 ? LENGTH_16 : UINT64_C(1) << 16;
    return most < shortest || least >> 63 != 0 ? WS_CLOSE_PROTOCOL_ERROR : 0;
}

// Reads the extended length, N_WIDE bytes of which N are at H, into *LEN: the least it can mean while bytes are missing.
// Returns 0 or a close code.
static inline int read_wide_length(const uint8_t *h, size_t n, size_t n_wide, uint64_t *len)
{
    if (n >= n_wide) {
        *len = n_wide == 2 ? get_big_endian(h, 2) : get_big_endian(h, 8);
        return wide_length_error(*len, *len, n_wide);
    }
    const size_t n_missing = n_wide - n; // at least 1
    const uint64_t missing = UINT64_MAX >> (64 - 8 * n_missing);
    *len = n > 0 ? get_big_endian(h, n) << 8 * n_missing : 0;
    return wide_length_error(*len, *len | missing, n_wide);
}

static void begin_frame(struct ws_parser *w, uint8_t first_byte, uint64_t len, const uint8_t *key)
{
    w->opcode = first_byte & OPCODE;
    w->is_fin = (first_byte & FIN) != 0;
    w->frame_left = len;
    memcpy(w->key, key, WS_KEY_LEN);
    w->in_payload = true;
    if (w->opcode != WS_CONTINUATION)
        w->is_first = true;
    if ((w->opcode & CONTROL) != 0)
        return;
    if (w->opcode != WS_CONTINUATION)
        w->message_opcode = w->opcode;
    w->message_len += len;
    w->n_fragments++;
}

// Reads the frame head that begins at H, of which N > 0 bytes are there. Returns its length, 0 when more is needed, or
// minus a close code. Whatever is known to be wrong from these N bytes is told now.
static ssize_t read_head(struct ws_parser *w, const struct ws_limits *limits, const uint8_t *h, size_t n)
{
    int error = first_byte_error(w, limits, h[0]);
    if (error != 0)
        return -error;
    if (n < 2)
        return 0;
    bool is_control = (h[0] & CONTROL) != 0;
    uint64_t len = h[1] & LENGTH;
    if ((h[1] & MASK) == 0 || (is_control && len > WS_MAX_CONTROL))
        return -WS_CLOSE_PROTOCOL_ERROR;
    size_t n_wide = len < LENGTH_16 ? 0 : len < LENGTH_64 ? 2 : 8;
    if (n_wide != 0)
        error = read_wide_length(h + 2, n - 2, n_wide, &len);
    if (error == 0 && !is_control)
        error = length_error(w, limits, len);
    if (error != 0)
        return -error;
    size_t head_len = 2 + n_wide + WS_KEY_LEN;
    if (n < head_len)
        return 0;
    begin_frame(w, h[0], len, h + 2 + n_wide);
    return (ssize_t)head_len;
}

// Eats a frame head, or the part of it that is there. Returns the bytes eaten or minus a close code; in_payload says
// whether the head is whole.
static ssize_t take_head(struct ws_parser *w, const struct ws_limits *limits, const char *p, size_t len)
{
    const uint8_t *h = (const uint8_t *)p;
    const size_t n_held = w->head_len;
    size_t n = len;
    if (n_held != 0) {
        size_t n_new = len < WS_MAX_HEAD - n_held ? len : WS_MAX_HEAD - n_held;
        memcpy(w->head + n_held, p, n_new);
        h = w->head;
        n = n_held + n_new;
    }
    ssize_t head_len = read_head(w, limits, h, n);
    if (head_len < 0)
        return head_len;
    if (head_len > 0) {
        w->head_len = 0;
        return head_len - (ssize_t)n_held;
    }
    if (n_held == 0)
        memcpy(w->head, p, len);
    w->head_len = (uint8_t)n;
    return (ssize_t)len;
}

static void end_message(struct ws_parser *w)
{
    w->message_opcode = 0;
    w->message_len = 0;
    w->n_fragments = 0;
}

// Eats what is there of the current frame's payload. Returns the bytes eaten or minus a close code.
static ssize_t take_payload(struct ws_parser *w, char *p, size_t len, struct ws_piece *piece, bool *has_piece)
{
    size_t n = len < w->frame_left ? len : (size_t)w->frame_left;
    bool is_control = (w->opcode & CONTROL) != 0;
    bool has_high = ws_mask_remove(p, n, w->key);
    w->frame_left -= n;
    bool is_last = w->frame_left == 0 && w->is_fin;
    if (!is_control && w->message_opcode == WS_TEXT) {
        if (has_high || w->utf8 != UTF8_START)
            w->utf8 = utf8_check(w->utf8, p, n);
        if (w->utf8 == UTF8_INVALID || (is_last && w->utf8 != UTF8_START))
            return -WS_CLOSE_INVALID_DATA;
    }
    if (w->frame_left == 0)
        w->in_payload = false;
    else
        ws_mask_turn(w->key, n);
    if (n == 0 && (w->in_payload || !(w->is_first || is_last)))
        return 0;
    enum ws_opcode opcode = is_control ? w->opcode : w->message_opcode;
    *piece = (struct ws_piece){ { p, n }, opcode, w->is_first, is_last };
    *has_piece = true;
    w->is_first = false;
    if (is_last && !is_control)
        end_message(w);
    return (ssize_t)n;
}

ssize_t ws_parse(struct ws_parser *w, const struct ws_limits *limits, char *p, size_t len, struct ws_piece *piece,
                 bool *has_piece)
{
    size_t eaten = 0;
    *has_piece = false;
    while (eaten < len && !*has_piece) {
        if (!w->in_payload) {
            ssize_t n = take_head(w, limits, p + eaten, len - eaten);
            if (n < 0)
                return n;
            eaten += (size_t)n;
            if (!w->in_payload)
                break;
        }
        ssize_t n = take_payload(w, p + eaten, len - eaten, piece, has_piece);
        if (n < 0)
            return n;
        eaten += (size_t)n;
    }
    return (ssize_t)eaten;
}

size_t ws_put_head(uint8_t out[WS_MAX_SERVER_HEAD], enum ws_opcode opcode, uint64_t len)
{
    out[0] = (uint8_t)(FIN | opcode);
    if (len < LENGTH_16) {
        out[1] = (uint8_t)len;
        return 2;
    }
    size_t n_wide = len <= UINT16_MAX ? 2 : 8;
    out[1] = n_wide == 2 ? LENGTH_16 : LENGTH_64;
    for (size_t i = 0; i < n_wide; i++)
        out[2 + i] = (uint8_t)(len >> 8 * (n_wide - 1 - i));
    return 2 + n_wide;
}

// Whether CODE may stand in a close frame (section 7.4 and the IANA registry).
static bool is_sendable(int code)
{
    if (code >= 3000)
        return code <= 4999;
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

int ws_parse_close(struct span payload, struct span *reason)
{
    if (reason)
        *reason = (struct span){ 0 };
    if (payload.len == 0)
        return WS_CLOSE_NO_STATUS;
    if (payload.len == 1)
        return -WS_CLOSE_PROTOCOL_ERROR;
    int code = (uint8_t)payload.p[0] << 8 | (uint8_t)payload.p[1];
    if (!is_sendable(code))
        return -WS_CLOSE_PROTOCOL_ERROR;
    struct span text = { payload.p + 2, payload.len - 2 };
    if (!utf8_is_valid(text.p, text.len))
        return -WS_CLOSE_INVALID_DATA;
    if (reason)
        *reason = text;
    return code;
}

size_t ws_put_close(uint8_t out[WS_MAX_CONTROL], int code, struct span reason)
{
    if (code == WS_CLOSE_NO_STATUS)
        return 0;
    out[0] = (uint8_t)(code >> 8);
    out[1] = (uint8_t)code;
    size_t n = reason.len <= WS_MAX_REASON ? reason.len : utf8_cut(reason.p, WS_MAX_REASON);
    if (n != 0)
        memcpy(out + 2, reason.p, n);
    return 2 + n;
}

static bool is_base64(char c)
{
    char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

bool ws_is_key(struct span key)
{
    // The padding bits of the last digit are not looked at: the example of section 4.1 sets them.
    enum { N_DIGITS = 22 };
    if (key.len != N_DIGITS + 2 || key.p[N_DIGITS] != '=' || key.p[N_DIGITS + 1] != '=')
        return false;
    for (size_t i = 0; i < N_DIGITS; i++)
        if (!is_base64(key.p[i]))
            return false;
    return true;
}

void ws_put_accept(char out[WS_ACCEPT_LEN], struct span key)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    enum { KEY_TEXT_LEN = 24, GUID_LEN = sizeof guid - 1 };
    unsigned char joined[KEY_TEXT_LEN + GUID_LEN], digest[SHA_DIGEST_LENGTH], text[WS_ACCEPT_LEN + 1];
    size_t n = key.len < KEY_TEXT_LEN ? key.len : KEY_TEXT_LEN;
    memcpy(joined, key.p, n);
    memcpy(joined + n, guid, GUID_LEN);
    SHA1(joined, n + GUID_LEN, digest);
    EVP_EncodeBlock(text, digest, sizeof digest);
    memcpy(out, text, WS_ACCEPT_LEN);
}
