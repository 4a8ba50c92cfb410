// SPDX-License-Identifier: MIT
// The bus inside one process: a directory of names and rooms that all workers share, and an inbox for each worker.
//
// The directory is cut into shards, each under a lock that is held for one change of a table. Letters for another worker
// go into its inbox, and it is woken once a turn at most. What a worker sends to its own peers goes straight to them,
// unless its inbox holds something, for then that came first.
#ifndef STROWGER_CLUSTER_BUS_LOCAL_H
#define STROWGER_CLUSTER_BUS_LOCAL_H

#include <uv.h>

#include "cluster/inbox.h"
#include "net/turn.h"
#include "switchboard/bus.h"

enum { BUS_LOCAL_MAX_WORKERS = 64 };

struct bus_local;

// A worker's end of the bus.
struct bus_port {
    struct bus bus; // first, for the switchboard
    struct bus_local *local;
    struct inbox *inbox;
    struct turn *turn;
    void *user; // for errands; the opener's to set
    uv_async_t wake;
    struct turn_task drain;  // looks into the inbox without being woken
    struct turn_task wakeup; // wakes those who got letters this turn
    uint64_t to_wake;        // a bit for each of them
    struct buf refs;         // for gathering a room's members here
};

// The bus of N_WORKERS workers with N_REALMS realms, or NULL.
struct bus_local *bus_local_new(int n_workers, uint32_t n_realms);

// Frees it, after all its ports are closed; nobody must hold a name or seat.
void bus_local_free(struct bus_local *l);

int bus_local_n_workers(const struct bus_local *l);

// Makes P the end of worker number I, whose LOOP and TURN these are. From any thread before the workers run. 0 or a negative
// errno.
[[gnu::warn_unused_result]] int bus_port_open(struct bus_port *p, struct bus_local *l, int i, uv_loop_t *loop,
                                              struct turn *turn);

// Runs what is left in all inboxes, on this thread, when all workers have stopped.
void bus_local_settle(struct bus_local *l);

// Frees what P holds, after bus_local_settle(); its handle is closed with the loop's others.
void bus_port_close(struct bus_port *p);

// Has worker number I run E on its thread, in order with the letters that this worker sends it. From P's own thread.
void bus_port_post(struct bus_port *p, int i, struct bus_errand *e);

#endif
