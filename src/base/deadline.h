// SPDX-License-Identifier: MIT
// Many timeouts on one timer: a hierarchical timing wheel of 4 ms ticks.
//
// Arming and cancelling are constant time, however many are waiting. A deadline is never early and at most two ticks
// late. It belongs to whoever embeds it and must be cancelled before its memory goes. The time, and the one timer, are
// given by a clock: a loop's in the server (net/loop_clock.h), one turned by hand in tests.
#ifndef STROWGER_BASE_DEADLINE_H
#define STROWGER_BASE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

// 8 levels of 64 slots of 4 ms reach 35,000 years, further than the machine's clock will.
enum { DEADLINE_TICK_MS = 4, DEADLINE_LEVELS = 8, DEADLINE_SLOTS = 64 };

#define DEADLINE_NEVER UINT64_MAX

struct deadline {
    struct list node;
    uint64_t at_tick;
    void (*on_due)(struct deadline *d); // D is no longer armed when this is called; it may arm D or any other anew
};

struct deadlines;

// What tells the time and wakes.
struct deadline_clock {
    // The time in milliseconds, which never goes back.
    uint64_t (*now_ms)(const struct deadlines *w);
    // Has deadlines_call() called at AT_MS and not before, or not at all for DEADLINE_NEVER; replaces what was asked before.
    void (*wake_at)(struct deadlines *w, uint64_t at_ms);
};

struct deadlines {
    const struct deadline_clock *clock;
    uint64_t now_tick;                  // everything before it has been called
    uint64_t armed_tick;                // what the clock waits for, or DEADLINE_NEVER
    uint64_t occupied[DEADLINE_LEVELS]; // a bit for each slot that may hold something
    struct list slots[DEADLINE_LEVELS][DEADLINE_SLOTS];
};

// Makes W the deadlines of CLOCK, which must tell W's time already.
void deadlines_init(struct deadlines *w, const struct deadline_clock *clock);

// Calls what is due.
void deadlines_call(struct deadlines *w);

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
