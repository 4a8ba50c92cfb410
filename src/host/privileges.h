// SPDX-License-Identifier: MIT
// Gives up what only the start needs: root, and every capability but, where files of root's are still to be read, that one.
#ifndef STROWGER_HOST_PRIVILEGES_H
#define STROWGER_HOST_PRIVILEGES_H

#include <stdbool.h>

enum { PRIVILEGES_ERROR_LEN = 256 };

// Whether USER, or NULL, is somebody that privileges_drop() could become. 0 or -EIO with ERROR.
[[gnu::warn_unused_result]] int privileges_check(const char *user, char error[PRIVILEGES_ERROR_LEN]);

// When this is root, becomes USER, a name or number, for good; "root" stays root. NULL is "nobody", or, where that can't be,
// root with a warning. Nothing that is executed from here on gets more rights. KEEPS_READING: files and directories that
// only root may read can be read still (CAP_DAC_READ_SEARCH). All that is bound to a port or path must be open by now, and no
// thread begun: each has capabilities of its own. 0 or -EIO with ERROR.
[[gnu::warn_unused_result]] int privileges_drop(const char *user, bool keeps_reading, char error[PRIVILEGES_ERROR_LEN]);

#endif
