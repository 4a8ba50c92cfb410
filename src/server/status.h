// SPDX-License-Identifier: MIT
// A report as JSON, for `strowger status`; it names rooms, as only the operator may see them.
#ifndef STROWGER_SERVER_STATUS_H
#define STROWGER_SERVER_STATUS_H

#include "base/buf.h"
#include "server/report.h"

// Appends R to OUT, as one line. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int status_put(struct buf *out, const struct report *r);

#endif
