// SPDX-License-Identifier: MIT
// One worker's whole share of the server: its loop, its end of the bus, its branches of the sites, listeners and pools.
//
// A station is touched by its own thread alone once it runs. What stations share is constant (settings) or the bus.
#ifndef STROWGER_SERVER_STATION_H
#define STROWGER_SERVER_STATION_H

#include <stdatomic.h>

#include "base/pool.h"
#include "cluster/bus_local.h"
#include "net/listener.h"
#include "net/worker.h"
#include "server/branch.h"
#include "server/common.h"
#include "server/drain.h"
#include "server/live.h"
#include "server/stun_service.h"
#include "switchboard/switchboard.h"

// A socket for TCP, at one address.
struct endpoint {
    struct branch *branch; // who comes in here comes to
    struct listener listener;
    const struct conn_opts *how; // its connections' bytes travel: the station's plain or secure
};

struct station {
    struct worker worker;
    struct bus_port port;
    struct switchboard switchboard;
    struct branch *branches; // one of each site
    size_t n_branches;
    struct conn_opts plain, secure; // how the bytes of connections travel
    struct engineio_opts engineio;
    struct engineio_home engineio_home;
    struct engineio_socket_opts socket;
    struct pool http_pool, ws_pool, socket_pool;
    struct endpoint *endpoints;
    size_t n_endpoints;
    struct stun_service *stuns; // the sockets for UDP beside them
    size_t n_stuns;
    struct stun_stats stun_stats; // of all of them
    struct answer_limit stun_limit, ice_limit;
    uint64_t n_credentials; // for TURN, issued
    bool is_ending;         // the server is going away
    bool is_closing;        // nothing is to be begun any more
    bool has_loop;          // else it was never begun, and there is nothing to end
    uv_async_t stop;
    atomic_int stop_level; // of station_stop()
    struct drain drain;
    void (*on_drained)(void *user);
    void *user; // of that
    struct common *common;
    struct live *live;                // the settings that hold
    _Atomic(struct live *) next_live; // those that are to, or NULL
    uv_async_t change;                // when there are any
    uv_thread_t thread;
};

// What is the same for all stations.
struct station_opts {
    struct common *common;          // outlives them
    struct live *live;              // at first; outlives them too, since mounts stay as they are
    size_t max_sockets;             // of each kind, of one station
    void (*on_drained)(void *user); // on a station's thread, when it has ended all its connections
    void *user;
};

// Makes S ready but for its bus and endpoints. 0 or a negative errno; station_fini() is due in any case.
[[gnu::warn_unused_result]] int station_init(struct station *s, const struct station_opts *opts);

// Makes S worker number I of LOCAL. 0 or a negative errno.
[[gnu::warn_unused_result]] int station_connect(struct station *s, struct bus_local *local, int i);

// Is to listen for site number SITE with FD, a bound socket for TCP that is S's from now on, with TLS or without. 0 or a
// negative errno.
[[gnu::warn_unused_result]] int station_listen(struct station *s, size_t site, int fd, bool is_tls);

// Answers STUN with FD, a bound socket for UDP that is S's from now on. 0 or a negative errno.
[[gnu::warn_unused_result]] int station_answer_stun(struct station *s, int fd);

// Listens: from now on connections wait for S to run. 0 or a negative errno.
[[gnu::warn_unused_result]] int station_start(struct station *s);

// Writes the descriptors of all sockets that S listens with to FDS, and returns how many.
size_t station_put_sockets(const struct station *s, int *fds);

// Stops listening.
void station_close_endpoints(struct station *s);

// Why S wants no new clients now: "draining" or "full", or NULL when it does.
const char *station_refusal(const struct station *s);

// Serves on this thread until station_stop().
void station_run(struct station *s);

// From any thread: STATION_DRAIN has S stop listening and end all connections over the drain time, and then do what others
// still ask of it; STATION_STOP has station_run() return.
enum { STATION_DRAIN = 1, STATION_STOP };
void station_stop(struct station *s, int level);

// Has S take up LIVE, from any thread: what begins after that keeps to it.
void station_change(struct station *s, struct live *live);

// Ends all of S's sessions and connections, once it runs no more.
void station_close(struct station *s);

// Frees S, after station_close() of all stations and bus_local_settle().
void station_fini(struct station *s);

#endif
