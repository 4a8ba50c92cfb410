// SPDX-License-Identifier: MIT
// A directory served to browsers: files found by path, never anything outside it.
#ifndef STROWGER_SERVER_WEB_ROOT_H
#define STROWGER_SERVER_WEB_ROOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct web_root {
    int fd; // -1: there is none
};

static inline bool web_root_is_open(const struct web_root *root)
{
    return root->fd >= 0;
}

enum { WEB_FILE_ETAG_LEN = 64 };

struct web_file {
    int fd;
    uint64_t len;
    char etag[WEB_FILE_ETAG_LEN]; // in its quotes; from the file's inode, size and time of change
};

// Opens DIR. 0 or a negative errno.
[[gnu::warn_unused_result]] int web_root_open(struct web_root *root, const char *dir);

void web_root_close(struct web_root *root);

// Opens the regular file at PATH, which uri_normalize_path() gave; a path that ends in '/' means its index.html. Symbolic
// links are followed as long as they stay inside. 0, -ENOENT (also for what must not be seen: names that begin with a dot,
// links that lead out), -EISDIR for a directory without the slash, or another negative errno. On 0 the caller closes
// file->fd.
[[gnu::warn_unused_result]] int web_root_find(const struct web_root *root, struct span path, struct web_file *file);

#endif
