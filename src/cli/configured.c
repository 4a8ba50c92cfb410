// SPDX-License-Identifier: MIT
// How a command comes by the settings; see configured.h.
#include "cli/configured.h"

#include <stdio.h>

void configured_put_help(const struct subcommand *c)
{
    printf("usage: strowger %s [OPTION]...\n\n%s: %s.\n\n"
           "It takes all options of the server's; `strowger --help` lists them.\n",
           c->name, c->name, c->summary);
}

int configured_run(const struct subcommand *c, int argc, char **argv, int (*use)(struct config_set *set),
                   void (*help)(const struct subcommand *c))
{
    struct config_set set;
    int status = EXIT_OK;
    enum config_result result =
        config_read(&set, argc, argv, (struct fault_sink){ subcommand_complain, c ? (void *)c->name : NULL });
    if (result == CONFIG_OK)
        status = use(&set);
    else if (result == CONFIG_HELP)
        help(c);
    else if (result == CONFIG_VERSION)
        puts("strowger " STROWGER_VERSION);
    else
        status = result == CONFIG_USAGE ? EXIT_USAGE : EXIT_FAILED;
    config_free(&set);
    return status;
}
