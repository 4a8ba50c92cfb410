// SPDX-License-Identifier: MIT
// The settings of the server; see config.h.
#include "config/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/args.h"
#include "config/config_file.h"
#include "config/environment.h"

// ---- what counts of what was said

static void set_default(struct config *c, const struct option *o)
{
    char fault[OPTION_FAULT_LEN];
    union option_value value;
    if (!o->default_value || option_read(o, o->default_value, &value, fault) != 0)
        return;
    if (o->type == OPTION_TEXT)
        *(const char **)option_field(o, c) = value.text;
    else
        *(int64_t *)option_field(o, c) = value.number;
}

// Gathers the items that count as much as LAST from ITEMS on. Returns where the next list may begin.
static const char **gather(struct config_list *list, const struct settings *s, const struct setting *last,
                           const char **items)
{
    *list = (struct config_list){ .items = items };
    for (size_t i = 0; i < s->n; i++)
        if (setting_is_beside(&s->items[i], last) && s->items[i].value.text)
            items[list->n++] = s->items[i].value.text;
    return items + list->n;
}

// Fills site number SITE, its lists from ITEMS on. Returns where the next list may begin.
static const char **fill_site(struct config_set *set, int site, const char **items)
{
    struct config *c = &set->sites[site];
    const struct option *o;
    *c = (struct config){ .name = set->settings.n_sites ? set->settings.sites[site] : NULL,
                          .site = site,
                          .settings = &set->settings };
    for (size_t i = 0; (o = option_at(i)); i++) {
        const struct setting *found = settings_find(&set->settings, o, site);
        if (!found)
            set_default(c, o);
        else if (o->type == OPTION_LIST)
            items = gather(option_field(o, c), &set->settings, found, items);
        else if (o->type == OPTION_TEXT)
            *(const char **)option_field(o, c) = found->value.text;
        else
            *(int64_t *)option_field(o, c) = found->value.number;
    }
    return items;
}

static void fill_sites(struct config_set *set)
{
    struct settings *s = &set->settings;
    size_t n = s->n_sites ? s->n_sites : 1;
    set->sites = calloc(n, sizeof *set->sites);
    set->items = calloc(n * s->n + 1, sizeof *set->items);
    if (!set->sites || !set->items) {
        settings_complain(s, "out of memory");
        return;
    }
    const char **items = set->items;
    for (set->n_sites = 0; set->n_sites < n; set->n_sites++)
        items = fill_site(set, (int)set->n_sites, items);
}

// ---- sites

// Whether site number SITE says itself where it is.
static bool has_place(const struct settings *s, int site)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->items[i].site == site && s->items[i].option->traits & OPTION_PLACE)
            return true;
    return false;
}

// Where there are sites, each has a place of its own, and there is none beside.
static void check_places(struct settings *s)
{
    if (!s->n_sites)
        return;
    for (size_t i = 0; i < s->n; i++)
        if (s->items[i].site == SETTING_EVERYWHERE && s->items[i].option->traits & OPTION_PLACE) {
            char origin[SETTING_ORIGIN_LEN];
            settings_complain(s, "%s is not for all: each site of %s says itself where it is",
                              setting_put_origin(s, &s->items[i], origin), s->file);
            return;
        }
    for (size_t i = 0; i < s->n_sites; i++)
        if (!has_place(s, (int)i))
            settings_complain(s, "%s: [site.%s] needs a place to listen at: port or listen", s->file, s->sites[i]);
}

enum config_result config_read(struct config_set *set, int argc, char **argv, struct fault_sink faults)
{
    static const enum config_result results[] = {
        [ARGS_HELP] = CONFIG_HELP, [ARGS_VERSION] = CONFIG_VERSION, [ARGS_WRONG] = CONFIG_USAGE
    };
    struct settings *s = &set->settings;
    *set = (struct config_set){ .argc = argc, .argv = argv };
    settings_init(s, faults);
    enum args_result wish = args_read(s, argc, argv);
    if (wish != ARGS_OK)
        return results[wish];
    environment_read(s);
    const struct setting *file = settings_find(s, option_find(SPAN("config")), SETTING_EVERYWHERE);
    if (file)
        config_file_read(s, file->value.text);
    if (!s->n_faults)
        check_places(s);
    if (!s->n_faults)
        fill_sites(set);
    return s->n_faults ? CONFIG_WRONG : CONFIG_OK;
}

void config_move(struct config_set *to, struct config_set *from)
{
    *to = *from;
    *from = (struct config_set){ 0 };
    for (size_t i = 0; i < to->n_sites; i++)
        to->sites[i].settings = &to->settings;
}

void config_free(struct config_set *set)
{
    settings_fini(&set->settings);
    free(set->sites);
    free(set->items);
    *set = (struct config_set){ 0 };
}

// ---- who said it

static const struct setting *find_setting(const struct config_claim *claim, const struct option *o)
{
    const struct settings *s = claim->config->settings;
    for (size_t i = 0; s && claim->item && i < s->n; i++)
        if (s->items[i].value.text == claim->item && s->items[i].option == o)
            return &s->items[i];
    return s ? settings_find(s, o, claim->config->site) : NULL;
}

int config_fault(char error[CONFIG_ERROR_LEN], const struct config_claim *claim, const char *format, ...)
{
    const struct option *o = option_of_field(claim->config, claim->field);
    const struct setting *said = find_setting(claim, o);
    char origin[SETTING_ORIGIN_LEN];
    va_list args;
    setting_put_origin(claim->config->settings, said ? said : &(struct setting){ o, .source = SETTING_FLAG }, origin);
    int len = snprintf(error, CONFIG_ERROR_LEN, "%s ", origin);
    va_start(args, format);
    vsnprintf(error + len, CONFIG_ERROR_LEN - (size_t)len, format, args);
    va_end(args);
    return said && said->source != SETTING_FLAG ? -EIO : -EINVAL;
}
