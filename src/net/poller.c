// SPDX-License-Identifier: MIT
// Which of many descriptors are ready; see poller.h.
#include "net/poller.h"

#include <errno.h>
#include <unistd.h>

int poller_open(struct poller *p)
{
    p->fd = epoll_create1(EPOLL_CLOEXEC);
    return p->fd < 0 ? -errno : 0;
}

void poller_close(struct poller *p)
{
    close(p->fd);
}

int poller_watch(struct poller *p, int fd, void *item, unsigned before, unsigned events)
{
    if (before == events)
        return 0;
    // Who watches for nothing must not be in the set: it would go on being told of errors.
    int change = !before ? EPOLL_CTL_ADD : events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    struct epoll_event event = { .events = events, .data.ptr = item };
    return epoll_ctl(p->fd, change, fd, &event) == 0 ? 0 : -errno;
}

int poller_wait(struct poller *p, int timeout_ms)
{
    int n = epoll_wait(p->fd, p->ready, POLLER_MAX_READY, timeout_ms);
    return n < 0 ? 0 : n; // EINTR
}
