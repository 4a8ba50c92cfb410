// SPDX-License-Identifier: MIT
// All that the settings say, made ready for use: constant itself, replaced as a whole while workers run.
//
// Whoever uses it holds it. A worker takes up the next one on its own thread and lets go of the one before.
#ifndef STROWGER_SERVER_LIVE_H
#define STROWGER_SERVER_LIVE_H

#include <stdatomic.h>

#include "carrier/engineio_session.h"
#include "carrier/websocket.h"
#include "config/config.h"
#include "server/limits.h"
#include "server/site.h"

struct live {
    atomic_int n_holders;
    atomic_int n_settling;       // workers that are yet to take it up, and who asks them to
    struct config_set set;       // in whose memory the rest lies
    const struct config *config; // of the first site, for what is the same in all
    struct site *sites;
    size_t n_sites; // those that were begun
    struct addr_prefix *proxies;
    struct limits limits;
    struct engineio_opts engineio;
    struct websocket_opts websocket; // but for what is a site's or a worker's own
};

// Makes *LIVE, held once, of SET, which is emptied, on a machine with the addresses OWN, which must live as long. 0, or with
// ERROR one line that says what failed what config_fault() said, or -EIO for what the system refused.
[[gnu::warn_unused_result]] int live_read(struct live **live, struct config_set *set, const struct own_addresses *own,
                                          char error[CONFIG_ERROR_LEN]);

// From any thread. The last who lets go frees L, which may be NULL.
struct live *live_hold(struct live *l);
void live_release(struct live *l);

// One more is to take L up; it has, or will not any more. When the last has, the log is told. From any thread.
void live_offer(struct live *l);
void live_settle(struct live *l);

#endif
