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
#include "server/drain.h"
#include "server/stun_service.h"
#include "switchboard/switchboard.h"

// A TCP port and the UDP port beside it, at one address.
struct endpoint {
    struct branch *branch; // who comes in here comes to
    struct listener listener;
    struct conn_opts how; // its connections' bytes travel
    struct stun_service stun;
};

struct station {
    struct worker worker;
    struct bus_port port;
    struct switchboard switchboard;
    struct branch *branches; // one of each site
    size_t n_branches;
    struct conn_opts how; // the bytes of a TLS endpoint's connections travel
    struct engineio_home engineio_home;
    struct engineio_socket_opts socket;
    struct pool http_pool, ws_pool, socket_pool;
    struct endpoint *endpoints;
    size_t n_endpoints;
    bool is_closing; // nothing is to be begun any more
    bool has_loop;   // else it was never begun, and there is nothing to end
    uv_async_t stop;
    atomic_int stop_level; // of station_stop()
    struct drain drain;
    uint64_t drain_ms;
    uv_thread_t thread;
};

// Settings that are the same for all stations and outlive them.
struct station_opts {
    const struct site *sites;
    size_t n_sites;
    size_t max_endpoints;
    const struct engineio_opts *engineio;
    struct websocket_opts websocket;
    uint32_t max_fragments;
    uint64_t head_timeout_ms;
    uint64_t drain_ms;
    struct sources *sources;
    const struct meter_opts *meter; // or NULL
    struct conn_opts how;
};

// Makes S ready but for its bus and endpoints. 0 or a negative errno; station_fini() is due in any case.
[[gnu::warn_unused_result]] int station_init(struct station *s, const struct station_opts *opts);

// Makes S worker number I of LOCAL. 0 or a negative errno.
[[gnu::warn_unused_result]] int station_connect(struct station *s, struct bus_local *local, int i);

// Listens for site number SITE at ADDR, whose port is filled in when it was 0, with TLS or without, beside other stations if
// there are any. At most station_opts.max_endpoints times. 0 or a negative errno.
[[gnu::warn_unused_result]] int station_listen(struct station *s, size_t site, struct sockaddr *addr, bool is_tls);

// Stops listening.
void station_close_endpoints(struct station *s);

// Serves on this thread until station_stop().
void station_run(struct station *s);

// Has station_run() return: STATION_DRAIN stops listening and ends all connections over the drain time first, STATION_STOP
// does not wait. From any thread.
enum { STATION_DRAIN = 1, STATION_STOP };
void station_stop(struct station *s, int level);

// Ends all of S's sessions and connections, once it runs no more.
void station_close(struct station *s);

// Frees S, after station_close() of all stations and bus_local_settle().
void station_fini(struct station *s);

#endif
