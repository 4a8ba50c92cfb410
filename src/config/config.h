// SPDX-License-Identifier: MIT
// The settings of the server: a struct made of the table in options.h, filled from the command line, the environment and a
// file.
#ifndef STROWGER_CONFIG_CONFIG_H
#define STROWGER_CONFIG_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "config/options.h"
#include "config/settings.h"

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

// All settings of one site.
struct config {
    const char *name; // of [site.NAME]; NULL: the only one, which needs none
#define CONFIG_MEMBER(field, letter, type, ...) CONFIG_C_##type field;
    CONFIG_OPTIONS(CONFIG_MEMBER)
#undef CONFIG_MEMBER
};

// What a process is to do. All that is not for one site alone is the same in every site.
struct config_set {
    struct config *sites; // at least one
    size_t n_sites;
    const char **items;       // of all lists
    struct settings settings; // what was said, where
    int argc;                 // what it was read from, so that it can be read again
    char **argv;
};

enum { CONFIG_ERROR_LEN = 512 };

enum config_result {
    CONFIG_OK,
    CONFIG_HELP,    // --help was asked for
    CONFIG_VERSION, // --version was asked for
    CONFIG_USAGE,   // something is wrong with the command line
    CONFIG_WRONG,   // something is wrong with the environment or the file
};

// Fills SET with the defaults, and over them what the file that is named, the environment, and ARGV from its second word on
// say; texts point into ARGV and the environment, or live as long as SET. FAULTS hears what is wrong. config_free() is due
// in any case; without CONFIG_OK there are no sites.
[[gnu::warn_unused_result]] enum config_result config_read(struct config_set *set, int argc, char **argv,
                                                           struct fault_sink faults);

// Frees all of SET.
void config_free(struct config_set *set);

#endif
