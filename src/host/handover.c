// SPDX-License-Identifier: MIT
// Hands the listening sockets over to a successor; see handover.h.
#include "host/handover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "net/sock.h"

enum {
    VERSION = 1,
    MAX_FDS = 200, // the kernel takes 253 descriptors at a time
    TIMEOUT_S = 5,
    RETRY_MS = 100, // how often who can't be accepted is looked at again
};

struct record {
    char magic[8];
    uint32_t version, n_left;
};

static const char magic[8] = { 's', 't', 'r', 'o', 'w', 'g', 'e', 'r' };

union control {
    struct cmsghdr align;
    char p[CMSG_SPACE(MAX_FDS * sizeof(int))];
};

// The process that is taking over.
struct successor {
    struct handover *handover;
    uv_poll_t poll;
    int fd;
};

void handover_init(struct handover *h)
{
    *h = (struct handover){ .fd = -1, .old_fd = -1 };
}

// Whether the other end of FD is a process that may have what is ours.
static bool is_trusted(int fd)
{
    struct ucred other;
    socklen_t len = sizeof other;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &other, &len) == 0 && (other.uid == 0 || other.uid == geteuid());
}

// ---- the new one

// A connection to who listens at PATH, or a negative errno.
static int connect_to(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof addr.sun_path)
        return -ENAMETOOLONG;
    memcpy(addr.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    const struct timeval limit = { .tv_sec = TIMEOUT_S };
    int err = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
                      connect(fd, (struct sockaddr *)&addr, sizeof addr) != 0
                  ? -errno
                  : 0;
    if (!err && !is_trusted(fd))
        err = -EPERM;
    if (!err)
        return fd;
    close(fd);
    return err;
}

// Takes what came in CONTROL: the first descriptor of all is the path's, the others are IN's.
static int keep(struct handover *h, struct inherited *in, const struct msghdr *message)
{
    const struct cmsghdr *c = CMSG_FIRSTHDR(message);
    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
        return -EPROTO;
    int fds[MAX_FDS], err = 0;
    size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof *fds, i = 0;
    memcpy(fds, CMSG_DATA(c), n * sizeof *fds);
    if (h->fd < 0 && n)
        h->fd = fds[i++];
    for (; i < n; i++) {
        int refused = inherited_add(in, fds[i]);
        err = err ? err : refused;
    }
    return err ? err : message->msg_flags & MSG_CTRUNC ? -EMFILE : 0;
}

// Receives one record, and in *N_LEFT how many descriptors follow. 0 or a negative errno; -ECONNRESET: it left instead.
static int receive(struct handover *h, struct inherited *in, uint32_t *n_left)
{
    struct record r;
    union control control;
    struct iovec iov = { &r, sizeof r };
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.p, .msg_controllen = sizeof control.p
    };
    ssize_t n = recvmsg(h->old_fd, &message, MSG_CMSG_CLOEXEC);
    if (n <= 0)
        return n == 0 ? -ECONNRESET : errno == EAGAIN ? -ETIMEDOUT : -errno;
    if (n != sizeof r || memcmp(r.magic, magic, sizeof magic) != 0)
        return -EPROTO;
    *n_left = r.n_left;
    return r.version == VERSION ? keep(h, in, &message) : -EPROTONOSUPPORT;
}

static const char *explain(int err)
{
    switch (err) {
    case -EPERM:
        return "who listens there is another user";
    case -ETIMEDOUT:
        return "who listens there says nothing; is another one being started?";
    case -EPROTONOSUPPORT:
        return "who listens there hands over in another way; stop it first";
    default:
        return strerror(-err);
    }
}

int handover_take(struct handover *h, const char *path, struct inherited *in, char error[HANDOVER_ERROR_LEN])
{
    handover_init(h);
    h->path = path;
    if (!path)
        return 0;
    uint32_t n_left = 1;
    int err = 0;
    h->old_fd = connect_to(path);
    if (h->old_fd < 0)
        err = h->old_fd;
    while (!err && n_left)
        err = receive(h, in, &n_left);
    if (!err) {
        log_write(LOG_INFO, "sockets taken over", LOG_TEXT("path", path), LOG_INT("n", in->n));
        return 0;
    }
    bool is_alone = err == -ENOENT || err == -ECONNREFUSED || (err == -ECONNRESET && h->fd < 0);
    if (h->old_fd >= 0)
        close(h->old_fd);
    h->old_fd = -1;
    if (is_alone)
        return 0;
    snprintf(error, HANDOVER_ERROR_LEN, "'%.107s': %s", path, explain(err));
    return -EIO;
}

int handover_open(struct handover *h, char error[HANDOVER_ERROR_LEN])
{
    if (!h->path || h->fd >= 0)
        return 0;
    int err = 0;
    h->fd = sock_bind_path(h->path, SOCK_SEQPACKET);
    if (h->fd < 0)
        err = h->fd;
    else if (listen(h->fd, 1) != 0)
        err = -errno;
    h->owns_path = h->fd >= 0;
    if (err)
        snprintf(error, HANDOVER_ERROR_LEN, "'%.107s': %s", h->path, strerror(-err));
    return err ? -EIO : 0;
}

static struct record say(uint32_t n_left)
{
    struct record r = { .version = VERSION, .n_left = n_left };
    memcpy(r.magic, magic, sizeof magic);
    return r;
}

static void confirm(struct handover *h)
{
    struct record r = say(0);
    h->owns_path = true;
    if (h->old_fd < 0)
        return;
    if (send(h->old_fd, &r, sizeof r, MSG_NOSIGNAL) < 0) // it is gone, then: no matter
        log_write(LOG_WARN, "the predecessor ended before it was told to");
    close(h->old_fd);
    h->old_fd = -1;
}

// ---- the old one

// Sends N descriptors, with more to come after them. 0 or a negative errno.
static int send_some(int to, const int *fds, size_t n, size_t n_left)
{
    struct record r = say((uint32_t)n_left);
    union control control = { 0 };
    struct iovec iov = { &r, sizeof r };
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.p, .msg_controllen = CMSG_SPACE(n * sizeof *fds)
    };
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    *c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n * sizeof *fds) };
    memcpy(CMSG_DATA(c), fds, n * sizeof *fds);
    return sendmsg(to, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static int send_all(const struct handover *h, int to)
{
    int fds[MAX_FDS] = { h->fd };
    size_t n = 1;
    for (size_t i = 0; i < h->n_sockets;) {
        while (n < MAX_FDS && i < h->n_sockets)
            fds[n++] = h->sockets[i++];
        int err = send_some(to, fds, n, h->n_sockets - i);
        if (err)
            return err;
        n = 0;
    }
    return 0;
}

static void on_freed(uv_handle_t *handle)
{
    free(CONTAINER_OF(handle, struct successor, poll));
}

static void on_connect(uv_poll_t *poll, int status, int events);

static void drop_successor(struct handover *h)
{
    struct successor *n = h->successor;
    h->successor = NULL;
    uv_close((uv_handle_t *)&n->poll, on_freed);
    close(n->fd);
}

static void on_said(uv_poll_t *poll, int status, int events)
{
    struct handover *h = CONTAINER_OF(poll, struct successor, poll)->handover;
    struct record r;
    (void)status;
    (void)events;
    ssize_t n = recv(h->successor->fd, &r, sizeof r, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    drop_successor(h);
    if (n != sizeof r || memcmp(r.magic, magic, sizeof magic) != 0) {
        log_write(LOG_WARN, "the successor ended before it served; going on");
        uv_poll_start(&h->poll, UV_READABLE, on_connect);
        return;
    }
    h->owns_path = false;
    handover_close(h);
    h->on_taken(h);
}

// Gives all to who connected with FD. 0 or a negative errno, with FD still the caller's.
static int begin(struct handover *h, int fd)
{
    int err = is_trusted(fd) ? send_all(h, fd) : -EPERM;
    struct successor *n = err ? NULL : malloc(sizeof *n);
    if (!n)
        return err ? err : -ENOMEM;
    *n = (struct successor){ .handover = h, .fd = fd };
    err = uv_poll_init(h->poll.loop, &n->poll, fd);
    if (err) {
        free(n);
        return err;
    }
    h->successor = n;
    uv_poll_stop(&h->poll); // one at a time
    uv_poll_start(&n->poll, UV_READABLE, on_said);
    return 0;
}

static void on_retry(uv_timer_t *timer)
{
    uv_poll_start(&CONTAINER_OF(timer, struct handover, retry)->poll, UV_READABLE, on_connect);
}

static void on_connect(uv_poll_t *poll, int status, int events)
{
    struct handover *h = CONTAINER_OF(poll, struct handover, poll);
    (void)status;
    (void)events;
    int fd = accept4(h->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) { // for want of descriptors, say: whoever waits goes on doing so, and must not keep us awake
        uv_poll_stop(&h->poll);
        uv_timer_start(&h->retry, on_retry, RETRY_MS, 0);
        return;
    }
    int err = begin(h, fd);
    if (!err) {
        log_write(LOG_INFO, "handing over", LOG_TEXT("path", h->path));
        return;
    }
    log_write(LOG_WARN, "not handed over", LOG_TEXT("path", h->path), LOG_TEXT("reason", strerror(-err)));
    close(fd);
}

int handover_start(struct handover *h, uv_loop_t *loop, const int *sockets, size_t n,
                   void (*on_taken)(struct handover *h))
{
    if (!h->path)
        return 0;
    h->sockets = malloc(n * sizeof *sockets);
    if (!h->sockets)
        return -ENOMEM;
    memcpy(h->sockets, sockets, n * sizeof *sockets);
    h->n_sockets = n;
    h->on_taken = on_taken;
    int err = uv_poll_init(loop, &h->poll, h->fd);
    if (err) {
        free(h->sockets);
        h->sockets = NULL;
        return err;
    }
    uv_timer_init(loop, &h->retry); // can't fail
    uv_poll_start(&h->poll, UV_READABLE, on_connect);
    confirm(h);
    return 0;
}

void handover_close(struct handover *h)
{
    if (h->sockets) {
        uv_poll_stop(&h->poll);
        uv_timer_stop(&h->retry);
    }
    if (h->successor)
        drop_successor(h); // to which the path is left: it goes on alone
    else if (h->owns_path)
        unlink(h->path); // in vain, when we gave up the right to: who comes next finds nobody there and takes it
    if (h->fd >= 0)
        close(h->fd);
    if (h->old_fd >= 0)
        close(h->old_fd);
    free(h->sockets);
    h->sockets = NULL;
    h->owns_path = false;
    h->fd = h->old_fd = -1;
}
