// SPDX-License-Identifier: MIT
// `strowger check`: whether a server with these settings would start.
#include "cli/configured.h"
#include "server/server.h"

// Of what is wrong with single settings, reading them has complained.
static int check(struct config_set *set)
{
    char error[SERVER_ERROR_LEN];
    if (server_check(set, error) == 0)
        return EXIT_OK;
    subcommand_complain((void *)subcommand_check.name, error);
    return EXIT_FAILED;
}

static int run(int argc, char **argv)
{
    return configured_run(&subcommand_check, argc, argv, check, configured_put_help);
}

const struct subcommand subcommand_check = {
    .name = "check",
    .summary = "say what is wrong with the settings: exit status 0 for nothing, or 1",
    .run = run,
};
