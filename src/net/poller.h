// SPDX-License-Identifier: MIT
// Which of many descriptors are ready: an epoll set (epoll(7)) of what is there by the ten thousand.
//
// libuv would do as much, at 160 bytes a descriptor and some hundred instructions an event. What there are few of, and
// timers, stay with its loop, whose descriptor stands in the set; see worker.c.
#ifndef STROWGER_NET_POLLER_H
#define STROWGER_NET_POLLER_H

#include <sys/epoll.h>

enum { POLLER_MAX_READY = 256 }; // told at once; the others' turn comes next

struct poller {
    int fd;
    struct epoll_event ready[POLLER_MAX_READY]; // data.ptr is the item that was watched, events what it is ready for
};

// 0 or a negative errno, with nothing left behind.
[[gnu::warn_unused_result]] int poller_open(struct poller *p);

void poller_close(struct poller *p);

// Watches FD, of ITEM, for EVENTS (EPOLLIN, EPOLLOUT, or 0) instead of for BEFORE. 0 or a negative errno: -ENOMEM, or
// -ENOSPC when the system has no room for more; never when EVENTS is 0.
int poller_watch(struct poller *p, int fd, void *item, unsigned before, unsigned events);

// Waits until something is ready, at most TIMEOUT_MS (-1: for ever). How many are, in P->ready.
int poller_wait(struct poller *p, int timeout_ms);

#endif
