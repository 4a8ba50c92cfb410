// SPDX-License-Identifier: MIT
// How often how much: counts of values by size, as Prometheus draws them.
#ifndef STROWGER_BASE_HISTOGRAM_H
#define STROWGER_BASE_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_MAX_BOUNDS = 15 };

// What the values are and where they are told apart. It is constant, and one for all histograms of its kind.
struct histogram_scale {
    double per_unit;                           // of the unit that is shown, a second say
    uint64_t bounds[HISTOGRAM_MAX_BOUNDS + 1]; // ascending, each the greatest value of its step; UINT64_MAX ends them
};

// Nothing but uint64_t in here, so that histograms of one scale add up alike.
struct histogram {
    uint64_t counts[HISTOGRAM_MAX_BOUNDS + 1]; // by step, the last for all beyond the bounds
    uint64_t sum;                              // of the values
};

// Counts VALUE, N times.
static inline void histogram_add(struct histogram *h, const struct histogram_scale *scale, uint64_t value, uint64_t n)
{
    int i = 0;
    while (value > scale->bounds[i])
        i++;
    h->counts[i] += n;
    h->sum += n * value;
}

// Adds what MORE, of the same scale, has counted.
static inline void histogram_merge(struct histogram *h, const struct histogram *more)
{
    for (int i = 0; i <= HISTOGRAM_MAX_BOUNDS; i++)
        h->counts[i] += more->counts[i];
    h->sum += more->sum;
}

#endif
