// SPDX-License-Identifier: MIT
// `strowger completion`: what a shell needs to know to finish words that begin a subcommand, an option or its value.
#include <stdio.h>
#include <string.h>

#include "cli/printed.h"
#include "config/option.h"

// What stands for a value that the shell can list itself.
static bool is_file(const struct option *o)
{
    return strcmp(o->argument, "FILE") == 0;
}

static bool is_directory(const struct option *o)
{
    return strcmp(o->argument, "DIR") == 0;
}

static bool is_choice(const struct option *o)
{
    return option_is_switch(o) || o->type == OPTION_CHOICE ? *o->argument : false;
}

// Writes O's choices with SEPARATOR between them.
static void put_choices(FILE *out, const struct option *o, char separator)
{
    for (const char *c = o->argument; *c; c++)
        putc(*c == '|' ? separator : *c, out);
}

// Writes TEXT with a backslash before each of SPECIAL, and for a single quote what closes, says and opens one.
static void put_escaped(FILE *out, const char *text, const char *special)
{
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fprintf(out, strchr(special, *text) ? "\\%c" : "%c", *text);
}

// ---- bash

static void put_bash_case(FILE *out, const struct option *o)
{
    char flag[OPTION_NAME_LEN];
    fputs("    ", out);
    if (o->letter)
        fprintf(out, "-%c | ", o->letter);
    fprintf(out, "%s) ", option_put_flag(o, flag));
    if (is_choice(o)) {
        fputs("COMPREPLY=($(compgen -W '", out);
        put_choices(out, o, ' ');
        fputs("' -- \"$word\")) ;;\n", out);
    } else if (is_file(o) || is_directory(o)) {
        fprintf(out, "compopt -o filenames; COMPREPLY=($(compgen -%c -- \"$word\")) ;;\n", is_file(o) ? 'f' : 'd');
    } else {
        fputs("COMPREPLY=() ;;\n", out);
    }
}

static void put_bash(FILE *out)
{
    const struct option *o;
    const struct subcommand *s;
    char flag[OPTION_NAME_LEN];
    fputs("# Completion of strowger for bash; made by `strowger completion bash`.\n"
          "_strowger() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    [[ $word == = ]] && word=\n"
          "    [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD-2]}\n"
          "    case $before in\n",
          out);
    for (size_t i = 0; (o = option_at(i)); i++)
        if (o->type != OPTION_FLAG)
            put_bash_case(out, o);
    fputs("    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\")) ;;\n"
          "    *) COMPREPLY=($(compgen -W '",
          out);
    for (size_t i = 0; (s = subcommand_at(i)); i++)
        fprintf(out, "%s ", s->name);
    for (size_t i = 0; (o = option_at(i)); i++)
        fprintf(out, "%s ", option_put_flag(o, flag));
    fputs("--help --version' -- \"$word\")) ;;\n"
          "    esac\n"
          "}\n"
          "complete -F _strowger strowger\n",
          out);
}

// ---- zsh

static void put_zsh_option(FILE *out, const struct option *o)
{
    char flag[OPTION_NAME_LEN];
    option_put_flag(o, flag);
    fputs("    ", out);
    if (o->type == OPTION_LIST)
        fputs("'*'", out);
    else if (o->letter)
        fprintf(out, "'(-%c %s)'", o->letter, flag);
    if (o->letter)
        fprintf(out, "{-%c+,%s=}", o->letter, flag);
    else
        fprintf(out, "%s%s", flag, o->type == OPTION_FLAG ? "" : "=");
    fputs("'[", out);
    put_escaped(out, o->help, "[]\\:");
    putc(']', out);
    if (o->type != OPTION_FLAG) {
        putc(':', out);
        put_escaped(out, is_choice(o) ? "which" : o->argument, "[]\\:");
        putc(':', out);
    }
    if (is_choice(o)) {
        putc('(', out);
        put_choices(out, o, ' ');
        putc(')', out);
    } else if (is_file(o) || is_directory(o)) {
        fputs(is_file(o) ? "_files" : "_files -/", out);
    }
    fputs("' \\\n", out);
}

static void put_zsh(FILE *out)
{
    const struct option *o;
    const struct subcommand *s;
    fputs("#compdef strowger\n"
          "# Completion of strowger for zsh; made by `strowger completion zsh`.\n"
          "_arguments -s -S \\\n",
          out);
    for (size_t i = 0; (o = option_at(i)); i++)
        put_zsh_option(out, o);
    fputs("    '(- *)'{-h,--help}'[say what there is to say and exit]' \\\n"
          "    '(- *)'{-v,--version}'[say which version this is and exit]' \\\n"
          "    '1:subcommand:((",
          out);
    for (size_t i = 0; (s = subcommand_at(i)); i++) {
        fprintf(out, "%s%s\\:\"", i ? " " : "", s->name);
        put_escaped(out, s->summary, ":\\");
        putc('"', out);
    }
    fputs("))'\n", out);
}

// ---- fish

static void put_fish_option(FILE *out, const struct option *o)
{
    char flag[OPTION_NAME_LEN];
    fprintf(out, "complete -c strowger -l %s", option_put_flag(o, flag) + 2);
    if (o->letter)
        fprintf(out, " -s %c", o->letter);
    if (is_choice(o)) {
        fputs(" -x -a '", out);
        put_choices(out, o, ' ');
        putc('\'', out);
    } else if (is_directory(o)) {
        fputs(" -x -a '(__fish_complete_directories)'", out);
    } else if (o->type != OPTION_FLAG) {
        fputs(is_file(o) ? " -r -F" : " -x", out);
    }
    fputs(" -d '", out);
    for (const char *c = o->help; *c; c++)
        fprintf(out, *c == '\'' || *c == '\\' ? "\\%c" : "%c", *c);
    fputs("'\n", out);
}

static void put_fish(FILE *out)
{
    const struct option *o;
    const struct subcommand *s;
    fputs("# Completion of strowger for fish; made by `strowger completion fish`.\n"
          "complete -c strowger -f\n",
          out);
    for (size_t i = 0; (s = subcommand_at(i)); i++)
        fprintf(out, "complete -c strowger -n __fish_use_subcommand -a %s -d \"%s\"\n", s->name, s->summary);
    fputs("complete -c strowger -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n"
          "complete -c strowger -s h -l help -d 'say what there is to say and exit'\n"
          "complete -c strowger -s v -l version -d 'say which version this is and exit'\n",
          out);
    for (size_t i = 0; (o = option_at(i)); i++)
        put_fish_option(out, o);
}

// ---- the subcommand

static int run(int argc, char **argv)
{
    static const struct printed shells[] = { { "bash", put_bash }, { "zsh", put_zsh }, { "fish", put_fish }, { 0 } };
    return printed_run(shells,
                       "usage: strowger completion bash|zsh|fish\n"
                       "\n"
                       "Prints a script for the shell. In bash, for now: source <(strowger completion bash)\n",
                       argc, argv);
}

const struct subcommand subcommand_completion = {
    .name = "completion",
    .summary = "print what bash, zsh or fish need to complete command lines",
    .run = run,
};
