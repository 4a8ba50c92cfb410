// SPDX-License-Identifier: MIT
// How --help looks, and its part that is about options.
#ifndef STROWGER_CLI_HELP_H
#define STROWGER_CLI_HELP_H

#include <stdio.h>

// Writes it, in lines of at most 80 columns where the option's argument leaves room.
void help_put_options(FILE *out);

// Writes a line about what is called NAME, or several.
void help_put_item(FILE *out, const char *name, const char *text);

#endif
