// SPDX-License-Identifier: MIT
// Answers STUN Binding requests; see stun_service.h.
#include "server/stun_service.h"

#include "net/sock.h"
#include "proto/stun.h"

_Static_assert((int)STUN_MAX_REPLY <= (int)UDP_MAX_REPLY, "a reply fits the buffer for it");

static ssize_t on_datagram(struct udp *u, const uint8_t *p, size_t len, const struct sockaddr *from, uint8_t *out)
{
    struct stun_service *s = u->user;
    int port = sock_port(from);
    s->stats->n_received++;
    if (port < STUN_LEAST_PORT || port == s->port) {
        s->stats->n_misplaced++;
        return 0;
    }
    ssize_t n = stun_reply(p, len, from, out);
    if (n <= 0) {
        s->stats->n_malformed++;
        return 0;
    }
    struct addr addr = addr_of_sockaddr(from);
    if (!answer_limit_take(s->limit, &addr, uv_now(u->poll.loop))) {
        s->stats->n_limited++;
        return 0;
    }
    return n;
}

int stun_service_open(struct stun_service *s, uv_loop_t *loop, int fd, struct answer_limit *limit,
                      struct stun_stats *stats)
{
    *s = (struct stun_service){
        .udp = { .on_datagram = on_datagram, .user = s }, .limit = limit, .stats = stats, .port = sock_bound_port(fd)
    };
    return udp_open(&s->udp, loop, fd);
}

void stun_service_close(struct stun_service *s)
{
    udp_close(&s->udp);
}
