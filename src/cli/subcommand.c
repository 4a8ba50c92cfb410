// SPDX-License-Identifier: MIT
// What the program does besides serving; see subcommand.h.
#include "cli/subcommand.h"

#include <stdio.h>
#include <string.h>

#include "base/guess.h"
#include "cli/help.h"

static const struct subcommand *const subcommands[] = { &subcommand_check,    &subcommand_completion,
                                                        &subcommand_config,   &subcommand_health,
                                                        &subcommand_status,   &subcommand_tail,
                                                        &subcommand_reference };

enum { N_SUBCOMMANDS = sizeof subcommands / sizeof *subcommands };

const struct subcommand *subcommand_at(size_t i)
{
    return i < N_SUBCOMMANDS ? subcommands[i] : NULL;
}

const struct subcommand *subcommand_find(const char *name)
{
    for (size_t i = 0; i < N_SUBCOMMANDS; i++)
        if (strcmp(subcommands[i]->name, name) == 0)
            return subcommands[i];
    return NULL;
}

void subcommand_complain_unknown(const char *name)
{
    const struct subcommand *best = NULL;
    struct guess guess = guess_of(span_of(name));
    for (size_t i = 0; i < N_SUBCOMMANDS; i++)
        if (guess_try(&guess, span_of(subcommands[i]->name)))
            best = subcommands[i];
    fprintf(stderr, "strowger: there is no subcommand '%.64s'; %s%s%s\n", name,
            best ? "did you mean " : "--help lists them", best ? best->name : "", best ? "?" : "");
}

void subcommand_complain(void *user, const char *line)
{
    fprintf(stderr, "strowger%s%s: %s\n", user ? " " : "", user ? (const char *)user : "", line);
}

void subcommand_print_list(void)
{
    puts("\nSubcommands:");
    for (size_t i = 0; i < N_SUBCOMMANDS; i++)
        help_put_item(stdout, subcommands[i]->name, subcommands[i]->summary);
}
