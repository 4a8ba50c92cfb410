// SPDX-License-Identifier: MIT
// What other threads want done on a worker's; see inbox.h.
#include "cluster/inbox.h"

void inbox_init(struct inbox *i)
{
    *i = (struct inbox){ 0 };
    pthread_mutex_init(&i->lock, NULL);
}

void inbox_fini(struct inbox *i)
{
    pthread_mutex_destroy(&i->lock);
}

void inbox_put(struct inbox *i, struct bus_errand *e, uint64_t heard_at)
{
    e->next = NULL;
    pthread_mutex_lock(&i->lock);
    if (i->last) {
        i->last->next = e;
    } else {
        i->first = e;
        i->heard_at = heard_at;
    }
    i->last = e;
    atomic_fetch_add_explicit(&i->n_waiting, 1, memory_order_release);
    pthread_mutex_unlock(&i->lock);
}

struct bus_errand *inbox_take(struct inbox *i, uint64_t *heard_at)
{
    pthread_mutex_lock(&i->lock);
    struct bus_errand *first = i->first;
    if (first && i->heard_at < *heard_at)
        *heard_at = i->heard_at;
    i->first = i->last = NULL;
    pthread_mutex_unlock(&i->lock);
    return first;
}
