// SPDX-License-Identifier: MIT
// One row of the table in options.h; see option.h.
#include "config/option.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/guess.h"
#include "config/config.h"

// The words in which the table is written.
enum {
    SITE = OPTION_SITE,
    PLACE = OPTION_SITE | OPTION_PLACE,
    RESTART = OPTION_RESTART,
    LATER = OPTION_LATER,
    SECRET = OPTION_SECRET,
    CALLER = OPTION_CALLER,
    PATH = OPTION_PATH,
};

enum section {
#define OPTION_SECTION(id, title) id,
    CONFIG_SECTIONS(OPTION_SECTION)
#undef OPTION_SECTION
};

static const char *const section_titles[] = {
#define OPTION_TITLE(id, title) title,
    CONFIG_SECTIONS(OPTION_TITLE)
#undef OPTION_TITLE
};

static const struct option options[] = {
#define OPTION_ROW(field, letter, type, value, min, max, section, traits, argument, help)                              \
    { #field, letter, OPTION_##type, value, min, max, section, traits, argument, help, offsetof(struct config, field) },
    CONFIG_OPTIONS(OPTION_ROW)
#undef OPTION_ROW
};

enum { N_OPTIONS = sizeof options / sizeof *options };

// What PeerJS's server calls some of them.
static const struct {
    const char *theirs, *ours;
} aliases[] = { { "path", "peerjs_path" },     { "key", "peerjs_key" },
                { "sslkey", "tls_key" },       { "sslcert", "tls_cert" },
                { "cors", "allow_origin" },    { "proxied", "behind_proxy" },
                { "max_topics", "max_rooms" }, { "max_subscribers", "max_members" } };

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit size_units[] = {
    { "", 1 }, { "k", 1 << 10 }, { "m", 1 << 20 }, { "g", 1 << 30 }, { NULL, 0 }
};
static const struct unit time_units[] = {
    { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 60 * 60 * 1000 }, { NULL, 0 }
};
static const struct unit bare_time_units[] = {
    { "", 1 }, { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 60 * 60 * 1000 }, { NULL, 0 }
};
static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };

static const struct unit *const units[] = { [OPTION_NUMBER] = no_units,
                                            [OPTION_SIZE] = size_units,
                                            [OPTION_DURATION] = time_units,
                                            [OPTION_MILLIS] = bare_time_units };
static const char *const unit_hints[] = { [OPTION_NUMBER] = "a number",
                                          [OPTION_SIZE] = "a number of bytes such as 64k, 1m",
                                          [OPTION_DURATION] = "a time such as 600ms, 10s, 5m, 1h",
                                          [OPTION_MILLIS] = "a time such as 600ms, 10s, 5m, 1h, or milliseconds" };

// ---- names

const struct option *option_at(size_t i)
{
    return i < N_OPTIONS ? &options[i] : NULL;
}

const char *option_section_title(int section)
{
    return section_titles[section];
}

const char *option_put_flag(const struct option *o, char out[OPTION_NAME_LEN])
{
    snprintf(out, OPTION_NAME_LEN, "--%s", o->name);
    for (char *c = out; *c; c++)
        if (*c == '_')
            *c = '-';
    return out;
}

const char *option_put_variable(const struct option *o, char out[OPTION_NAME_LEN])
{
    snprintf(out, OPTION_NAME_LEN, "STROWGER_%s", o->name);
    for (char *c = out; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    return out;
}

// Whether GIVEN is NAME, with '-' or '_' between its words.
static bool is_called(const char *name, struct span given)
{
    size_t n = 0;
    while (n < given.len && name[n] && (name[n] == given.p[n] || (name[n] == '_' && given.p[n] == '-')))
        n++;
    return n == given.len && !name[n];
}

const struct option *option_find(struct span name)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (span_equal(span_of(options[i].name), name))
            return &options[i];
    return NULL;
}

const struct option *option_find_flag(struct span name)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (is_called(aliases[i].theirs, name))
            name = span_of(aliases[i].ours);
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (is_called(options[i].name, name))
            return &options[i];
    return NULL;
}

const struct option *option_find_letter(char letter)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (letter && options[i].letter == letter)
            return &options[i];
    return NULL;
}

const struct option *option_guess(struct span name)
{
    const struct option *best = NULL;
    struct guess guess = guess_of(name);
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (guess_try(&guess, span_of(options[i].name)))
            best = &options[i];
    return best;
}

// ---- values

// Reads TEXT, digits and one of UNITS. False when it is something else or too large for anything.
static bool parse_number(const char *text, const struct unit *list, int64_t *number)
{
    char *rest;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    long long digits = strtoll(text, &rest, 10);
    for (const struct unit *u = list; !errno && u->name; u++)
        if (strcmp(rest, u->name) == 0)
            return !__builtin_mul_overflow(digits, u->factor, number);
    return false;
}

struct span option_choice(const struct option *o, int64_t number)
{
    const char *word = o->argument;
    for (; word && number; number--) {
        const char *bar = strchr(word, '|');
        word = bar ? bar + 1 : NULL;
    }
    return (struct span){ word, word ? strcspn(word, "|") : 0 };
}

const char *option_put_number(const struct option *o, int64_t number, char out[OPTION_NUMBER_LEN])
{
    if (option_is_switch(o)) {
        snprintf(out, OPTION_NUMBER_LEN, "%s", number ? "on" : "off");
    } else if (o->type == OPTION_CHOICE) {
        struct span choice = option_choice(o, number);
        snprintf(out, OPTION_NUMBER_LEN, "%.*s", (int)choice.len, choice.p);
    } else {
        const struct unit *best = &units[o->type][0];
        for (const struct unit *u = units[o->type]; u->name; u++)
            if (number && number % u->factor == 0)
                best = u;
        snprintf(out, OPTION_NUMBER_LEN, "%" PRId64 "%s", number / best->factor, best->name);
    }
    return out;
}

static int read_number(const struct option *o, const char *text, union option_value *value,
                       char fault[OPTION_FAULT_LEN])
{
    char min[OPTION_NUMBER_LEN], max[OPTION_NUMBER_LEN];
    if (!parse_number(text, units[o->type], &value->number)) {
        snprintf(fault, OPTION_FAULT_LEN, "needs %s, not '%.64s'", unit_hints[o->type], text);
        return -EINVAL;
    }
    if (value->number >= o->min && value->number <= o->max)
        return 0;
    snprintf(fault, OPTION_FAULT_LEN, "must be from %s to %s, not %.64s", option_put_number(o, o->min, min),
             option_put_number(o, o->max, max), text);
    return -EINVAL;
}

static int read_choice(const struct option *o, const char *text, union option_value *value,
                       char fault[OPTION_FAULT_LEN])
{
    struct span choice;
    for (int64_t i = 0; (choice = option_choice(o, i)).p; i++)
        if (span_equal(choice, span_of(text))) {
            value->number = i;
            return 0;
        }
    snprintf(fault, OPTION_FAULT_LEN, "is one of %s, not '%.64s'", o->argument, text);
    return -EINVAL;
}

static int read_switch(const char *text, union option_value *value, char fault[OPTION_FAULT_LEN])
{
    value->number = strcmp(text, "on") == 0;
    if (value->number || strcmp(text, "off") == 0)
        return 0;
    snprintf(fault, OPTION_FAULT_LEN, "is on or off, not '%.64s'", text);
    return -EINVAL;
}

static int read_text(const struct option *o, const char *text, union option_value *value, char fault[OPTION_FAULT_LEN])
{
    size_t len = strlen(text);
    value->text = text;
    if (len >= (size_t)o->min && len <= (size_t)o->max)
        return 0;
    snprintf(fault, OPTION_FAULT_LEN, "takes %" PRId64 " to %" PRId64 " bytes, not %zu", o->min, o->max, len);
    return -EINVAL;
}

int option_read(const struct option *o, const char *text, union option_value *value, char fault[OPTION_FAULT_LEN])
{
    if (option_is_text(o))
        return read_text(o, text, value, fault);
    if (option_is_switch(o))
        return read_switch(text, value, fault);
    return o->type == OPTION_CHOICE ? read_choice(o, text, value, fault) : read_number(o, text, value, fault);
}

void *option_field(const struct option *o, struct config *c)
{
    return (char *)c + o->offset;
}

const void *option_const_field(const struct option *o, const struct config *c)
{
    return (const char *)c + o->offset;
}

const struct option *option_of_field(const struct config *c, const void *field)
{
    size_t i = 0;
    while (option_const_field(&options[i], c) != field)
        i++;
    return &options[i];
}

void option_copy(const struct option *o, struct config *to, const struct config *from)
{
    size_t size = o->type == OPTION_LIST   ? sizeof(struct config_list)
                  : o->type == OPTION_TEXT ? sizeof(const char *)
                                           : sizeof(int64_t);
    memcpy(option_field(o, to), option_const_field(o, from), size);
}
