// SPDX-License-Identifier: MIT
// TCP connections without a kernel; see wire.h.
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct wire {
    struct wire *next;   // in spares
    struct buf up, down; // on the way to the server, and from it
    in_addr_t address;
    size_t low_water; // bytes that have to have come before they wake the server
    unsigned n_fds;   // the server's; none: it has closed
    bool has_up_ended, has_down_ended;
    bool is_reset;
    bool is_left; // by the client
};

// A descriptor of the server's, and what it is watched for.
struct end {
    struct wire *wire; // NULL: free
    const struct poller *poller;
    void *item;
    unsigned events;
};

static struct end ends[WIRE_MAX_ENDS];
static size_t n_ends;       // up to the last in use
static struct wire *spares; // with their memory, of which connections need none anew then

// ---- ends

static struct end *end_of(int fd)
{
    return fd >= WIRE_FIRST_FD && fd < WIRE_FIRST_FD + WIRE_MAX_ENDS ? &ends[fd - WIRE_FIRST_FD] : NULL;
}

static int new_end(struct wire *w)
{
    size_t i = 0;
    while (i < n_ends && ends[i].wire)
        i++;
    must(i < WIRE_MAX_ENDS);
    n_ends = i == n_ends ? n_ends + 1 : n_ends;
    ends[i] = (struct end){ .wire = w };
    w->n_fds++;
    return WIRE_FIRST_FD + (int)i;
}

static void free_if_done(struct wire *w)
{
    if (w->n_fds || !w->is_left)
        return;
    w->up.len = w->down.len = 0;
    *w = (struct wire){ .next = spares, .up = w->up, .down = w->down };
    spares = w;
}

static void close_end(struct end *e)
{
    struct wire *w = e->wire;
    must(w != NULL); // closed twice otherwise
    *e = (struct end){ 0 };
    while (n_ends && !ends[n_ends - 1].wire)
        n_ends--;
    w->n_fds--;
    w->has_down_ended = w->has_down_ended || !w->n_fds;
    free_if_done(w);
}

// What E is ready for of what it is watched for; an error and the end of both directions are told unasked.
static unsigned ready_events(const struct end *e)
{
    const struct wire *w = e->wire;
    if (!w || !e->events)
        return 0;
    unsigned events = w->has_up_ended || w->up.len >= w->low_water ? EPOLLIN : 0;
    events |= w->down.len <= WIRE_CAPACITY / 2 ? EPOLLOUT : 0;
    events &= e->events;
    events |= w->has_up_ended && w->has_down_ended ? EPOLLHUP : 0;
    return events | (w->is_reset ? EPOLLERR | EPOLLHUP : 0);
}

// ---- the client's side

struct wire *wire_open(in_addr_t address, int *fd)
{
    struct wire *w = spares ? spares : calloc(1, sizeof *w);
    must(w != NULL);
    spares = w->next;
    w->address = address;
    w->low_water = 1;
    *fd = new_end(w);
    return w;
}

size_t wire_send(struct wire *w, struct span bytes)
{
    if (!w->n_fds || w->has_up_ended || w->up.len >= WIRE_CAPACITY)
        return 0;
    size_t room = WIRE_CAPACITY - w->up.len, n = bytes.len < room ? bytes.len : room;
    must(buf_put(&w->up, bytes.p, n) == 0);
    return n;
}

void wire_end(struct wire *w)
{
    w->has_up_ended = true;
}

bool wire_receive(struct wire *w, struct buf *to)
{
    if (!w->down.len)
        return false;
    must(buf_put(to, w->down.p, w->down.len) == 0);
    w->down.len = 0;
    return true;
}

void wire_close(struct wire *w)
{
    w->has_up_ended = true;
    w->is_left = true;
    w->is_reset = w->down.len > 0;
    free_if_done(w);
}

// ---- the system calls

ssize_t recv(int fd, void *p, size_t len, int flags)
{
    struct end *e = end_of(fd);
    if (!e)
        return syscall(SYS_recvfrom, fd, p, len, flags, NULL, NULL);
    struct wire *w = e->wire;
    if (w->is_reset || (!w->up.len && !w->has_up_ended)) {
        errno = w->is_reset ? ECONNRESET : EAGAIN;
        return -1;
    }
    size_t n = len < w->up.len ? len : w->up.len;
    if (n)
        memcpy(p, w->up.p, n);
    if (n && !(flags & MSG_PEEK)) {
        w->up.len -= n;
        memmove(w->up.p, w->up.p + n, w->up.len);
    }
    return (ssize_t)n;
}

// How many of LEN bytes W takes from the server, or -1 with errno. Who has left takes some, and answers with a reset.
static ssize_t accept_down(struct wire *w, size_t len)
{
    if (w->is_reset || w->has_down_ended) {
        errno = w->is_reset ? ECONNRESET : EPIPE;
        return -1;
    }
    if (w->down.len >= WIRE_CAPACITY) {
        errno = EAGAIN;
        return -1;
    }
    w->is_reset = w->is_left;
    size_t room = WIRE_CAPACITY - w->down.len;
    return (ssize_t)(len < room ? len : room);
}

ssize_t send(int fd, const void *p, size_t len, int flags)
{
    struct end *e = end_of(fd);
    if (!e)
        return syscall(SYS_sendto, fd, p, len, flags, NULL, 0);
    ssize_t n = accept_down(e->wire, len);
    must(n <= 0 || buf_put(&e->wire->down, p, (size_t)n) == 0);
    return n;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct end *e = end_of(fd);
    if (!e)
        return syscall(SYS_sendmsg, fd, message, flags);
    size_t len = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++)
        len += message->msg_iov[i].iov_len;
    ssize_t n = accept_down(e->wire, len);
    size_t left = n > 0 ? (size_t)n : 0;
    for (size_t i = 0; left; i++) {
        const struct iovec *iov = &message->msg_iov[i];
        size_t part = iov->iov_len < left ? iov->iov_len : left;
        must(buf_put(&e->wire->down, iov->iov_base, part) == 0);
        left -= part;
    }
    return n;
}

int shutdown(int fd, int how)
{
    struct end *e = end_of(fd);
    if (!e)
        return (int)syscall(SYS_shutdown, fd, how);
    if (e->wire->is_reset) {
        errno = ENOTCONN;
        return -1;
    }
    e->wire->has_down_ended = true;
    return 0;
}

int close(int fd)
{
    struct end *e = end_of(fd);
    if (!e)
        return (int)syscall(SYS_close, fd);
    close_end(e);
    return 0;
}

// Of a wire's descriptor no more is asked than another.
int fcntl(int fd, int command, ...)
{
    struct end *e = end_of(fd);
    va_list rest;
    va_start(rest, command);
    long argument = va_arg(rest, long);
    va_end(rest);
    if (!e)
        return (int)syscall(SYS_fcntl, fd, command, argument);
    must(command == F_DUPFD_CLOEXEC);
    return new_end(e->wire);
}

int ioctl(int fd, unsigned long request, ...)
{
    struct end *e = end_of(fd);
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (!e)
        return (int)syscall(SYS_ioctl, fd, request, argument);
    must(request == SIOCOUTQ);
    *(int *)argument = (int)e->wire->down.len;
    return 0;
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    struct end *e = end_of(fd);
    if (!e)
        return (int)syscall(SYS_setsockopt, fd, level, option, value, len);
    if (level == SOL_SOCKET && option == SO_RCVLOWAT)
        e->wire->low_water = (size_t) * (const int *)value;
    return 0;
}

int getpeername(int fd, __SOCKADDR_ARG addr, socklen_t *len)
{
    struct end *e = end_of(fd);
    if (!e)
        return (int)syscall(SYS_getpeername, fd, addr.__sockaddr__, len);
    struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(40000) };
    sin.sin_addr.s_addr = e->wire->address;
    memcpy(addr.__sockaddr__, &sin, *len < sizeof sin ? *len : sizeof sin);
    *len = sizeof sin;
    return 0;
}

// ---- the poller: libuv's loop, the one descriptor there that is no wire, has nothing of its own to tell; see rig.c

int poller_open(struct poller *p)
{
    p->fd = -1;
    return 0;
}

void poller_close(struct poller *p)
{
    (void)p;
}

int poller_watch(struct poller *p, int fd, void *item, unsigned before, unsigned events)
{
    struct end *e = end_of(fd);
    if (!e)
        return 0;
    must(e->wire && e->events == before); // or the server's view of it is wrong
    e->poller = p;
    e->item = item;
    e->events = events;
    return 0;
}

int poller_wait(struct poller *p, int timeout_ms)
{
    int n = 0;
    (void)timeout_ms;
    for (size_t i = 0; i < n_ends && n < POLLER_MAX_READY; i++) {
        unsigned events = ends[i].poller == p ? ready_events(&ends[i]) : 0;
        if (events)
            p->ready[n++] = (struct epoll_event){ .events = events, .data.ptr = ends[i].item };
    }
    return n;
}

bool wire_has_ready(const struct poller *p)
{
    for (size_t i = 0; i < n_ends; i++)
        if (ends[i].poller == p && ready_events(&ends[i]))
            return true;
    return false;
}
