// SPDX-License-Identifier: MIT
// Many timeouts on one loop timer: a hierarchical timing wheel of 4 ms ticks.
//
// Arming and cancelling are constant time, however many are waiting. A deadline is never early and at most two ticks
// late. It belongs to whoever embeds it and must be cancelled before its memory goes.
#ifndef STROWGER_NET_DEADLINE_H
#define STROWGER_NET_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/list.h"

// 8 levels of 64 slots of 4 ms reach 35,000 years, further than the machine's clock will.
enum { DEADLINE_TICK_MS = 4, DEADLINE_LEVELS = 8, DEADLINE_SLOTS = 64 };

struct deadline {
    struct list node;
    uint64_t at_tick;
    void (*on_due)(struct deadline *d); // D is no longer armed when this is called; it may arm D or any other anew
};

struct deadlines {
    uv_timer_t timer;
    uv_loop_t *loop;
    uint64_t now_tick;                  // everything before it has been called
    uint64_t armed_tick;                // what the loop's timer waits for; UINT64_MAX: nothing
    uint64_t occupied[DEADLINE_LEVELS]; // a bit for each slot that may hold something
    struct list slots[DEADLINE_LEVELS][DEADLINE_SLOTS];
};

// Makes W the deadlines of LOOP, whose other handles its timer is closed with.
void deadlines_init(struct deadlines *w, uv_loop_t *loop);

// Makes D a deadline that is not armed and will call ON_DUE.
void deadline_init(struct deadline *d, void (*on_due)(struct deadline *d));

// Arms D, or moves it when it is armed, to MS milliseconds from now; at least one tick.
void deadline_set(struct deadlines *w, struct deadline *d, uint64_t ms);

static inline bool deadline_is_armed(const struct deadline *d)
{
    return !list_is_empty(&d->node);
}

// Disarms D; harmless when it is not armed.
void deadline_cancel(struct deadline *d);

#endif
