// SPDX-License-Identifier: MIT
// A report as Prometheus' text format, version 0.0.4.
//
// Base units, closed sets of label values, nothing that strangers name.
#ifndef STROWGER_SERVER_METRICS_H
#define STROWGER_SERVER_METRICS_H

#include "base/buf.h"
#include "server/report.h"

// Appends all metrics to OUT. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int metrics_put(struct buf *out, const struct report *r);

#endif
