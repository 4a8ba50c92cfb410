// SPDX-License-Identifier: MIT
// The dialects as a browser speaks them: what a caller says to become someone, and the messages it sends then.
#ifndef STROWGER_BENCH_DIALECT_H
#define STROWGER_BENCH_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

enum body { BODY_CANDIDATE, BODY_OFFER };

// One message from caller FROM to caller TO, as its sender writes it and as its receiver should read it.
struct message {
    uint32_t from, to;
    enum body body;
    size_t pad; // bytes that the body is filled up with
};

// Stands for a caller's id in the path.
#define DIALECT_ID_MARK "#######"

// What a text from the server is to the caller that hears it.
enum meaning {
    MEANS_MESSAGE, // another caller's words, or nothing that is understood
    MEANS_WELCOME, // the caller has the name or the place that it asked for
    MEANS_NOTICE,  // the server's own, and no concern of those who measure
};

struct dialect {
    const char *name;
    const char *path; // where it is mounted by default; DIALECT_ID_MARK stands for the id
    void (*put_login)(struct text *out, uint32_t id); // the first text; NULL: the server speaks first
    // What the text at P means to caller ID; ANSWER gets what the caller says to it at once, if anything: texts with line
    // ends between them.
    enum meaning (*read)(const char *p, size_t len, uint32_t id, struct text *answer);
    void (*put_sent)(struct text *out, const struct message *m);     // with STENCIL_MARK in it
    void (*put_expected)(struct text *out, const struct message *m); // likewise; NULL where the layout is the server's
};

// NULL when there is none of that name.
const struct dialect *dialect_find(const char *name);

// Appends the body alone, a JSON value with STENCIL_MARK in it.
void dialect_put_body(struct text *out, const struct message *m);

// The PAD with which a message of dialect D has SIZE bytes as sent. False when it is longer without any.
bool dialect_fit(const struct dialect *d, struct message *m, size_t size);

#endif
