// SPDX-License-Identifier: MIT
// What was said about settings, by whom and where; see settings.h.
#include "config/settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void settings_init(struct settings *s, struct fault_sink faults)
{
    *s = (struct settings){ .faults = faults };
}

void settings_complain(struct settings *s, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    s->n_faults++;
    s->faults.on_fault(s->faults.user, line);
}

int settings_add(struct settings *s, const struct setting *setting)
{
    struct setting *items = realloc(s->items, (s->n + 1) * sizeof *items);
    if (!items) {
        settings_complain(s, "out of memory");
        return -ENOMEM;
    }
    s->items = items;
    items[s->n++] = *setting;
    return 0;
}

void *settings_keep(struct settings *s, size_t len)
{
    void **texts = realloc(s->texts, (s->n_texts + 1) * sizeof *texts);
    if (texts)
        s->texts = texts;
    void *text = texts ? malloc(len) : NULL;
    if (text)
        texts[s->n_texts++] = text;
    else
        settings_complain(s, "out of memory");
    return text;
}

int settings_add_site(struct settings *s, struct span name)
{
    const char **sites = realloc(s->sites, (s->n_sites + 1) * sizeof *sites);
    if (sites)
        s->sites = sites;
    else
        settings_complain(s, "out of memory");
    char *copy = sites ? settings_keep(s, name.len + 1) : NULL;
    if (!copy)
        return -ENOMEM;
    memcpy(copy, name.p, name.len);
    copy[name.len] = '\0';
    sites[s->n_sites] = copy;
    return (int)s->n_sites++;
}

static int rank(const struct setting *s)
{
    return 2 * (int)s->source + (s->site != SETTING_EVERYWHERE);
}

const struct setting *settings_find(const struct settings *s, const struct option *o, int site)
{
    const struct setting *best = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct setting *one = &s->items[i];
        if (one->option == o && (one->site == SETTING_EVERYWHERE || one->site == site) &&
            (!best || rank(one) >= rank(best)))
            best = one;
    }
    return best;
}

const char *setting_put_origin(const struct settings *s, const struct setting *setting, char out[SETTING_ORIGIN_LEN])
{
    const struct option *o = setting->option;
    char name[OPTION_NAME_LEN];
    if (setting->source == SETTING_FILE)
        snprintf(out, SETTING_ORIGIN_LEN, "%.200s:%u:%u: %s", s->file, setting->line, setting->column, o->name);
    else if (setting->source == SETTING_ENVIRONMENT)
        snprintf(out, SETTING_ORIGIN_LEN, "%s", option_put_variable(o, name));
    else
        snprintf(out, SETTING_ORIGIN_LEN, "%s", option_put_flag(o, name));
    return out;
}

void settings_fini(struct settings *s)
{
    for (size_t i = 0; i < s->n_texts; i++)
        free(s->texts[i]);
    free(s->texts);
    free(s->items);
    free(s->sites);
    *s = (struct settings){ 0 };
}
