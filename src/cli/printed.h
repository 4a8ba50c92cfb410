// SPDX-License-Identifier: MIT
// A subcommand that prints one of several texts, which its only argument names.
#ifndef STROWGER_CLI_PRINTED_H
#define STROWGER_CLI_PRINTED_H

#include <stdio.h>

#include "cli/subcommand.h"

struct printed {
    const char *name; // NULL ends the list
    void (*put)(FILE *out);
};

// Prints the one of LIST that ARGV names; USAGE, whole lines, for --help or anything else. Returns the exit status.
int printed_run(const struct printed *list, const char *usage, int argc, char **argv);

#endif
