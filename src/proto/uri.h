// SPDX-License-Identifier: MIT
// The parts of a request target (RFC 3986): paths decoded and made safe, query parameters found and decoded.
#ifndef STROWGER_PROTO_URI_H
#define STROWGER_PROTO_URI_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/span.h"

// Decodes PATH into OUT (CAP bytes) and removes its dot segments. Returns the length, or -EINVAL: for a path that does
// not begin with '/', a bad or cut percent escape, a control character, zero byte or backslash, an encoded slash (%2F),
// invalid UTF-8 (overlong forms among it), and for a path whose dot segments lead above the root. -ENOSPC when OUT is
// too small (PATH's length always is enough). The result begins with '/' and holds no empty, "." or ".." segment, but for
// an empty last one where PATH ends in a slash or a dot segment.
[[gnu::warn_unused_result]] ssize_t uri_normalize_path(struct span path, char *out, size_t cap);

// Finds parameter NAME (compared undecoded) in QUERY ("a=1&b=2"). Returns its undecoded value, or the empty span with
// p == NULL when there is none; the first of several.
struct span uri_find_param(struct span query, struct span name);

// Decodes a query value: percent escapes, and '+' as a blank. Returns the length, or -EINVAL for a bad escape, -ENOSPC.
[[gnu::warn_unused_result]] ssize_t uri_decode_param(struct span value, char *out, size_t cap);

#endif
