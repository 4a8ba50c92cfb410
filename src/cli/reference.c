// SPDX-License-Identifier: MIT
// `strowger reference`: all settings, as a sample file, as a page, or as lists for the manual; see also reference.h.
#include "cli/reference.h"

#include <string.h>

#include "cli/printed.h"

// ---- values

static int put_string(FILE *out, const char *text)
{
    int n = fprintf(out, "\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < ' ' || c == 0x7f)
            n += fprintf(out, "\\u%04x", c);
        else
            n += fprintf(out, c == '"' || c == '\\' ? "\\%c" : "%c", c);
    }
    return n + fprintf(out, "\"");
}

int reference_put_value(FILE *out, const struct option *o, const char *text)
{
    if (option_is_switch(o))
        return fprintf(out, "%s", strcmp(text, "on") == 0 ? "true" : "false");
    bool is_number = !option_is_text(o) && o->type != OPTION_CHOICE && !text[strspn(text, "0123456789")];
    return is_number ? fprintf(out, "%s", text) : put_string(out, text);
}

// ---- what all formats say

// What stands for a value of O in a file.
static const char *placeholder(const struct option *o)
{
    static const char *const types[] = {
        [OPTION_NUMBER] = "number", [OPTION_SIZE] = "size",      [OPTION_DURATION] = "time",
        [OPTION_MILLIS] = "time",   [OPTION_SWITCH] = "boolean", [OPTION_FLAG] = "boolean",
        [OPTION_CHOICE] = "word",   [OPTION_TEXT] = "string",    [OPTION_LIST] = "list"
    };
    return types[o->type];
}

static bool has_bounds(const struct option *o)
{
    return !option_is_text(o) && !option_is_switch(o) && o->type != OPTION_CHOICE;
}

static void put_bounds(FILE *out, const struct option *o)
{
    char min[OPTION_NUMBER_LEN], max[OPTION_NUMBER_LEN];
    fprintf(out, "%s to %s", option_put_number(o, o->min, min), option_put_number(o, o->max, max));
}

// The help as a sentence, but for the full stop. Where IS_ROFF, backslashes mean something, and "-" is no minus.
static void put_sentence(FILE *out, const char *help, bool is_roff)
{
    for (const char *c = help; *c; c++)
        if (is_roff && (*c == '\\' || *c == '-'))
            fputs(*c == '-' ? "\\-" : "\\e", out);
        else
            putc(c == help && *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c, out);
}

// Whether row I begins a section.
static bool is_first(size_t i, const struct option *o)
{
    return !i || option_at(i - 1)->section != o->section;
}

// ---- a sample file

static void put_comment(FILE *out, const char *text)
{
    enum { WIDTH = 100 };
    int column = fprintf(out, "#");
    while (*text) {
        int word = (int)strcspn(text, " ");
        if (column + 1 + word > WIDTH)
            column = fprintf(out, "\n#") - 1;
        column += fprintf(out, " %.*s", word, text);
        text += word + (text[word] == ' ');
    }
    putc('\n', out);
}

static void put_sample(FILE *out)
{
    fputs("# Settings of strowger; strowger.toml(5) explains the form. A line without its # says what would hold "
          "anyway.\n"
          "# `strowger check -c FILE` finds what is wrong,\n"
          "# `strowger config -c FILE` shows what counts.\n"
          "#\n"
          "# Several sites, each with places, paths and pages of its own, stand behind all else in sections:\n"
          "#     [site.NAME]\n"
          "#     port = 8080\n"
          "#     mount = [\"/=join\"]\n",
          out);
    const struct option *o;
    for (size_t i = 0; (o = option_at(i)); i++) {
        if (o->traits & OPTION_CALLER)
            continue;
        if (is_first(i, o))
            fprintf(out, "\n# ---- %s\n", option_section_title(o->section));
        putc('\n', out);
        put_comment(out, o->help);
        fprintf(out, "#%s = ", o->name);
        fputs(o->type == OPTION_LIST ? "[" : "", out);
        if (o->type == OPTION_FLAG)
            fputs("false", out);
        else
            reference_put_value(out, o, o->default_value ? o->default_value : o->argument);
        fputs(o->type == OPTION_LIST ? "]\n" : "\n", out);
    }
}

// ---- a page

static void put_row(FILE *out, const struct option *o)
{
    char flag[OPTION_NAME_LEN];
    fprintf(out, "| `%s`", option_put_flag(o, flag));
    if (o->letter)
        fprintf(out, ", `-%c`", o->letter);
    fputs(" | ", out);
    for (const char *c = o->argument; *c; c++)
        fprintf(out, *c == '|' ? "\\%c" : "%c", *c);
    if (has_bounds(o)) {
        fputs(", ", out);
        put_bounds(out, o);
    }
    fprintf(out, o->default_value ? " | `%s` | " : " | | ", o->default_value);
    put_sentence(out, o->help, false);
    fprintf(out, "%s%s%s%s. |\n", o->traits & OPTION_SITE ? "; *site*" : "",
            o->traits & OPTION_RESTART ? "; *restart*" : "", o->traits & OPTION_LATER ? "; *later*" : "",
            o->traits & OPTION_SECRET ? "; *secret*" : "");
}

static void put_markdown(FILE *out)
{
    fputs(
        "# Settings\n"
        "\n"
        "Made by `strowger reference markdown`. [configuration.md](configuration.md) tells how settings are given: "
        "the flag\n"
        "`--web-root` is `STROWGER_WEB_ROOT` in the environment and `web_root` in a file. *site*: each `[site.NAME]` "
        "may\n"
        "have its own. SIGHUP changes settings at once, for everybody; *later*: only for connections and sessions that "
        "begin\n"
        "after it; *restart*: not at all. *secret*: never shown.\n",
        out);
    const struct option *o;
    for (size_t i = 0; (o = option_at(i)); i++) {
        if (is_first(i, o))
            fprintf(out, "\n## %s\n\n| Flag | Value | Default | What it does |\n|---|---|---|---|\n",
                    option_section_title(o->section));
        put_row(out, o);
    }
}

// ---- lists for the manual, in mdoc(7)

static void put_tags(FILE *out, const struct option *o, bool is_key)
{
    char flag[OPTION_NAME_LEN];
    if (is_key) {
        fprintf(out, ".It Ic %s No = Ar %s\n", o->name, placeholder(o));
        return;
    }
    fputs(".It ", out);
    if (o->letter)
        fprintf(out, "Fl %c , ", o->letter);
    fputs("Fl ", out);
    put_sentence(out, option_put_flag(o, flag) + 1, true);
    fprintf(out, "%s%s\n", *o->argument ? " Ar " : "", o->argument);
}

static void put_entry(FILE *out, const struct option *o, bool is_key)
{
    put_tags(out, o, is_key);
    put_sentence(out, o->help, true);
    fputs(".\n", out);
    if (is_key && o->type == OPTION_CHOICE)
        fprintf(out, "One of %s.\n", o->argument);
    if (is_key && has_bounds(o)) {
        fputs("From ", out);
        put_bounds(out, o);
        fputs(".\n", out);
    }
    if (o->default_value)
        fprintf(out, "The default is\n.Ql \"%s\" .\n", o->default_value);
    if (is_key && o->traits & OPTION_SITE)
        fputs("A site may have its own.\n", out);
    if (is_key && o->traits & OPTION_RESTART)
        fputs("A change wants a restart.\n", out);
    if (is_key && o->traits & OPTION_LATER)
        fputs("A change holds for what begins after it.\n", out);
}

static void put_mdoc(FILE *out, bool is_key)
{
    const struct option *o;
    bool is_open = false;
    for (size_t i = 0; (o = option_at(i)); i++) {
        if (is_key && o->traits & OPTION_CALLER)
            continue;
        if (is_first(i, o)) {
            fprintf(out, "%s.Ss %s\n.Bl -tag -width indent\n", is_open ? ".El\n" : "",
                    option_section_title(o->section));
            is_open = true;
        }
        put_entry(out, o, is_key);
    }
    fputs(".El\n", out);
}

static void put_flags(FILE *out)
{
    put_mdoc(out, false);
}

static void put_keys(FILE *out)
{
    put_mdoc(out, true);
}

// ---- the subcommand

static int run(int argc, char **argv)
{
    static const struct printed formats[] = {
        { "sample", put_sample }, { "markdown", put_markdown }, { "flags", put_flags }, { "keys", put_keys }, { 0 }
    };
    return printed_run(
        formats,
        "usage: strowger reference sample|markdown|flags|keys\n"
        "\n"
        "Prints all settings there are: as a file to begin with, as a page, or as lists in mdoc for manual "
        "pages.\n",
        argc, argv);
}

const struct subcommand subcommand_reference = {
    .name = "reference",
    .summary = "print all settings there are; as a file to begin with: reference sample",
    .run = run,
};
