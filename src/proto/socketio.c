// SPDX-License-Identifier: MIT
// Socket.IO as a codec; see socketio.h.
#include "proto/socketio.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

// ---- reading

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_binary(enum socketio_type type)
{
    return type == SOCKETIO_BINARY_EVENT || type == SOCKETIO_BINARY_ACK;
}

static struct span skip(struct span s, size_t n)
{
    return (struct span){ s.p + n, s.len - n };
}

// Eats decimal digits from REST's start. Returns how many there were, or -EINVAL when they say more than MAX.
static int take_number(struct span *rest, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    int n = 0;
    while (rest->len && is_digit(*rest->p)) {
        value = value * 10 + (uint64_t)(*rest->p - '0');
        if (value > max)
            return -EINVAL;
        *rest = skip(*rest, 1);
        n = 1;
    }
    *out = value;
    return n;
}

static int take_type(struct span *rest, struct socketio_head *head)
{
    if (rest->len == 0 || *rest->p < '0' + SOCKETIO_CONNECT || *rest->p > '0' + SOCKETIO_BINARY_ACK)
        return -EINVAL;
    head->type = (enum socketio_type)(*rest->p - '0');
    *rest = skip(*rest, 1);
    if (!is_binary(head->type))
        return 0;
    uint64_t n;
    if (take_number(rest, SOCKETIO_MAX_ATTACHMENTS, &n) < 1 || n == 0 || rest->len == 0 || *rest->p != '-')
        return -EINVAL;
    head->n_attachments = (unsigned)n;
    *rest = skip(*rest, 1);
    return 0;
}

// The namespace ends with a comma, which is not part of it, or with the packet.
static void take_nsp(struct span *rest, enum socketio_version version, struct socketio_packet *packet)
{
    packet->head.nsp = SPAN("/");
    if (rest->len == 0 || *rest->p != '/')
        return;
    const char *comma = memchr(rest->p, ',', rest->len);
    struct span nsp = { rest->p, comma ? (size_t)(comma - rest->p) : rest->len };
    *rest = skip(*rest, nsp.len + (comma ? 1 : 0));
    const char *mark = version == SOCKETIO_4 ? memchr(nsp.p, '?', nsp.len) : NULL;
    if (mark) {
        size_t len = (size_t)(mark - nsp.p);
        packet->query = skip(nsp, len + 1);
        nsp.len = len;
    }
    packet->head.nsp = nsp;
}

bool socketio_is_reserved(const struct json_value *name)
{
    static const struct span reserved[] = {
        SPAN("connect"),       SPAN("connect_error"), SPAN("disconnect"),
        SPAN("disconnecting"), SPAN("newListener"),   SPAN("removeListener"),
    };
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (json_string_is(name, reserved[i]))
            return true;
    return false;
}

// Where an object or array being walked over stands; arrays keep the zeros.
struct open_container {
    bool is_placeholder; // has "_placeholder":true
    bool has_num;        // has "num" with the number of an attachment
};

static void note_member(struct open_container *object, struct span key, struct span value, unsigned n_attachments)
{
    struct json_value k = { key, JSON_STRING, memchr(key.p, '\\', key.len) != NULL };
    if (json_string_is(&k, SPAN("_placeholder"))) {
        object->is_placeholder = *value.p == 't';
    } else if (json_string_is(&k, SPAN("num"))) {
        uint64_t num;
        object->has_num = take_number(&value, n_attachments - 1, &num) == 1 &&
                          (*value.p == ',' || *value.p == '}' || is_blank(*value.p));
    }
}

// The length of the string, with its quotes, at the start of JSON.
static size_t string_len(struct span json)
{
    size_t at = 1;
    while (json.p[at] != '"')
        at += json.p[at] == '\\' ? 2 : 1;
    return at + 1;
}

// Whether every placeholder in JSON, a valid text no deeper than JSON_MAX_DEPTH, names one of N_ATTACHMENTS. One pass
// over the bytes, however deep the text: json_next() would read what is inside an object once for every level around
// it.
static bool has_valid_placeholders(struct span json, unsigned n_attachments)
{
    struct open_container open[JSON_MAX_DEPTH + 1] = { 0 };
    size_t depth = 0;
    while (json.len) {
        char c = *json.p;
        size_t len = c == '"' ? string_len(json) : 1;
        struct span token = { json.p, len };
        json = skip(json, len);
        if (c == '{' || c == '[') {
            open[++depth] = (struct open_container){ 0 };
        } else if (c == '}' || c == ']') {
            if (open[depth].is_placeholder && !open[depth].has_num)
                return false;
            depth--;
        } else if (c == '"') {
            while (json.len && is_blank(*json.p))
                json = skip(json, 1);
            if (json.len == 0 || *json.p != ':')
                continue;
            do
                json = skip(json, 1);
            while (is_blank(*json.p));
            note_member(&open[depth], token, json, n_attachments);
        }
    }
    return true;
}

static struct span trim(struct span s)
{
    while (s.len && is_blank(*s.p))
        s = skip(s, 1);
    while (s.len && is_blank(s.p[s.len - 1]))
        s.len--;
    return s;
}

// Reads TEXT as an array of N_NAMES, 0 or 1, event names and arguments.
static int parse_array(struct span text, size_t n_names, struct socketio_packet *packet)
{
    struct json_value values[1 + SOCKETIO_MAX_ARGS];
    size_t n;
    if (json_parse_array(text, values, n_names + SOCKETIO_MAX_ARGS, &n) != JSON_OK || n < n_names)
        return -EINVAL;
    text = trim(text);
    packet->payload = (struct json_value){ text, JSON_ARRAY, false };
    packet->n_args = n - n_names;
    for (size_t i = 0; i < packet->n_args && i < SOCKETIO_MAX_ARGS; i++)
        packet->args[i] = values[n_names + i];

    struct span args = { text.p + 1, text.len - 2 };
    if (n_names) {
        packet->name = values[0];
        const char *name_end = values[0].raw.p + values[0].raw.len;
        args = trim(skip(args, (size_t)(name_end - args.p)));
        if (args.len) // the comma behind the name
            args = skip(args, 1);
    }
    packet->args_raw = trim(args);
    bool is_sound = !is_binary(packet->head.type) || has_valid_placeholders(text, packet->head.n_attachments);
    return is_sound ? 0 : -EINVAL;
}

static int parse_event(struct span text, struct socketio_packet *packet)
{
    if (parse_array(text, 1, packet) != 0)
        return -EINVAL;
    if (packet->name.type == JSON_NUMBER)
        return 0;
    return packet->name.type == JSON_STRING && !socketio_is_reserved(&packet->name) ? 0 : -EINVAL;
}

static int parse_ack(struct span text, struct socketio_packet *packet)
{
    return packet->head.has_id ? parse_array(text, 0, packet) : -EINVAL;
}

static int parse_connect(struct span text, struct socketio_packet *packet)
{
    if (text.len == 0)
        return 0;
    if (json_parse(text, &packet->payload) != JSON_OK)
        return -EINVAL;
    return packet->payload.type == JSON_OBJECT ? 0 : -EINVAL;
}

static int parse_disconnect(struct span text, struct socketio_packet *packet)
{
    (void)packet;
    return text.len == 0 ? 0 : -EINVAL;
}

static int parse_connect_error(struct span text, struct socketio_packet *packet)
{
    if (text.len == 0)
        return 0;
    if (json_parse(text, &packet->payload) != JSON_OK)
        return -EINVAL;
    return packet->payload.type == JSON_OBJECT || packet->payload.type == JSON_STRING ? 0 : -EINVAL;
}

int socketio_parse(enum socketio_version version, struct span text, struct socketio_packet *packet)
{
    static int (*const payload_parsers[])(struct span, struct socketio_packet *) = {
        [SOCKETIO_CONNECT] = parse_connect,
        [SOCKETIO_DISCONNECT] = parse_disconnect,
        [SOCKETIO_EVENT] = parse_event,
        [SOCKETIO_ACK] = parse_ack,
        [SOCKETIO_CONNECT_ERROR] = parse_connect_error,
        [SOCKETIO_BINARY_EVENT] = parse_event,
        [SOCKETIO_BINARY_ACK] = parse_ack,
    };
    *packet = (struct socketio_packet){ 0 };
    if (take_type(&text, &packet->head) != 0)
        return -EINVAL;
    take_nsp(&text, version, packet);
    int n_digits = take_number(&text, SOCKETIO_MAX_ID, &packet->head.id);
    if (n_digits < 0)
        return -EINVAL;
    packet->head.has_id = n_digits > 0;
    return payload_parsers[packet->head.type](text, packet);
}

// ---- writing

// Ends a row of puts into OUT that was BEFORE bytes long: undoes those that went well when IS_DONE says that not all
// did.
static int finish(struct buf *out, size_t before, bool is_done)
{
    if (!is_done)
        out->len = before;
    return is_done ? 0 : -ENOMEM;
}

static bool put(struct buf *out, struct span s)
{
    return buf_put_span(out, s) == 0;
}

int socketio_put_head(struct buf *out, const struct socketio_head *head)
{
    char start[32], id[24];
    bool is_main = head->nsp.len == 0 || span_equal(head->nsp, SPAN("/"));
    int start_len = is_binary(head->type) ? snprintf(start, sizeof start, "%d%u-", head->type, head->n_attachments)
                                          : snprintf(start, sizeof start, "%d", head->type);
    int id_len = head->has_id ? snprintf(id, sizeof id, "%" PRIu64, head->id) : 0;
    size_t before = out->len;
    bool is_done = put(out, (struct span){ start, (size_t)start_len });
    if (is_done && !is_main)
        is_done = put(out, head->nsp) && put(out, SPAN(","));
    return finish(out, before, is_done && put(out, (struct span){ id, (size_t)id_len }));
}

// Appends ARGS with commas between them and the array's end.
static bool put_args(struct buf *out, const struct span *args, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((i > 0 && !put(out, SPAN(","))) || !put(out, args[i]))
            return false;
    return put(out, SPAN("]"));
}

int socketio_put_event_start(struct buf *out, const struct socketio_head *head, struct span name, bool has_args)
{
    size_t before = out->len;
    return finish(out, before,
                  socketio_put_head(out, head) == 0 && put(out, SPAN("[")) && json_put_string(out, name) == 0 &&
                      (!has_args || put(out, SPAN(","))));
}

int socketio_put_event(struct buf *out, const struct socketio_head *head, struct span name, const struct span *args,
                       size_t n)
{
    size_t before = out->len;
    return finish(out, before, socketio_put_event_start(out, head, name, n > 0) == 0 && put_args(out, args, n));
}

int socketio_put_ack(struct buf *out, const struct socketio_head *head, const struct span *args, size_t n)
{
    size_t before = out->len;
    return finish(out, before, socketio_put_head(out, head) == 0 && put(out, SPAN("[")) && put_args(out, args, n));
}

int socketio_put_connect(struct buf *out, enum socketio_version version, struct span nsp, struct span sid,
                         struct span pid)
{
    size_t before = out->len;
    struct socketio_head head = { .type = SOCKETIO_CONNECT, .nsp = nsp };
    bool is_done = socketio_put_head(out, &head) == 0;
    if (is_done && version == SOCKETIO_5) {
        is_done = put(out, SPAN("{\"sid\":\"")) && put(out, sid);
        if (is_done && pid.len)
            is_done = put(out, SPAN("\",\"pid\":\"")) && put(out, pid);
        is_done = is_done && put(out, SPAN("\"}"));
    }
    return finish(out, before, is_done);
}

int socketio_put_connect_error(struct buf *out, enum socketio_version version, struct span nsp, struct span message)
{
    size_t before = out->len;
    struct socketio_head head = { .type = SOCKETIO_CONNECT_ERROR, .nsp = nsp };
    bool is_object = version == SOCKETIO_5;
    return finish(out, before,
                  socketio_put_head(out, &head) == 0 && (!is_object || put(out, SPAN("{\"message\":"))) &&
                      json_put_string(out, message) == 0 && (!is_object || put(out, SPAN("}"))));
}
