// SPDX-License-Identifier: MIT
// Messages made once and numbered; see stencil.h.
#include "stencil.h"

#include <stdlib.h>
#include <string.h>

static const unsigned char MASK[4] = { 0x37, 0xfa, 0x21, 0x9d };

void frame_put(struct text *out, int opcode, const void *payload, size_t len)
{
    unsigned char head[14] = { (unsigned char)(0x80 | opcode) };
    size_t head_len = 2;
    if (len < 126) {
        head[1] = (unsigned char)(0x80 | len);
    } else if (len < 65536) {
        head[1] = 0x80 | 126;
        head[2] = (unsigned char)(len >> 8);
        head[3] = (unsigned char)len;
        head_len = 4;
    } else {
        head[1] = 0x80 | 127;
        for (int i = 0; i < 8; i++)
            head[2 + i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
        head_len = 10;
    }
    memcpy(head + head_len, MASK, sizeof MASK);
    text_put(out, head, head_len + sizeof MASK);
    text_put(out, payload, len);
    char *p = out->p + out->len - len;
    for (size_t i = 0; i < len; i++)
        p[i] ^= (char)MASK[i % 4];
}

static bool find_mark(const struct text *t, size_t *at)
{
    const char *mark = memmem(t->p, t->len, STENCIL_MARK, STENCIL_DIGITS);
    if (mark)
        *at = (size_t)(mark - t->p);
    return mark;
}

bool stencil_init_plain(struct stencil *s, const struct text *t)
{
    *s = (struct stencil){ 0 };
    if (!find_mark(t, &s->number_at))
        return false;
    struct text copy = { 0 };
    text_put(&copy, t->p, t->len);
    s->p = copy.p;
    s->len = copy.len;
    return true;
}

bool stencil_init_frame(struct stencil *s, const struct text *t)
{
    *s = (struct stencil){ 0 };
    size_t at;
    if (!find_mark(t, &at))
        return false;
    struct text frame = { 0 };
    frame_put(&frame, 1, t->p, t->len);
    s->p = frame.p;
    s->len = frame.len;
    s->number_at = frame.len - t->len + at;
    for (size_t i = 0; i < STENCIL_DIGITS; i++)
        s->mask[i] = (char)MASK[(at + i) % 4];
    return true;
}

void stencil_fini(struct stencil *s)
{
    free(s->p);
    *s = (struct stencil){ 0 };
}

void stencil_put(const struct stencil *s, uint64_t n, struct text *out)
{
    text_put(out, s->p, s->len);
    char *digits = out->p + out->len - s->len + s->number_at;
    for (int i = STENCIL_DIGITS - 1; i >= 0; i--, n /= 10)
        digits[i] = (char)('0' + n % 10) ^ s->mask[i];
}

static bool read_number(const char *p, uint64_t *n)
{
    *n = 0;
    for (int i = 0; i < STENCIL_DIGITS; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        *n = *n * 10 + (uint64_t)(p[i] - '0');
    }
    return true;
}

bool stencil_check(const struct stencil *s, struct tally *t, const char *p, size_t len)
{
    size_t end = s->number_at + STENCIL_DIGITS;
    uint64_t n;
    if (len != s->len || memcmp(p, s->p, s->number_at) != 0 || memcmp(p + end, s->p + end, len - end) != 0 ||
        !read_number(p + s->number_at, &n)) {
        t->n_corrupt++;
        return false;
    }
    if (n < t->next && t->n_missing == 0) {
        t->n_duplicated++;
        return false;
    }
    if (n < t->next) {
        t->n_reordered++;
        t->n_missing--;
    } else {
        t->n_missing += n - t->next;
        t->next = n + 1;
    }
    t->n_received++;
    return true;
}
