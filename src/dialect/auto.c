// SPDX-License-Identifier: MIT
// Lets the type of the first message decide between the dialects of `{"type":...}` messages.
//
//     > {"type":"join",...}         the join dialect from here on
//     > {"type":"login",...}        the login dialect from here on
//     > {"type":"subscribe",...}    the topics dialect from here on; so do unsubscribe, publish and ping
//     > anything else               the login dialect answers, and the next message may still decide
#include "dialect/command.h"
#include "dialect/dialect.h"

enum choice { LOGIN, JOIN, TOPICS };

// The first one also answers what decides nothing.
static const struct dialect *const choices[] = {
    [LOGIN] = &dialect_login, [JOIN] = &dialect_join, [TOPICS] = &dialect_topics, NULL
};

static const struct {
    struct span type;
    enum choice choice;
} openings[] = {
    { SPAN("login"), LOGIN },        { SPAN("join"), JOIN },      { SPAN("subscribe"), TOPICS },
    { SPAN("unsubscribe"), TOPICS }, { SPAN("publish"), TOPICS }, { SPAN("ping"), TOPICS },
};

static void on_text(struct session *s, struct span text)
{
    struct json_field type = { .key = SPAN("type") };
    if (json_parse_object(text, &type, 1) == JSON_OK)
        for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
            if (json_string_is(&type.value, openings[i].type)) {
                dialect_choose(s, &s->mount->choices[openings[i].choice]);
                session_dialect(s)->on_text(s, text);
                return;
            }
    choices[LOGIN]->on_text(s, text);
}

static void on_open(struct session *s, struct span intro)
{
    choices[LOGIN]->on_open(s, intro);
}

const struct dialect dialect_auto = {
    .name = "auto",
    .summary = "the first message's type decides: login, join or topics",
    .on_open = on_open,
    .on_text = on_text,
    .on_binary = dialect_binary_as_text,
    .choices = choices,
};
