// SPDX-License-Identifier: MIT
// What the dialects of `{"type":...}` messages share: reading a message into fields, and telling the sender what is wrong.
#ifndef STROWGER_DIALECT_COMMAND_H
#define STROWGER_DIALECT_COMMAND_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"
#include "proto/json.h"
#include "switchboard/session.h"
#include "switchboard/traffic.h"

enum {
    COMMAND_MAX_NAME = 256,  // bytes of a name or id
    COMMAND_MAX_QUOTE = 256, // bytes of a stranger's text that an error repeats
};

// Reads TEXT as an object with FIELDS, the first of which is "type". True when it is one with a type; otherwise the
// sender has been told what it is.
[[gnu::warn_unused_result]] bool command_parse(struct session *s, struct span text, struct json_field *fields,
                                               size_t n);

// Sends {"type":"error","message":BEFORE QUOTED} and counts FAULT. QUOTED comes from outside: it is escaped, and cut at
// COMMAND_MAX_QUOTE bytes.
void command_error(struct session *s, enum message_fault fault, struct span before, struct span quoted);

// How VALUE is written in an error: a string without its quotes and decoded, anything else as it came; "undefined" when
// absent. OUT is COMMAND_MAX_QUOTE bytes, of which the result may be a part.
struct span command_quote(const struct json_value *value, char out[COMMAND_MAX_QUOTE]);

// NAME as the inside of a JSON string: as it is, or made in TEXT, which the caller frees. Empty for want of memory: no name
// is.
struct span command_escape(struct span name, struct buf *text);

#endif
