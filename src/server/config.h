// SPDX-License-Identifier: MIT
// The settings of the server: a struct made of the table in options.h, filled from the command line.
#ifndef STROWGER_SERVER_CONFIG_H
#define STROWGER_SERVER_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "server/options.h"

struct config_list {
    size_t n;
    const char **items;
};

#define CONFIG_C_NUMBER   int64_t
#define CONFIG_C_SIZE     int64_t
#define CONFIG_C_DURATION int64_t
#define CONFIG_C_MILLIS   int64_t
#define CONFIG_C_SWITCH   int64_t
#define CONFIG_C_FLAG     int64_t
#define CONFIG_C_CHOICE   int64_t
#define CONFIG_C_TEXT     const char *
#define CONFIG_C_LIST     struct config_list

struct config {
#define CONFIG_MEMBER(field, letter, type, ...) CONFIG_C_##type field;
    CONFIG_OPTIONS(CONFIG_MEMBER)
#undef CONFIG_MEMBER
};

enum config_result {
    CONFIG_OK,
    CONFIG_HELP,    // --help was asked for
    CONFIG_VERSION, // --version was asked for
    CONFIG_USAGE,   // something is wrong with the command line
};

enum { CONFIG_ERROR_LEN = 512 };

// Fills C with the defaults and what ARGV says over them; texts point into ARGV or are constant. On CONFIG_USAGE, ERROR
// is one line saying what is wrong, without a line end.
[[gnu::warn_unused_result]] enum config_result config_parse(struct config *c, int argc, char **argv,
                                                            char error[CONFIG_ERROR_LEN]);

// Frees the lists of C.
void config_fini(struct config *c);

// Writes the help text for the options to stdout.
void config_print_options(void);

#endif
