// SPDX-License-Identifier: MIT
// A datagram socket for a service that answers each datagram at once with at most one.
//
// Datagrams are read and answered in batches, and every answer leaves from the address that was asked, also on a machine
// with several.
#ifndef STROWGER_NET_UDP_H
#define STROWGER_NET_UDP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <uv.h>

enum { UDP_MAX_REPLY = 128, UDP_MAX_DATAGRAM = 1500 }; // longer datagrams are cut, which their length field then tells

struct udp {
    uv_poll_t poll;
    int fd;
    // Answers the LEN bytes at P that came from FROM: writes at most UDP_MAX_REPLY bytes to OUT and returns how many, or
    // 0 or less for silence.
    ssize_t (*on_datagram)(struct udp *u, const uint8_t *p, size_t len, const struct sockaddr *from, uint8_t *out);
    void *user;
};

// Makes U listen on LOOP with FD, a bound socket that is U's from now on; u->on_datagram and u->user are the caller's to set
// before. 0, or a negative errno with nothing left behind and FD closed.
[[gnu::warn_unused_result]] int udp_open(struct udp *u, uv_loop_t *loop, int fd);

// Stops; the handle closes at the end of the turn.
void udp_close(struct udp *u);

#endif
