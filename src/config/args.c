// SPDX-License-Identifier: MIT
// The command line, read into settings; see args.h.
#include "config/args.h"

struct args {
    int argc, at;
    char **argv;
};

static void complain_unknown(struct settings *s, const char *arg)
{
    struct span given = { arg, strcspn(arg, "=") };
    bool is_long = arg[0] == '-' && arg[1] == '-';
    const struct option *guess = is_long ? option_guess((struct span){ arg + 2, given.len - 2 }) : NULL;
    char flag[OPTION_NAME_LEN];
    int len = given.len < OPTION_NAME_LEN ? (int)given.len : OPTION_NAME_LEN - 1;
    if (arg[0] != '-')
        settings_complain(s, "'%.64s' is no option; --help lists them", arg);
    else if (guess)
        settings_complain(s, "unknown option '%.*s'; did you mean %s?", len, arg, option_put_flag(guess, flag));
    else
        settings_complain(s, "unknown option '%.*s'; --help lists them", len, arg);
}

// The option that the argument at A begins, with *VALUE its value; A is moved to the last argument used. NULL after a
// complaint.
static const struct option *next_option(struct settings *s, struct args *a, const char **value)
{
    const char *arg = a->argv[a->at];
    const struct option *o;
    if (arg[0] == '-' && arg[1] == '-') {
        size_t len = strcspn(arg + 2, "=");
        o = option_find_flag((struct span){ arg + 2, len });
        *value = arg[2 + len] ? arg + 2 + len + 1 : NULL;
    } else {
        o = arg[0] == '-' ? option_find_letter(arg[1]) : NULL;
        *value = arg[0] && arg[1] && arg[2] ? arg + 2 : NULL;
    }
    if (!o) {
        complain_unknown(s, arg);
        return NULL;
    }
    if (o->type == OPTION_FLAG && !*value)
        *value = "on";
    if (!*value && a->at + 1 < a->argc)
        *value = a->argv[++a->at];
    if (*value)
        return o;
    settings_complain(s, "%.64s needs a value: %s", arg, o->argument);
    return NULL;
}

static bool is_flag(const char *arg, const char *letter, const char *name)
{
    return strcmp(arg, letter) == 0 || strcmp(arg, name) == 0;
}

enum args_result args_read(struct settings *s, int argc, char **argv)
{
    struct args a = { argc, 1, argv };
    for (; a.at < argc; a.at++) {
        if (is_flag(argv[a.at], "-h", "--help"))
            return ARGS_HELP;
        if (is_flag(argv[a.at], "-v", "--version"))
            return ARGS_VERSION;
        char fault[OPTION_FAULT_LEN], flag[OPTION_NAME_LEN];
        const char *value;
        struct setting setting = { .source = SETTING_FLAG, .site = SETTING_EVERYWHERE };
        setting.option = next_option(s, &a, &value);
        if (!setting.option)
            return ARGS_WRONG;
        if (option_read(setting.option, value, &setting.value, fault) != 0) {
            settings_complain(s, "%s %s", option_put_flag(setting.option, flag), fault);
            return ARGS_WRONG;
        }
        if (settings_add(s, &setting) != 0)
            return ARGS_WRONG;
    }
    return ARGS_OK;
}
