// SPDX-License-Identifier: MIT
// JSON (RFC 8259) by pointing at it: checks a whole text in one pass and says where the values wanted are.
//
// Nothing is decoded, copied or re-printed unless asked for, so a relayed value leaves byte for byte as it came. Every
// span points into the caller's text. The text's UTF-8 is not checked here (WebSocket and Engine.IO did); a byte order
// mark is refused like any other byte that is not JSON.
#ifndef STROWGER_PROTO_JSON_H
#define STROWGER_PROTO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/span.h"

enum { JSON_MAX_DEPTH = 64 }; // objects and arrays within each other, the outermost counted

enum json_type {
    JSON_ABSENT, // only in a json_field that was not in the object
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_value {
    struct span raw; // as it stands in the text, a string with its quotes; without blanks around it
    enum json_type type;
    bool has_escapes; // a string in which a backslash stands
};

// A member that the caller wants to find: KEY given decoded, VALUE filled in.
struct json_field {
    struct span key;
    struct json_value value;
};

enum json_result {
    JSON_OK = 0,
    JSON_MALFORMED, // not one JSON text
    JSON_TOO_DEEP,  // deeper than JSON_MAX_DEPTH
    JSON_WRONG_TYPE // a JSON text, but not of the type asked for
};

// Checks that TEXT is exactly one JSON value, blanks around it allowed, and describes it in VALUE.
[[gnu::warn_unused_result]] enum json_result json_parse(struct span text, struct json_value *value);

// The same for an object, filling in the N fields: JSON_ABSENT where there is no such member, the last one's value where
// there are several; the fields' keys differ and are compared decoded ("typ\u0065" is "type"). On JSON_WRONG_TYPE the text was valid JSON.
// After any result but JSON_OK the fields' values are unspecified. N is at most 16.
[[gnu::warn_unused_result]] enum json_result json_parse_object(struct span text, struct json_field *fields, size_t n);

// The same for an array: the first MAX elements go into VALUES, and the number of all of them into *N.
[[gnu::warn_unused_result]] enum json_result json_parse_array(struct span text, struct json_value *values, size_t max,
                                                              size_t *n);

// One member of an object while walking over it.
struct json_member {
    struct json_value key; // a JSON_STRING
    struct json_value value;
};

// Walks over the members or elements of CONTAINER, a value that came out of a parse above (its syntax is not checked
// again). *POS starts at 0 and is this function's own between calls. False when there are no more. For an array, key is
// JSON_ABSENT.
bool json_next(struct span container, size_t *pos, struct json_member *member);

// Whether VALUE is a string that, decoded, equals TEXT.
bool json_string_is(const struct json_value *value, struct span text);

// Decodes the string VALUE into OUT as UTF-8. Returns the length, or -EILSEQ for half a surrogate pair, which no UTF-8
// can say, or -ENOSPC when CAP bytes are too few (value->raw.len always are enough). VALUE must be a JSON_STRING.
[[gnu::warn_unused_result]] ssize_t json_string_decode(const struct json_value *value, char *out, size_t cap);

// The bytes between the quotes, undecoded.
static inline struct span json_string_raw(const struct json_value *value)
{
    return (struct span){ value->raw.p + 1, value->raw.len - 2 };
}

// The text that VALUE says when it is a string of 1 to CAP bytes: where it stands, or decoded into OUT, of CAP bytes, when it
// has escapes. Otherwise the empty span.
static inline struct span json_string_text(const struct json_value *value, char *out, size_t cap)
{
    struct span none = { 0 };
    if (value->type != JSON_STRING)
        return none;
    if (value->has_escapes) {
        ssize_t len = json_string_decode(value, out, cap);
        return len > 0 ? (struct span){ out, (size_t)len } : none;
    }
    struct span raw = json_string_raw(value);
    return raw.len <= cap ? raw : none;
}

// Appends TEXT, which must be valid UTF-8, as a JSON string with its quotes, escaped as JSON.stringify does.
// 0 or -ENOMEM.
[[gnu::warn_unused_result]] int json_put_string(struct buf *out, struct span text);

// How many bytes of TEXT can stand in a JSON string as they are, from its start.
size_t json_plain_len(struct span text);

#endif
