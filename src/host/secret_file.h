// SPDX-License-Identifier: MIT
// A secret in a file that nobody else may read.
#ifndef STROWGER_HOST_SECRET_FILE_H
#define STROWGER_HOST_SECRET_FILE_H

#include <stddef.h>

#include "base/private_file.h"
#include "base/span.h"

enum { SECRET_MAX_LEN = 1024, SECRET_ERROR_LEN = PRIVATE_FILE_ERROR_LEN };

struct secret {
    size_t len;
    char bytes[SECRET_MAX_LEN];
};

static inline struct span secret_span(const struct secret *s)
{
    return (struct span){ s->bytes, s->len };
}

// Reads the first line of the file at PATH, which nobody else may read (base/private_file.h). 0, or with SECRET unchanged and
// ERROR what is wrong -EINVAL for a file that is no such thing, -EIO for one that can't be read.
[[gnu::warn_unused_result]] int secret_file_read(struct secret *secret, const char *path, char error[SECRET_ERROR_LEN]);

#endif
