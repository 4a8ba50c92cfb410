// SPDX-License-Identifier: MIT
// Whom an HTTP proxy speaks for: X-Forwarded-For, and Forwarded (RFC 7239).
//
//   X-Forwarded-For: 192.0.2.7, 198.51.100.20
//   Forwarded: for=192.0.2.7;proto=https, for="[2001:db8::20]:4711"
//
// Each proxy appends whom it was asked by, so only the end of the list is known to be true: it is read from there, for
// as long as the one who wrote it is trusted.
#ifndef STROWGER_PROTO_FORWARDED_H
#define STROWGER_PROTO_FORWARDED_H

#include "base/addr.h"
#include "proto/http.h"

// The client that R was made by, when it came from PEER, one of the N_PROXIES at PROXIES: the last address in R's
// fields that is no proxy's, or the first when all are. What is no address (RFC 7239's "unknown" and "_hidden") ends
// the search with the proxy that said so. When both fields are there and disagree, a client may have made up one of
// them, which the proxy passed on: then it is PEER.
struct addr forwarded_find_client(const struct http_request *r, const struct addr *peer,
                                  const struct addr_prefix *proxies, size_t n_proxies);

#endif
