// SPDX-License-Identifier: MIT
// A loop's deadlines; see loop_clock.h.
#include "net/loop_clock.h"

static struct loop_clock *of_deadlines(const struct deadlines *w)
{
    return CONTAINER_OF(w, struct loop_clock, deadlines);
}

static uint64_t now_ms(const struct deadlines *w)
{
    return uv_now(of_deadlines(w)->timer.loop);
}

static void on_timer(uv_timer_t *timer)
{
    deadlines_call(&CONTAINER_OF(timer, struct loop_clock, timer)->deadlines);
}

static void wake_at(struct deadlines *w, uint64_t at_ms)
{
    struct loop_clock *c = of_deadlines(w);
    uint64_t now = now_ms(w);
    if (at_ms == DEADLINE_NEVER)
        uv_timer_stop(&c->timer);
    else
        uv_timer_start(&c->timer, on_timer, at_ms > now ? at_ms - now : 0, 0);
}

static const struct deadline_clock clock_of_loop = { .now_ms = now_ms, .wake_at = wake_at };

void loop_clock_init(struct loop_clock *c, uv_loop_t *loop)
{
    uv_timer_init(loop, &c->timer); // can't fail
    deadlines_init(&c->deadlines, &clock_of_loop);
}
