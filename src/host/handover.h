// SPDX-License-Identifier: MIT
// Hands the listening sockets over to a successor, so that between two processes no connection is refused.
//
// Who serves listens at a path of the file system. A new process with the same option connects there, is given every
// listening socket, that one included, and begins to serve, as both do for a moment, from the same queues. Then it says so,
// and the old one leaves. Records of one size travel in a SOCK_SEQPACKET connection:
//
//     old > new   magic, version, how many descriptors are still to come    with descriptors; again until that is 0
//     new > old   magic, version, 0                                         "I serve"
//
// When the new one ends before that, the old one goes on. Both ends must be of one user, or root's.
#ifndef STROWGER_HOST_HANDOVER_H
#define STROWGER_HOST_HANDOVER_H

#include <uv.h>

#include "host/inherited.h"

struct successor;

struct handover {
    const char *path; // NULL: nothing is handed over
    int fd;           // listens at path, or -1
    int old_fd;       // to the predecessor, until it is told that we serve, or -1
    bool owns_path;   // else it is the predecessor's still
    uv_poll_t poll;   // of fd, while there is no successor
    uv_timer_t retry; // when nobody could be accepted
    struct successor *successor;
    int *sockets; // that a successor is given, beside fd; theirs who opened them
    size_t n_sockets;
    void (*on_taken)(struct handover *h); // a successor serves: leave
};

enum { HANDOVER_ERROR_LEN = 256 };

// Makes H one without a path; handover_close() does nothing then.
void handover_init(struct handover *h);

// Adds the sockets of who serves at PATH now, if there is anybody, to IN. PATH must live as long as H. 0, or -EIO with ERROR.
[[gnu::warn_unused_result]] int handover_take(struct handover *h, const char *path, struct inherited *in,
                                              char error[HANDOVER_ERROR_LEN]);

// Listens at the path, unless that socket was handed over too. While we may still make files there. 0 or -EIO with ERROR.
[[gnu::warn_unused_result]] int handover_open(struct handover *h, char error[HANDOVER_ERROR_LEN]);

// We serve with the N SOCKETS, on LOOP among others: tells the predecessor so, and waits for a successor, which ON_TAKEN
// tells of. 0 or a negative errno.
[[gnu::warn_unused_result]] int handover_start(struct handover *h, uv_loop_t *loop, const int *sockets, size_t n,
                                               void (*on_taken)(struct handover *h));

// Whether a successor has the sockets that does not serve yet.
static inline bool handover_has_successor(const struct handover *h)
{
    return h->successor;
}

// Gives nothing more to anybody, and the path up, unless a successor or predecessor has it. The handles close with the
// loop's others.
void handover_close(struct handover *h);

#endif
