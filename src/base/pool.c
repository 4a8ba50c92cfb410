// SPDX-License-Identifier: MIT
// Many things of one size; see pool.h.
#include "base/pool.h"

#include <stdint.h>
#include <sys/mman.h>

// A free thing can't be touched by anyone but the pool when the address sanitizer watches.
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#define FORBID(p, len) __asan_poison_memory_region(p, len)
#define PERMIT(p, len) __asan_unpoison_memory_region(p, len)
#else
#define FORBID(p, len) ((void)0)
#define PERMIT(p, len) ((void)0)
#endif

// Slabs are aligned to their size, so that a thing's address tells its slab.
enum { SLAB_SIZE = 256 * 1024, ALIGNMENT = 8 };

struct free_item {
    struct free_item *next;
};

struct slab {
    struct list node; // in partial or full
    struct free_item *free;
    size_t n_used;
    size_t n_fresh; // things never given out yet, at the slab's end: a new slab is not walked through to string them
};

static struct slab *slab_of(struct list *node)
{
    return CONTAINER_OF(node, struct slab, node);
}

static size_t items_per_slab(const struct pool *p)
{
    return (SLAB_SIZE - sizeof(struct slab)) / p->item_size;
}

void pool_init(struct pool *p, size_t size, bool keeps_empty)
{
    *p = (struct pool){ .item_size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1), .keeps_empty = keeps_empty };
    list_init(&p->partial);
    list_init(&p->full);
}

static void free_slab(struct slab *s)
{
    PERMIT(s, SLAB_SIZE);
    munmap(s, SLAB_SIZE);
}

void pool_fini(struct pool *p)
{
    struct list *node;
    while ((node = list_shift(&p->partial)))
        free_slab(slab_of(node));
    p->n_empty = 0;
}

// The system gives pages at any page's border: twice the size holds an aligned slab, and the rest goes back.
static struct slab *map_slab(void)
{
    char *p = mmap(NULL, 2 * SLAB_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    size_t before = -(uintptr_t)p & (SLAB_SIZE - 1);
    if (before)
        munmap(p, before);
    munmap(p + before + SLAB_SIZE, SLAB_SIZE - before);
    return (struct slab *)(void *)(p + before);
}

static struct slab *new_slab(struct pool *p)
{
    struct slab *s = map_slab();
    if (!s)
        return NULL;
    s->n_fresh = items_per_slab(p);
    list_init(&s->node);
    list_prepend(&p->partial, &s->node);
    FORBID(s + 1, SLAB_SIZE - sizeof *s);
    p->n_empty++;
    return s;
}

void *pool_take(struct pool *p)
{
    struct slab *s = list_is_empty(&p->partial) ? new_slab(p) : slab_of(p->partial.next);
    if (!s)
        return NULL;
    void *item = s->free ? (void *)s->free : (char *)s + SLAB_SIZE - p->item_size * s->n_fresh--;
    PERMIT(item, p->item_size);
    if (item == s->free)
        s->free = s->free->next;
    p->n_in_use++;
    if (s->n_used++ == 0 && --p->n_empty < p->n_unneeded)
        p->n_unneeded = p->n_empty;
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
    FORBID(item, p->item_size);
    p->n_in_use--;
    if (--s->n_used)
        return;
    list_remove(&s->node);
    if (p->n_empty && !p->keeps_empty) {
        free_slab(s);
        return;
    }
    list_append(&p->partial, &s->node); // last: what is in use already is filled first
    p->n_empty++;
}

void pool_trim(struct pool *p)
{
    for (; p->n_unneeded; p->n_unneeded--, p->n_empty--) {
        struct slab *s = slab_of(p->partial.prev);
        list_remove(&s->node);
        free_slab(s);
    }
    p->n_unneeded = p->n_empty;
}
