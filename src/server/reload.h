// SPDX-License-Identifier: MIT
// What SIGHUP asks for: the settings and certificates read again, and the log told what came of it.
#ifndef STROWGER_SERVER_RELOAD_H
#define STROWGER_SERVER_RELOAD_H

#include "net/tls_context.h"
#include "server/live.h"

// Reads again what RUNNING, with which the process was started, was read from. Certificates go to TLS, NULL where there is
// none, and the log changes its ways at once; what else can change is returned, held once. What can't is named in the log.
// NULL when nothing is to change, since something there is wrong.
[[gnu::warn_unused_result]] struct live *reload_read(const struct config_set *running, struct tls_context *tls);

#endif
