// SPDX-License-Identifier: MIT
// JSON by pointing at it; see json.h.
//
// From the smallest to the largest: where a number or a word ends (strings are json_string.h's); containers within each
// other, without recursion; members; the public functions. What every message passes is inlined into one loop over its
// members; what is rare there, blanks and long strings, is a call.
#include "proto/json.h"

#include <errno.h>
#include <stdint.h>

#include "base/word.h"
#include "proto/json_string.h"

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

static inline enum json_type type_by(char first)
{
    return (enum json_type)type_of[(unsigned char)first];
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

// Where a value, a key, or punctuation begins, and its first byte: at the end zero, which stands nowhere in JSON.
struct token {
    const char *p;
    char c;
};

[[gnu::noinline]] static struct token token_behind_blanks(const char *p, const char *end)
{
    for (; p < end; p++)
        if (*p != ' ' && *p != '\n' && *p != '\r' && *p != '\t')
            return (struct token){ p, *p };
    return (struct token){ p, '\0' };
}

// The token at P, or behind the blanks there.
static inline struct token token_at(const char *p, const char *end)
{
    if (p < end && (unsigned char)*p > ' ')
        return (struct token){ p, *p };
    return token_behind_blanks(p, end); // programs write no blanks
}

// Whether TWO bytes stand at P: punctuation and a quote, as programs write them.
static inline bool is_pair(const char *p, const char *end, const char two[2])
{
    return end - p >= 2 && memcmp(p, two, 2) == 0;
}

// The value of the member whose key ends at P. Where there is no colon before it, it begins with zero.
static inline struct token value_at(const char *p, const char *end)
{
    if (is_pair(p, end, ":\""))
        return (struct token){ p + 1, '"' };
    struct token colon = token_at(p, end);
    return colon.c == ':' ? token_at(colon.p + 1, end) : (struct token){ colon.p, '\0' };
}

// Behind the array or object that opens at T, or NULL. DEPTH others are open around it; *RESULT changes only when it is
// too deep.
static const char *container_end(struct token t, const char *end, unsigned depth, enum json_result *result)
{
    const unsigned outside = depth;
    uint64_t objects = 0; // a bit for each level that is open, the innermost lowest
    char close = '\0';    // what ends the innermost
    for (;;) {
        enum json_type type = type_by(t.c);
        bool needs_comma = type < JSON_ARRAY; // before what comes next
        if (type >= JSON_ARRAY) {
            if (depth++ == JSON_MAX_DEPTH) {
                *result = JSON_TOO_DEEP;
                return NULL;
            }
            objects = objects << 1 | (type == JSON_OBJECT);
            close = closing(type);
            t = token_at(t.p + 1, end);
        } else {
            const char *p = type == JSON_STRING ? json_string_end(t.p + 1, end).p : number_or_word_end(t.p, end, type);
            if (!p)
                return NULL;
            needs_comma = !is_pair(p, end, ",\"");
            t = needs_comma ? token_at(p, end) : (struct token){ p + 1, '"' };
        }
        while (t.c == close) {
            if (--depth == outside)
                return t.p + 1;
            objects >>= 1;
            close = closing(objects & 1 ? JSON_OBJECT : JSON_ARRAY);
            needs_comma = true;
            t = token_at(t.p + 1, end);
        }
        if (needs_comma) {
            if (t.c != ',')
                return NULL;
            t = token_at(t.p + 1, end);
        }
        if (close == '}') {
            const char *key_end = t.c == '"' ? json_string_end(t.p + 1, end).p : NULL;
            if (!key_end)
                return NULL;
            t = value_at(key_end, end);
        }
    }
}

// Behind the value that begins at T, or NULL; describes it in VALUE. Otherwise like container_end().
static inline const char *scan_value(struct token t, const char *end, unsigned depth, struct json_value *value,
                                     enum json_result *result)
{
    struct json_string_end s = { .has_escapes = false };
    enum json_type type = type_by(t.c);
    if (type == JSON_STRING)
        s = json_string_end(t.p + 1, end);
    else if (type >= JSON_ARRAY)
        s.p = container_end(t, end, depth, result);
    else
        s.p = number_or_word_end(t.p, end, type);
    if (s.p)
        *value = (struct json_value){ { t.p, (size_t)(s.p - t.p) }, type, s.has_escapes };
    return s.p;
}

// A walk over one container's members, or an array's elements: members without a key.
struct walk {
    const char *p, *end;     // behind the opening bracket or the last member; the end of the text
    enum json_type type;     // the container's
    bool is_first;           // the next member is the first
    enum json_result result; // JSON_OK only when the container's end was reached
};

// Whether TEXT opens a container of TYPE; then W is a walk over it.
static inline bool start(struct walk *w, struct span text, enum json_type type)
{
    if (!text.len)
        return false;
    const char *end = text.p + text.len;
    struct token t = token_at(text.p, end);
    if (type_by(t.c) != type)
        return false;
    *w = (struct walk){ .p = t.p + 1, .end = end, .type = type, .is_first = true, .result = JSON_MALFORMED };
    return true;
}

// Goes to the next member or element. False behind the container's end, and when the text is malformed.
static inline bool find_member(struct walk *w, struct token *t)
{
    if (!w->is_first && is_pair(w->p, w->end, ",\"")) {
        *t = (struct token){ w->p + 1, '"' };
        return true;
    }
    *t = token_at(w->p, w->end);
    if (t->c == closing(w->type)) {
        w->p = t->p + 1;
        w->result = JSON_OK;
        return false;
    }
    if (w->is_first) {
        w->is_first = false;
        return true;
    }
    if (t->c != ',')
        return false;
    *t = token_at(t->p + 1, w->end);
    return true;
}

// Goes over the next member, or element, and describes it. False behind the container's end, and when the text is
// malformed.
[[gnu::always_inline]] static inline bool step(struct walk *w, struct json_value *key, struct json_value *value)
{
    struct token t;
    if (!find_member(w, &t))
        return false;
    if (w->type == JSON_OBJECT) {
        struct json_string_end s = { .p = NULL };
        if (t.c == '"')
            s = json_string_end(t.p + 1, w->end);
        if (!s.p)
            return false;
        *key = (struct json_value){ { t.p, (size_t)(s.p - t.p) }, JSON_STRING, s.has_escapes };
        t = value_at(s.p, w->end);
    } else {
        *key = (struct json_value){ .type = JSON_ABSENT };
    }
    enum json_result result = JSON_MALFORMED; // not W's own, so that W need not be in memory
    w->p = scan_value(t, w->end, 1, value, &result);
    w->result = result;
    return w->p;
}

// The result of a walk that is over: behind the container there may be nothing but blanks.
static inline enum json_result finish(const struct walk *w)
{
    if (w->result != JSON_OK)
        return w->result;
    return w->p == w->end || token_at(w->p, w->end).p == w->end ? JSON_OK : JSON_MALFORMED;
}

static unsigned hex4(const char *p)
{
    unsigned n = 0;
    for (int i = 0; i < 4; i++)
        n = n << 4 | (unsigned)json_string_hex_digit(p[i]);
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
        piece = (struct span){ &json_string_escaped[(unsigned char)raw->p[1]], 1 };
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

enum json_result json_parse(struct span text, struct json_value *value)
{
    if (!text.len)
        return JSON_MALFORMED;
    const char *end = text.p + text.len;
    enum json_result result = JSON_MALFORMED;
    const char *p = scan_value(token_at(text.p, end), end, 0, value, &result);
    if (!p)
        return result;
    return token_at(p, end).p == end ? JSON_OK : JSON_MALFORMED;
}

// The result for a text that is not of the type asked for.
[[gnu::noinline]] static enum json_result refuse(struct span text)
{
    struct json_value value;
    enum json_result result = json_parse(text, &value);
    return result == JSON_OK ? JSON_WRONG_TYPE : result;
}

// Fills in the one of the fields up to END whose key is RAW. Not inline: the walk around it needs all registers for itself.
[[gnu::noinline]] static void fill(struct json_field *field, const struct json_field *end, struct span raw,
                                   const struct json_value *value)
{
    for (; field < end; field++)
        if (field->key.len == raw.len && word_is_same(field->key.p, raw.p, raw.len)) {
            field->value = *value;
            return;
        }
}

[[gnu::noinline]] static void fill_decoded(struct json_field *field, const struct json_field *end, struct span raw,
                                           const struct json_value *value)
{
    for (; field < end; field++)
        if (decodes_to(raw, field->key))
            field->value = *value;
}

enum json_result json_parse_object(struct span text, struct json_field *fields, size_t n)
{
    struct walk w;
    if (!start(&w, text, JSON_OBJECT))
        return refuse(text);
    const struct json_field *const end = fields + n;
    for (struct json_field *field = fields; field < end; field++)
        field->value = (struct json_value){ .type = JSON_ABSENT };
    struct json_value key, value;
    while (step(&w, &key, &value))
        if (key.has_escapes)
            fill_decoded(fields, end, json_string_raw(&key), &value);
        else
            fill(fields, end, json_string_raw(&key), &value);
    return finish(&w);
}

enum json_result json_parse_array(struct span text, struct json_value *values, size_t max, size_t *n)
{
    struct walk w;
    if (!start(&w, text, JSON_ARRAY))
        return refuse(text);
    struct json_value key, element;
    for (*n = 0; step(&w, &key, &element); ++*n)
        if (*n < max)
            values[*n] = element;
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
    if (!step(&w, &member->key, &member->value))
        return false;
    *pos = (size_t)(w.p - container.p);
    return true;
}

bool json_string_is(const struct json_value *value, struct span text)
{
    if (value->type != JSON_STRING)
        return false;
    struct span raw = json_string_raw(value);
    if (value->has_escapes)
        return decodes_to(raw, text);
    return raw.len == text.len && word_is_same(raw.p, text.p, raw.len);
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
    return text.len ? (size_t)(json_string_plain_end(text.p, text.p + text.len) - text.p) : 0;
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
