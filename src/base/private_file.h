// SPDX-License-Identifier: MIT
// Files that are opened to be read, some of which nobody else may read.
#ifndef STROWGER_BASE_PRIVATE_FILE_H
#define STROWGER_BASE_PRIVATE_FILE_H

#include <stdbool.h>

enum { PRIVATE_FILE_ERROR_LEN = 128 };

// Opens the regular file at PATH, of at most 1 MiB, to be read; a pipe, which would have all wait for whoever writes to it, is
// none. When it IS_SECRET only its owner may have a right to it. But root may share one of its own with a group that we are
// in, as Debian's ssl-cert does, unless it runs this program itself; and a credential of systemd's, whose directory is closed
// to all others, may say so only there. Returns the descriptor, or with ERROR what is wrong -EINVAL for what is no such file,
// -EIO for one that can't be read.
[[gnu::warn_unused_result]] int private_file_open(const char *path, bool is_secret, char error[PRIVATE_FILE_ERROR_LEN]);

#endif
