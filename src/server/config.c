// SPDX-License-Identifier: MIT
// The settings of the server; see config.h.
#include "server/config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum type { NUMBER, SIZE, DURATION, MILLIS, SWITCH, FLAG, CHOICE, TEXT, LIST };

enum trait { SITE = 1, LIVE = 2, SECRET = 4 };

enum section {
#define CONFIG_ID(id, title) id,
    CONFIG_SECTIONS(CONFIG_ID)
#undef CONFIG_ID
};

static const char *const section_titles[] = {
#define CONFIG_TITLE(id, title) title,
    CONFIG_SECTIONS(CONFIG_TITLE)
#undef CONFIG_TITLE
};

struct option {
    const char *name; // with underscores
    char letter;
    enum type type;
    const char *default_value;
    int64_t min, max;
    enum section section;
    unsigned traits; // of enum trait
    const char *argument, *help;
    size_t offset; // in struct config
};

static const struct option options[] = {
#define CONFIG_ROW(field, letter, type, value, min, max, section, traits, argument, help)                              \
    { #field, letter, type, value, min, max, section, traits, argument, help, offsetof(struct config, field) },
    CONFIG_OPTIONS(CONFIG_ROW)
#undef CONFIG_ROW
};

enum { N_OPTIONS = sizeof options / sizeof *options };

// What PeerJS's server calls some of them.
static const struct {
    const char *theirs, *ours;
} aliases[] = { { "path", "peerjs_path" },
                { "key", "peerjs_key" },
                { "sslkey", "tls_key" },
                { "sslcert", "tls_cert" },
                { "cors", "allow_origin" } };

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

static const struct unit *const units[] = {
    [NUMBER] = no_units, [SIZE] = size_units, [DURATION] = time_units, [MILLIS] = bare_time_units
};
static const char *const unit_hints[] = { [NUMBER] = "a number",
                                          [SIZE] = "a number of bytes such as 64k, 1m",
                                          [DURATION] = "a time such as 600ms, 10s, 5m, 1h",
                                          [MILLIS] = "a time such as 600ms, 10s, 5m, 1h, or milliseconds" };

// A flag's name as it is written on the command line.
static const char *flag_of(const struct option *o, char out[64])
{
    snprintf(out, 64, "--%s", o->name);
    for (char *c = out; *c; c++)
        if (*c == '_')
            *c = '-';
    return out;
}

// Whether the LEN letters at GIVEN are NAME, with '-' or '_' between its words.
static bool is_called(const char *name, const char *given, size_t len)
{
    size_t n = 0;
    while (n < len && name[n] && (name[n] == given[n] || (name[n] == '_' && given[n] == '-')))
        n++;
    return n == len && !name[n];
}

static const struct option *find_long(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (is_called(aliases[i].theirs, name, len)) {
            name = aliases[i].ours;
            len = strlen(name);
        }
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (is_called(options[i].name, name, len))
            return &options[i];
    return NULL;
}

static const struct option *find_letter(char letter)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (letter && options[i].letter == letter)
            return &options[i];
    return NULL;
}

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

static void describe_bound(const struct option *o, int64_t bound, char out[32])
{
    const struct unit *best = &units[o->type][0];
    for (const struct unit *u = units[o->type]; u->name; u++)
        if (bound && bound % u->factor == 0)
            best = u;
    snprintf(out, 32, "%" PRId64 "%s", bound / best->factor, best->name);
}

static bool set_number(const struct option *o, int64_t *field, const char *text, char error[CONFIG_ERROR_LEN])
{
    char flag[64], min[32], max[32];
    if (!parse_number(text, units[o->type], field)) {
        snprintf(error, CONFIG_ERROR_LEN, "%s needs %s, not '%.64s'", flag_of(o, flag), unit_hints[o->type], text);
        return false;
    }
    if (*field >= o->min && *field <= o->max)
        return true;
    describe_bound(o, o->min, min);
    describe_bound(o, o->max, max);
    snprintf(error, CONFIG_ERROR_LEN, "%s must be from %s to %s, not %.64s", flag_of(o, flag), min, max, text);
    return false;
}

// The number of TEXT among the CHOICES, "one|other|third", or -1.
static int64_t number_among(const char *choices, const char *text)
{
    struct span rest = span_of(choices), wanted = span_of(text);
    for (int64_t i = 0; rest.p; i++) {
        const char *bar = memchr(rest.p, '|', rest.len);
        struct span choice = { rest.p, bar ? (size_t)(bar - rest.p) : rest.len };
        if (span_equal(choice, wanted))
            return i;
        rest = bar ? span_of(bar + 1) : (struct span){ 0 };
    }
    return -1;
}

static bool set_choice(const struct option *o, int64_t *field, const char *text, char error[CONFIG_ERROR_LEN])
{
    char flag[64];
    *field = number_among(o->argument, text);
    if (*field >= 0)
        return true;
    snprintf(error, CONFIG_ERROR_LEN, "%s is one of %s, not '%.64s'", flag_of(o, flag), o->argument, text);
    return false;
}

static bool set_switch(const struct option *o, int64_t *field, const char *text, char error[CONFIG_ERROR_LEN])
{
    char flag[64];
    *field = strcmp(text, "on") == 0;
    if (*field || strcmp(text, "off") == 0)
        return true;
    snprintf(error, CONFIG_ERROR_LEN, "%s is on or off, not '%.64s'", flag_of(o, flag), text);
    return false;
}

static bool add_item(struct config_list *list, const char *text, char error[CONFIG_ERROR_LEN])
{
    const char **items = realloc(list->items, (list->n + 1) * sizeof *items);
    if (!items) {
        snprintf(error, CONFIG_ERROR_LEN, "out of memory");
        return false;
    }
    items[list->n++] = text;
    list->items = items;
    return true;
}

static bool set(struct config *c, const struct option *o, const char *text, char error[CONFIG_ERROR_LEN])
{
    void *field = (char *)c + o->offset;
    if (o->type == CHOICE)
        return set_choice(o, field, text, error);
    if (o->type == SWITCH || o->type == FLAG)
        return set_switch(o, field, text, error);
    if (o->type != TEXT && o->type != LIST)
        return set_number(o, field, text, error);
    size_t len = strlen(text);
    if (len < (size_t)o->min || len > (size_t)o->max) {
        char flag[64];
        snprintf(error, CONFIG_ERROR_LEN, "%s takes %" PRId64 " to %" PRId64 " bytes, not %zu", flag_of(o, flag),
                 o->min, o->max, len);
        return false;
    }
    if (o->type == LIST)
        return add_item(field, text, error);
    *(const char **)field = text;
    return true;
}

// How many single-letter changes lead from A to B (Levenshtein), for names of less than 32 letters; more is 99.
static int distance(const char *a, const char *b)
{
    enum { MAX = 32 };
    size_t n_a = strlen(a), n_b = strlen(b);
    if (n_a >= MAX || n_b >= MAX)
        return 99;
    int row[MAX];
    for (size_t j = 0; j <= n_b; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n_a; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= n_b; j++) {
            int change = diagonal + (a[i - 1] != b[j - 1]), shorter = row[j - 1] < row[j] ? row[j - 1] : row[j];
            diagonal = row[j];
            row[j] = change < shorter + 1 ? change : shorter + 1;
        }
    }
    return row[n_b];
}

static void complain_unknown(const char *arg, char error[CONFIG_ERROR_LEN])
{
    char flag[64], best_flag[64] = "";
    size_t len = strcspn(arg, "=");
    char given[64];
    snprintf(given, sizeof given, "%.*s", (int)len, arg);
    int best = 4; // further away than that is no slip of the finger
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (distance(given, flag_of(&options[i], flag)) < best) {
            best = distance(given, flag);
            memcpy(best_flag, flag, sizeof flag);
        }
    snprintf(error, CONFIG_ERROR_LEN, "unknown option '%s'%s%s%s", given, *best_flag ? "; did you mean " : "",
             best_flag, *best_flag ? "?" : "");
}

struct args {
    int argc, at;
    char **argv;
};

// The option that the argument at A begins, with *VALUE its value; A is moved to the last argument used. NULL with ERROR
// filled in when there is none.
static const struct option *next_option(struct args *a, const char **value, char error[CONFIG_ERROR_LEN])
{
    const char *arg = a->argv[a->at];
    const struct option *o;
    if (arg[0] == '-' && arg[1] == '-') {
        size_t len = strcspn(arg + 2, "=");
        o = find_long(arg + 2, len);
        *value = arg[2 + len] ? arg + 2 + len + 1 : NULL;
    } else {
        o = arg[0] == '-' ? find_letter(arg[1]) : NULL;
        *value = arg[0] && arg[1] && arg[2] ? arg + 2 : NULL;
    }
    if (!o) {
        if (arg[0] == '-')
            complain_unknown(arg, error);
        else
            snprintf(error, CONFIG_ERROR_LEN, "unexpected argument '%.64s'", arg);
        return NULL;
    }
    if (o->type == FLAG && !*value)
        *value = "on";
    if (!*value && a->at + 1 < a->argc)
        *value = a->argv[++a->at];
    if (*value)
        return o;
    snprintf(error, CONFIG_ERROR_LEN, "%.64s needs a value: %s", arg, o->argument);
    return NULL;
}

static bool is_flag(const char *arg, const char *letter, const char *name)
{
    return strcmp(arg, letter) == 0 || strcmp(arg, name) == 0;
}

enum config_result config_parse(struct config *c, int argc, char **argv, char error[CONFIG_ERROR_LEN])
{
    *c = (struct config){ 0 };
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options[i].default_value && !set(c, &options[i], options[i].default_value, error))
            return CONFIG_USAGE;
    struct args a = { argc, 1, argv };
    for (; a.at < argc; a.at++) {
        if (is_flag(argv[a.at], "-h", "--help"))
            return CONFIG_HELP;
        if (is_flag(argv[a.at], "-v", "--version"))
            return CONFIG_VERSION;
        const char *value;
        const struct option *o = next_option(&a, &value, error);
        if (!o || !set(c, o, value, error))
            return CONFIG_USAGE;
    }
    return CONFIG_OK;
}

void config_fini(struct config *c)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options[i].type == LIST) {
            struct config_list *list = (struct config_list *)(void *)((char *)c + options[i].offset);
            free(list->items);
            *list = (struct config_list){ 0 };
        }
}

// Prints TEXT, of which each line begins INDENT columns in, broken between words before the terminal's usual 80th.
static void print_wrapped(const char *text, int indent)
{
    enum { WIDTH = 80 };
    int column = indent;
    while (*text) {
        int word = (int)strcspn(text, " ");
        if (column > indent && column + 1 + word > WIDTH) {
            printf("\n%*s", indent, "");
            column = indent;
        }
        column += printf("%s%.*s", column > indent ? " " : "", word, text);
        text += word + (text[word] == ' ');
    }
    putchar('\n');
}

static void print_row(char letter, const char *flag, const char *argument, const char *help)
{
    enum { HELP_COLUMN = 32 };
    char short_flag[8] = "";
    if (letter)
        snprintf(short_flag, sizeof short_flag, "-%c,", letter);
    int column = printf("  %-3s %s %s", short_flag, flag, argument);
    // What leaves no room for its help has it on the next line.
    printf("%*s", column < HELP_COLUMN ? HELP_COLUMN - column : 0, "");
    if (column >= HELP_COLUMN)
        printf("\n%*s", HELP_COLUMN, "");
    print_wrapped(help, HELP_COLUMN);
}

void config_print_options(void)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option *o = &options[i];
        char flag[64], help[256];
        if (!i || o->section != options[i - 1].section)
            printf("\n%s:\n", section_titles[o->section]);
        const char *quote = o->type == TEXT ? "\"" : "";
        if (o->default_value)
            snprintf(help, sizeof help, "%s [%s%s%s]", o->help, quote, o->default_value, quote);
        else
            snprintf(help, sizeof help, "%s", o->help);
        print_row(o->letter, flag_of(o, flag), o->argument, help);
    }
    puts("\nOther:");
    print_row('h', "--help", "", "say this and exit");
    print_row('v', "--version", "", "say which version this is and exit");
}
