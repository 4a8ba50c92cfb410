// SPDX-License-Identifier: MIT
// Tells systemd how this process is; see notify.h.
#include "host/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

// The number in the environment's NAME; 0 when there is none.
static uint64_t number_of(const char *name)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : 0;
}

// A socket connected to PATH, where '@' begins a name outside the file system; or a negative errno.
static int connect_to(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    size_t len = strlen(path);
    if (len >= sizeof addr.sun_path)
        return -ENAMETOOLONG;
    memcpy(addr.sun_path, path, len);
    if (*path == '@')
        addr.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&addr, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == 0)
        return fd;
    int err = -errno;
    close(fd);
    return err;
}

void notify_open(struct notify *n)
{
    *n = (struct notify){ .fd = -1 };
    const char *path = getenv("NOTIFY_SOCKET");
    if (!path || !*path)
        return;
    n->fd = connect_to(path);
    if (n->fd < 0)
        log_write(LOG_WARN, "can't notify the supervisor", LOG_TEXT("path", path),
                  LOG_TEXT("reason", strerror(-n->fd)));
    uint64_t pid = number_of("WATCHDOG_PID");
    if (!pid || pid == (uint64_t)getpid())
        n->watchdog_ms = number_of("WATCHDOG_USEC") / 1000;
}

// What is not heard at once is not worth waiting for, but that we are there.
static void tell(const struct notify *n, const char *lines, int flags)
{
    if (n->fd >= 0 && send(n->fd, lines, strlen(lines), flags | MSG_NOSIGNAL) < 0)
        log_write(LOG_DEBUG, "supervisor not notified", LOG_TEXT("reason", strerror(errno)));
}

void notify_ready(const struct notify *n)
{
    tell(n, "READY=1", 0);
}

void notify_reloading(const struct notify *n)
{
    char lines[64];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, us);
    tell(n, lines, 0);
}

void notify_stopping(const struct notify *n)
{
    tell(n, "STOPPING=1", 0);
}

void notify_alive(const struct notify *n, uint64_t n_conns)
{
    char lines[64];
    snprintf(lines, sizeof lines, "%sSTATUS=%" PRIu64 " connections", n->watchdog_ms ? "WATCHDOG=1\n" : "", n_conns);
    tell(n, lines, MSG_DONTWAIT);
}

void notify_close(struct notify *n)
{
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}
