// SPDX-License-Identifier: MIT
// The STUN and TURN servers that a site tells its clients of, with credentials for TURN that expire.
//
// These are what coturn's use-auth-secret checks: the name says when they expire, the password that we know the secret. The
// key is looked up once: what a client has begun with them goes on afterwards.
#ifndef STROWGER_SERVER_ICE_H
#define STROWGER_SERVER_ICE_H

#include <stdbool.h>

#include "base/buf.h"
#include "config/config.h"

struct ice;

// What C says of them, which must live as long, not loaded yet; or NULL.
struct ice *ice_new(const struct config *c);

void ice_free(struct ice *i);

// Checks what I's configuration says, and reads the secret from its file, before I is used. 0, or with ERROR what is wrong
// -EIO for a file, else what config_fault() said.
[[gnu::warn_unused_result]] int ice_load(struct ice *i, char error[CONFIG_ERROR_LEN]);

// Whether there is TURN, and so a secret.
bool ice_has_relay(const struct ice *i);

// Appends an RTCConfiguration as JSON, and for TURN `ttl` in seconds from now and `expires` in seconds of Unix time:
// {"iceServers":[{"urls":[...]},{"urls":[...],"username":"...","credential":"..."}],"ttl":14400,"expires":1767225600}
// From any thread. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int ice_put_configuration(const struct ice *i, struct buf *out);

// Appends what clients of draft-uberti-behave-turn-rest expect; there must be TURN.
// {"username":"...","password":"...","ttl":14400,"uris":[...]}
// From any thread. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int ice_put_credentials(const struct ice *i, struct buf *out);

#endif
