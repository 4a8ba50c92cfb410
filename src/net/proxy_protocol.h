// SPDX-License-Identifier: MIT
// The PROXY protocol, versions 1 and 2: what a proxy says of its client before it passes the client's bytes on.
//
//   version 1   PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n
//   version 2   \r\n\r\n\0\r\nQUIT\n  0x21  0x11  length (2)  source (4)  destination (4)  ports (2 and 2)  more
//
// After haproxy.org/download/2.9/doc/proxy-protocol.txt. Only the source address is of use here.
#ifndef STROWGER_NET_PROXY_PROTOCOL_H
#define STROWGER_NET_PROXY_PROTOCOL_H

#include <stddef.h>
#include <sys/types.h>

#include "base/addr.h"

enum { PROXY_PROTOCOL_MAX = 2048 }; // bytes of a header; what comes behind version 2's addresses fits easily

// Reads the header at P. Returns its length, 0 when it is incomplete, -ENOENT when what is there begins no header of
// either version, or -EINVAL when it begins one that is malformed or longer than PROXY_PROTOCOL_MAX. *CLIENT is set to
// the client's address where the header tells one; it stays for a connection of the proxy's own (LOCAL) and for an
// UNKNOWN client.
[[gnu::warn_unused_result]] ssize_t proxy_protocol_parse(const char *p, size_t len, struct addr *client);

#endif
