// SPDX-License-Identifier: MIT
// Which dialect is spoken at which path.
#ifndef STROWGER_SERVER_MOUNTS_H
#define STROWGER_SERVER_MOUNTS_H

#include "dialect/dialect.h"
#include "switchboard/switchboard.h"

// Zero-initialised is empty.
struct mounts {
    struct mount *list;
    size_t n;
};

// Adds ITEM, "PATH=DIALECT", with realms of its own in S; a mount that was at PATH is replaced. OPTS must live as long as
// M. 0, -EINVAL when ITEM is not of that form, -ENOENT when there is no such dialect, or -ENOMEM.
[[gnu::warn_unused_result]] int mounts_add(struct mounts *m, const char *item, struct switchboard *s,
                                           const struct dialect_opts *opts);

// Frees M; nobody must be in its realms.
void mounts_fini(struct mounts *m);

#endif
