// SPDX-License-Identifier: MIT
// What this processor has beyond the least of its kind, asked where there is a faster way for those that have it.
//
// Asking is two instructions; no table of functions is filled at start, so nothing has to be initialised, and a test can
// say no in the processor's place.
#ifndef STROWGER_BASE_CPU_H
#define STROWGER_BASE_CPU_H

#include <stdbool.h>

#ifdef __x86_64__

static inline bool cpu_has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

#endif

#endif
