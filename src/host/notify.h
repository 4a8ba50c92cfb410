// SPDX-License-Identifier: MIT
// Tells systemd how this process is (sd_notify(3)): datagrams of lines to the socket that NOTIFY_SOCKET names.
#ifndef STROWGER_HOST_NOTIFY_H
#define STROWGER_HOST_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct notify {
    int fd;               // -1: nobody wants to know
    uint64_t watchdog_ms; // who is silent for longer is ended; 0: nobody is
};

// Finds out from the environment who wants to know what. While we are still who we were started as: the socket may be
// closed to others.
void notify_open(struct notify *n);

static inline bool notify_is_wanted(const struct notify *n)
{
    return n->fd >= 0;
}

// All is served, for the first time or after notify_reloading().
void notify_ready(const struct notify *n);

// The settings are being read again.
void notify_reloading(const struct notify *n);

// The end has begun.
void notify_stopping(const struct notify *n);

// Everything works, and there are N_CONNS connections.
void notify_alive(const struct notify *n, uint64_t n_conns);

void notify_close(struct notify *n);

#endif
