// SPDX-License-Identifier: MIT
// Text from strangers as a terminal may be shown it.
#ifndef STROWGER_CLI_SHOWN_H
#define STROWGER_CLI_SHOWN_H

#include <stdbool.h>

#include "base/span.h"

enum { SHOWN_LEN = 1024 };

// Writes TEXT, the inside of a JSON string, into OUT, cut if need be: the escapes stay, and what could move a cursor or turn
// the direction of writing becomes a question mark. Returns how many columns that takes, a character one.
int shown_put(struct span text, char out[SHOWN_LEN]);

#endif
