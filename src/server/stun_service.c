// SPDX-License-Identifier: MIT
// Answers STUN Binding requests; see stun_service.h.
#include "server/stun_service.h"

#include "net/sock.h"
#include "proto/stun.h"

_Static_assert((int)STUN_MAX_REPLY <= (int)UDP_MAX_REPLY, "a reply fits the buffer for it");

static ssize_t on_datagram(struct udp *u, const uint8_t *p, size_t len, const struct sockaddr *from, uint8_t *out)
{
    struct stun_service *s = u->user;
    struct addr addr = addr_of_sockaddr(from);
    int port = sock_port(from);
    enum stun_result result = STUN_ANSWERED;
    ssize_t reply_len = 0;
    if (port < STUN_LEAST_PORT || port == s->port)
        result = STUN_MISPLACED;
    else if ((reply_len = stun_reply(p, len, from, out)) <= 0)
        result = STUN_MALFORMED;
    else if (!answer_limit_take(s->limit, &addr, uv_now(u->poll.loop)))
        result = STUN_LIMITED;
    s->stats->n[addr_is_ipv4(&addr) ? STUN_IPV4 : STUN_IPV6][result]++;
    return result == STUN_ANSWERED ? reply_len : 0;
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
