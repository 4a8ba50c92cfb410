// SPDX-License-Identifier: MIT
// Which dialect is spoken at which path.
#ifndef STROWGER_SERVER_MOUNTS_H
#define STROWGER_SERVER_MOUNTS_H

#include "dialect/dialect.h"
#include "switchboard/switchboard.h"

// One worker's mounts. The same items added in the same order give every worker the same realms.
struct mounts {
    struct switchboard *switchboard;
    struct bus *bus;
    struct mount *list;
    size_t n;
    uint32_t next_realm; // the number of the realm that is made next
};

// Makes M empty; its realms, numbered from FIRST_REALM on, will be doors to S, which is or will be linked by BUS.
void mounts_init(struct mounts *m, struct switchboard *s, struct bus *bus, uint32_t first_realm);

// Adds ITEM, "PATH=DIALECT", with realms of its own, or "PATH=/OTHER", which leads to what is mounted at /OTHER now. A mount
// that was at PATH is replaced. OPTS and ITEM must live as long as M; what OPTS say may change. 0, -EINVAL when ITEM is not of that form, -ENOENT when
// there is no such dialect or mount, or -ENOMEM.
[[gnu::warn_unused_result]] int mounts_add(struct mounts *m, const char *item, const struct dialect_opts *opts);

// Has M's realms keep to what the OPTS say by now.
void mounts_apply(struct mounts *m);

// Frees M; nobody must be in its realms.
void mounts_fini(struct mounts *m);

#endif
