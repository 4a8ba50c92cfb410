// SPDX-License-Identifier: MIT
// Which web origins may use the server from a browser (RFC 6454), and how that is said to browsers (CORS).
#ifndef STROWGER_CARRIER_ORIGIN_H
#define STROWGER_CARRIER_ORIGIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "net/conn.h"
#include "proto/http.h"

// What --allow-origin lists: exact origins, "https://*.example.org" for all hosts below one, "null", or "*" for all.
struct origin_list {
    const char *const *items;
    size_t n;
};

// Whether ORIGIN, a field value, is in LIST.
bool origin_is_listed(const struct origin_list *list, struct span origin);

// Whether R, which came on C, may be served at all: without a list everyone may; with one, what has no Origin (no browser)
// or a listed one. What may not is counted.
bool origin_admit(const struct origin_list *list, struct conn *c, const struct http_request *r);

// Appends the CORS fields for R to OUT: for a listed origin, and for any when IS_OPEN. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int origin_put_cors(const struct origin_list *list, bool is_open,
                                                const struct http_request *r, struct buf *out);

#endif
