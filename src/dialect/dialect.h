// SPDX-License-Identifier: MIT
// What a client family's language is to the rest: a table of functions called with a session's messages.
//
// To add a dialect: write one file with a `const struct dialect`, and give it a row in dialect.c.
#ifndef STROWGER_DIALECT_DIALECT_H
#define STROWGER_DIALECT_DIALECT_H

#include <stdbool.h>

#include "base/span.h"
#include "switchboard/realm.h"
#include "switchboard/session.h"

struct dialect {
    const char *name;    // as written after the '=' of --mount
    const char *summary; // for --help
    // A session begins. May be NULL.
    void (*on_open)(struct session *s);
    // A whole text message, valid UTF-8. The bytes are gone when this returns.
    void (*on_text)(struct session *s, struct span text);
    // A whole binary message; as above.
    void (*on_binary)(struct session *s, struct span data);
    // The session is over, exactly once, after on_open; nothing can be sent to it any more. May be NULL.
    void (*on_close)(struct session *s);
    // The dialects among which the first message decides; they end with NULL. Only for a dialect that speaks for others.
    const struct dialect *const *choices;
};

// What can be set for the dialects of a mount.
struct dialect_opts {
    struct span greeting;     // sent raw as the first message; empty: none
    struct span unknown_text; // stands before the type in the answer to an unknown one
};

// A path, the dialect spoken there, and those who came in by it.
struct mount {
    struct span path; // ends in '/': all paths below it too
    const struct dialect *dialect;
    const struct dialect_opts *opts;
    struct realm *realm;
    struct mount *choices; // one for each of dialect->choices, or NULL
};

// The dialect called NAME, or NULL.
const struct dialect *dialect_find(struct span name);

// The dialects in turn, I from 0, or NULL at the end.
const struct dialect *dialect_at(size_t i);

extern const struct dialect dialect_auto, dialect_echo, dialect_join, dialect_login;

#endif
