// SPDX-License-Identifier: MIT
// What there is to say about every setting, made from the table in options.h.
#ifndef STROWGER_SERVER_REFERENCE_H
#define STROWGER_SERVER_REFERENCE_H

#include <stdio.h>

// Writes the part of --help that is about options.
void reference_put_help(FILE *out);

#endif
