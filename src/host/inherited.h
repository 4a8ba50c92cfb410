// SPDX-License-Identifier: MIT
// Listening sockets that were there before this process: handed down by systemd (sd_listen_fds(3)), or over by a predecessor.
//
// Each is used by the place whose address it is bound to; a place at every address takes those at any one. At an address
// each station takes a socket that was inherited for it, else binds one of its own beside the others, else, where binding
// is refused because the inherited one is not to be shared, listens on another's too. None is left without a station:
// connections would wait in it for ever.
#ifndef STROWGER_HOST_INHERITED_H
#define STROWGER_HOST_INHERITED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct inherited_socket {
    struct sockaddr_storage addr; // of the internet or in the file system
    uint64_t cookie;              // the socket's own, whatever its descriptors
    int fd;
    int type;     // SOCK_STREAM or SOCK_DGRAM
    bool is_held; // by a supervisor, who has it again when we end
    bool is_used; // some place listens there
};

// Zero is empty.
struct inherited {
    struct inherited_socket *list;
    size_t n;
};

enum { INHERITED_ERROR_LEN = 256 };

// Adds what LISTEN_PID and LISTEN_FDS say was handed to this process, and takes both out of the environment. 0, or -EINVAL
// with ERROR.
[[gnu::warn_unused_result]] int inherited_from_environment(struct inherited *in, char error[INHERITED_ERROR_LEN]);

// Adds FD, which is IN's from now on; one that IN has already is closed. 0, -EINVAL when it is no socket to listen at, or
// another negative errno.
[[gnu::warn_unused_result]] int inherited_add(struct inherited *in, int fd);

// Whether IN has a socket of TYPE at ADDR.
bool inherited_has(const struct inherited *in, const struct sockaddr *addr, int type);

// The socket number I of TYPE at ADDR for N stations, of which number I % N is to have it: a descriptor of its own for an
// inherited one while there are any that no place uses and else, up to N, of a new one. A port of 0 is any that no other
// place uses, or a free one. -ENOENT when every station has one and none is left, or another negative errno.
[[gnu::warn_unused_result]] int inherited_open(struct inherited *in, const struct sockaddr *addr, int type, size_t i,
                                               size_t n);

// A descriptor of the stream socket that was inherited at PATH in the file system, with *IS_HELD whether a supervisor holds it,
// or of a new one; or a negative errno.
[[gnu::warn_unused_result]] int inherited_open_path(struct inherited *in, const char *path, bool *is_held);

// Has no socket be used, to open them anew.
void inherited_reset(struct inherited *in);

// Writes where S is, as --listen takes it.
enum { INHERITED_TEXT_LEN = 128 };
void inherited_format(const struct inherited_socket *s, char out[INHERITED_TEXT_LEN]);

// Closes IN's own descriptors and frees what it holds.
void inherited_fini(struct inherited *in);

#endif
