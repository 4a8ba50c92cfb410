// SPDX-License-Identifier: MIT
// What one worker has counted, copied on its own thread; samples of all workers are added up.
#ifndef STROWGER_SERVER_SAMPLE_H
#define STROWGER_SERVER_SAMPLE_H

#include "dialect/dialect.h"
#include "net/conn.h"
#include "net/worker.h"
#include "server/stun_service.h"
#include "switchboard/traffic.h"

struct station;

// Nothing but uint64_t in here, so that all of it adds up alike.
struct sample {
    struct conn_stats conns;
    struct meter_stats meters;
    struct worker_stats worker;
    struct stun_stats stun;
    uint64_t n_credentials;              // for TURN, issued
    struct traffic dialects[N_DIALECTS]; // by dialect_number()
    uint64_t n_mounts[N_DIALECTS];       // that speak it
    uint64_t queue_len;                  // bytes of memory in which output waits to leave
    uint64_t begun_len;                  // bytes of messages and bodies that wait for the rest
    uint64_t memory_len;                 // bytes that connections, sessions and peers take, that included
};

// Takes a sample of S, on its thread.
void sample_take(struct sample *sample, const struct station *s);

void sample_add(struct sample *sum, const struct sample *more);

// The sessions that dialects had no room for.
uint64_t sample_turned_away(const struct sample *sample);

#endif
