// SPDX-License-Identifier: MIT
// A recursive, byte-by-byte checker of JSON that reads like the grammar of RFC 8259, to compare json.c with.
#ifndef STROWGER_TESTS_JSON_REFERENCE_H
#define STROWGER_TESTS_JSON_REFERENCE_H

#include <ctype.h>

#include "proto/json.h"

struct reference {
    const char *p, *end;
    enum json_result result; // JSON_OK until it fails
};

static inline int reference_peek(const struct reference *r)
{
    return r->p < r->end ? (unsigned char)*r->p : -1;
}

static inline bool reference_fail(struct reference *r, enum json_result result)
{
    if (r->result == JSON_OK)
        r->result = result;
    return false;
}

static inline bool reference_eat(struct reference *r, int c)
{
    if (reference_peek(r) != c)
        return false;
    r->p++;
    return true;
}

static inline bool reference_expect(struct reference *r, const char *text)
{
    for (; *text; text++)
        if (!reference_eat(r, (unsigned char)*text))
            return reference_fail(r, JSON_MALFORMED);
    return true;
}

static inline void reference_blanks(struct reference *r)
{
    while (reference_eat(r, ' ') || reference_eat(r, '\t') || reference_eat(r, '\n') || reference_eat(r, '\r'))
        ;
}

static inline bool reference_digits(struct reference *r)
{
    if (!isdigit(reference_peek(r)))
        return reference_fail(r, JSON_MALFORMED);
    while (isdigit(reference_peek(r)))
        r->p++;
    return true;
}

static inline bool reference_number(struct reference *r)
{
    reference_eat(r, '-');
    if (!reference_eat(r, '0') && !reference_digits(r))
        return false;
    if (reference_eat(r, '.') && !reference_digits(r))
        return false;
    if (!reference_eat(r, 'e') && !reference_eat(r, 'E'))
        return true;
    if (!reference_eat(r, '+'))
        reference_eat(r, '-');
    return reference_digits(r);
}

static inline bool reference_string(struct reference *r)
{
    if (!reference_expect(r, "\""))
        return false;
    while (!reference_eat(r, '"')) {
        int c = reference_peek(r);
        if (c < 0x20)
            return reference_fail(r, JSON_MALFORMED);
        r->p++;
        if (c != '\\')
            continue;
        int escape = reference_peek(r);
        if (escape <= 0 || !strchr("\"\\/bfnrtu", escape))
            return reference_fail(r, JSON_MALFORMED);
        r->p++;
        for (int i = 0; escape == 'u' && i < 4; i++, r->p++)
            if (!isxdigit(reference_peek(r)))
                return reference_fail(r, JSON_MALFORMED);
    }
    return true;
}

static inline bool reference_value(struct reference *r, int depth);

static inline bool reference_container(struct reference *r, int depth, bool is_object)
{
    if (depth > JSON_MAX_DEPTH)
        return reference_fail(r, JSON_TOO_DEEP);
    r->p++;
    reference_blanks(r);
    if (reference_eat(r, is_object ? '}' : ']'))
        return true;
    for (;;) {
        if (is_object) {
            reference_blanks(r);
            if (!reference_string(r))
                return false;
            reference_blanks(r);
            if (!reference_expect(r, ":"))
                return false;
        }
        if (!reference_value(r, depth))
            return false;
        if (reference_eat(r, is_object ? '}' : ']'))
            return true;
        if (!reference_expect(r, ","))
            return false;
    }
}

// A value with the blanks around it, within DEPTH containers.
static inline bool reference_value(struct reference *r, int depth)
{
    bool is_good;
    reference_blanks(r);
    switch (reference_peek(r)) {
    case '{':
    case '[':
        is_good = reference_container(r, depth + 1, reference_peek(r) == '{');
        break;
    case '"':
        is_good = reference_string(r);
        break;
    case 't':
        is_good = reference_expect(r, "true");
        break;
    case 'f':
        is_good = reference_expect(r, "false");
        break;
    case 'n':
        is_good = reference_expect(r, "null");
        break;
    default:
        is_good = reference_number(r);
    }
    reference_blanks(r);
    return is_good;
}

// What json_parse() ought to say of TEXT.
static inline enum json_result reference_json(struct span text)
{
    struct reference r = { .p = text.p, .end = text.p ? text.p + text.len : NULL };
    if (reference_value(&r, 0) && r.p != r.end)
        return JSON_MALFORMED;
    return r.result;
}

#endif
