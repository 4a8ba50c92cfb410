// SPDX-License-Identifier: MIT
// A worker's turn: what is put off to its end, when no callback is on the stack any more, and how long it takes.
#ifndef STROWGER_NET_TURN_H
#define STROWGER_NET_TURN_H

#include <stdint.h>

#include "base/list.h"

// Something to be done; it belongs to whoever embeds it and must be cancelled before its memory goes.
struct turn_task {
    struct list node;
    void (*run)(struct turn_task *t); // T is no longer waiting when this is called
};

struct turn {
    struct list tasks;
    uint64_t heard_at;  // in ns: when the oldest of what is being handled came to a worker
    uint64_t n_relayed; // messages that one client sent and another gets
};

static inline void turn_init(struct turn *turn)
{
    *turn = (struct turn){ .heard_at = UINT64_MAX };
    list_init(&turn->tasks);
}

static inline void turn_task_init(struct turn_task *t, void (*run)(struct turn_task *t))
{
    list_init(&t->node);
    t->run = run;
}

// Has T run at the turn's end, once, however often it is asked for.
static inline void turn_put_off(struct turn *turn, struct turn_task *t)
{
    if (list_is_empty(&t->node))
        list_append(&turn->tasks, &t->node);
}

static inline void turn_cancel(struct turn_task *t)
{
    list_remove(&t->node);
}

// Runs what was put off, and what that puts off in turn.
static inline void turn_end(struct turn *turn)
{
    struct list *node;
    while ((node = list_shift(&turn->tasks))) {
        struct turn_task *t = CONTAINER_OF(node, struct turn_task, node);
        t->run(t);
    }
}

#endif
