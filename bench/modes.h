// SPDX-License-Identifier: MIT
// The kinds of run. Each makes its callers, does its work, writes what it found into the report and returns whether the
// server did all that was asked of it.
#ifndef STROWGER_BENCH_MODES_H
#define STROWGER_BENCH_MODES_H

#include <stdbool.h>

#include "options.h"
#include "report.h"

// Callers two by two, each sending numbered messages to its partner: throughput, or latency at a given rate.
bool pairs_run(const struct options *o, struct report *r);

// Connect, upgrade, login, close, again and again.
bool storm_run(const struct options *o, struct report *r);

// A crowd that comes, stays silent, and goes, some times over: memory and the price of coming and going.
bool idle_run(const struct options *o, struct report *r);

// One member of a room sends, all others must hear it.
bool broadcast_run(const struct options *o, struct report *r);

#endif
