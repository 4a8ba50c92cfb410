// SPDX-License-Identifier: MIT
// What there is to say about every setting, made from the table in options.h.
#ifndef STROWGER_SERVER_REFERENCE_H
#define STROWGER_SERVER_REFERENCE_H

#include <stdio.h>

#include "server/option.h"

// Writes the part of --help that is about options.
void reference_put_help(FILE *out);

// Writes TEXT, a value of O as the command line would have it or one item of its list, as it stands in a file. Returns how
// many columns that took.
int reference_put_value(FILE *out, const struct option *o, const char *text);

#endif
