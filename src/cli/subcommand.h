// SPDX-License-Identifier: MIT
// What the program does besides serving: `strowger NAME ...`.
//
// To add a subcommand: write one file with a `const struct subcommand`, declare it below, and give it a row in subcommand.c.
#ifndef STROWGER_CLI_SUBCOMMAND_H
#define STROWGER_CLI_SUBCOMMAND_H

#include <stddef.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct subcommand {
    const char *name, *summary;
    // ARGV begins with the name. Returns the exit status.
    int (*run)(int argc, char **argv);
};

extern const struct subcommand subcommand_check;
extern const struct subcommand subcommand_completion;
extern const struct subcommand subcommand_config;
extern const struct subcommand subcommand_health;
extern const struct subcommand subcommand_status;
extern const struct subcommand subcommand_tail;
extern const struct subcommand subcommand_reference;

// Subcommand number I, or NULL after the last.
const struct subcommand *subcommand_at(size_t i);

// The subcommand called NAME, or NULL.
const struct subcommand *subcommand_find(const char *name);

// Says on stderr that there is no subcommand NAME, and which may have been meant.
void subcommand_complain_unknown(const char *name);

// Says on stderr what is wrong: LINE, behind the name of the subcommand if USER is one. A fault_sink's.
void subcommand_complain(void *user, const char *line);

// Writes the list of them to stdout, for --help.
void subcommand_print_list(void);

#endif
