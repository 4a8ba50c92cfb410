// SPDX-License-Identifier: MIT
// What the dialects of `{"type":...}` messages share; see command.h.
#include "dialect/command.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "dialect/dialect.h"

static struct span cut(struct span text)
{
    if (text.len > COMMAND_MAX_QUOTE)
        text.len = utf8_cut(text.p, COMMAND_MAX_QUOTE);
    return text;
}

void command_error(struct session *s, enum message_fault fault, struct span before, struct span quoted)
{
    s->mount->realm->traffic.faults[fault]++;
    struct buf message = { 0 }, json = { 0 };
    if (buf_put_span(&message, before) == 0 && buf_put_span(&message, cut(quoted)) == 0 &&
        json_put_string(&json, buf_span(&message)) == 0) {
        struct span parts[] = { SPAN("{\"type\":\"error\",\"message\":"), buf_span(&json), SPAN("}") };
        session_send(s, parts, 3);
    }
    buf_fini(&message);
    buf_fini(&json);
}

struct span command_quote(const struct json_value *value, char out[COMMAND_MAX_QUOTE])
{
    if (value->type == JSON_ABSENT)
        return SPAN("undefined");
    if (value->type != JSON_STRING)
        return cut(value->raw);
    if (!value->has_escapes)
        return cut(json_string_raw(value));
    ssize_t len = json_string_decode(value, out, COMMAND_MAX_QUOTE);
    return len >= 0 ? (struct span){ out, (size_t)len } : cut(json_string_raw(value));
}

struct span command_escape(struct span name, struct buf *text)
{
    struct span none = { 0 };
    if (json_plain_len(name) == name.len)
        return name;
    if (json_put_string(text, name) != 0)
        return none;
    return (struct span){ text->p + 1, text->len - 2 };
}

bool command_parse(struct session *s, struct span text, struct json_field *fields, size_t n)
{
    static const struct span complaints[] = {
        [JSON_MALFORMED] = SPAN("This message is not JSON"),
        [JSON_TOO_DEEP] = SPAN("This message is nested more than 64 levels deep"),
        [JSON_WRONG_TYPE] = SPAN("This message is JSON, but not an object"),
    };
    struct span nothing = { 0 };
    enum json_result result = json_parse_object(text, fields, n);
    if (result != JSON_OK) {
        command_error(s, FAULT_MALFORMED, complaints[result], nothing);
        return false;
    }
    if (fields[0].value.type == JSON_ABSENT) {
        command_error(s, FAULT_MALFORMED, SPAN("This message has no \"type\""), nothing);
        return false;
    }
    return true;
}
