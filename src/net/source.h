// SPDX-License-Identifier: MIT
// What one address has and uses: its connections, and how fast they come and talk together.
//
// A source is an IPv4 address or the /64 of an IPv6 one, which is what a household or a machine has. All workers share
// them, in a table of shards with short locks. A source is kept while somebody holds it, and for as long afterwards as it
// would matter: until its buckets are full again, or until too many wait for that.
#ifndef STROWGER_NET_SOURCE_H
#define STROWGER_NET_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/bucket.h"

// What is measured as it flows.
enum flow {
    FLOW_MESSAGES,
    FLOW_BYTES,  // received
    FLOW_JOINS,  // of rooms, tried or done
    FLOW_LOGINS, // that failed
    N_FLOWS,
};

// What becomes of a new connection.
enum source_verdict {
    SOURCE_WELCOME,
    SOURCE_FULL,    // there are too many connections in all
    SOURCE_CROWDED, // there are too many from its address
    SOURCE_HASTY,   // too many came from there just now
    N_SOURCE_VERDICTS,
};

// All the limits there are; 0: none.
struct source_opts {
    uint32_t max_conns;            // in all
    uint32_t max_refused;          // connections over a limit that are told so at one time
    uint32_t max_conns_each;       // of one address
    uint32_t max_nameless_each;    // sessions of one address that have not said who they are
    struct bucket_rate conns_each; // new connections of one address
    struct bucket_rate flows_each[N_FLOWS];
    bool
        trusts_loopback; // an address of this machine is a proxy, the operator or a load test: none of the above "each"
};

struct source;
struct sources;

// An empty table that keeps to OPTS, or NULL.
struct sources *sources_new(const struct source_opts *opts);

// Has T keep to OPTS from now on. From any thread, but from one at a time.
void sources_set_opts(struct sources *t, const struct source_opts *opts);

// Frees it; nobody may hold a source any more.
void sources_free(struct sources *t);

// Whether there are as many connections as there may be in all.
bool sources_are_full(struct sources *t);

// How many sources T keeps.
size_t sources_count(struct sources *t);

// Counts a connection in, among all or, when it is over a limit and lives but to be told so, among the refused. Whether
// there is room for it: it is not counted otherwise. The log is told when there is none in all, and when there is again.
[[gnu::warn_unused_result]] bool sources_enter(struct sources *t, bool is_refused);

// Counts it out.
void sources_leave(struct sources *t, bool is_refused);

// Counts a connection from ADDR in at NOW_MS, of a clock that all workers share. Its source, or NULL when it is over a limit, which
// *VERDICT says, or when memory is short: then it is welcome and counted nowhere.
struct source *source_take(struct sources *t, const struct addr *addr, uint64_t now_ms, enum source_verdict *verdict);

// Counts a connection out; S may be gone then.
void source_release(struct source *s, uint64_t now_ms);

// Whether S is the source of what comes from ADDR.
bool source_is_of(const struct source *s, const struct addr *addr);

// S's address; the first half of it when it is IPv6.
const struct addr *source_addr(const struct source *s);

// Counts a session without a name in; false when S has too many. And out; S may be gone then.
[[gnu::warn_unused_result]] bool source_add_nameless(struct source *s);
void source_remove_nameless(struct source *s, uint64_t now_ms);

// Takes N of what flows. Returns the milliseconds until nothing more should be taken; 0: there is enough.
uint64_t source_charge(struct source *s, enum flow flow, uint32_t n, uint64_t now_ms);

// Gives back what was not used.
void source_refund(struct source *s, enum flow flow, uint32_t n);

#endif
