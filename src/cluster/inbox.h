// SPDX-License-Identifier: MIT
// What other threads want done on a worker's: it waits in one queue, in the order in which it came.
#ifndef STROWGER_CLUSTER_INBOX_H
#define STROWGER_CLUSTER_INBOX_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bus_port;

// Something for another worker's thread, embedded in what is to be done.
struct bus_errand {
    struct bus_errand *next;
    void (*run)(struct bus_errand *e, struct bus_port *p); // on that thread; P is its port
};

struct inbox {
    pthread_mutex_t lock;
    struct bus_errand *first, *last;
    uint64_t heard_at;       // when the turn began that the first one is from, in ns
    atomic_size_t n_waiting; // in the queue, and those taken out of it that are not done yet
    struct bus_port *port;   // the worker's
};

// Makes I empty.
void inbox_init(struct inbox *i);
void inbox_fini(struct inbox *i);

// Puts E, from a turn that began at HEARD_AT, behind the others. From any thread.
void inbox_put(struct inbox *i, struct bus_errand *e, uint64_t heard_at);

// Takes all out, in their order, and lowers *HEARD_AT to the first one's. inbox_done() follows for each.
struct bus_errand *inbox_take(struct inbox *i, uint64_t *heard_at);

// One that was taken out is done.
static inline void inbox_done(struct inbox *i)
{
    atomic_fetch_sub_explicit(&i->n_waiting, 1, memory_order_release);
}

// Whether anything waits or is not done yet.
static inline bool inbox_has_waiting(const struct inbox *i)
{
    return atomic_load_explicit(&i->n_waiting, memory_order_acquire) > 0;
}

#endif
