// SPDX-License-Identifier: MIT
// Many things of one size; see pool.h.
#include "base/pool.h"

#include <stdint.h>
#include <stdlib.h>

// Slabs are aligned to their size, so that a thing's address tells its slab.
enum { SLAB_SIZE = 65536, ALIGNMENT = 16 };

struct free_item {
    struct free_item *next;
};

struct slab {
    struct list node; // in partial or full
    struct free_item *free;
    size_t n_used;
    size_t n_fresh; // things never given out yet, at the slab's end: a new slab is not walked through to string them
};

static size_t items_per_slab(const struct pool *p)
{
    return (SLAB_SIZE - sizeof(struct slab)) / p->item_size;
}

void pool_init(struct pool *p, size_t size)
{
    *p = (struct pool){ .item_size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1) };
    list_init(&p->partial);
    list_init(&p->full);
}

void pool_fini(struct pool *p)
{
    struct list *node;
    while ((node = list_shift(&p->partial)))
        free(CONTAINER_OF(node, struct slab, node));
    p->spare = NULL;
}

static struct slab *new_slab(struct pool *p)
{
    struct slab *s = aligned_alloc(SLAB_SIZE, SLAB_SIZE);
    if (!s)
        return NULL;
    s->free = NULL;
    s->n_used = 0;
    s->n_fresh = items_per_slab(p);
    list_init(&s->node);
    list_prepend(&p->partial, &s->node);
    return s;
}

void *pool_take(struct pool *p)
{
    struct slab *s = list_is_empty(&p->partial) ? new_slab(p) : CONTAINER_OF(p->partial.next, struct slab, node);
    if (!s)
        return NULL;
    void *item = s->free;
    if (item)
        s->free = s->free->next;
    else
        item = (char *)s + SLAB_SIZE - p->item_size * s->n_fresh--;
    s->n_used++;
    p->n_in_use++;
    if (p->spare == &s->node)
        p->spare = NULL;
    if (!s->free && !s->n_fresh) {
        list_remove(&s->node);
        list_append(&p->full, &s->node);
    }
    return item;
}

void pool_give(struct pool *p, void *item)
{
    struct slab *s = (struct slab *)((uintptr_t)item & ~(uintptr_t)(SLAB_SIZE - 1));
    if (!s->free && !s->n_fresh) {
        list_remove(&s->node);
        list_prepend(&p->partial, &s->node);
    }
    struct free_item *free_item = item;
    free_item->next = s->free;
    s->free = free_item;
    p->n_in_use--;
    if (--s->n_used)
        return;
    if (!p->spare) {
        p->spare = &s->node;
        return;
    }
    list_remove(&s->node);
    free(s);
}
