// SPDX-License-Identifier: MIT
// Checks UTF-8 (RFC 3629) as it streams in, failing at the first byte that no valid text could have there.
#ifndef STROWGER_BASE_UTF8_H
#define STROWGER_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Where a check stands between two pieces of one text. Zero is the beginning, and the end of every whole character.
typedef uint32_t utf8_state;

enum { UTF8_START = 0, UTF8_INVALID = 1 };

// Goes on with STATE over LEN bytes at P. Returns the new state: UTF8_INVALID once the text can't become valid any
// more (it stays so), UTF8_START at a character's end, anything else inside one.
utf8_state utf8_check(utf8_state state, const char *p, size_t len);

// Whether the LEN bytes at P are a whole valid text.
static inline bool utf8_is_valid(const char *p, size_t len)
{
    return utf8_check(UTF8_START, p, len) == UTF8_START;
}

// The longest length <= LEN at which a valid text at P can be cut without splitting a character.
size_t utf8_cut(const char *p, size_t len);

#endif
