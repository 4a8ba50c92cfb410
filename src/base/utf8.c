// SPDX-License-Identifier: MIT
// Checks UTF-8 as it streams in; see utf8.h.
//
// ASCII, nearly everything that passes here, is skipped 64 bytes at a time. Any other byte takes one step of a state
// machine that lives in shifts: a row per byte, in each row six bits per state, and in these six bits where the byte
// leads from that state, given as a number of bits to shift by. So one step is a load, a shift and a mask.
#include "base/utf8.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { STATE_BITS = 6, STATE_MASK = (1 << STATE_BITS) - 1 };

// Where a text can stand: RFC 3629, section 4, with a state for each set of bytes that can come next.
enum state {
    START = UTF8_START,
    INVALID = UTF8_INVALID,
    TAIL_1,   // 80..bf ends the character
    TAIL_2,   // 80..bf, then TAIL_1
    TAIL_3,   // 80..bf, then TAIL_2
    AFTER_E0, // a0..bf, then TAIL_1: less would have fit in two bytes
    AFTER_ED, // 80..9f, then TAIL_1: more would be a surrogate
    AFTER_F0, // 90..bf, then TAIL_2: less would have fit in three bytes
    AFTER_F4, // 80..8f, then TAIL_2: more would be behind U+10FFFF
};

// "In the state FROM this byte leads to TO".
#define LEADS(from, to) ((uint64_t)((to)*STATE_BITS) << ((from)*STATE_BITS))

// What holds in every row unless the row says otherwise: an exclusive or with LEADS(from, INVALID) takes it back.
#define NOWHERE                                                                                                        \
    (LEADS(START, INVALID) | LEADS(INVALID, INVALID) | LEADS(TAIL_1, INVALID) | LEADS(TAIL_2, INVALID) |               \
     LEADS(TAIL_3, INVALID) | LEADS(AFTER_E0, INVALID) | LEADS(AFTER_ED, INVALID) | LEADS(AFTER_F0, INVALID) |         \
     LEADS(AFTER_F4, INVALID))
#define BUT(from, to) (LEADS(from, INVALID) ^ LEADS(from, to))
#define TAILS         (BUT(TAIL_1, START) ^ BUT(TAIL_2, TAIL_1) ^ BUT(TAIL_3, TAIL_2))

static const uint64_t rows[256] = {
    [0x00 ... 0x7f] = NOWHERE ^ BUT(START, START),
    [0x80 ... 0x8f] = NOWHERE ^ TAILS ^ BUT(AFTER_ED, TAIL_1) ^ BUT(AFTER_F4, TAIL_2),
    [0x90 ... 0x9f] = NOWHERE ^ TAILS ^ BUT(AFTER_ED, TAIL_1) ^ BUT(AFTER_F0, TAIL_2),
    [0xa0 ... 0xbf] = NOWHERE ^ TAILS ^ BUT(AFTER_E0, TAIL_1) ^ BUT(AFTER_F0, TAIL_2),
    [0xc0 ... 0xc1] = NOWHERE,
    [0xc2 ... 0xdf] = NOWHERE ^ BUT(START, TAIL_1),
    [0xe0] = NOWHERE ^ BUT(START, AFTER_E0),
    [0xe1 ... 0xec] = NOWHERE ^ BUT(START, TAIL_2),
    [0xed] = NOWHERE ^ BUT(START, AFTER_ED),
    [0xee ... 0xef] = NOWHERE ^ BUT(START, TAIL_2),
    [0xf0] = NOWHERE ^ BUT(START, AFTER_F0),
    [0xf1 ... 0xf3] = NOWHERE ^ BUT(START, TAIL_3),
    [0xf4] = NOWHERE ^ BUT(START, AFTER_F4),
    [0xf5 ... 0xff] = NOWHERE,
};

static bool is_ascii(char c)
{
    return (unsigned char)c < 0x80;
}

#ifdef __SSE2__

enum { BLOCK = 64 };

static bool is_ascii_block(const char *p)
{
    const __m128i *v = (const __m128i *)p;
    __m128i low = _mm_or_si128(_mm_loadu_si128(v), _mm_loadu_si128(v + 1));
    __m128i high = _mm_or_si128(_mm_loadu_si128(v + 2), _mm_loadu_si128(v + 3));
    return _mm_movemask_epi8(_mm_or_si128(low, high)) == 0;
}

#else

enum { BLOCK = 16 };

static bool is_ascii_block(const char *p)
{
    uint64_t w[2];
    memcpy(w, p, sizeof w);
    return ((w[0] | w[1]) & 0x8080808080808080) == 0;
}

#endif

static bool is_ascii_word(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return (w & 0x8080808080808080) == 0;
}

static const char *skip_ascii(const char *p, const char *end)
{
    while (end - p >= BLOCK && is_ascii_block(p))
        p += BLOCK;
    while (end - p >= 8 && is_ascii_word(p))
        p += 8;
    while (p < end && is_ascii(*p))
        p++;
    return p;
}

static inline uint64_t step(uint64_t shift, char c)
{
    return rows[(unsigned char)c] >> shift & STATE_MASK;
}

utf8_state utf8_check(utf8_state state, const char *p, size_t len)
{
    if (len == 0)
        return state; // P may be NULL
    const char *end = p + len;
    uint64_t shift = (uint64_t)state * STATE_BITS;
    while (p < end && shift != INVALID * STATE_BITS) {
        if (shift == START && is_ascii(*p)) {
            p = skip_ascii(p, end);
        } else if (end - p >= 8) {
            // Where there is one character that is not ASCII, others follow: eight steps for one look at where it leads.
#pragma GCC unroll 8
            for (int i = 0; i < 8; i++)
                shift = step(shift, p[i]);
            p += 8;
        } else {
            shift = step(shift, *p++);
        }
    }
    return (utf8_state)(shift / STATE_BITS);
}

size_t utf8_cut(const char *p, size_t len)
{
    // A character has at most four bytes, so one that is cut has its first among the last three.
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned char c = (unsigned char)p[len - back];
        if (c >= 0xc0) {
            size_t whole = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
            return back < whole ? len - back : len;
        }
        if (c < 0x80)
            break;
    }
    return len;
}
