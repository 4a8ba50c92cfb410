// SPDX-License-Identifier: MIT
// Reads a strict subset of TOML 1.0, one item after the other, out of the caller's text.
//
//     # a comment, to the end of its line
//     port = 8888                       a whole number, in digits; "_" may stand between them
//     greeting = "Hello \u00e9"         a string with TOML's escapes, or 'one without'; both on one line
//     dev = true
//     mount = [                         strings, over as many lines as they like
//         "/=login",
//     ]
//     [tls]                             a section, or [site.NAME]: one dot at most
//     cert = "/etc/cert.pem"
//
// All that is read is valid TOML and means the same there. Left out are floats, dates, tables in a line or in lists,
// numbers in lists, strings over several lines, names in quotes or with dots. Whether a name or section came before is for
// the caller to know.
#ifndef STROWGER_PROTO_TOML_H
#define STROWGER_PROTO_TOML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum toml_kind {
    TOML_END, // of the text
    TOML_SECTION,
    TOML_STRING,
    TOML_INTEGER,
    TOML_BOOLEAN,
    TOML_ARRAY, // whose strings follow, each a TOML_ITEM
    TOML_ITEM,
    TOML_FAULT, // not TOML, or none that is taken here; reading ends
};

struct toml_item {
    enum toml_kind kind;
    unsigned line, column; // where it stands or is wrong, from 1; a column is a character
    unsigned value_column; // of what has a value
    struct span name;      // of the section, the value, or the array that the item is in
    struct span below;     // what stands behind the dot in a section's name; p is NULL without one
    struct span text;      // of a string: decoded, valid UTF-8 without a zero byte, and a zero byte behind it
    int64_t number;        // of an integer; of a boolean 0 or 1
    const char *fault;     // one sentence
};

struct toml {
    char *at, *end;
    unsigned line, column; // of what stands at AT
    struct span array;     // the name of the array that AT is in; p is NULL outside
    bool is_cut;           // at END begins what is not UTF-8
};

// Makes T read the LEN bytes at TEXT, in which strings are decoded where they lie.
void toml_init(struct toml *t, char *text, size_t len);

// Reads on. ITEM's spans point into the text. Returns ITEM's kind; not to be called again after TOML_END or TOML_FAULT.
enum toml_kind toml_next(struct toml *t, struct toml_item *item);

#endif
