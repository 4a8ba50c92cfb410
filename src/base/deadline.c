// SPDX-License-Identifier: MIT
// Many timeouts on one timer; see deadline.h.
//
// A deadline's level is the highest group of six bits in which its tick differs from the present one, its slot the value
// of that group. So all that is due soonest lies on the lowest occupied level, and a slot's content moves down once the
// present reaches it.
#include "base/deadline.h"

enum { SLOT_BITS = 6 };

static void insert(struct deadlines *w, struct deadline *d)
{
    uint64_t differing = d->at_tick ^ w->now_tick;
    unsigned level = differing ? (63 - (unsigned)__builtin_clzll(differing)) / SLOT_BITS : 0;
    unsigned slot = d->at_tick >> (level * SLOT_BITS) & (DEADLINE_SLOTS - 1);
    list_append(&w->slots[level][slot], &d->node);
    w->occupied[level] |= 1ULL << slot;
}

// The first tick at which an occupied slot begins, or DEADLINE_NEVER.
static uint64_t next_tick(const struct deadlines *w, unsigned *level, unsigned *slot)
{
    for (*level = 0; *level < DEADLINE_LEVELS; ++*level) {
        if (!w->occupied[*level])
            continue;
        *slot = (unsigned)__builtin_ctzll(w->occupied[*level]);
        unsigned shift = *level * SLOT_BITS;
        uint64_t begin = (w->now_tick >> (shift + SLOT_BITS) << (shift + SLOT_BITS)) | (uint64_t)*slot << shift;
        return begin > w->now_tick ? begin : w->now_tick;
    }
    return DEADLINE_NEVER;
}

static void arm(struct deadlines *w)
{
    unsigned level, slot;
    uint64_t tick = next_tick(w, &level, &slot);
    if (tick == w->armed_tick)
        return;
    w->armed_tick = tick;
    w->clock->wake_at(w, tick == DEADLINE_NEVER ? DEADLINE_NEVER : tick * DEADLINE_TICK_MS);
}

static void call_due(struct deadlines *w, unsigned level, unsigned slot)
{
    struct list batch;
    list_take(&batch, &w->slots[level][slot]);
    w->occupied[level] &= ~(1ULL << slot);
    struct list *node;
    while ((node = list_shift(&batch))) {
        struct deadline *d = CONTAINER_OF(node, struct deadline, node);
        if (d->at_tick > w->now_tick)
            insert(w, d);
        else
            d->on_due(d);
    }
}

void deadlines_call(struct deadlines *w)
{
    uint64_t target = w->clock->now_ms(w) / DEADLINE_TICK_MS;
    unsigned level, slot;
    uint64_t tick;
    while ((tick = next_tick(w, &level, &slot)) <= target) {
        w->now_tick = tick;
        call_due(w, level, slot);
    }
    if (w->now_tick < target)
        w->now_tick = target;
    w->armed_tick = DEADLINE_NEVER;
    arm(w);
}

void deadlines_init(struct deadlines *w, const struct deadline_clock *clock)
{
    w->clock = clock;
    w->now_tick = clock->now_ms(w) / DEADLINE_TICK_MS;
    w->armed_tick = DEADLINE_NEVER;
    for (unsigned level = 0; level < DEADLINE_LEVELS; level++) {
        w->occupied[level] = 0;
        for (unsigned slot = 0; slot < DEADLINE_SLOTS; slot++)
            list_init(&w->slots[level][slot]);
    }
}

void deadline_init(struct deadline *d, void (*on_due)(struct deadline *d))
{
    list_init(&d->node);
    d->at_tick = 0;
    d->on_due = on_due;
}

void deadline_set(struct deadlines *w, struct deadline *d, uint64_t ms)
{
    list_remove(&d->node);
    d->at_tick = (w->clock->now_ms(w) + ms + DEADLINE_TICK_MS - 1) / DEADLINE_TICK_MS;
    // Never within the slot being called: a deadline that re-arms itself must not spin.
    if (d->at_tick <= w->now_tick)
        d->at_tick = w->now_tick + 1;
    insert(w, d);
    if (d->at_tick < w->armed_tick)
        arm(w);
}

void deadline_cancel(struct deadline *d)
{
    list_remove(&d->node);
}
