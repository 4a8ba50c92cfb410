// SPDX-License-Identifier: MIT
// A growing text; see text.h.
#include "text.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 256 };

void text_fini(struct text *t)
{
    free(t->p);
    *t = (struct text){ 0 };
}

void text_reserve(struct text *t, size_t more)
{
    size_t cap = t->cap ? t->cap : FIRST_CAP;
    while (cap - t->len < more)
        cap *= 2;
    if (cap == t->cap)
        return;
    t->p = realloc(t->p, cap);
    if (!t->p)
        err(1, "out of memory");
    t->cap = cap;
}

void text_put(struct text *t, const void *p, size_t len)
{
    if (len == 0)
        return;
    text_reserve(t, len);
    memcpy(t->p + t->len, p, len);
    t->len += len;
}

void text_printf(struct text *t, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len < 0)
        err(1, "printf");
    text_reserve(t, (size_t)len + 1);
    vsnprintf(t->p + t->len, (size_t)len + 1, format, again);
    t->len += (size_t)len;
    va_end(again);
    va_end(args);
}
