// SPDX-License-Identifier: MIT
// One worker's branch of a site: all that a request there can meet.
#ifndef STROWGER_SERVER_BRANCH_H
#define STROWGER_SERVER_BRANCH_H

#include "carrier/engineio.h"
#include "carrier/http_conn.h"
#include "carrier/ws_session.h"
#include "server/answer_limit.h"
#include "server/mounts.h"
#include "server/site.h"

struct station;

struct branch {
    const struct site *site; // as the settings that hold have it
    struct station *station;
    size_t number;                    // among the station's branches, and of the site among all
    struct mounts mounts;             // the site's
    struct dialect_opts dialect_opts; // of all of them
    struct origin_list origins;       // that may come
    struct ws_opts ws, heartbeat_ws;  // for dialects without a heartbeat, and with one
    struct engineio engineio;
    struct answer_limit *ice_limit; // the station's
    uint64_t *n_credentials;        // likewise: for TURN, issued
    struct http_opts http;          // of the connections that come in here, its user this branch
};

#endif
