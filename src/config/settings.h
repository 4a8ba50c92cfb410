// SPDX-License-Identifier: MIT
// What was said about settings, by whom and where: the heap from which config.h takes what counts.
#ifndef STROWGER_CONFIG_SETTINGS_H
#define STROWGER_CONFIG_SETTINGS_H

#include "config/option.h"

// Who says it; the later ones count before the earlier ones.
enum setting_source { SETTING_FILE, SETTING_ENVIRONMENT, SETTING_FLAG };

struct setting {
    const struct option *option;
    union option_value value; // a text lives as long as the settings; NULL: a list without items
    enum setting_source source;
    int site;              // its number, or SETTING_EVERYWHERE
    unsigned line, column; // in the file
};

enum { SETTING_EVERYWHERE = -1 };

// Takes one line, without a line end, that says what is wrong.
struct fault_sink {
    void (*on_fault)(void *user, const char *line);
    void *user;
};

struct settings {
    struct setting *items; // as they were said
    size_t n;
    const char **sites; // their names
    size_t n_sites;
    const char *file; // that was read, or NULL
    void **texts;     // memory that values point into
    size_t n_texts;
    struct fault_sink faults;
    size_t n_faults;
};

// Makes S empty.
void settings_init(struct settings *s, struct fault_sink faults);

// Counts a fault and tells the sink.
[[gnu::format(printf, 2, 3)]] void settings_complain(struct settings *s, const char *format, ...);

// Adds SETTING. 0 or -ENOMEM, which was complained about.
[[gnu::warn_unused_result]] int settings_add(struct settings *s, const struct setting *setting);

// Adds a site. Returns its number, or -ENOMEM, which was complained about.
[[gnu::warn_unused_result]] int settings_add_site(struct settings *s, struct span name);

// Memory of LEN bytes that lives as long as S. NULL when there is none, which was complained about.
[[gnu::warn_unused_result]] void *settings_keep(struct settings *s, size_t len);

// The setting that counts for O in site number SITE, or everywhere; of a list's items, which all have its source and site,
// the last. NULL: the default does.
const struct setting *settings_find(const struct settings *s, const struct option *o, int site);

// Whether A counts as much as B: an item of the same list.
static inline bool setting_is_beside(const struct setting *a, const struct setting *b)
{
    return a->option == b->option && a->source == b->source && a->site == b->site;
}

// Writes who said SETTING, one of S, and where, as faults begin: "strowger.toml:12:5: mount", "STROWGER_MOUNT", "--mount".
// Returns OUT.
enum { SETTING_ORIGIN_LEN = 320 };
const char *setting_put_origin(const struct settings *s, const struct setting *setting, char out[SETTING_ORIGIN_LEN]);

// Frees S and all that its values point into.
void settings_fini(struct settings *s);

#endif
