// SPDX-License-Identifier: MIT
// The environment's STROWGER_*, read into settings; see environment.h.
#include "config/environment.h"

#include <stdlib.h>

static void add(struct settings *s, const struct option *o, const char *variable, const char *text)
{
    char fault[OPTION_FAULT_LEN];
    struct setting setting = { .option = o, .source = SETTING_ENVIRONMENT, .site = SETTING_EVERYWHERE };
    if (option_read(o, text, &setting.value, fault) != 0)
        settings_complain(s, "%s %s", variable, fault);
    else if (settings_add(s, &setting) != 0)
        return; // it was complained of
}

static void add_items(struct settings *s, const struct option *o, const char *variable, const char *text)
{
    size_t size = strlen(text) + 1;
    char *rest = settings_keep(s, size), *item;
    if (!rest)
        return;
    memcpy(rest, text, size);
    while ((item = strsep(&rest, ",")))
        add(s, o, variable, item);
}

void environment_read(struct settings *s)
{
    const struct option *o;
    for (size_t i = 0; (o = option_at(i)); i++) {
        char variable[OPTION_NAME_LEN];
        const char *text = getenv(option_put_variable(o, variable));
        if (!text || !*text)
            continue;
        if (o->type == OPTION_LIST)
            add_items(s, o, variable, text);
        else
            add(s, o, variable, text);
    }
}
