// SPDX-License-Identifier: MIT
// The environment's STROWGER_*, read into settings.
#ifndef STROWGER_SERVER_ENVIRONMENT_H
#define STROWGER_SERVER_ENVIRONMENT_H

#include "server/settings.h"

// Adds what they say to S, a list's items between commas; one that is empty says nothing. What is wrong is complained of.
void environment_read(struct settings *s);

#endif
