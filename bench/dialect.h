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

struct dialect {
    const char *name;
    const char *path;                                                // where it is mounted by default
    void (*put_login)(struct text *out, uint32_t id);                // the first text, which gives the caller a name
    bool (*is_welcome)(const char *p, size_t len);                   // whether it is the answer that grants the name
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
