// SPDX-License-Identifier: MIT
// The command line, read into settings.
#ifndef STROWGER_CONFIG_ARGS_H
#define STROWGER_CONFIG_ARGS_H

#include "config/settings.h"

enum args_result {
    ARGS_OK,
    ARGS_HELP,    // --help was asked for
    ARGS_VERSION, // --version was asked for
    ARGS_WRONG,   // of which was complained
};

// Adds what ARGV says, from its second word on, to S; texts point into ARGV. Stops at the first word that is wrong.
[[gnu::warn_unused_result]] enum args_result args_read(struct settings *s, int argc, char **argv);

#endif
