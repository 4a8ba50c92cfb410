// SPDX-License-Identifier: MIT
// A growing row of bytes, owned by whoever holds the struct.
//
// Zero-initialised is empty and holds no memory; buf_fini() makes it so again. Growth doubles, so that N bytes put one
// at a time cost O(N). Spans into a buf die with the next put.
#ifndef STROWGER_BASE_BUF_H
#define STROWGER_BASE_BUF_H

#include "base/span.h"

struct buf {
    char *p;
    size_t len, cap;
};

// Frees the bytes; B is empty and usable afterwards.
void buf_fini(struct buf *b);

// Makes room for MORE bytes behind the present ones. 0, or -ENOMEM with B unchanged.
[[gnu::warn_unused_result]] int buf_reserve(struct buf *b, size_t more);

// Appends LEN bytes at P. 0, or -ENOMEM with B unchanged.
[[gnu::warn_unused_result]] int buf_put(struct buf *b, const void *p, size_t len);

[[gnu::warn_unused_result]] static inline int buf_put_span(struct buf *b, struct span s)
{
    return buf_put(b, s.p, s.len);
}

static inline struct span buf_span(const struct buf *b)
{
    return (struct span){ b->p, b->len };
}

#endif
