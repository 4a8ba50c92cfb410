// SPDX-License-Identifier: MIT
// How --help looks; see help.h.
#include "cli/help.h"

#include "config/option.h"

// Writes TEXT, of which each line begins INDENT columns in, broken between words before the terminal's usual 80th.
static void put_wrapped(FILE *out, const char *text, int indent)
{
    enum { WIDTH = 80 };
    int column = indent;
    while (*text) {
        int word = (int)strcspn(text, " ");
        if (column > indent && column + 1 + word > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        }
        column += fprintf(out, "%s%.*s", column > indent ? " " : "", word, text);
        text += word + (text[word] == ' ');
    }
    putc('\n', out);
}

static void put_row(FILE *out, char letter, const char *flag, const char *argument, const char *help)
{
    enum { HELP_COLUMN = 32 };
    char short_flag[8] = "";
    if (letter)
        snprintf(short_flag, sizeof short_flag, "-%c,", letter);
    int column = fprintf(out, "  %-3s %s %s", short_flag, flag, argument);
    // What leaves no room for its help has it on the next line.
    fprintf(out, "%*s", column < HELP_COLUMN ? HELP_COLUMN - column : 0, "");
    if (column >= HELP_COLUMN)
        fprintf(out, "\n%*s", HELP_COLUMN, "");
    put_wrapped(out, help, HELP_COLUMN);
}

static void put_option(FILE *out, const struct option *o)
{
    char flag[OPTION_NAME_LEN], help[512];
    const char *quote = o->type == OPTION_TEXT ? "\"" : "";
    if (o->default_value)
        snprintf(help, sizeof help, "%s [%s%s%s]", o->help, quote, o->default_value, quote);
    else
        snprintf(help, sizeof help, "%s", o->help);
    put_row(out, o->letter, option_put_flag(o, flag), o->argument, help);
}

void help_put_options(FILE *out)
{
    const struct option *o;
    int section = -1;
    for (size_t i = 0; (o = option_at(i)); i++) {
        if (o->section != section)
            fprintf(out, "\n%s:\n", option_section_title(o->section));
        section = o->section;
        put_option(out, o);
    }
    fputs("\nOther:\n", out);
    put_row(out, 'h', "--help", "", "say this and exit");
    put_row(out, 'v', "--version", "", "say which version this is and exit");
}

void help_put_item(FILE *out, const char *name, const char *text)
{
    enum { TEXT_COLUMN = 13 };
    fprintf(out, "  %-*s", TEXT_COLUMN - 2, name);
    put_wrapped(out, text, TEXT_COLUMN);
}
