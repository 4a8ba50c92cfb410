// SPDX-License-Identifier: MIT
// A datagram socket for a service that answers at once; see udp.h.
#include "net/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "net/sock.h"

enum { BATCH = 16, MAX_BATCHES = 8 }; // at most 128 datagrams a turn: signaling on the same loop must not wait long

// What the kernel says of a datagram's destination is handed back with the answer, as its source.
union pktinfo {
    struct cmsghdr align;
    char p[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct batch {
    struct mmsghdr messages[BATCH];
    struct iovec iov[BATCH];
    struct sockaddr_storage from[BATCH];
    union pktinfo control[BATCH];
    uint8_t in[BATCH][UDP_MAX_DATAGRAM];
    uint8_t out[BATCH][UDP_MAX_REPLY];
};

static int receive(struct udp *u, struct batch *b)
{
    for (int i = 0; i < BATCH; i++) {
        b->iov[i] = (struct iovec){ .iov_base = b->in[i], .iov_len = UDP_MAX_DATAGRAM };
        b->messages[i].msg_hdr = (struct msghdr){ .msg_name = &b->from[i],
                                                  .msg_namelen = sizeof b->from[i],
                                                  .msg_iov = &b->iov[i],
                                                  .msg_iovlen = 1,
                                                  .msg_control = b->control[i].p,
                                                  .msg_controllen = sizeof b->control[i].p };
    }
    return recvmmsg(u->fd, b->messages, BATCH, MSG_DONTWAIT, NULL);
}

// The kernel fills in more than it takes back: only the destination address is kept, and not the interface, so that the
// answer is routed like any other packet.
static void keep_source_only(struct msghdr *message)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    if (!c) {
        message->msg_control = NULL;
        message->msg_controllen = 0;
    } else if (c->cmsg_level == IPPROTO_IPV6) {
        struct in6_pktinfo *info = (struct in6_pktinfo *)(void *)CMSG_DATA(c);
        if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
            info->ipi6_ifindex = 0;
    } else {
        struct in_pktinfo *info = (struct in_pktinfo *)(void *)CMSG_DATA(c);
        info->ipi_spec_dst = info->ipi_addr;
        info->ipi_ifindex = 0;
    }
}

// Turns the received messages into the answers to send, moved together; returns how many.
static int answer(struct udp *u, struct batch *b, int n)
{
    int n_out = 0;
    for (int i = 0; i < n; i++) {
        struct msghdr *message = &b->messages[i].msg_hdr;
        ssize_t len = u->on_datagram(u, b->in[i], b->messages[i].msg_len, (struct sockaddr *)&b->from[i], b->out[i]);
        if (len <= 0)
            continue;
        keep_source_only(message);
        *message->msg_iov = (struct iovec){ .iov_base = b->out[i], .iov_len = (size_t)len };
        message->msg_flags = 0;
        b->messages[n_out++].msg_hdr = *message;
    }
    return n_out;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct udp *u = CONTAINER_OF(poll, struct udp, poll);
    struct batch b;
    for (int i = 0; i < MAX_BATCHES; i++) {
        int n = receive(u, &b);
        if (n <= 0)
            return;
        int n_out = answer(u, &b, n);
        // What the socket doesn't take is lost, as datagrams are; an error on one must not keep the others back.
        for (int sent = 0; sent < n_out;) {
            int more = sendmmsg(u->fd, b.messages + sent, (unsigned)(n_out - sent), MSG_DONTWAIT);
            sent += more > 0 ? more : 1;
        }
        if (n < BATCH)
            return;
    }
}

int udp_open(struct udp *u, uv_loop_t *loop, int fd)
{
    int family = AF_INET, on = 1, err;
    socklen_t len = sizeof family;
    err = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
    if (!err && family == AF_INET6)
        err = setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    else if (!err)
        err = setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    err = err ? -errno : uv_poll_init(loop, &u->poll, fd);
    if (err) {
        close(fd);
        return err;
    }
    u->fd = fd;
    uv_poll_start(&u->poll, UV_READABLE, on_poll);
    return 0;
}

void udp_close(struct udp *u)
{
    uv_close((uv_handle_t *)&u->poll, NULL);
    close(u->fd);
}
