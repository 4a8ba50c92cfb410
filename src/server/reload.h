// SPDX-License-Identifier: MIT
// What SIGHUP asks for: settings, certificates and secrets read again, and the log told what came of it.
#ifndef STROWGER_SERVER_RELOAD_H
#define STROWGER_SERVER_RELOAD_H

#include "net/tls_context.h"
#include "server/live.h"

// Whether L was read from any file that could say something else by now.
bool reload_has_files(const struct live *l);

// Reads again what FIRST, with which the process was started and which must live on, was read from. Certificates go to TLS,
// NULL where there is none; the rest is returned, held once, with what can't change as it is in FIRST: the log names what of
// that is different. NULL when there is nothing to read, or something is wrong in it: then nothing has changed.
[[gnu::warn_unused_result]] struct live *reload_read(const struct live *first, const struct own_addresses *own,
                                                     struct tls_context *tls);

#endif
