// SPDX-License-Identifier: MIT
// A histogram of durations, exact to one part in 64 from nanoseconds to hours, of fixed size.
#ifndef STROWGER_BENCH_HISTOGRAM_H
#define STROWGER_BENCH_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_STEPS = 64, HISTOGRAM_POWERS = 40 };

// Zero-initialised is empty.
struct histogram {
    uint64_t counts[HISTOGRAM_POWERS * HISTOGRAM_STEPS];
    uint64_t n, max_ns;
};

void histogram_put(struct histogram *h, uint64_t ns);

// The duration that a share of QUANTILE (0 to 1) of those put in did not exceed; 0 when empty.
uint64_t histogram_quantile(const struct histogram *h, double quantile);

#endif
