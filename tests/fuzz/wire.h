// SPDX-License-Identifier: MIT
// TCP connections without a kernel: what the server takes for sockets, and the poller that watches them.
//
// wire.c has the system calls that a connection is made of, and src/net/poller.h, which the linker prefers to those of the
// libraries. Descriptors from WIRE_FIRST_FD on are wires, all others go on to the kernel. Nothing is ever late, lost or in
// another order, so that the same script always has the same outcome; and a turn of the server costs no system call.
#ifndef STROWGER_TESTS_WIRE_H
#define STROWGER_TESTS_WIRE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/buf.h"
#include "net/poller.h"

enum {
    WIRE_FIRST_FD = 1 << 20,
    WIRE_MAX_ENDS = 1024,      // descriptors that the server has at a time
    WIRE_CAPACITY = 32 * 1024, // bytes that wait for a client: few, so that one who does not read is soon noticed
};

struct wire;

// What must hold of a server whatever is said to it.
static inline void must(bool is_so)
{
    if (!is_so)
        abort();
}

// A connection from ADDRESS. FD is the server's end, which it closes; the client's end is the wire.
struct wire *wire_open(in_addr_t address, int *fd);

// The client sends BYTES. Whether the server may still hear them; it may be that not all did fit.
size_t wire_send(struct wire *w, struct span bytes);

// The client sends no more.
void wire_end(struct wire *w);

// Appends what the server sent to TO. Whether anything had come.
bool wire_receive(struct wire *w, struct buf *to);

// The client is gone, and W with it: with a reset when it left something unread.
void wire_close(struct wire *w);

// Whether a descriptor that P watches is ready.
bool wire_has_ready(const struct poller *p);

#endif
