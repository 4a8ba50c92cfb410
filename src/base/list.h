// SPDX-License-Identifier: MIT
// A doubly linked ring of nodes embedded in the things it strings together.
//
// A list is a node that belongs to no thing. A node that is in no list points at itself, so removing it twice is harmless.
#ifndef STROWGER_BASE_LIST_H
#define STROWGER_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *prev, *next;
};

// The struct TYPE whose member MEMBER is the node that NODE points at.
#define CONTAINER_OF(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

// Goes over the nodes of the list HEAD; the current one may be removed meanwhile, its successor may not.
#define LIST_EACH(head, node)                                                                                          \
    for (struct list *node = (head)->next, *node##_next = node->next; node != (head);                                  \
         node = node##_next, node##_next = node##_next->next)

static inline void list_init(struct list *l)
{
    l->prev = l->next = l;
}

static inline bool list_is_empty(const struct list *l)
{
    return l->next == l;
}

// Puts NODE, which must be in no list, at the end of L.
static inline void list_append(struct list *l, struct list *node)
{
    node->prev = l->prev;
    node->next = l;
    l->prev->next = node;
    l->prev = node;
}

// Puts NODE, which must be in no list, at the start of L.
static inline void list_prepend(struct list *l, struct list *node)
{
    list_append(l->next, node);
}

static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

// Takes the first node out of L, or returns NULL.
static inline struct list *list_shift(struct list *l)
{
    if (list_is_empty(l))
        return NULL;
    struct list *node = l->next;
    list_remove(node);
    return node;
}

// Moves all nodes of FROM to TO, which must be uninitialised or empty; FROM is empty afterwards.
static inline void list_take(struct list *to, struct list *from)
{
    list_init(to);
    if (list_is_empty(from))
        return;
    *to = *from;
    to->next->prev = to;
    to->prev->next = to;
    list_init(from);
}

#endif
