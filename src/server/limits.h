// SPDX-License-Identifier: MIT
// What the options say of how much and how fast, as the settings of those who see to it.
#ifndef STROWGER_SERVER_LIMITS_H
#define STROWGER_SERVER_LIMITS_H

#include "config/config.h"
#include "net/conn.h"
#include "server/answer_limit.h"

struct limits {
    struct source_opts source;
    struct conn_limits conns; // for all groups, but for what they share
    struct answer_limit_opts stun, ice;
    struct bucket_rate log; // records of one worker
};

// How many connections there are descriptors for.
struct limits_room {
    uint32_t n_conns, n_refused; // those that are served, and those that are told at one time that they are not
};

// Fills L in as C says. 0, or what config_fault() said to ERROR.
[[gnu::warn_unused_result]] int limits_read(struct limits *l, const struct config *c, char error[CONFIG_ERROR_LEN]);

// The room that there is, but for some descriptors that files need; once everything else is open.
struct limits_room limits_find_room(void);

// Allows as many connections as there is ROOM for, when the options leave that open.
void limits_fit(struct source_opts *opts, const struct limits_room *room);

#endif
