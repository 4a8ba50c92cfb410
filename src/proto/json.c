// SPDX-License-Identifier: MIT
// JSON by pointing at it; see json.h.
//
// From the smallest to the largest: bytes that are special inside strings, found a block at a time; where a string, a
// number or a word ends; containers within each other, without recursion; members; the public functions.
#include "proto/json.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#ifdef __SSE2__

// Bit I says that P[I], of 16 bytes, cannot stand in a string as it is: a quote, a backslash or a control character.
static inline unsigned special_16(const char *p)
{
    // x ^ 2 moves the quote (22) behind the control characters (00..1f), and 80 lets a signed comparison order
    // unsigned bytes, so one comparison finds them all.
    __m128i x = _mm_xor_si128(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8((char)(0x80 ^ 2)));
    __m128i low = _mm_cmplt_epi8(x, _mm_set1_epi8((char)(0x80 ^ 0x21)));
    __m128i backslash = _mm_cmpeq_epi8(x, _mm_set1_epi8((char)(0x80 ^ 2 ^ '\\')));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, backslash));
}

#else

#define EACH(byte) (0x0101010101010101 * (uint64_t)(byte))

// The top bit of each byte of the result says whether that byte of X is at most LIMIT, which is below 80.
static inline uint64_t at_most(uint64_t x, unsigned limit)
{
    return ~(((x & EACH(0x7f)) + EACH(0x7f - limit)) | x) & EACH(0x80);
}

static inline unsigned special_8(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    x = le64toh(x);
    // x ^ 2 moves the quote (22) behind the control characters (00..1f).
    uint64_t special = at_most(x ^ EACH(2), 0x20) | at_most(x ^ EACH('\\'), 0);
    // The multiplication gathers the eight bits, each eight apart, in the top byte.
    return (unsigned)((special >> 7) * 0x0102040810204080 >> 56);
}

// Bit I says that P[I], of 16 bytes, cannot stand in a string as it is: a quote, a backslash or a control character.
static inline unsigned special_16(const char *p)
{
    return special_8(p) | special_8(p + 8) << 8;
}

#endif

enum { LONGEST_ESCAPE = 6, BLOCK = 32, WINDOW = BLOCK + LONGEST_ESCAPE };

// The same for a block.
static inline uint64_t special_bytes(const char *p)
{
    return special_16(p) | (uint64_t)special_16(p + 16) << 16;
}

// WINDOW bytes that can be looked at without looking for END: those at P, or where there are fewer, these in COPY with
// zeros behind. A zero is special, and no part of an escape, so a scan stops there.
static inline const char *window(const char *p, const char *end, char copy[WINDOW])
{
    size_t left = (size_t)(end - p);
    if (left >= WINDOW)
        return p;
    memset(copy, 0, WINDOW);
    return memcpy(copy, p, left);
}

static const char escaped[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// How many bytes the escape at P takes, 0 when there is none. P is in a window.
static inline size_t escape_len(const char *p)
{
    // The end of each line of an SDP: worth one look instead of two.
    if (memcmp(p, "\\r\\n", 4) == 0)
        return 4;
    if (p[0] != '\\')
        return 0;
    if (p[1] != 'u')
        return escaped[(unsigned char)p[1]] ? 2 : 0;
    for (int i = 2; i < LONGEST_ESCAPE; i++)
        if (hex_digit(p[i]) < 0)
            return 0;
    return LONGEST_ESCAPE;
}

// Not inline, so that the short strings in string_end() don't pay for the registers that this needs.
[[gnu::noinline]] static const char *long_string_end(const char *p, const char *end, bool *has_escapes)
{
    for (;;) {
        char copy[WINDOW];
        const char *block = window(p, end, copy);
        uint64_t special = special_bytes(block);
        size_t next = BLOCK;
        while (special) {
            size_t i = (size_t)__builtin_ctzll(special);
            size_t len = escape_len(block + i);
            if (len == 0)
                return block[i] == '"' ? p + i + 1 : NULL;
            *has_escapes = true;
            special &= ~0ULL << (i + len);
            if (i + len > BLOCK)
                next = i + len;
        }
        p += next;
    }
}

// Behind the closing quote of the string whose first byte is at P, or NULL. Sets *HAS_ESCAPES if so, else leaves it.
static const char *string_end(const char *p, const char *end, bool *has_escapes)
{
    // Most keys and many values end within 16 bytes.
    unsigned special = end - p >= 16 ? special_16(p) : 0;
    if (special && p[__builtin_ctz(special)] == '"')
        return p + __builtin_ctz(special) + 1;
    return long_string_end(p, end, has_escapes);
}

// Behind the digits at P, NULL if there is none.
static const char *digits_end(const char *p, const char *end)
{
    const char *start = p;
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p > start ? p : NULL;
}

static const char *number_end(const char *p, const char *end)
{
    p += *p == '-';
    p = p < end && *p == '0' ? p + 1 : digits_end(p, end);
    if (p && p < end && *p == '.')
        p = digits_end(p + 1, end);
    if (p && p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        p = digits_end(p, end);
    }
    return p;
}

static const char *word_end(const char *p, const char *end, struct span word)
{
    return span_has_prefix((struct span){ p, (size_t)(end - p) }, word) ? p + word.len : NULL;
}

// What kind of value begins with a byte; JSON_ABSENT if none does.
static const unsigned char type_of[256] = {
    ['n'] = JSON_NULL,   ['f'] = JSON_FALSE,          ['t'] = JSON_TRUE,  ['-'] = JSON_NUMBER,
    ['"'] = JSON_STRING, ['0' ... '9'] = JSON_NUMBER, ['['] = JSON_ARRAY, ['{'] = JSON_OBJECT,
};

static inline enum json_type type_at(const char *p, const char *end)
{
    return p < end ? (enum json_type)type_of[(unsigned char)*p] : JSON_ABSENT;
}

static inline char closing(enum json_type type)
{
    return type == JSON_OBJECT ? '}' : ']';
}

static const char *number_or_word_end(const char *p, const char *end, enum json_type type)
{
    switch (type) {
    case JSON_NUMBER:
        return number_end(p, end);
    case JSON_TRUE:
        return word_end(p, end, SPAN("true"));
    case JSON_FALSE:
        return word_end(p, end, SPAN("false"));
    case JSON_NULL:
        return word_end(p, end, SPAN("null"));
    default:
        return NULL;
    }
}

// Behind the value of TYPE at P, neither array nor object, or NULL.
static inline const char *scalar_end(const char *p, const char *end, enum json_type type, bool *has_escapes)
{
    return type == JSON_STRING ? string_end(p + 1, end, has_escapes) : number_or_word_end(p, end, type);
}

// Goes over the blanks at *AT. Returns the byte behind them, or at the end zero, which stands nowhere in JSON.
static inline char token(const char **at, const char *end)
{
    for (; *at < end; ++*at) {
        char c = **at;
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return c;
    }
    return '\0';
}

// From behind a member's key, or NULL, to its value: a colon with blanks around it. NULL if there is none.
static inline const char *skip_colon(const char *p, const char *end)
{
    if (!p || token(&p, end) != ':')
        return NULL;
    p++;
    token(&p, end);
    return p;
}

// Behind the array or object that opens at P, or NULL. DEPTH others are open around it; *RESULT changes only when it is
// too deep.
static const char *container_end(const char *p, const char *end, unsigned depth, enum json_result *result)
{
    const unsigned outside = depth;
    uint64_t objects = 0; // a bit for each level that is open, the innermost lowest
    char close = '\0';    // what ends the innermost
    bool ignored;
    for (;;) {
        enum json_type type = type_at(p, end);
        bool is_first = type >= JSON_ARRAY; // what comes next has no comma before it
        if (is_first) {
            if (depth++ == JSON_MAX_DEPTH) {
                *result = JSON_TOO_DEEP;
                return NULL;
            }
            objects = objects << 1 | (type == JSON_OBJECT);
            close = closing(type);
            p++;
        } else {
            p = scalar_end(p, end, type, &ignored);
            if (!p)
                return NULL;
        }
        char c = token(&p, end);
        while (c == close) {
            p++;
            if (--depth == outside)
                return p;
            objects >>= 1;
            close = closing(objects & 1 ? JSON_OBJECT : JSON_ARRAY);
            is_first = false;
            c = token(&p, end);
        }
        if (!is_first) {
            if (c != ',')
                return NULL;
            p++;
            c = token(&p, end);
        }
        if (close == '}') {
            p = c == '"' ? skip_colon(string_end(p + 1, end, &ignored), end) : NULL;
            if (!p)
                return NULL;
        }
    }
}

// Behind the value that begins at P, or NULL; describes it in VALUE. Otherwise like container_end().
static inline const char *scan_value(const char *p, const char *end, unsigned depth, struct json_value *value,
                                     enum json_result *result)
{
    const char *start = p;
    value->type = type_at(p, end);
    value->has_escapes = false;
    if (value->type >= JSON_ARRAY)
        p = container_end(p, end, depth, result);
    else
        p = scalar_end(p, end, value->type, &value->has_escapes);
    if (p)
        value->raw = (struct span){ start, (size_t)(p - start) };
    return p;
}

// From a member's key at P to its value, or NULL; describes it in KEY.
static inline const char *scan_key(const char *p, const char *end, struct json_value *key)
{
    if (p == end || *p != '"')
        return NULL;
    key->type = JSON_STRING;
    key->has_escapes = false;
    const char *behind = string_end(p + 1, end, &key->has_escapes);
    if (!behind)
        return NULL;
    key->raw = (struct span){ p, (size_t)(behind - p) };
    return skip_colon(behind, end);
}

// A walk over one container's members, or an array's elements: members without a key.
struct walk {
    const char *p, *end;     // behind the opening bracket or the last member; the end of the text
    enum json_type type;     // the container's
    bool is_first;           // the next member is the first
    enum json_result result; // JSON_OK only when the container's end was reached
};

// Whether TEXT opens a container of TYPE; then W is a walk over it.
static bool start(struct walk *w, struct span text, enum json_type type)
{
    if (!text.len)
        return false;
    const char *p = text.p, *end = p + text.len;
    token(&p, end);
    if (type_at(p, end) != type)
        return false;
    *w = (struct walk){ .p = p + 1, .end = end, .type = type, .is_first = true, .result = JSON_MALFORMED };
    return true;
}

// Goes over the next member and describes it. False behind the container's end, and when the text is malformed.
static bool step(struct walk *w, struct json_member *member)
{
    const char *p = w->p, *const end = w->end;
    char c = token(&p, end);
    if (c == closing(w->type)) {
        w->p = p + 1;
        w->result = JSON_OK;
        return false;
    }
    if (!w->is_first) {
        if (c != ',')
            return false;
        p++;
        token(&p, end);
    }
    w->is_first = false;
    if (w->type == JSON_OBJECT)
        p = scan_key(p, end, &member->key);
    else
        member->key = (struct json_value){ .type = JSON_ABSENT };
    if (!p)
        return false;
    w->p = scan_value(p, end, 1, &member->value, &w->result);
    return w->p;
}

// The result of a walk that is over: behind the container there may be nothing but blanks.
static enum json_result finish(const struct walk *w)
{
    if (w->result != JSON_OK)
        return w->result;
    const char *p = w->p;
    token(&p, w->end);
    return p == w->end ? JSON_OK : JSON_MALFORMED;
}

static unsigned hex4(const char *p)
{
    unsigned n = 0;
    for (int i = 0; i < 4; i++)
        n = n << 4 | (unsigned)hex_digit(p[i]);
    return n;
}

// The character that the \u escape at the start of RAW, or the pair of them, stands for, and in *LEN how long it is.
static uint32_t unicode_escape(struct span raw, size_t *len)
{
    uint32_t high = hex4(raw.p + 2);
    *len = 6;
    if ((high & 0xfc00) != 0xd800 || raw.len < 12 || raw.p[6] != '\\' || raw.p[7] != 'u')
        return high;
    uint32_t low = hex4(raw.p + 8);
    if ((low & 0xfc00) != 0xdc00)
        return high;
    *len = 12;
    return 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
}

// Writes the character C in UTF-8. Returns its length, 0 for half a surrogate pair.
static size_t put_utf8(char out[4], uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if ((c & 0xfffff800) == 0xd800)
        return 0;
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    static const unsigned char lead[] = { [2] = 0xc0, [3] = 0xe0, [4] = 0xf0 };
    out[0] = (char)(lead[len] | c);
    return len;
}

// Takes an escape or all up to the next one from the start of RAW, not empty, and gives it decoded; UTF8 is for what
// does not stand in RAW as it is. Empty for half a surrogate pair.
static struct span next_piece(struct span *raw, char utf8[4])
{
    struct span piece = { raw->p, 0 };
    size_t eaten = 2;
    if (raw->p[0] != '\\') {
        const char *backslash = memchr(raw->p, '\\', raw->len);
        piece.len = eaten = backslash ? (size_t)(backslash - raw->p) : raw->len;
    } else if (raw->p[1] == 'u') {
        piece = (struct span){ utf8, put_utf8(utf8, unicode_escape(*raw, &eaten)) };
    } else {
        piece = (struct span){ &escaped[(unsigned char)raw->p[1]], 1 };
    }
    *raw = (struct span){ raw->p + eaten, raw->len - eaten };
    return piece;
}

static bool decodes_to(struct span raw, struct span text)
{
    while (raw.len) {
        char utf8[4];
        struct span piece = next_piece(&raw, utf8);
        if (piece.len == 0 || !span_has_prefix(text, piece))
            return false;
        text = (struct span){ text.p + piece.len, text.len - piece.len };
    }
    return text.len == 0;
}

// The result for a text that is not of the type asked for.
static enum json_result refuse(struct span text)
{
    struct json_value value;
    enum json_result result = json_parse(text, &value);
    return result == JSON_OK ? JSON_WRONG_TYPE : result;
}

enum json_result json_parse(struct span text, struct json_value *value)
{
    if (!text.len)
        return JSON_MALFORMED;
    const char *p = text.p, *end = p + text.len;
    enum json_result result = JSON_MALFORMED;
    token(&p, end);
    p = scan_value(p, end, 0, value, &result);
    if (!p)
        return result;
    token(&p, end);
    return p == end ? JSON_OK : JSON_MALFORMED;
}

// Fills in those of the N fields that MEMBER is for.
static inline void fill(struct json_field *fields, size_t n, const struct json_member *member)
{
    const struct span raw = json_string_raw(&member->key);
    const bool has_escapes = member->key.has_escapes;
    for (size_t i = 0; i < n; i++)
        if (has_escapes ? decodes_to(raw, fields[i].key) : span_equal(raw, fields[i].key))
            fields[i].value = member->value;
}

enum json_result json_parse_object(struct span text, struct json_field *fields, size_t n)
{
    struct walk w;
    if (!start(&w, text, JSON_OBJECT))
        return refuse(text);
    for (size_t i = 0; i < n; i++)
        fields[i].value = (struct json_value){ .type = JSON_ABSENT };
    struct json_member member;
    while (step(&w, &member))
        fill(fields, n, &member);
    return finish(&w);
}

enum json_result json_parse_array(struct span text, struct json_value *values, size_t max, size_t *n)
{
    struct walk w;
    if (!start(&w, text, JSON_ARRAY))
        return refuse(text);
    struct json_member element;
    for (*n = 0; step(&w, &element); ++*n)
        if (*n < max)
            values[*n] = element.value;
    return finish(&w);
}

bool json_next(struct span container, size_t *pos, struct json_member *member)
{
    struct walk w;
    if (!start(&w, container, container.p[0] == '{' ? JSON_OBJECT : JSON_ARRAY))
        return false;
    if (*pos) {
        w.p = container.p + *pos;
        w.is_first = false;
    }
    if (!step(&w, member))
        return false;
    *pos = (size_t)(w.p - container.p);
    return true;
}

bool json_string_is(const struct json_value *value, struct span text)
{
    if (value->type != JSON_STRING)
        return false;
    struct span raw = json_string_raw(value);
    return value->has_escapes ? decodes_to(raw, text) : span_equal(raw, text);
}

ssize_t json_string_decode(const struct json_value *value, char *out, size_t cap)
{
    struct span raw = json_string_raw(value);
    size_t len = 0;
    while (raw.len) {
        char utf8[4];
        struct span piece = next_piece(&raw, utf8);
        if (piece.len == 0)
            return -EILSEQ;
        if (piece.len > cap - len)
            return -ENOSPC;
        memcpy(out + len, piece.p, piece.len);
        len += piece.len;
    }
    return (ssize_t)len;
}

size_t json_plain_len(struct span text)
{
    for (size_t i = 0; i < text.len; i += BLOCK) {
        char copy[WINDOW];
        uint64_t special = special_bytes(window(text.p + i, text.p + text.len, copy));
        if (special)
            return i + (size_t)__builtin_ctzll(special);
    }
    return text.len;
}

// Appends the escape for C, one of those that json_plain_len() stops at.
static int put_escape(struct buf *out, char c)
{
    static const char letters[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\',
    };
    unsigned char letter = (unsigned char)letters[(unsigned char)c];
    if (letter)
        return buf_put(out, (char[]){ '\\', (char)letter }, 2);
    static const char hex[] = "0123456789abcdef";
    return buf_put(out, (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6);
}

int json_put_string(struct buf *out, struct span text)
{
    const size_t before = out->len;
    if (buf_reserve(out, text.len + 2) != 0)
        return -ENOMEM;
    if (buf_put(out, "\"", 1) != 0)
        goto fail;
    while (text.len) {
        size_t plain = json_plain_len(text);
        if (buf_put(out, text.p, plain) != 0)
            goto fail;
        if (plain < text.len && put_escape(out, text.p[plain++]) != 0)
            goto fail;
        text = (struct span){ text.p + plain, text.len - plain };
    }
    if (buf_put(out, "\"", 1) == 0)
        return 0;
fail:
    out->len = before;
    return -ENOMEM;
}
