// SPDX-License-Identifier: MIT
// Opens the sockets of all places; see sockets.h.
#include "server/sockets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/sock.h"

static int give(struct station *s, const struct place *p, int type, int fd)
{
    return type == SOCK_STREAM ? station_listen(s, p->site, fd, p->where.is_tls) : station_answer_stun(s, fd);
}

// Opens all sockets of TYPE at ADDR, which learns the port when it was 0.
static int open_address(const struct sockets *k, const struct place *p, struct sockaddr *addr, int type)
{
    // A port is shared among the stations, which would hide that somebody else has it already.
    bool is_new = sock_port(addr) && !inherited_has(k->inherited, addr, type);
    int err = is_new ? sock_probe(addr, type) : 0;
    for (size_t i = 0; !err; i++) {
        int fd = inherited_open(k->inherited, addr, type, i, k->n_stations);
        if (fd == -ENOENT)
            return 0;
        if (fd < 0)
            return fd;
        if (!sock_port(addr))
            sock_set_port(addr, sock_bound_port(fd));
        err = give(&k->stations[i % k->n_stations], p, type, fd);
    }
    return err;
}

// Listens at each address of P: with port 0 at the one that the first of them got.
static int open_place(const struct sockets *k, struct place *p)
{
    p->where.bound_port = p->where.port;
    for (int i = 0; i < p->n_addrs; i++) {
        struct sockaddr *addr = (struct sockaddr *)&p->addrs[i];
        sock_set_port(addr, p->where.bound_port);
        int err = open_address(k, p, addr, SOCK_STREAM);
        err = err ? err : open_address(k, p, addr, SOCK_DGRAM);
        if (err)
            return err;
        p->where.bound_port = sock_port(addr);
    }
    return 0;
}

// 0, or a negative errno with *FAILED the place that it is about and nothing left open.
static int open_places(const struct sockets *k, struct places *places, const struct place **failed)
{
    inherited_reset(k->inherited);
    for (size_t i = 0; i < places->n; i++) {
        int err = open_place(k, &places->list[i]);
        if (err) {
            *failed = &places->list[i];
            for (size_t j = 0; j < k->n_stations; j++)
                station_close_endpoints(&k->stations[j]);
            return err;
        }
    }
    return 0;
}

static void complain(const struct place *p, int err, char error[CONFIG_ERROR_LEN])
{
    static const struct {
        int err;
        const char *way_out;
    } known[] = {
        { -EADDRINUSE, "; choose another, or see who has it with `ss -tulpn`" },
        { -EACCES, "; ports below 1024 are root's: start it as root (it gives that up), or by systemd's socket" },
        { -EADDRNOTAVAIL, "; it is none of this machine's addresses" },
        { -EMFILE, "; allow it more open files: ulimit -n" },
    };
    const char *way_out = "";
    char name[PLACE_NAME_LEN];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        way_out = known[i].err == err ? known[i].way_out : way_out;
    config_fault(error, &p->claim, "%s: %s%s", place_put_name(p, name), strerror(-err), way_out);
}

int sockets_open(const struct sockets *k, struct places *places, char error[CONFIG_ERROR_LEN])
{
    enum { MAX_TRIES = 20 };
    const struct place *failed;
    int err = -EADDRINUSE;
    // With port 0 the kernel picks a free TCP port, and the UDP port of that number may be taken: then another is picked.
    for (int i = 0; i < MAX_TRIES && err == -EADDRINUSE; i++) {
        err = open_places(k, places, &failed);
        if (err && failed->where.port)
            break;
    }
    if (!err)
        return 0;
    complain(failed, err, error);
    return -EIO;
}
