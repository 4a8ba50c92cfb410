// SPDX-License-Identifier: MIT
// A socket that waits for connections; see listener.h.
#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/log.h"
#include "net/sock.h"

enum {
    BACKLOG = 4096,
    MAX_UNSENT = 256 * 1024, // bytes that the kernel takes ahead of sending them
    MAX_ACCEPTS = 64,        // a turn: a storm of new connections must not starve those that talk
};

static void on_poll(uv_poll_t *poll, int status, int events);

// Accepting stops for a moment instead of spinning on a connection that can't be taken; whoever waits stays in the
// kernel's queue, and the connections that are there go on.
static void pause_accepting(struct listener *l, int err)
{
    if (!l->is_paused)
        log_write(LOG_WARN, "accepting paused", LOG_TEXT("reason", uv_strerror(-err)));
    l->is_paused = true;
    uv_poll_stop(&l->poll);
    deadline_set(l->deadlines, &l->retry, LISTENER_RETRY_MS);
}

// Whether accept() failed for want of something, rather than because of the one connection.
static bool is_shortage(int err)
{
    return err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM;
}

static void accept_some(struct listener *l, int max)
{
    for (int i = 0; i < max; i++) {
        int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && is_shortage(errno)) {
            pause_accepting(l, errno);
            return;
        }
        if (fd < 0 && errno == EAGAIN)
            return;
        if (fd < 0)
            continue; // ECONNABORTED, EINTR, and network errors that belong to the connection (accept(2))
        if (l->is_paused) {
            l->is_paused = false;
            log_write(LOG_WARN, "accepting resumed");
        }
        l->on_accept(l, fd);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    accept_some(CONTAINER_OF(poll, struct listener, poll), MAX_ACCEPTS);
}

static void on_retry(struct deadline *d)
{
    struct listener *l = CONTAINER_OF(d, struct listener, retry);
    uv_poll_start(&l->poll, UV_READABLE, on_poll);
}

// Accepted sockets inherit these: a system call here instead of one a connection. The second keeps what a slow reader has not
// taken here, where it is counted, rather than in the kernel's buffer. A socket of the file system has neither.
static int set_options(int fd)
{
    int on = 1, max_unsent = MAX_UNSENT;
    bool is_set = setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
                  setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &max_unsent, sizeof max_unsent) == 0;
    return is_set || errno == EOPNOTSUPP ? 0 : -errno;
}

int listener_open(struct listener *l, uv_loop_t *loop, struct deadlines *deadlines, int fd)
{
    int err = set_options(fd);
    err = err ? err : uv_poll_init(loop, &l->poll, fd);
    if (err) {
        close(fd);
        return err;
    }
    l->fd = fd;
    l->deadlines = deadlines;
    l->is_paused = false;
    deadline_init(&l->retry, on_retry);
    return 0;
}

int listener_start(struct listener *l)
{
    if (listen(l->fd, BACKLOG) != 0)
        return -errno;
    uv_poll_start(&l->poll, UV_READABLE, on_poll);
    return 0;
}

void listener_accept_waiting(struct listener *l)
{
    accept_some(l, BACKLOG);
}

void listener_close(struct listener *l)
{
    deadline_cancel(&l->retry);
    uv_close((uv_handle_t *)&l->poll, NULL);
    close(l->fd);
}

int listener_port(const struct listener *l)
{
    return sock_bound_port(l->fd);
}
