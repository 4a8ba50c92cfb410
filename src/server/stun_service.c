// SPDX-License-Identifier: MIT
// Answers STUN Binding requests; see stun_service.h.
#include "server/stun_service.h"

#include "proto/stun.h"

_Static_assert((int)STUN_MAX_REPLY <= (int)UDP_MAX_REPLY, "a reply fits the buffer for it");

static ssize_t on_datagram(struct udp *u, const uint8_t *p, size_t len, const struct sockaddr *from, uint8_t *out)
{
    struct stun_service *s = u->user;
    ssize_t n = stun_reply(p, len, from, out);
    if (n > 0)
        s->stats.n_answered++;
    else
        s->stats.n_dropped++;
    return n;
}

int stun_service_open(struct stun_service *s, uv_loop_t *loop, int fd)
{
    *s = (struct stun_service){ .udp = { .on_datagram = on_datagram, .user = s } };
    return udp_open(&s->udp, loop, fd);
}

void stun_service_close(struct stun_service *s)
{
    udp_close(&s->udp);
}
