// SPDX-License-Identifier: MIT
// Answers STUN Binding requests on a UDP port, so that browsers learn their own address where they learn everything else.
#ifndef STROWGER_SERVER_STUN_SERVICE_H
#define STROWGER_SERVER_STUN_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/udp.h"

struct stun_stats {
    uint64_t n_answered;
    uint64_t n_dropped;
};

struct stun_service {
    struct udp udp;
    struct stun_stats stats;
};

// Makes S answer on LOOP with FD, a bound socket that is S's from now on. 0, or a negative errno with nothing left behind and
// FD closed.
[[gnu::warn_unused_result]] int stun_service_open(struct stun_service *s, uv_loop_t *loop, int fd);

// Stops; the handle closes at the end of the turn.
void stun_service_close(struct stun_service *s);

#endif
