// SPDX-License-Identifier: MIT
// Bytes taken eight at a time, wherever they lie, without looking at any that are not asked for.
//
// The names and keys that pass here are short: for them a call of memcmp() or a loop over the bytes costs more than the
// work itself. Every function reads just the bytes of its argument, some of them twice where a load must overlap.
#ifndef STROWGER_BASE_WORD_H
#define STROWGER_BASE_WORD_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// The eight bytes at P, the first one lowest.
static inline uint64_t word_load(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return le64toh(word);
}

// The four bytes at P, the first one lowest.
static inline uint32_t word_load_half(const char *p)
{
    uint32_t half;
    memcpy(&half, p, sizeof half);
    return le32toh(half);
}

// The N < 8 bytes at P, the first one lowest, zeros above them.
static inline uint64_t word_load_few(const char *p, size_t n)
{
    if (n >= 4)
        return word_load_half(p) | (uint64_t)word_load_half(p + n - 4) << 8 * (n - 4);
    if (n == 0)
        return 0;
    uint64_t first = (unsigned char)p[0], middle = (unsigned char)p[n / 2], last = (unsigned char)p[n - 1];
    return first | middle << 8 * (n / 2) | last << 8 * (n - 1);
}

// Whether the N bytes at A are those at B.
static inline bool word_is_same(const char *a, const char *b, size_t n)
{
    if (n >= 8) {
        for (size_t i = 0; i < n - 8; i += 8)
            if (word_load(a + i) != word_load(b + i))
                return false;
        return word_load(a + n - 8) == word_load(b + n - 8);
    }
    if (n >= 4)
        return word_load_half(a) == word_load_half(b) && word_load_half(a + n - 4) == word_load_half(b + n - 4);
    while (n > 0 && a[n - 1] == b[n - 1])
        n--;
    return n == 0;
}

#endif
