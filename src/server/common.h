// SPDX-License-Identifier: MIT
// What all sites and workers have in common, and go on having when settings change: certificates, whom the connections are
// from, and what waits for them.
#ifndef STROWGER_SERVER_COMMON_H
#define STROWGER_SERVER_COMMON_H

#include "net/backlog.h"
#include "net/tls_context.h"
#include "server/limits.h"
#include "server/live.h"

struct common {
    struct tls_context *tls; // NULL: no certificates are wanted
    struct sources *sources;
    struct backlog backlog;
    struct limits_room room; // that there is for connections
};

// Makes C as LIVE says. 0, or with one line in ERROR what config_fault() said, or -EIO for what the system refused;
// common_fini() is due in any case.
[[gnu::warn_unused_result]] int common_init(struct common *c, const struct live *live, char error[CONFIG_ERROR_LEN]);

// Has C, and the log, keep to what LIVE says, but for certificates. Connections may come and go meanwhile.
void common_apply(struct common *c, const struct live *live);

// Frees C, when nothing is connected any more.
void common_fini(struct common *c);

#endif
