// SPDX-License-Identifier: MIT
// Addresses and bound sockets; see sock.h.
#include "net/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
    bool is_usable = bind(fd, (struct sockaddr *)&any, sizeof any) == 0;
    close(fd);
    return is_usable;
}

static int wildcard(int port, struct sockaddr_storage *out)
{
    *out = (struct sockaddr_storage){ .ss_family = has_ipv6() ? AF_INET6 : AF_INET };
    sock_set_port((struct sockaddr *)out, port);
    return 1;
}

int sock_resolve(const char *host, int port, struct sockaddr_storage *out, int max)
{
    if (!host)
        return max ? wildcard(port, out) : 0;
    struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *found;
    int err = getaddrinfo(host, NULL, &hints, &found);
    if (err)
        return err < 0 ? err : -err;
    int n = 0;
    for (struct addrinfo *a = found; a && n < max; a = a->ai_next) {
        memcpy(&out[n], a->ai_addr, a->ai_addrlen);
        sock_set_port((struct sockaddr *)&out[n++], port);
    }
    freeaddrinfo(found);
    return n;
}

socklen_t sock_len(const struct sockaddr *addr)
{
    return addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

int sock_port(const struct sockaddr *addr)
{
    // Both families have the port at the same place, but the standard doesn't say so.
    return ntohs(addr->sa_family == AF_INET6 ? ((const struct sockaddr_in6 *)(const void *)addr)->sin6_port
                                             : ((const struct sockaddr_in *)(const void *)addr)->sin_port);
}

void sock_set_port(struct sockaddr *addr, int port)
{
    if (addr->sa_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)addr)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)(void *)addr)->sin_port = htons((uint16_t)port);
}

uint64_t sock_cookie(int fd)
{
    uint64_t cookie = 0;
    socklen_t len = sizeof cookie;
    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) == 0 ? cookie : 0;
}

bool sock_is_wildcard(const struct sockaddr *addr)
{
    if (addr->sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr);
    return ((const struct sockaddr_in *)(const void *)addr)->sin_addr.s_addr == htonl(INADDR_ANY);
}

static int set_options(int fd, const struct sockaddr *addr, int type, bool is_shared)
{
    int on = 1, v6_only = !sock_is_wildcard(addr);
    // So that a restart need not wait for connections of the last run to leave TIME_WAIT. Datagram sockets have no such
    // wait, and there the option would let two servers share a port and each see half of the requests.
    if (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return -errno;
    if (is_shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
        return -errno;
    if (addr->sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) != 0)
        return -errno;
    return 0;
}

int sock_bind(const struct sockaddr *addr, int type, bool is_shared)
{
    int fd = socket(addr->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int err = set_options(fd, addr, type, is_shared);
    if (!err && bind(fd, addr, sock_len(addr)) != 0)
        err = -errno;
    if (!err)
        return fd;
    close(fd);
    return err;
}

// Removes a socket at ADDR's path that its owner left behind. 0, or -EADDRINUSE when somebody answers there.
static int remove_stale(const struct sockaddr_un *addr, int type)
{
    struct stat st;
    int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    bool is_stale = connect(fd, (const struct sockaddr *)addr, sizeof *addr) != 0 && errno == ECONNREFUSED &&
                    lstat(addr->sun_path, &st) == 0 && S_ISSOCK(st.st_mode);
    close(fd);
    return is_stale && unlink(addr->sun_path) == 0 ? 0 : -EADDRINUSE;
}

int sock_bind_path(const char *path, int type)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    size_t len = strlen(path);
    if (len >= sizeof addr.sun_path)
        return -ENAMETOOLONG;
    memcpy(addr.sun_path, path, len);
    int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    // Before bind(), so that there is no moment at which others may connect.
    int err = fchmod(fd, S_IRUSR | S_IWUSR) == 0 && bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0 ? 0 : -errno;
    if (err == -EADDRINUSE)
        err = remove_stale(&addr, type);
    else if (!err)
        return fd;
    if (!err && bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0)
        return fd;
    err = err ? err : -errno;
    close(fd);
    return err;
}

// Listens with FD, of FAMILY, for as long as it is open, but as good as deaf: packets are dropped that come from further than
// nowhere (RFC 5082), so that who connects asks again in a second, and neither finds us here too early nor is refused. Where
// the system doesn't know of that they are heard. 0 or a negative errno.
static int listen_deaf(int fd, int family)
{
    int nearest = 255;
    setsockopt(fd, IPPROTO_IP, IP_MINTTL, &nearest, sizeof nearest); // an IPv6 socket hears IPv4 too
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, &nearest, sizeof nearest);
    return listen(fd, 1) == 0 ? 0 : -errno;
}

int sock_probe(const struct sockaddr *addr, int type)
{
    int fd = sock_bind(addr, type, false);
    if (fd < 0)
        return fd;
    // A listening socket lets others bind beside it as long as they don't listen.
    int err = type == SOCK_STREAM ? listen_deaf(fd, addr->sa_family) : 0;
    close(fd);
    return err;
}

int sock_bound_port(int fd)
{
    struct sockaddr_in6 addr = { 0 }; // the longest of those that we bind
    socklen_t len = sizeof addr;
    if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
        return -errno;
    return ntohs(addr.sin6_port); // IPv4's is at the same place
}

struct addr sock_peer_addr(int fd)
{
    struct sockaddr_storage peer = { 0 };
    socklen_t len = sizeof peer;
    bool is_known = getpeername(fd, (struct sockaddr *)&peer, &len) == 0;
    return is_known ? addr_of_sockaddr((struct sockaddr *)&peer) : (struct addr){ 0 };
}

void sock_format(const struct sockaddr *addr, char out[SOCK_TEXT_LEN])
{
    char ip[INET6_ADDRSTRLEN] = "?";
    if (addr->sa_family == AF_INET6) {
        const struct in6_addr *ip6 = &((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr;
        if (!IN6_IS_ADDR_V4MAPPED(ip6)) {
            inet_ntop(AF_INET6, ip6, ip, sizeof ip);
            snprintf(out, SOCK_TEXT_LEN, "[%s]:%d", ip, sock_port(addr));
            return;
        }
        inet_ntop(AF_INET, &ip6->s6_addr[12], ip, sizeof ip);
    } else if (addr->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)addr)->sin_addr, ip, sizeof ip);
    }
    snprintf(out, SOCK_TEXT_LEN, "%s:%d", ip, sock_port(addr));
}
