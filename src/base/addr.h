// SPDX-License-Identifier: MIT
// IP addresses, and the prefixes they fall under: both families in one form of 16 bytes.
//
// An IPv4 address is kept as the IPv6 address that stands for it, ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so that
// one client is one address on whichever socket it came.
#ifndef STROWGER_BASE_ADDR_H
#define STROWGER_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct sockaddr;

enum { ADDR_TEXT_LEN = 46 }; // the longest address and its closing zero

struct addr {
    uint8_t ip[16]; // all zero: unknown
};

// Every address whose first N_BITS bits are those of ADDR.
struct addr_prefix {
    struct addr addr;
    int n_bits; // of the 16 bytes: IPv4's /8 is 104
};

// Reads TEXT, an IPv4 or IPv6 address without brackets, port or zone. 0 or -EINVAL.
[[gnu::warn_unused_result]] int addr_parse(struct addr *a, struct span text);

// Reads TEXT, "192.0.2.0/24", "2001:db8::/32" or an address alone. Bits behind the prefix count nothing. 0 or -EINVAL.
[[gnu::warn_unused_result]] int addr_parse_prefix(struct addr_prefix *prefix, struct span text);

// The address in SA; unknown when SA is of another family than IP.
struct addr addr_of_sockaddr(const struct sockaddr *sa);

// Writes A as text; IPv4 in its own form.
void addr_format(const struct addr *a, char out[ADDR_TEXT_LEN]);

bool addr_is_ipv4(const struct addr *a);
bool addr_is_unknown(const struct addr *a);
// Whether A is this machine's own: 127.0.0.0/8 or ::1.
bool addr_is_loopback(const struct addr *a);
bool addr_is_equal(const struct addr *a, const struct addr *b);

// Whether A lies under PREFIX. An IPv6 prefix holds no IPv4 address, however short it is.
bool addr_is_in(const struct addr *a, const struct addr_prefix *prefix);

// Whether A lies under one of the N prefixes at LIST.
bool addr_is_in_any(const struct addr *a, const struct addr_prefix *list, size_t n);

#endif
