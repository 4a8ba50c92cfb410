// SPDX-License-Identifier: MIT
// What the options say of how much and how fast, as the settings of those who see to it.
#ifndef STROWGER_SERVER_LIMITS_H
#define STROWGER_SERVER_LIMITS_H

#include "config/config.h"
#include "net/conn.h"
#include "server/answer_limit.h"

struct limits {
    struct source_opts source;
    struct meter_opts meter;
    struct backlog backlog;
    struct conn_limits conns; // for all groups, which points at those above
    struct answer_limit_opts stun, ice;
    struct bucket_rate log; // records of one worker
};

// Fills L in as C says. 0, or with ERROR one line that says what is wrong -EINVAL, or -EIO when memory is short.
// L must stay where it is until limits_fini(), which is due in any case.
[[gnu::warn_unused_result]] int limits_init(struct limits *l, const struct config *c, char error[CONFIG_ERROR_LEN]);

// Allows as many connections as there are descriptors left, but for some that files need, when the options leave that
// open; once everything else is open.
void limits_fit(struct limits *l);

// Frees L, when nothing is connected any more.
void limits_fini(struct limits *l);

#endif
