// SPDX-License-Identifier: MIT
// A piece of somebody else's bytes: pointer and length.
//
// A span owns nothing and dies with the buffer it points into; it is never kept beyond the callback that received it.
// The bytes are not zero-terminated and may hold anything.
#ifndef STROWGER_BASE_SPAN_H
#define STROWGER_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
    const char *p;
    size_t len;
};

// A span over a string literal, its closing zero left out.
#define SPAN(literal) ((struct span){ "" literal, sizeof(literal) - 1 })

// A span over TEXT, which must be zero-terminated; NULL gives the empty span.
static inline struct span span_of(const char *text)
{
    return (struct span){ text, text ? strlen(text) : 0 };
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

// The same for a secret: how long it takes tells nothing of where A and B differ.
static inline bool span_equal_secret(struct span a, struct span b)
{
    unsigned char differing = 0;
    for (size_t i = 0; a.len == b.len && i < a.len; i++)
        differing |= (unsigned char)(a.p[i] ^ b.p[i]);
    return a.len == b.len && differing == 0;
}

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

// Equal but for the case of ASCII letters, as HTTP compares its tokens.
static inline bool span_equal_nocase(struct span a, struct span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
            return false;
    return true;
}

static inline bool span_has_prefix(struct span s, struct span prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.p, prefix.p, prefix.len) == 0);
}

#endif
