// SPDX-License-Identifier: MIT
// Where a JSON string ends; see json_string.h.
//
// A session description is one long string with an escape pair, \r\n, every 40 bytes, and stopping at each of them was
// most of what its JSON cost. So the vector variants go over simple escapes without a stop. They compare every block with
// the one that begins a byte earlier: who has a backslash before him is named by an escape, and must be one of the simple
// letters. A backslash is none of these, so the second of two in a row always stops the walk, and which of a run are
// themselves escaped is never in question here: that, and every rarer escape, is json_string_long_end()'s.
//
// Instructions for the string of a 3,000-byte offer: 3,960 with a stop at every escape, 3,920 without one and 16 bytes
// at a time, 1,520 with AVX2.
#include "proto/json_string.h"

#ifdef __SSE2__
#include <immintrin.h>

#include "base/cpu.h"
#endif

const char json_string_escaped[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

const char *json_string_plain_end(const char *p, const char *end)
{
    unsigned special;
    for (; end - p >= 16; p += 16) {
        special = json_string_special_16(p);
        if (special)
            return p + (unsigned)__builtin_ctz(special);
    }
    for (; end - p >= 8; p += 8) {
        special = json_string_special_8(word_load(p));
        if (special)
            return p + (unsigned)__builtin_ctz(special);
    }
    size_t left = (size_t)(end - p);
    special = json_string_special_8(word_load_few(p, left) | UINT64_MAX << 8 * left); // ff is not special
    return special ? p + (unsigned)__builtin_ctz(special) : end;
}

// How many bytes the escape at P, a backslash, takes; 0 when there is no whole one before END.
static size_t escape_len(const char *p, const char *end)
{
    enum { UNICODE_LEN = 6 };
    if (end - p < 2)
        return 0;
    if (p[1] != 'u')
        return json_string_escaped[(unsigned char)p[1]] ? 2 : 0;
    if (end - p < UNICODE_LEN)
        return 0;
    for (int i = 2; i < UNICODE_LEN; i++)
        if (json_string_hex_digit(p[i]) < 0)
            return 0;
    return UNICODE_LEN;
}

struct stop {
    const char *p;
    bool has_escapes; // before P
};

#ifdef __SSE2__

// What there is in a block, a bit for each byte.
struct look {
    uint64_t stops; // quotes, control characters, and what is named by an escape and no simple letter
    uint64_t named; // behind a backslash
};

static inline struct look look_sse2(const char *p)
{
    __m128i x = _mm_loadu_si128((const __m128i *)p);
    __m128i named = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(p - 1)), _mm_set1_epi8('\\'));
    __m128i simple = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('n')), _mm_cmpeq_epi8(x, _mm_set1_epi8('r')));
    // As in json_string_special().
    __m128i low = _mm_cmplt_epi8(_mm_xor_si128(x, _mm_set1_epi8((char)(0x80 ^ 2))), _mm_set1_epi8((char)(0x80 ^ 0x21)));
    __m128i stops = _mm_or_si128(low, _mm_andnot_si128(simple, named));
    return (struct look){ (unsigned)_mm_movemask_epi8(stops), (unsigned)_mm_movemask_epi8(named) };
}

[[gnu::target("avx2")]] static inline struct look look_avx2(const char *p)
{
    // A letter is simple when it is the one that stands here in the place that its lower four bits say.
    const __m256i letters = _mm256_setr_epi8(0, 0, 'r', 0, 't', 0, 'f', 0, 0, 0, 0, 0, 0, 0, 'n', '/', // the low half
                                             0, 0, 'r', 0, 't', 0, 'f', 0, 0, 0, 0, 0, 0, 0, 'n', '/');
    __m256i x = _mm256_loadu_si256((const __m256i *)p);
    __m256i named = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(p - 1)), _mm256_set1_epi8('\\'));
    __m256i simple = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(letters, x), x);
    __m256i low = _mm256_cmpgt_epi8(_mm256_set1_epi8((char)(0x80 ^ 0x21)),
                                    _mm256_xor_si256(x, _mm256_set1_epi8((char)(0x80 ^ 2))));
    __m256i stops = _mm256_or_si256(low, _mm256_andnot_si256(simple, named));
    return (struct look){ (unsigned)_mm256_movemask_epi8(stops), (unsigned)_mm256_movemask_epi8(named) };
}

// Goes from P, of whose string at least BLOCK bytes are there and the one before is no backslash, to a quote, a control
// character, the backslash of an escape that is not simple, or END. LOOK is a constant where this is inlined.
[[gnu::always_inline]] static inline struct stop walk(const char *p, const char *end, ptrdiff_t block,
                                                      struct look look(const char *p))
{
    const char *const last = end - block;
    uint64_t named = 0;
    struct look l;
    for (; p < last; p += block) {
        l = look(p);
        if (l.stops)
            goto stop;
        named |= l.named;
    }
    // What is left is looked at together with bytes before it, which are known to have no stop.
    p = last;
    l = look(last);
    if (l.stops == 0)
        return (struct stop){ end, false };
stop:
    named |= l.named & (l.stops ^ (l.stops - 1)); // up to the first stop
    p += (unsigned)__builtin_ctzll(l.stops);
    return (struct stop){ p - (p[-1] == '\\'), named != 0 };
}

static struct stop walk_sse2(const char *p, const char *end)
{
    return walk(p, end, sizeof(__m128i), look_sse2);
}

[[gnu::target("avx2")]] static struct stop walk_avx2(const char *p, const char *end)
{
    return walk(p, end, sizeof(__m256i), look_avx2);
}

// Goes on from P to a byte that needs a closer look, or to END.
static inline struct stop skip_plain(const char *p, const char *end)
{
    if (end - p >= (ptrdiff_t)sizeof(__m256i) && cpu_has_avx2())
        return walk_avx2(p, end);
    if (end - p >= (ptrdiff_t)sizeof(__m128i))
        return walk_sse2(p, end);
    return (struct stop){ json_string_plain_end(p, end), false };
}

#else

// Goes on from P to a byte that needs a closer look, any backslash for one, or to END.
static inline struct stop skip_plain(const char *p, const char *end)
{
    return (struct stop){ json_string_plain_end(p, end), false };
}

#endif

struct json_string_end json_string_long_end(const char *p, const char *end)
{
    const struct json_string_end malformed = { NULL, false };
    bool has_escapes = false;
    for (;;) {
        struct stop stop = skip_plain(p, end);
        has_escapes |= stop.has_escapes;
        p = stop.p;
        while (p < end && *p == '\\') {
            size_t len = escape_len(p, end);
            if (len == 0)
                return malformed;
            has_escapes = true;
            p += len;
        }
        if (p == end || (unsigned char)*p < ' ')
            return malformed;
        if (*p++ == '"')
            return (struct json_string_end){ p, has_escapes };
    }
}
