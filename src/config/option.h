// SPDX-License-Identifier: MIT
// One row of the table in options.h: how the setting is called here and there, and which texts are values for it.
#ifndef STROWGER_CONFIG_OPTION_H
#define STROWGER_CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct config;

enum option_type {
    OPTION_NUMBER,
    OPTION_SIZE,
    OPTION_DURATION,
    OPTION_MILLIS,
    OPTION_SWITCH,
    OPTION_FLAG,
    OPTION_CHOICE,
    OPTION_TEXT,
    OPTION_LIST,
};

enum option_trait {
    OPTION_SITE = 1,
    OPTION_PLACE = 2,
    OPTION_RESTART = 4,
    OPTION_SECRET = 8,
    OPTION_CALLER = 16,
    OPTION_PATH = 32,
    OPTION_LATER = 64,
};

struct option {
    const char *name; // with underscores, as in a file
    char letter;      // or 0
    enum option_type type;
    const char *default_value; // or NULL
    int64_t min, max;
    int section;     // for option_section_title()
    unsigned traits; // of enum option_trait
    const char *argument, *help;
    size_t offset; // in struct config
};

// A text holds the setting's number, or is itself the value or one item of a list.
union option_value {
    int64_t number;
    const char *text;
};

enum { OPTION_NAME_LEN = 64, OPTION_FAULT_LEN = 256, OPTION_NUMBER_LEN = 32 };

// Row number I, or NULL after the last.
const struct option *option_at(size_t i);

// How a section is called, on top of its rows.
const char *option_section_title(int section);

// The option of that name; the one whose flag that is, without the dashes before it, with '-' or '_' between its words or
// as PeerJS's server calls it; the one of that letter. NULL when there is none.
const struct option *option_find(struct span name);
const struct option *option_find_flag(struct span name);
const struct option *option_find_letter(char letter);

// The option that somebody who wrote NAME may have meant, or NULL.
const struct option *option_guess(struct span name);

// Writes how O is called on the command line, "--web-root", and in the environment, "STROWGER_WEB_ROOT". Returns OUT.
const char *option_put_flag(const struct option *o, char out[OPTION_NAME_LEN]);
const char *option_put_variable(const struct option *o, char out[OPTION_NAME_LEN]);

static inline bool option_is_text(const struct option *o)
{
    return o->type == OPTION_TEXT || o->type == OPTION_LIST;
}

static inline bool option_is_switch(const struct option *o)
{
    return o->type == OPTION_SWITCH || o->type == OPTION_FLAG;
}

// The word that stands for NUMBER among the choices that O's argument lists; its p is NULL when there are fewer.
struct span option_choice(const struct option *o, int64_t number);

// Reads TEXT as O's value, of a list as one item; a text's value is TEXT itself. 0, or -EINVAL with FAULT saying why not,
// to be read behind O's name: "must be from 1 to 9, not 10".
[[gnu::warn_unused_result]] int option_read(const struct option *o, const char *text, union option_value *value,
                                            char fault[OPTION_FAULT_LEN]);

// Writes NUMBER, a value of O, as it would be written on the command line. O is no text. Returns OUT.
const char *option_put_number(const struct option *o, int64_t number, char out[OPTION_NUMBER_LEN]);

// Where C holds O's value: an int64_t, a const char *, or a struct config_list.
void *option_field(const struct option *o, struct config *c);
const void *option_const_field(const struct option *o, const struct config *c);

// The option whose value C holds in FIELD.
const struct option *option_of_field(const struct config *c, const void *field);

// Gives TO the value that O has in FROM. Texts are not copied.
void option_copy(const struct option *o, struct config *to, const struct config *from);

#endif
