// SPDX-License-Identifier: MIT
// A row of bytes in pieces; see pieces.h.
#include "base/pieces.h"

#include <errno.h>
#include <stdlib.h>

enum { LEAST_CAP = 512, SHARE = 16 };

struct pieces_chunk {
    struct pieces_chunk *next; // of the last: the first
    size_t len, cap;
    char data[];
};

// Takes the first chunk out of P, which has one.
static struct pieces_chunk *shift(struct pieces *p)
{
    struct pieces_chunk *first = p->last->next;
    if (first == p->last)
        p->last = NULL;
    else
        p->last->next = first->next;
    p->len -= first->len;
    return first;
}

void pieces_fini(struct pieces *p)
{
    while (p->last)
        free(shift(p));
}

static struct pieces_chunk *new_chunk(size_t cap)
{
    struct pieces_chunk *chunk = malloc(sizeof *chunk + cap);
    if (chunk)
        *chunk = (struct pieces_chunk){ .next = chunk, .cap = cap };
    return chunk;
}

static void append(struct pieces *p, struct pieces_chunk *chunk)
{
    if (p->last) {
        chunk->next = p->last->next;
        p->last->next = chunk;
    }
    p->last = chunk;
}

static struct span fill(struct pieces_chunk *chunk, struct span s)
{
    size_t room = chunk->cap - chunk->len, n = s.len < room ? s.len : room;
    if (n)
        memcpy(chunk->data + chunk->len, s.p, n);
    chunk->len += n;
    return (struct span){ s.p + n, s.len - n };
}

int pieces_put(struct pieces *p, struct span s)
{
    size_t room = p->last ? p->last->cap - p->last->len : 0;
    struct pieces_chunk *more = NULL;
    if (s.len > room || !p->last) {
        size_t least = p->len / SHARE > LEAST_CAP ? p->len / SHARE : LEAST_CAP;
        more = new_chunk(s.len - room > least ? s.len - room : least);
        if (!more)
            return -ENOMEM;
    }
    p->len += s.len;
    if (p->last)
        s = fill(p->last, s);
    if (more) {
        fill(more, s);
        append(p, more);
    }
    return 0;
}

int pieces_join(struct pieces *p, struct span *whole)
{
    if (p->last && p->last->next != p->last) {
        struct pieces_chunk *all = new_chunk(p->len);
        if (!all)
            return -ENOMEM;
        while (p->last) {
            struct pieces_chunk *chunk = shift(p);
            fill(all, (struct span){ chunk->data, chunk->len });
            free(chunk);
        }
        append(p, all);
        p->len = all->len;
    }
    *whole = p->last ? (struct span){ p->last->data, p->last->len } : (struct span){ 0 };
    return 0;
}
