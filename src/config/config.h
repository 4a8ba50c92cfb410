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
    const char *name;                // of [site.NAME]; NULL: the only one, which needs none
    int site;                        // its number
    const struct settings *settings; // that it was made from; NULL: of nobody's
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

// Moves FROM, which is empty then, to TO, which was.
void config_move(struct config_set *to, struct config_set *from);

// Frees all of SET.
void config_free(struct config_set *set);

// What CONFIG has in FIELD, one of its members; of a list, ITEM.
struct config_claim {
    const struct config *config;
    const void *field;
    const char *item; // or NULL
};
#define CONFIG_CLAIM(config, field, item) ((struct config_claim){ (config), &(config)->field, (item) })

// Writes to ERROR who claims CLAIM, and where, and then what is wrong with it: "strowger.toml:12:5: mount ...",
// "STROWGER_MOUNT ...", "--mount ...". Returns -EINVAL when that is on the command line, else -EIO.
[[gnu::format(printf, 3, 4)]] int config_fault(char error[CONFIG_ERROR_LEN], const struct config_claim *claim,
                                               const char *format, ...);

#endif
