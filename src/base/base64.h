// SPDX-License-Identifier: MIT
// Base64 (RFC 4648 section 4), strict but for line breaks.
#ifndef STROWGER_BASE_BASE64_H
#define STROWGER_BASE_BASE64_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/span.h"

// How many characters LEN bytes become, padding included.
static inline size_t base64_len(size_t len)
{
    return (len + 2) / 3 * 4;
}

// Appends BYTES in base64, padded, on one line. 0, or -ENOMEM with OUT unchanged.
[[gnu::warn_unused_result]] int base64_put(struct buf *out, struct span bytes);

// Decodes TEXT into OUT, which must have room for 3 bytes of every 4 characters and may be TEXT's own place. Returns
// the number of bytes, or -EINVAL: for a character outside the alphabet, padding that is missing or not at the end,
// bits set that no byte takes. CR and LF are skipped anywhere, for encoders that break lines as RFC 2045 does.
[[gnu::warn_unused_result]] ssize_t base64_decode(char *out, struct span text);

#endif
