// SPDX-License-Identifier: MIT
// Whether what many saw can have happened in one order.
#ifndef STROWGER_TESTS_ORDER_H
#define STROWGER_TESTS_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define NO_EVENT UINT32_MAX

// What one worker's witnesses saw: pairs of events, the first before the second.
struct order {
    struct buf pairs;
};

// Notes that BEFORE, unless it is NO_EVENT, came before AFTER.
void order_note(struct order *o, uint32_t before, uint32_t after);

// Whether some order of the events 0 to N_EVENTS - 1 agrees with all that the N orders at ORDERS noted.
bool order_is_possible(const struct order *const *orders, int n, uint32_t n_events);

void order_fini(struct order *o);

#endif
