// SPDX-License-Identifier: MIT
// Listening sockets that were there before this process; see inherited.h.
#include "host/inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/sock.h"

enum { FIRST_FD = 3, MAX_FDS = 4096 }; // SD_LISTEN_FDS_START

static bool is_for_listening(const struct inherited_socket *s)
{
    bool is_ip = s->addr.ss_family == AF_INET || s->addr.ss_family == AF_INET6;
    bool is_known = s->type == SOCK_STREAM ? is_ip || s->addr.ss_family == AF_UNIX : s->type == SOCK_DGRAM && is_ip;
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    return is_known && getpeername(s->fd, (struct sockaddr *)&peer, &len) != 0;
}

// Fills in S of its fd. 0, -EINVAL when it is not for listening, or another negative errno.
static int describe(struct inherited_socket *s)
{
    socklen_t type_len = sizeof s->type, addr_len = sizeof s->addr, cookie_len = sizeof s->cookie;
    if (getsockopt(s->fd, SOL_SOCKET, SO_TYPE, &s->type, &type_len) != 0 ||
        getsockopt(s->fd, SOL_SOCKET, SO_COOKIE, &s->cookie, &cookie_len) != 0 ||
        getsockname(s->fd, (struct sockaddr *)&s->addr, &addr_len) != 0)
        return -errno;
    if (!is_for_listening(s))
        return -EINVAL;
    int flags = fcntl(s->fd, F_GETFL);
    if (flags < 0 || fcntl(s->fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(s->fd, F_SETFD, FD_CLOEXEC) != 0)
        return -errno;
    return 0;
}

static bool is_known(const struct inherited *in, uint64_t cookie)
{
    for (size_t i = 0; i < in->n; i++)
        if (in->list[i].cookie == cookie)
            return true;
    return false;
}

int inherited_add(struct inherited *in, int fd)
{
    struct inherited_socket s = { .fd = fd };
    int err = describe(&s);
    struct inherited_socket *list = NULL;
    if (!err && !is_known(in, s.cookie)) {
        list = realloc(in->list, (in->n + 1) * sizeof *list);
        err = list ? 0 : -ENOMEM;
    }
    if (!list) {
        close(fd);
        return err;
    }
    in->list = list;
    in->list[in->n++] = s;
    return 0;
}

// What the environment's NAME says, or FALLBACK, or -1 when that is no number up to MAX.
static long number_of(const char *name, long fallback, long max)
{
    const char *text = getenv(name);
    if (!text)
        return fallback;
    char *rest;
    errno = 0;
    long n = strtol(text, &rest, 10);
    return errno || rest == text || *rest || n < 0 || n > max ? -1 : n;
}

int inherited_from_environment(struct inherited *in, char error[INHERITED_ERROR_LEN])
{
    long pid = number_of("LISTEN_PID", 0, INT32_MAX), n = number_of("LISTEN_FDS", 0, MAX_FDS);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (pid != getpid()) // they were meant for who started us
        return 0;
    if (n < 0) {
        snprintf(error, INHERITED_ERROR_LEN, "LISTEN_FDS must be a number up to %d", MAX_FDS);
        return -EINVAL;
    }
    for (int fd = FIRST_FD; fd < FIRST_FD + n; fd++) {
        int err = inherited_add(in, fd);
        if (err) {
            snprintf(error, INHERITED_ERROR_LEN, "descriptor %d of LISTEN_FDS: %s", fd,
                     err == -EINVAL ? "no socket to listen at (Accept=no)" : strerror(-err));
            return -EINVAL;
        }
    }
    for (size_t i = 0; i < in->n; i++)
        in->list[i].is_held = true;
    return 0;
}

static bool is_same_host(const struct sockaddr *a, const struct sockaddr *b)
{
    if (a->sa_family != b->sa_family)
        return false;
    if (a->sa_family == AF_INET)
        return ((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr ==
               ((const struct sockaddr_in *)(const void *)b)->sin_addr.s_addr;
    const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;
    return IN6_ARE_ADDR_EQUAL(&a6->sin6_addr, &b6->sin6_addr) && a6->sin6_scope_id == b6->sin6_scope_id;
}

// Whether ADDR means every address, OWN among them: every one of IPv4 holds none of IPv6, where another place may be.
static bool is_any_host(const struct sockaddr *own, const struct sockaddr *addr)
{
    return sock_is_wildcard(addr) &&
           (addr->sa_family == AF_INET6 || own->sa_family == AF_INET || sock_is_wildcard(own));
}

static bool is_at(const struct inherited_socket *s, const struct sockaddr *addr)
{
    const struct sockaddr *own = (const struct sockaddr *)&s->addr;
    int port = sock_port(addr);
    if (own->sa_family == AF_UNIX)
        return false;
    bool is_port = port ? sock_port(own) == port : !s->is_used;
    return is_port && (is_any_host(own, addr) || is_same_host(own, addr));
}

// The first socket of TYPE at ADDR in IN, of those that no place uses if it IS_FREE, or NULL.
static struct inherited_socket *find(const struct inherited *in, const struct sockaddr *addr, int type, bool is_free)
{
    for (size_t i = 0; i < in->n; i++) {
        struct inherited_socket *s = &in->list[i];
        if (s->type == type && !(is_free && s->is_used) && is_at(s, addr))
            return s;
    }
    return NULL;
}

bool inherited_has(const struct inherited *in, const struct sockaddr *addr, int type)
{
    return find(in, addr, type, false) != NULL;
}

static int use(struct inherited_socket *s)
{
    int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
    s->is_used = true;
    return fd < 0 ? -errno : fd;
}

int inherited_open(struct inherited *in, const struct sockaddr *addr, int type, size_t i, size_t n)
{
    struct inherited_socket *own = find(in, addr, type, true);
    if (own)
        return use(own);
    if (i >= n)
        return -ENOENT;
    // What was inherited says where, also for those beside it.
    struct inherited_socket *other = find(in, addr, type, false);
    int fd = sock_bind(other ? (struct sockaddr *)&other->addr : addr, type, n > 1);
    return fd < 0 && other ? use(other) : fd;
}

int inherited_open_path(struct inherited *in, const char *path, bool *is_held)
{
    for (struct inherited_socket *s = in->list; s < in->list + in->n; s++)
        if (s->addr.ss_family == AF_UNIX && strcmp(((struct sockaddr_un *)(void *)&s->addr)->sun_path, path) == 0) {
            *is_held = s->is_held;
            return use(s);
        }
    *is_held = false;
    return sock_bind_path(path, SOCK_STREAM);
}

void inherited_format(const struct inherited_socket *s, char out[INHERITED_TEXT_LEN])
{
    if (s->addr.ss_family == AF_UNIX)
        snprintf(out, INHERITED_TEXT_LEN, "unix:%.108s",
                 ((const struct sockaddr_un *)(const void *)&s->addr)->sun_path);
    else
        sock_format((const struct sockaddr *)&s->addr, out);
}

void inherited_reset(struct inherited *in)
{
    for (size_t i = 0; i < in->n; i++)
        in->list[i].is_used = false;
}

void inherited_fini(struct inherited *in)
{
    for (size_t i = 0; i < in->n; i++)
        close(in->list[i].fd);
    free(in->list);
    *in = (struct inherited){ 0 };
}
