// SPDX-License-Identifier: MIT
// What an operator is told of a message beyond its type; see tap_look.h.
#include "server/tap_look.h"

#include <string.h>

static bool says(const struct relay *r, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < r->n_parts; i++)
        if (r->parts[i].len && memmem(r->parts[i].p, r->parts[i].len, text, len))
            return true;
    return false;
}

// What is written in every description and candidate, however it is wrapped (RFC 8866, RFC 8839).
static enum message_type type_of(const struct relay *r)
{
    if (says(r, "candidate:") && !says(r, "v=0"))
        return MESSAGE_CANDIDATE;
    if (says(r, "v=0") && says(r, "offer"))
        return MESSAGE_OFFER;
    if (says(r, "v=0") && says(r, "answer"))
        return MESSAGE_ANSWER;
    return MESSAGE_MESSAGE;
}

static const char *candidate_of(const struct relay *r)
{
    static const struct {
        const char *text, *name;
    } kinds[] = {
        { "typ host", "host" }, { "typ srflx", "srflx" }, { "typ prflx", "prflx" }, { "typ relay", "relay" }
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (says(r, kinds[i].text))
            return kinds[i].name;
    return "end";
}

void tap_look(struct tap_look *look, enum message_type type, const struct relay *r)
{
    *look = (struct tap_look){ .type = type };
    if (!r)
        return;
    for (size_t i = 0; i < r->n_parts; i++)
        look->len += r->parts[i].len;
    if (type == MESSAGE_MESSAGE)
        look->type = type_of(r);
    if (look->type == MESSAGE_CANDIDATE)
        look->candidate = candidate_of(r);
}

const char *tap_type_name(enum message_type type)
{
    static const char *const names[N_MESSAGE_TYPES] = {
        [MESSAGE_NONE] = "",           [MESSAGE_OFFER] = "offer",
        [MESSAGE_ANSWER] = "answer",   [MESSAGE_CANDIDATE] = "candidate",
        [MESSAGE_JOIN] = "join",       [MESSAGE_LEAVE] = "leave",
        [MESSAGE_MESSAGE] = "message", [MESSAGE_OTHER] = "other",
    };
    return names[type];
}
