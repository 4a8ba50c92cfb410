// SPDX-License-Identifier: MIT
// The whole server: made from a configuration, run until a signal, taken apart again.
#ifndef STROWGER_SERVER_SERVER_H
#define STROWGER_SERVER_SERVER_H

#include "base/pool.h"
#include "dialect/dialect.h"
#include "net/listener.h"
#include "net/worker.h"
#include "server/config.h"
#include "server/http_conn.h"
#include "server/mounts.h"
#include "server/route.h"
#include "server/stun_service.h"
#include "switchboard/switchboard.h"

enum { SERVER_MAX_ADDRESSES = 16, SERVER_N_SIGNALS = 2 };

// A TCP port and the UDP port beside it, at one address.
struct endpoint {
    struct listener listener;
    struct stun_service stun;
};

enum { SERVER_MAX_OWN_ADDRESSES = 16, SERVER_ADDRESS_LEN = 16 };

struct addresses {
    size_t n;
    struct span spans[SERVER_MAX_OWN_ADDRESSES];
    char texts[SERVER_MAX_OWN_ADDRESSES][SERVER_ADDRESS_LEN];
};

struct server {
    const struct config *config;
    struct worker worker;
    struct switchboard switchboard;
    struct dialect_opts dialect_opts;
    struct mounts mounts;
    struct web_root web_root;
    struct site site;
    struct http_opts http;
    struct engineio_opts engineio_opts;
    struct engineio engineio;
    struct pool http_pool, ws_pool, socket_pool;
    struct addresses addresses; // of this machine, for the rooms dialect
    struct endpoint endpoints[SERVER_MAX_ADDRESSES];
    int n_endpoints;
    int port;
    uv_signal_t signals[SERVER_N_SIGNALS];
};

enum { SERVER_ERROR_LEN = 512 };

// The mounts that there are without --mount, each "PATH=DIALECT"; ends with NULL.
extern const char *const server_default_mounts[];

// Makes S ready and listening as C says; C must live as long as S. 0, or with ERROR one line that says what failed and
// nothing left behind -EINVAL for a setting that can never work, -EIO for what the system refused.
[[gnu::warn_unused_result]] int server_start(struct server *s, const struct config *c, char error[SERVER_ERROR_LEN]);

// Serves until SIGTERM or SIGINT.
void server_run(struct server *s);

// Ends what is left and frees everything.
void server_stop(struct server *s);

#endif
