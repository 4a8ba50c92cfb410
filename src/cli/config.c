// SPDX-License-Identifier: MIT
// `strowger config`: which settings count and who said so, written as a file that says the same.
#include <stdio.h>

#include "cli/configured.h"
#include "cli/reference.h"

enum { ORIGIN_COLUMN = 44 };

static void put_origin(const struct config_set *set, const struct setting *said)
{
    char name[OPTION_NAME_LEN];
    if (!said)
        puts("# default");
    else if (said->source == SETTING_FILE)
        printf("# %s:%u\n", set->settings.file, said->line);
    else if (said->source == SETTING_ENVIRONMENT)
        printf("# %s\n", option_put_variable(said->option, name));
    else
        printf("# %s\n", option_put_flag(said->option, name));
}

static int put_list(const struct option *o, const struct config_list *list)
{
    int n = printf("[");
    for (size_t i = 0; i < list->n; i++)
        n += printf("%s", i ? ", " : "") + reference_put_value(stdout, o, list->items[i]);
    return n + printf("]");
}

static int put_value(const struct option *o, const struct config *c)
{
    const void *field = option_const_field(o, c);
    char number[OPTION_NUMBER_LEN];
    if (o->type == OPTION_LIST)
        return put_list(o, field);
    if (o->type == OPTION_TEXT)
        return reference_put_value(stdout, o, *(const char *const *)field);
    return reference_put_value(stdout, o, option_put_number(o, *(const int64_t *)field, number));
}

static void put_option(const struct config_set *set, const struct option *o, int site)
{
    const struct setting *said = settings_find(&set->settings, o, site);
    if (!said && option_is_text(o) && !o->default_value) {
        printf("# %s is not set\n", o->name);
        return;
    }
    bool is_hidden = said && o->traits & OPTION_SECRET;
    int column = printf(is_hidden ? "# %s = ***" : "%s = ", o->name);
    if (!is_hidden)
        column += put_value(o, &set->sites[site]);
    printf("%*s", column < ORIGIN_COLUMN ? ORIGIN_COLUMN - column : 1, "");
    put_origin(set, said);
}

// Those with the trait SITE when IS_SITES_OWN, else the others; with one site without a name, all are alike.
static void put_options(const struct config_set *set, int site, bool is_sites_own)
{
    const struct option *o;
    int section = -1;
    for (size_t i = 0; (o = option_at(i)); i++) {
        bool is_own = set->settings.n_sites && o->traits & OPTION_SITE;
        if (o->traits & OPTION_CALLER || is_own != is_sites_own)
            continue;
        if (o->section != section)
            printf("\n# %s\n", option_section_title(o->section));
        section = o->section;
        put_option(set, o, site);
    }
}

static int show(struct config_set *set)
{
    puts("# What counts, and who said so: a file, the environment, a flag, or nobody.");
    put_options(set, 0, false);
    for (size_t i = 0; i < set->settings.n_sites; i++) {
        printf("\n[site.%s]\n", set->sites[i].name);
        put_options(set, (int)i, true);
    }
    return EXIT_OK;
}

static int run(int argc, char **argv)
{
    return configured_run(&subcommand_config, argc, argv, show, configured_put_help);
}

const struct subcommand subcommand_config = {
    .name = "config",
    .summary = "show the settings that count and who said so, as a file",
    .run = run,
};
