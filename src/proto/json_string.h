// SPDX-License-Identifier: MIT
// Where a JSON string ends: most of a message's bytes stand in strings, so most of what JSON costs is decided here.
//
// Short strings, which nearly all keys and names are, cost one look at 16 bytes, made here in the caller; anything else
// is json_string_long_end()'s.
#ifndef STROWGER_PROTO_JSON_STRING_H
#define STROWGER_PROTO_JSON_STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/word.h"

#define JSON_STRING_EACH(byte) (0x0101010101010101 * (uint64_t)(byte))

// The top bit of each byte of the result says whether that byte of X is at most LIMIT, which is below 80.
static inline uint64_t json_string_at_most(uint64_t x, unsigned limit)
{
    return ~(((x & JSON_STRING_EACH(0x7f)) + JSON_STRING_EACH(0x7f - limit)) | x) & JSON_STRING_EACH(0x80);
}

// Bit I says that byte I of X, the first one lowest, cannot stand in a string as it is: a quote, a backslash or a control
// character.
static inline unsigned json_string_special_8(uint64_t x)
{
    // x ^ 2 moves the quote (22) behind the control characters (00..1f).
    uint64_t low = json_string_at_most(x ^ JSON_STRING_EACH(2), 0x20);
    uint64_t special = low | json_string_at_most(x ^ JSON_STRING_EACH('\\'), 0);
    // The multiplication gathers the eight bits, each eight apart, in the top byte.
    return (unsigned)((special >> 7) * 0x0102040810204080 >> 56);
}

// The same for the 16 bytes at P.
static inline unsigned json_string_special_16(const char *p)
{
#ifdef __SSE2__
    // As above; 80 lets a signed comparison order unsigned bytes.
    __m128i x = _mm_xor_si128(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8((char)(0x80 ^ 2)));
    __m128i low = _mm_cmplt_epi8(x, _mm_set1_epi8((char)(0x80 ^ 0x21)));
    __m128i backslash = _mm_cmpeq_epi8(x, _mm_set1_epi8((char)(0x80 ^ 2 ^ '\\')));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, backslash));
#else
    return json_string_special_8(word_load(p)) | json_string_special_8(word_load(p + 8)) << 8;
#endif
}

// The first byte from P on that cannot stand in a string as it is, or END.
const char *json_string_plain_end(const char *p, const char *end);

struct json_string_end {
    const char *p; // behind the closing quote; NULL when there is none or the string is malformed
    bool has_escapes;
};

// json_string_end() for every string.
struct json_string_end json_string_long_end(const char *p, const char *end);

// Where the string ends whose first byte, behind the opening quote, is at P. No byte is read at END or behind.
static inline struct json_string_end json_string_end(const char *p, const char *end)
{
    unsigned special = end - p >= 16 ? json_string_special_16(p) : 0;
    if (special && p[(unsigned)__builtin_ctz(special)] == '"')
        return (struct json_string_end){ p + (unsigned)__builtin_ctz(special) + 1, false };
    return json_string_long_end(p, end);
}

// What the letter behind a backslash stands for; 0 when it is none of those with a meaning, and for `u`.
extern const char json_string_escaped[256];

// What the digit C counts, -1 when it is none.
static inline int json_string_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

#endif
