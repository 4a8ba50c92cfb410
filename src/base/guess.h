// SPDX-License-Identifier: MIT
// What somebody who mistyped a name may have meant: the nearest of those there are, if it is near enough.
#ifndef STROWGER_BASE_GUESS_H
#define STROWGER_BASE_GUESS_H

#include <stdbool.h>

#include "base/span.h"

struct guess {
    struct span given;
    int least; // letters that the nearest name differs in, and one
};

enum { GUESS_MAX_DISTANCE = 3 }; // further away than that is no slip of the finger

static inline struct guess guess_of(struct span given)
{
    return (struct guess){ given, GUESS_MAX_DISTANCE + 1 };
}

// Whether NAME is near what G is of, and nearer than all that were tried before. '-' and '_' are one letter.
bool guess_try(struct guess *g, struct span name);

#endif
