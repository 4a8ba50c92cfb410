// SPDX-License-Identifier: MIT
// The certificates that the settings ask for: from files, which may be read again, or made up for this machine.
#ifndef STROWGER_SERVER_CERTIFICATES_H
#define STROWGER_SERVER_CERTIFICATES_H

#include <stdbool.h>

#include "config/config.h"
#include "net/tls_context.h"

// Whether C asks for any.
static inline bool certificates_are_wanted(const struct config *c)
{
    return c->dev || c->tls_cert.n || c->tls_key.n;
}

// Whether those that C asks for, if any, are in no files.
static inline bool certificates_are_made_up(const struct config *c)
{
    return !c->tls_cert.n && !c->tls_key.n;
}

// Has X's new connections use what C asks for. 0, or with one line in ERROR what config_fault() said of them, or -EIO for
// files that are, and for what the system refused; X stays as it was then.
[[gnu::warn_unused_result]] int certificates_load(struct tls_context *x, const struct config *c,
                                                  char error[CONFIG_ERROR_LEN]);

#endif
