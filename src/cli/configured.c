// SPDX-License-Identifier: MIT
// How a subcommand that starts nothing comes by the settings; see configured.h.
#include "cli/configured.h"

#include <stdio.h>

int configured_run(const struct subcommand *c, int argc, char **argv, int (*use)(struct config_set *set))
{
    struct config_set set;
    int status = EXIT_OK;
    enum config_result result =
        config_read(&set, argc, argv, (struct fault_sink){ subcommand_complain, (void *)c->name });
    if (result == CONFIG_OK)
        status = use(&set);
    else if (result == CONFIG_HELP)
        printf("usage: strowger %s [OPTION]...\n\n%s: %s.\n\n"
               "It takes all options of the server's; `strowger --help` lists them.\n",
               c->name, c->name, c->summary);
    else if (result == CONFIG_VERSION)
        puts("strowger " STROWGER_VERSION);
    else
        status = result == CONFIG_USAGE ? EXIT_USAGE : EXIT_FAILED;
    config_free(&set);
    return status;
}
