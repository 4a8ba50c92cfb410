// SPDX-License-Identifier: MIT
// The settings that can change while workers run: constant themselves, replaced as a whole.
//
// Whoever uses them holds them. A worker takes up the next ones on its own thread and lets go of those before.
#ifndef STROWGER_SERVER_LIVE_H
#define STROWGER_SERVER_LIVE_H

#include <stdatomic.h>

#include "carrier/origin.h"
#include "carrier/websocket.h"
#include "config/config.h"

struct live {
    atomic_int n_holders;
    struct config_set set;           // in whose memory the rest lies, if it is nobody else's
    struct websocket_opts websocket; // but for what is a site's or a worker's own
    uint64_t head_timeout_ms;
    uint64_t drain_ms;
    struct origin_list origins[]; // of each site
};

// What N SITES say, held once; they must live as long, or be those of SET, which then lives as long and is emptied here.
// NULL when there is no memory.
[[gnu::warn_unused_result]] struct live *live_new(const struct config *sites, size_t n, struct config_set *set);

// From any thread. The last who lets go frees L, which may be NULL.
struct live *live_hold(struct live *l);
void live_release(struct live *l);

#endif
