// SPDX-License-Identifier: MIT
// One site: what is spoken and shown at listening places of its own, as one configuration says; the same for all workers.
//
// Nobody at one site meets anybody at another: their mounts have realms of their own.
#ifndef STROWGER_SERVER_SITE_H
#define STROWGER_SERVER_SITE_H

#include "config/config.h"
#include "dialect/dialect.h"
#include "host/own_addresses.h"
#include "server/ice.h"
#include "server/mounts.h"
#include "server/web_root.h"

enum { SITE_N_PEERJS_MOUNTS = 2, SITE_PEERJS_MOUNT_LEN = 280 };

struct site {
    const struct config *config;
    struct dialect_opts dialect_opts;
    struct ice *ice;
    struct web_root web_root; // its fd -1: the built-in page
    const char **mounts;      // "PATH=DIALECT", later ones over earlier
    size_t n_mounts;
    char peerjs_mounts[SITE_N_PEERJS_MOUNTS][SITE_PEERJS_MOUNT_LEN];
    uint32_t n_realms; // that its mounts have in a worker
};

// The mounts that there are without --mount; ends with NULL.
extern const char *const site_default_mounts[];

// Makes S as C says, on a machine with the addresses OWN; all three must stay where they are. 0, or with ERROR one line that
// says what failed what config_fault() said, or -EIO for what the system refused; site_fini() is due in any case.
[[gnu::warn_unused_result]] int site_init(struct site *s, const struct config *c, const struct own_addresses *own,
                                          char error[CONFIG_ERROR_LEN]);

// Adds S's mounts to M, with OPTS for their dialects, which must live as long as M. 0 or what mounts_add() said, with *BAD
// the mount that it is about.
[[gnu::warn_unused_result]] int site_mount(const struct site *s, struct mounts *m, const struct dialect_opts *opts,
                                           const char **bad);

void site_fini(struct site *s);

#endif
