// SPDX-License-Identifier: MIT
// How a subcommand that starts nothing comes by the settings that a server started alike would have.
#ifndef STROWGER_CLI_CONFIGURED_H
#define STROWGER_CLI_CONFIGURED_H

#include "cli/subcommand.h"
#include "config/config.h"

// Reads the settings that ARGV, the environment and the file give and does USE with them; --help tells of C. Returns the
// exit status.
int configured_run(const struct subcommand *c, int argc, char **argv, int (*use)(struct config_set *set));

#endif
