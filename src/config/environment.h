// SPDX-License-Identifier: MIT
// The environment's STROWGER_*, read into settings.
#ifndef STROWGER_CONFIG_ENVIRONMENT_H
#define STROWGER_CONFIG_ENVIRONMENT_H

#include "config/settings.h"

// Adds what they say to S, a list's items between commas; one that is empty says nothing. What is wrong is complained of.
void environment_read(struct settings *s);

#endif
