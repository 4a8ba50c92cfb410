// SPDX-License-Identifier: MIT
// Chance that is the same in every run: a test that fails, fails again.
#ifndef STROWGER_TESTS_CHANCE_H
#define STROWGER_TESTS_CHANCE_H

#include <stddef.h>
#include <stdint.h>

// Marsaglia's xorshift64; the state must not be 0.
static inline uint64_t chance(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// A number below N.
static inline size_t chance_below(uint64_t *state, size_t n)
{
    return (size_t)((chance(state) >> 16) % n);
}

#endif
