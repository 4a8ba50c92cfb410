// SPDX-License-Identifier: MIT
// Answers STUN Binding requests on a UDP port, so that browsers learn their own address where they learn everything else.
//
// A datagram's sender may be made up. No answer is longer than 1.6 times its question over IPv4, none goes to a port where
// services live or to our own, and each network gets so many and no more (answer_limit.h).
#ifndef STROWGER_SERVER_STUN_SERVICE_H
#define STROWGER_SERVER_STUN_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/udp.h"
#include "server/answer_limit.h"

enum stun_family { STUN_IPV4, STUN_IPV6, N_STUN_FAMILIES };

enum stun_result {
    STUN_ANSWERED,
    STUN_MALFORMED, // no Binding request, or not a right one
    STUN_MISPLACED, // from a port that must not be answered
    STUN_LIMITED,   // from a network that asked too much
    N_STUN_RESULTS
};

struct stun_stats {
    uint64_t n[N_STUN_FAMILIES][N_STUN_RESULTS]; // datagrams
};

enum { STUN_LEAST_PORT = 1024 }; // below are those of services, which might answer in turn

struct stun_service {
    struct udp udp;
    struct answer_limit *limit;
    int port; // our own
    struct stun_stats *stats;
};

// Makes S answer on LOOP with FD, a bound socket that is S's from now on, as LIMIT allows, and count in STATS; both may be
// shared on that loop. 0, or a negative errno with nothing left behind and FD closed.
[[gnu::warn_unused_result]] int stun_service_open(struct stun_service *s, uv_loop_t *loop, int fd,
                                                  struct answer_limit *limit, struct stun_stats *stats);

// Stops; the handle closes at the end of the turn.
void stun_service_close(struct stun_service *s);

#endif
