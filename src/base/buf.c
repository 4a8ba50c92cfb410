// SPDX-License-Identifier: MIT
// A growing row of bytes; see buf.h.
#include "base/buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

enum { FIRST_CAP = 64 };

void buf_fini(struct buf *b)
{
    free(b->p);
    *b = (struct buf){ 0 };
}

int buf_reserve(struct buf *b, size_t more)
{
    if (more <= b->cap - b->len)
        return 0;
    if (more > SIZE_MAX / 2 - b->len)
        return -ENOMEM;
    size_t cap = b->cap ? b->cap : FIRST_CAP;
    while (cap < b->len + more)
        cap *= 2;
    char *p = realloc(b->p, cap);
    if (!p)
        return -ENOMEM;
    b->p = p;
    b->cap = cap;
    return 0;
}

int buf_put(struct buf *b, const void *p, size_t len)
{
    if (buf_reserve(b, len) != 0)
        return -ENOMEM;
    if (len)
        memcpy(b->p + b->len, p, len);
    b->len += len;
    return 0;
}
