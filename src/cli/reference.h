// SPDX-License-Identifier: MIT
// How settings stand in a file.
#ifndef STROWGER_CLI_REFERENCE_H
#define STROWGER_CLI_REFERENCE_H

#include <stdio.h>

#include "config/option.h"

// Writes TEXT, a value of O as the command line would have it or one item of its list, as it stands in a file. Returns how
// many columns that took.
int reference_put_value(FILE *out, const struct option *o, const char *text);

#endif
