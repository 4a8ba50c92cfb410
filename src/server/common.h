// SPDX-License-Identifier: MIT
// What all sites and workers have in common: certificates, proxies, limits, and how a connection is treated.
#ifndef STROWGER_SERVER_COMMON_H
#define STROWGER_SERVER_COMMON_H

#include "server/limits.h"
#include "server/station.h"

struct common {
    const struct config *config; // of any site
    struct tls_context *tls;     // NULL: no certificates are wanted
    struct addr_prefix *proxies;
    struct limits limits;
    struct engineio_opts engineio;
};

// Makes C as CONFIG says, which must live as long. 0, or with one line in ERROR -EINVAL for a setting that can never work,
// -EIO for what the system refused; common_fini() is due in any case.
[[gnu::warn_unused_result]] int common_init(struct common *c, const struct config *config,
                                            char error[CONFIG_ERROR_LEN]);

// Fills in OPTS, but for the sites and what they need. C must stay where it is.
void common_fill(const struct common *c, struct station_opts *opts);

void common_fini(struct common *c);

#endif
