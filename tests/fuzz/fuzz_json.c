// SPDX-License-Identifier: MIT
// Fuzzes proto/json.h: the verdict is the reference's; walks tile their container; what is decoded and put again reads
// the same.
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "../unit/json_reference.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static void check_string(const struct json_value *value)
{
    struct span raw = json_string_raw(value);
    must(value->has_escapes == (raw.len && memchr(raw.p, '\\', raw.len)));
    char *decoded = malloc(value->raw.len);
    must(decoded);
    ssize_t len = json_string_decode(value, decoded, value->raw.len);
    if (len < 0) {
        must(len == -EILSEQ && value->has_escapes);
        free(decoded);
        return;
    }
    struct span text = { decoded, (size_t)len };
    must(text.len <= raw.len && json_string_is(value, text));
    must(value->has_escapes || span_equal(text, raw));
    must(!utf8_is_valid(raw.p, raw.len) || utf8_is_valid(text.p, text.len));
    if (text.len) {
        must(json_string_decode(value, decoded, text.len - 1) == -ENOSPC);
        must(!json_string_is(value, (struct span){ text.p, text.len - 1 }));
    }

    struct buf again = { 0 };
    struct json_value put;
    must(json_put_string(&again, text) == 0);
    must(json_parse(buf_span(&again), &put) == JSON_OK && put.type == JSON_STRING);
    must(json_string_is(&put, text));
    must((json_plain_len(text) == text.len) == !put.has_escapes);
    buf_fini(&again);
    free(decoded);
}

// Between FROM and TO stands BETWEEN once, and nothing else but blanks.
static void check_gap(const char *from, const char *to, char between)
{
    size_t n = 0;
    for (; from < to; from++)
        if (*from == between)
            n++;
        else
            must(memchr(" \t\r\n", *from, 4));
    must(n == 1);
}

static void check_value(const struct json_value *value);

static size_t check_walk(const struct json_value *container)
{
    const char open = container->raw.p[0];
    const char *behind = container->raw.p; // the last member
    char between = open;
    struct json_member member;
    size_t pos = 0, n = 0;
    for (; json_next(container->raw, &pos, &member); n++) {
        const char *first = open == '{' ? member.key.raw.p : member.value.raw.p;
        check_gap(behind, first, between);
        if (open == '{') {
            check_gap(member.key.raw.p + member.key.raw.len, member.value.raw.p, ':');
            must(member.key.type == JSON_STRING);
            check_value(&member.key);
        } else {
            must(member.key.type == JSON_ABSENT);
        }
        check_value(&member.value);
        behind = member.value.raw.p + member.value.raw.len;
        between = ',';
    }
    if (n)
        check_gap(behind, container->raw.p + container->raw.len, open == '{' ? '}' : ']');
    return n;
}

// A value parses alone as it was described within its container.
static void check_value(const struct json_value *value)
{
    struct json_value alone;
    must(json_parse(value->raw, &alone) == JSON_OK);
    must(alone.type == value->type && alone.has_escapes == value->has_escapes);
    must(alone.raw.p == value->raw.p && alone.raw.len == value->raw.len);
    if (value->type == JSON_STRING)
        check_string(value);
    if (value->type >= JSON_ARRAY)
        check_walk(value);
}

// The fields found are the last members with their keys.
static void check_object(struct span text, enum json_result expected)
{
    struct json_field fields[] = { { .key = SPAN("type") }, { .key = SPAN("") }, { .key = SPAN("a") } };
    const size_t n = sizeof fields / sizeof *fields;
    enum json_result result = json_parse_object(text, fields, n);
    must(result == expected || (expected == JSON_OK && result == JSON_WRONG_TYPE));
    struct json_value object;
    if (result != JSON_OK || json_parse(text, &object) != JSON_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        const char *last = NULL;
        struct json_member member;
        for (size_t pos = 0; json_next(object.raw, &pos, &member);)
            if (json_string_is(&member.key, fields[i].key))
                last = member.value.raw.p;
        must((fields[i].value.type == JSON_ABSENT) == !last);
        must(!last || fields[i].value.raw.p == last);
    }
}

static void check_array(struct span text, enum json_result expected)
{
    struct json_value elements[2], array;
    size_t n;
    enum json_result result = json_parse_array(text, elements, 2, &n);
    must(result == expected || (expected == JSON_OK && result == JSON_WRONG_TYPE));
    if (result != JSON_OK || json_parse(text, &array) != JSON_OK)
        return;
    must(n == check_walk(&array));
    for (size_t i = 0; i < n && i < 2; i++)
        check_value(&elements[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = { (const char *)data, size };
    struct json_value value;
    enum json_result expected = reference_json(text);
    must(json_parse(text, &value) == expected);
    if (expected == JSON_OK && size < 4096) // each level is parsed once more for each around it
        check_value(&value);
    check_object(text, expected);
    check_array(text, expected);
    return 0;
}
