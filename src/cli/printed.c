// SPDX-License-Identifier: MIT
// A subcommand that prints one of several texts; see printed.h.
#include "cli/printed.h"

#include <stdbool.h>
#include <string.h>

int printed_run(const struct printed *list, const char *usage, int argc, char **argv)
{
    for (; argc == 2 && list->name; list++)
        if (strcmp(list->name, argv[1]) == 0) {
            list->put(stdout);
            return EXIT_OK;
        }
    bool is_help = argc == 2 && strcmp(argv[1], "--help") == 0;
    fputs(usage, is_help ? stdout : stderr);
    return is_help ? EXIT_OK : EXIT_USAGE;
}
