// SPDX-License-Identifier: MIT
// How a command comes by the settings that its arguments, the environment and the file give.
#ifndef STROWGER_CLI_CONFIGURED_H
#define STROWGER_CLI_CONFIGURED_H

#include "cli/subcommand.h"
#include "config/config.h"

// Reads the settings of the subcommand C, or with NULL the server's, and does USE with them, or HELP when ARGV asks for that.
// Returns the exit status.
int configured_run(const struct subcommand *c, int argc, char **argv, int (*use)(struct config_set *set),
                   void (*help)(const struct subcommand *c));

// The help of C, which takes the server's options but starts nothing.
void configured_put_help(const struct subcommand *c);

#endif
