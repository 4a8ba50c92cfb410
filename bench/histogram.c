// SPDX-License-Identifier: MIT
// A histogram of durations; see histogram.h.
#include "histogram.h"

#include <stddef.h>

// Values below 64 have a place each; above, every power of two is cut into 64 steps by the six bits behind the first.
static size_t place_of(uint64_t ns)
{
    if (ns < HISTOGRAM_STEPS)
        return (size_t)ns;
    int shift = 63 - 6 - __builtin_clzll(ns);
    size_t place = (size_t)(shift + 1) * HISTOGRAM_STEPS + (size_t)(ns >> shift) % HISTOGRAM_STEPS;
    size_t last = HISTOGRAM_POWERS * HISTOGRAM_STEPS - 1;
    return place < last ? place : last;
}

// The largest value of a place.
static uint64_t value_of(size_t place)
{
    if (place < HISTOGRAM_STEPS)
        return place;
    size_t shift = place / HISTOGRAM_STEPS - 1;
    return ((uint64_t)(HISTOGRAM_STEPS + place % HISTOGRAM_STEPS + 1) << shift) - 1;
}

void histogram_put(struct histogram *h, uint64_t ns)
{
    h->counts[place_of(ns)]++;
    h->n++;
    if (ns > h->max_ns)
        h->max_ns = ns;
}

uint64_t histogram_quantile(const struct histogram *h, double quantile)
{
    uint64_t wanted = (uint64_t)(quantile * (double)h->n + 0.5);
    uint64_t seen = 0;
    for (size_t i = 0; i < HISTOGRAM_POWERS * HISTOGRAM_STEPS && h->n > 0; i++) {
        seen += h->counts[i];
        if (seen >= wanted && seen > 0)
            return value_of(i) < h->max_ns ? value_of(i) : h->max_ns;
    }
    return h->max_ns;
}
