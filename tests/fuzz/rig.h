// SPDX-License-Identifier: MIT
// The whole server inside a fuzz target: started like the program, turned by hand, its clock and its chance made ours.
//
// Two workers share this one thread, so that what crosses workers is reached too. uv_now(), rand_fill() and getpeername()
// are the rig's own, which the linker prefers to those of the libraries: time passes only when a script says so, the same
// script always meets the same session ids, and a socket without an address has the one it was given here.
#ifndef STROWGER_TESTS_RIG_H
#define STROWGER_TESTS_RIG_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/rand.h"
#include "server/server.h"

enum {
    RIG_WORKERS = 2,
    RIG_MAX_FD = 1024,
    RIG_SNDBUF = 16 * 1024, // small, so that a server whose client does not read soon notices
};

struct rig {
    struct config_set set;
    struct server server;
    uint64_t now_ms;
    uint64_t chance;
    in_addr_t address_of[RIG_MAX_FD]; // the other end of a socket that was handed out
    bool is_up;
    bool is_turning[RIG_WORKERS]; // what has nothing to do need not be asked
};

static struct rig rig = { .now_ms = 1000000 };

static inline void must(bool is_so)
{
    if (!is_so)
        abort();
}

uint64_t uv_now(const uv_loop_t *loop)
{
    (void)loop;
    return rig.now_ms;
}

void rand_fill(void *p, size_t len)
{
    for (size_t i = 0; i < len; i++) { // xorshift64
        rig.chance ^= rig.chance << 13;
        rig.chance ^= rig.chance >> 7;
        rig.chance ^= rig.chance << 17;
        ((unsigned char *)p)[i] = (unsigned char)rig.chance;
    }
}

int getpeername(int fd, __SOCKADDR_ARG addr, socklen_t *len)
{
    struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(40000) };
    sin.sin_addr.s_addr = fd < RIG_MAX_FD ? rig.address_of[fd] : 0;
    memcpy(addr.__sockaddr__, &sin, *len < sizeof sin ? *len : sizeof sin);
    *len = sizeof sin;
    return 0;
}

static inline struct station *rig_station(int i)
{
    return &rig.server.stations[i];
}

static inline void rig_on_fault(void *user, const char *line)
{
    (void)user;
    fprintf(stderr, "%s\n", line);
    abort();
}

// Starts the server with the N options at ARGV; they must live on.
static inline void rig_start(int n, char **argv)
{
    char error[SERVER_ERROR_LEN];
    sigset_t before;
    rig.chance = 88172645463325252;
    must(config_read(&rig.set, n, argv, (struct fault_sink){ .on_fault = rig_on_fault }) == CONFIG_OK);
    log_set_level((enum log_level)rig.set.sites[0].log_level);
    sigprocmask(SIG_SETMASK, NULL, &before);
    int err = server_start(&rig.server, &rig.set, error);
    if (err)
        rig_on_fault(NULL, error);
    sigprocmask(SIG_SETMASK, &before, NULL); // the fuzzer's own signals go on coming
    rig.is_up = true;
}

// Stops it. Nobody must be connected, and then no name may be held either.
static inline void rig_stop(void)
{
    const struct mounts *mounts = &rig_station(0)->branches[0].mounts;
    for (size_t i = 0; i < mounts->n; i++)
        must(switchboard_names(mounts->list[i].realm, NULL, NULL) == 0);
    server_stop(&rig.server);
    config_free(&rig.set);
    rig.is_up = false;
}

// Turns the loops of those workers that may have something to do once.
static inline void rig_turn(void)
{
    for (int i = 0; i < RIG_WORKERS; i++)
        if (rig.is_turning[i])
            worker_turn(&rig_station(i)->worker, false);
}

// Lets MS milliseconds pass.
static inline void rig_pass(uint64_t ms)
{
    rig.now_ms += ms;
    for (int i = 0; i < RIG_WORKERS; i++)
        deadlines_call(&rig_station(i)->worker.clock.deadlines);
}

// Connects to endpoint number ENDPOINT of worker number WORKER from ADDRESS. The client's end of the connection.
static inline int rig_connect(int worker, int endpoint, const char *address)
{
    int fds[2], sndbuf = RIG_SNDBUF;
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0 && fds[0] < RIG_MAX_FD);
    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof sndbuf);
    rig.address_of[fds[0]] = inet_addr(address);
    rig.is_turning[worker] = true;
    struct listener *l = &rig_station(worker)->endpoints[endpoint].listener;
    l->on_accept(l, fds[0]);
    return fds[1];
}

static inline bool rig_is_empty_at(const struct station *s)
{
    return s->worker.conns.stats.n_open == 0 && s->engineio_home.sessions.n == 0;
}

// Whether nobody is connected any more and no session is left.
static inline bool rig_is_empty(void)
{
    for (int i = 0; i < RIG_WORKERS; i++)
        if (!rig_is_empty_at(rig_station(i)))
            return false;
    return true;
}

// When nobody is here, nothing must be left of anybody.
static inline void rig_check_nothing_left(void)
{
    for (int i = 0; i < RIG_WORKERS; i++) {
        struct station *s = rig_station(i);
        const struct pool *pools[] = { &s->http_pool,
                                       &s->ws_pool,
                                       &s->socket_pool,
                                       &s->engineio_home.session_pool,
                                       &s->worker.conns.conn_pool,
                                       &s->worker.conns.out_memory.chunks,
                                       &s->switchboard.roster.block_pool,
                                       &s->switchboard.seats };
        for (size_t j = 0; j < sizeof pools / sizeof *pools; j++)
            must(pools[j]->n_in_use == 0);
    }
}

#endif
