// SPDX-License-Identifier: MIT
// The whole server: made from a configuration, run until a signal, taken apart again.
#ifndef STROWGER_SERVER_SERVER_H
#define STROWGER_SERVER_SERVER_H

#include "server/config.h"
#include "server/listen.h"
#include "server/station.h"

enum { SERVER_MAX_OWN_ADDRESSES = 16, SERVER_ADDRESS_LEN = 16 };
enum { SERVER_N_PEERJS_MOUNTS = 2, SERVER_PEERJS_MOUNT_LEN = 280 };

struct own_addresses {
    size_t n;
    struct span spans[SERVER_MAX_OWN_ADDRESSES];
    char texts[SERVER_MAX_OWN_ADDRESSES][SERVER_ADDRESS_LEN];
};

// Where to listen, and the addresses that this means.
struct place {
    struct listen_place where;
    struct sockaddr_storage addrs[STATION_MAX_ENDPOINTS];
    int n_addrs;
};

struct server {
    const struct config *config;
    struct tls_context *tls; // NULL: no certificates are wanted
    struct addr_prefix *proxies;
    struct place *places;
    size_t n_places;
    struct own_addresses addresses; // of this machine, for the rooms dialect
    struct dialect_opts dialect_opts;
    struct engineio_opts engineio_opts;
    struct station_opts station_opts;
    struct web_root web_root;
    struct bus_local *bus;
    struct station *stations;
    int n_stations; // those that were begun
    const char **mounts;
    char peerjs_mounts[SERVER_N_PEERJS_MOUNTS][SERVER_PEERJS_MOUNT_LEN];
    int n_stops;       // signals to stop that came
    uv_poll_t signals; // of signal_fd, on the first station's loop
    int signal_fd;     // or -1
};

enum { SERVER_ERROR_LEN = 512 };

// The mounts that there are without --mount, each "PATH=DIALECT"; ends with NULL.
extern const char *const server_default_mounts[];

// Makes S ready and listening as C says; C must live as long as S. 0, or with ERROR one line that says what failed and
// nothing left behind -EINVAL for a setting that can never work, -EIO for what the system refused.
[[gnu::warn_unused_result]] int server_start(struct server *s, const struct config *c, char error[SERVER_ERROR_LEN]);

// Serves until SIGTERM or SIGINT; SIGHUP reads the certificates again.
void server_run(struct server *s);

// Ends what is left and frees everything.
void server_stop(struct server *s);

#endif
