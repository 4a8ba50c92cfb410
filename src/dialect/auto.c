// SPDX-License-Identifier: MIT
// Lets the type of the first message decide between the dialects of `{"type":...}` messages.
//
//     > {"type":"join",...}      the join dialect from here on
//     > {"type":"login",...}     the login dialect from here on
//     > anything else            the login dialect answers, and the next message may still decide
#include "dialect/command.h"
#include "dialect/dialect.h"

// The first one also answers what decides nothing.
static const struct dialect *const choices[] = { &dialect_login, &dialect_join, NULL };

static void on_text(struct session *s, struct span text)
{
    struct json_field type = { .key = SPAN("type") };
    if (json_parse_object(text, &type, 1) == JSON_OK)
        for (size_t i = 0; choices[i]; i++)
            if (json_string_is(&type.value, span_of(choices[i]->name))) {
                s->mount = &s->mount->choices[i];
                choices[i]->on_text(s, text);
                return;
            }
    choices[0]->on_text(s, text);
}

static void on_open(struct session *s, struct span auth)
{
    choices[0]->on_open(s, auth);
}

const struct dialect dialect_auto = {
    .name = "auto",
    .summary = "the first message's type decides: login or join",
    .on_open = on_open,
    .on_text = on_text,
    .on_binary = command_binary,
    .choices = choices,
};
