// SPDX-License-Identifier: MIT
// How fast one connection talks: it may say what it has begun, and then waits until the debt that this left is paid.
//
// A connection has a meter from its first message on until all its buckets are full again, so that an idle one has none.
// What it uses is taken from its own buckets and its source's in advance, the more the more it uses, so that the usual
// message costs a comparison and a subtraction. Who is made to wait again and again without a pause, for longer than the
// patience there is, is excessive.
#ifndef STROWGER_NET_METER_H
#define STROWGER_NET_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/pool.h"
#include "net/source.h"

enum { METER_PAUSE_MS = 1000 }; // without having to wait, after which all is forgiven; how often a meter is looked at

struct meter_opts {
    bool is_on;                        // else nothing is measured
    struct bucket_rate flows[N_FLOWS]; // of one connection
    uint64_t patience_ms;
};

struct meter;

// Who is told, by the place where its pointer to the meter is.
struct meter_ops {
    // Take nothing more from the other side, until further notice.
    void (*on_wait)(struct meter **owner);
    void (*on_go_on)(struct meter **owner);
    // It was too much of FLOW for too long. Nothing follows but what is charged further on.
    void (*on_excess)(struct meter **owner, enum flow flow);
};

struct meter_stats {
    uint64_t n_waits[N_FLOWS];    // how often somebody was made to wait
    uint64_t n_excesses[N_FLOWS]; // and for too long
};

// The meters of one worker's connections.
struct meters {
    struct meter_opts opts; // may change at any time
    const struct meter_ops *ops;
    struct deadlines *deadlines;
    struct pool pool;
    struct meter_stats stats;
};

struct meter {
    uint32_t left[N_FLOWS]; // taken in advance and not used
    struct bucket buckets[N_FLOWS];
    uint8_t n_advances[N_FLOWS]; // what was used up, so that each is larger than the last
    bool is_waiting;
    enum flow flow : 8;       // that it waits for, or waited
    uint64_t since_ms;        // when it first had to wait without a pause
    uint64_t until_ms;        // when the debt is paid
    struct deadline deadline; // the end of waiting, or else the next look at whether it is needed any more
    struct source *source;    // or NULL
    struct meters *home;
    struct meter **owner;
};

void meters_init(struct meters *m, struct deadlines *deadlines, const struct meter_ops *ops);

// Frees what M holds; all meters must have been returned.
void meters_fini(struct meters *m);

// Charges N of FLOW, beyond what meter_use() gives, to *OWNER, which gets a meter of M if it has none. SOURCE (may be NULL)
// must be the same, and held, until meter_return(). M must measure. 0 or -ENOMEM. May call on_wait.
[[gnu::warn_unused_result]] int meter_charge(struct meters *m, struct meter **owner, struct source *source,
                                             enum flow flow, uint32_t n);

// Uses N of the FLOW that M took in advance. False when that is not enough: then nothing was used.
static inline bool meter_use(struct meter *m, enum flow flow, uint32_t n)
{
    if (m->left[flow] < n)
        return false;
    m->left[flow] -= n;
    return true;
}

// Takes *OWNER's meter, if it has one, away: it has none then.
void meter_return(struct meter **owner);

#endif
