// SPDX-License-Identifier: MIT
// A decoder of UTF-8 that takes the definition by its word, to compare utf8.c with.
#ifndef STROWGER_TESTS_UTF8_REFERENCE_H
#define STROWGER_TESTS_UTF8_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/utf8.h"

// How many bytes a character with this first byte has, 0 if none begins so.
static inline size_t reference_char_len(unsigned char first)
{
    if (first < 0x80)
        return 1;
    return first >> 5 == 0x06 ? 2 : first >> 4 == 0x0e ? 3 : first >> 3 == 0x1e ? 4 : 0;
}

// Whether some valid character begins with the LEN bytes at P: the smallest and the largest code point that do so are
// compared with what RFC 3629, section 3, allows for that many bytes.
static inline bool reference_can_begin(const unsigned char *p, size_t len)
{
    static const uint32_t smallest[] = { [1] = 0, [2] = 0x80, [3] = 0x800, [4] = 0x10000 };
    size_t whole = reference_char_len(p[0]);
    if (whole == 0 || len > whole)
        return false;
    if (whole == 1)
        return true;
    uint32_t low = p[0] & (0x7fU >> whole), high = low;
    for (size_t i = 1; i < whole; i++) {
        if (i < len && p[i] >> 6 != 2)
            return false;
        low = low << 6 | (i < len ? p[i] & 0x3fU : 0);
        high = high << 6 | (i < len ? p[i] & 0x3fU : 0x3f);
    }
    bool only_surrogates = low >= 0xd800 && high <= 0xdfff;
    return high >= smallest[whole] && low <= 0x10ffff && !only_surrogates;
}

enum reference_verdict { REFERENCE_WHOLE, REFERENCE_PARTIAL, REFERENCE_INVALID };

static inline enum reference_verdict reference_utf8(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    while (len) {
        size_t whole = reference_char_len(p[0]);
        size_t here = whole < len ? whole : len;
        if (!reference_can_begin(p, here))
            return REFERENCE_INVALID;
        if (here < whole)
            return REFERENCE_PARTIAL;
        p += whole;
        len -= whole;
    }
    return REFERENCE_WHOLE;
}

static inline enum reference_verdict verdict_of(utf8_state state)
{
    return state == UTF8_START ? REFERENCE_WHOLE : state == UTF8_INVALID ? REFERENCE_INVALID : REFERENCE_PARTIAL;
}

#endif
