// SPDX-License-Identifier: MIT
// The configuration file, read into settings; see config_file.h.
//
// A setting's name is one word, tls_cert say. It stands before the first section, or below [tls] as cert, or below
// [site.NAME] when a site may have its own.
#include "config/config_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/guess.h"
#include "proto/toml.h"

enum { MAX_FILE = 1 << 20, SITE_NAME_MAX = 32 };

struct section {
    struct span name, below;
    unsigned line;
};

struct reader {
    struct settings *settings;
    struct toml_item item; // the latest
    struct section *sections;
    size_t n_sections;          // so far; the last is the one that is read
    int site;                   // it is [site.NAME]'s, or SETTING_EVERYWHERE
    bool is_skipped;            // it is none of ours
    const struct option *array; // whose items come, or NULL
};

static const char *path_of(const struct reader *r)
{
    return r->settings->file;
}

// ---- sections

// How an option's name begins when it may stand in the section NAME: with that and '_'.
static bool is_in_section(const struct option *o, struct span name)
{
    return span_has_prefix(span_of(o->name), name) && o->name[name.len] == '_';
}

// Whether NAME is a section: some options begin with it, and none is called so, which in TOML can't be both.
static bool is_section(struct span name)
{
    const struct option *o;
    bool is_there = false;
    for (size_t i = 0; !option_find(name) && !is_there && (o = option_at(i)); i++)
        is_there = is_in_section(o, name);
    return is_there;
}

// The section that somebody who wrote NAME may have meant; its p is NULL when there is none.
static struct span guess_section(struct span name)
{
    struct span best = { 0 };
    struct guess guess = guess_of(name);
    const struct option *o;
    for (size_t i = 0; (o = option_at(i)); i++) {
        struct span begin = { o->name, strcspn(o->name, "_") };
        if (is_section(begin) && guess_try(&guess, begin))
            best = begin;
    }
    return guess_try(&guess, SPAN("site")) ? SPAN("site") : best;
}

static void complain_section(const struct reader *r)
{
    const struct toml_item *i = &r->item;
    struct span guess = guess_section(i->name);
    settings_complain(r->settings, "%s:%u:%u: there is no section [%.*s%s%.*s]%s%.*s%s", path_of(r), i->line, i->column,
                      (int)i->name.len, i->name.p, i->below.p ? "." : "", (int)i->below.len, i->below.p,
                      guess.p ? "; did you mean [" : "", (int)guess.len, guess.p, guess.p ? "]?" : "");
}

static bool begin_site(struct reader *r)
{
    const struct toml_item *i = &r->item;
    struct settings *s = r->settings;
    if (!i->below.p || i->below.len > SITE_NAME_MAX) {
        settings_complain(s, "%s:%u:%u: a site is written [site.NAME], with a name of up to %d letters", path_of(r),
                          i->line, i->column, SITE_NAME_MAX);
        return false;
    }
    r->site = settings_add_site(s, i->below);
    return r->site >= 0;
}

static void begin_section(struct reader *r)
{
    const struct toml_item *item = &r->item;
    for (size_t i = 0; i < r->n_sections; i++)
        if (span_equal(r->sections[i].name, item->name) && span_equal(r->sections[i].below, item->below))
            settings_complain(r->settings, "%s:%u:%u: this section began on line %u already", path_of(r), item->line,
                              item->column, r->sections[i].line);
    struct section *sections = realloc(r->sections, (r->n_sections + 1) * sizeof *sections);
    if (!sections) {
        settings_complain(r->settings, "out of memory");
        return;
    }
    r->sections = sections;
    sections[r->n_sections++] = (struct section){ item->name, item->below, item->line };
    r->site = SETTING_EVERYWHERE;
    if (span_equal(item->name, SPAN("site"))) {
        r->is_skipped = !begin_site(r);
    } else {
        r->is_skipped = item->below.p || !is_section(item->name);
        if (r->is_skipped)
            complain_section(r);
    }
}

// ---- values

// How the values of a type are written, and by which of TOML's.
static const struct {
    unsigned kinds;
    const char *how;
} types[] = {
    [OPTION_NUMBER] = { 1 << TOML_INTEGER, "a number, without quotes" },
    [OPTION_SIZE] = { 1 << TOML_INTEGER | 1 << TOML_STRING, "a number of bytes, or a string such as \"64k\"" },
    [OPTION_DURATION] = { 1 << TOML_STRING, "a string such as \"30s\"" },
    [OPTION_MILLIS] = { 1 << TOML_INTEGER | 1 << TOML_STRING, "a string such as \"30s\", or a number of milliseconds" },
    [OPTION_SWITCH] = { 1 << TOML_BOOLEAN, "true or false" },
    [OPTION_FLAG] = { 1 << TOML_BOOLEAN, "true or false" },
    [OPTION_CHOICE] = { 1 << TOML_STRING, "a string in quotes" },
    [OPTION_TEXT] = { 1 << TOML_STRING, "a string in quotes" },
    [OPTION_LIST] = { 1 << TOML_ARRAY, "a list of strings: [\"...\"]" },
};

static void complain_unknown(const struct reader *r, const char *name)
{
    const struct toml_item *i = &r->item;
    const struct option *guess = option_find(i->name);
    if (guess) {
        settings_complain(r->settings, "%s:%u:%u: %s does not belong here: write it before the first section",
                          path_of(r), i->line, i->column, guess->name);
        return;
    }
    guess = option_guess(span_of(name));
    settings_complain(r->settings, "%s:%u:%u: there is no setting '%s'%s%s%s", path_of(r), i->line, i->column, name,
                      guess ? "; did you mean " : "", guess ? guess->name : "", guess ? "?" : "");
}

// The option that ITEM's name means where it stands, or NULL after a complaint.
static const struct option *find_option(const struct reader *r)
{
    const struct toml_item *i = &r->item;
    char name[2 * OPTION_NAME_LEN];
    bool is_whole = !r->n_sections || r->site != SETTING_EVERYWHERE;
    struct span section = is_whole ? (struct span){ 0 } : r->sections[r->n_sections - 1].name;
    snprintf(name, sizeof name, "%.*s%s%.*s", (int)section.len, section.p, is_whole ? "" : "_", (int)i->name.len,
             i->name.p);
    const struct option *o = option_find(span_of(name));
    if (!o)
        complain_unknown(r, name);
    else if (o->traits & OPTION_CALLER)
        settings_complain(r->settings, "%s:%u:%u: %s stands on the command line or in the environment only", path_of(r),
                          i->line, i->column, name);
    else if (r->site != SETTING_EVERYWHERE && !(o->traits & OPTION_SITE))
        settings_complain(r->settings, "%s:%u:%u: %s is the same for all sites: write it before the first section",
                          path_of(r), i->line, i->column, name);
    else
        return o;
    return NULL;
}

// PATH as it is meant in the file: beside it, wherever the program was started. NULL after a complaint of no memory.
static const char *beside_file(const struct reader *r, const char *path)
{
    const char *file = path_of(r), *slash = strrchr(file, '/');
    if (!slash || !*path || *path == '/')
        return path;
    size_t size = (size_t)(slash + 1 - file) + strlen(path) + 1;
    char *whole = settings_keep(r->settings, size);
    if (whole)
        snprintf(whole, size, "%.*s%s", (int)(slash + 1 - file), file, path);
    return whole;
}

static void add(struct reader *r, const struct option *o, const char *text)
{
    const struct toml_item *i = &r->item;
    char fault[OPTION_FAULT_LEN];
    struct setting setting = {
        .option = o, .source = SETTING_FILE, .site = r->site, .line = i->line, .column = i->column
    };
    if (text && o->traits & OPTION_PATH)
        text = beside_file(r, text);
    if (text && option_read(o, text, &setting.value, fault) != 0)
        settings_complain(r->settings, "%s:%u:%u: %s %s", path_of(r), i->line, i->value_column, o->name, fault);
    else if (settings_add(r->settings, &setting) != 0)
        r->is_skipped = true; // of no memory was complained
}

// The number or boolean of ITEM as it would be written on the command line; a string is itself.
static const char *text_of(const struct toml_item *i, const struct option *o, char room[OPTION_NUMBER_LEN])
{
    if (i->kind == TOML_INTEGER)
        snprintf(room, OPTION_NUMBER_LEN, "%" PRId64, i->number);
    else if (i->kind == TOML_BOOLEAN)
        option_put_number(o, i->number, room);
    return i->kind == TOML_INTEGER || i->kind == TOML_BOOLEAN ? room : i->text.p;
}

static const struct setting *find_earlier(const struct reader *r, const struct option *o)
{
    const struct setting wanted = { .option = o, .source = SETTING_FILE, .site = r->site };
    for (size_t i = 0; i < r->settings->n; i++)
        if (setting_is_beside(&r->settings->items[i], &wanted))
            return &r->settings->items[i];
    return NULL;
}

static void read_value(struct reader *r)
{
    const struct toml_item *i = &r->item;
    const struct option *o = r->is_skipped ? NULL : find_option(r);
    r->array = NULL;
    if (!o)
        return;
    const struct setting *earlier = find_earlier(r, o);
    char room[OPTION_NUMBER_LEN];
    if (earlier) {
        settings_complain(r->settings, "%s:%u:%u: %s was set on line %u already", path_of(r), i->line, i->column,
                          o->name, earlier->line);
    } else if (!(types[o->type].kinds & 1U << i->kind)) {
        settings_complain(r->settings, "%s:%u:%u: %s is written as %s", path_of(r), i->line, i->value_column, o->name,
                          types[o->type].how);
    } else {
        r->array = o->type == OPTION_LIST ? o : NULL;
        add(r, o, text_of(i, o, room));
    }
}

static void read_items(struct reader *r, struct toml *t)
{
    while (toml_next(t, &r->item) != TOML_END) {
        if (r->item.kind == TOML_FAULT) {
            settings_complain(r->settings, "%s:%u:%u: %s", path_of(r), r->item.line, r->item.column, r->item.fault);
            return;
        }
        if (r->item.kind == TOML_SECTION)
            begin_section(r);
        else if (r->item.kind != TOML_ITEM)
            read_value(r);
        else if (r->array)
            add(r, r->array, r->item.text.p);
    }
}

// ---- the file

// Its text, which lives as long as S, of *LEN bytes; NULL after a complaint.
static char *load(struct settings *s, const char *path, size_t *len)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        settings_complain(s, "can't read %s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = settings_keep(s, MAX_FILE);
    *len = text ? fread(text, 1, MAX_FILE, f) : 0;
    if (ferror(f))
        settings_complain(s, "can't read %s: %s", path, strerror(errno));
    else if (*len == MAX_FILE)
        settings_complain(s, "%s is larger than a configuration can be", path);
    bool is_good = text && !ferror(f) && *len < MAX_FILE;
    fclose(f);
    return is_good ? text : NULL;
}

void config_file_read(struct settings *s, const char *file)
{
    struct reader r = { .settings = s, .site = SETTING_EVERYWHERE };
    struct toml t;
    size_t len;
    s->file = file;
    char *text = load(s, file, &len);
    if (!text)
        return;
    toml_init(&t, text, len);
    read_items(&r, &t);
    free(r.sections);
}
