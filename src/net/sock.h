// SPDX-License-Identifier: MIT
// Addresses and bound sockets, for streams and datagrams alike.
#ifndef STROWGER_NET_SOCK_H
#define STROWGER_NET_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/addr.h"

enum { SOCK_TEXT_LEN = 64 }; // "[address]:port" with its closing zero

// Resolves HOST (NULL: every address of this machine, both families through one IPv6 socket where there is IPv6) and
// PORT for binding. Returns how many of OUT's MAX were filled in, or minus a getaddrinfo code.
[[gnu::warn_unused_result]] int sock_resolve(const char *host, int port, struct sockaddr_storage *out, int max);

// A non-blocking socket of TYPE (SOCK_STREAM or SOCK_DGRAM) bound to ADDR. With IS_SHARED others that say so too may bind
// there, and the kernel shares out what comes (SO_REUSEPORT). Returns the descriptor or a negative errno.
[[gnu::warn_unused_result]] int sock_bind(const struct sockaddr *addr, int type, bool is_shared);

// A non-blocking socket of TYPE (SOCK_STREAM or SOCK_SEQPACKET) bound to PATH in the file system, for its owner alone. A
// socket that lies there and that nobody answers at is replaced. Returns the descriptor or a negative errno: -EADDRINUSE when
// somebody answers.
[[gnu::warn_unused_result]] int sock_bind_path(const char *path, int type);

// Whether ADDR is free for TYPE: 0, -EADDRINUSE also when its holder would share it, or another negative errno. Nobody can
// connect there meanwhile.
[[gnu::warn_unused_result]] int sock_probe(const struct sockaddr *addr, int type);

// The length of ADDR's own structure.
socklen_t sock_len(const struct sockaddr *addr);

// ADDR's port, in host order, and how to set it.
int sock_port(const struct sockaddr *addr);
void sock_set_port(struct sockaddr *addr, int port);

// The port that FD is bound to, or a negative errno.
[[gnu::warn_unused_result]] int sock_bound_port(int fd);

// The address that FD is connected to; unknown when it is no more.
struct addr sock_peer_addr(int fd);

// The number by which the kernel knows FD's socket for as long as it lives, whatever descriptor leads to it (SO_COOKIE);
// `ss -e` shows it in hexadecimal. 0 when the kernel does not tell.
uint64_t sock_cookie(int fd);

// Whether ADDR means every address of its family.
bool sock_is_wildcard(const struct sockaddr *addr);

// Writes "address:port", or "[address]:port" for IPv6; an IPv4-mapped address as IPv4.
void sock_format(const struct sockaddr *addr, char out[SOCK_TEXT_LEN]);

#endif
