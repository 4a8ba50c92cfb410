// SPDX-License-Identifier: MIT
// A loop's deadlines: they take its time, and one of its timers wakes for all of them.
#ifndef STROWGER_NET_LOOP_CLOCK_H
#define STROWGER_NET_LOOP_CLOCK_H

#include <uv.h>

#include "base/deadline.h"

struct loop_clock {
    struct deadlines deadlines;
    uv_timer_t timer;
};

// Makes C's deadlines those of LOOP, whose other handles its timer is closed with.
void loop_clock_init(struct loop_clock *c, uv_loop_t *loop);

#endif
