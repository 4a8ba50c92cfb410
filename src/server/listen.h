// SPDX-License-Identifier: MIT
// Where to listen, as the command line says it: [tls:]HOST:PORT.
#ifndef STROWGER_SERVER_LISTEN_H
#define STROWGER_SERVER_LISTEN_H

#include <stdbool.h>

enum { LISTEN_HOST_LEN = 256 };

struct listen_place {
    char host[LISTEN_HOST_LEN]; // empty: every address of this machine
    int port;                   // 0: a free one
    int bound_port;             // which that was, once somebody listens there
    bool is_tls;
};

// Reads TEXT: a name or address, or nothing or "*" for all, an IPv6 address in brackets; a port; "tls:" before it all
// where TLS is spoken. 0 or -EINVAL.
[[gnu::warn_unused_result]] int listen_parse(struct listen_place *l, const char *text);

// Writes the URL of what is to be seen at L's bound port, with HOST for its host.
enum { LISTEN_URL_LEN = LISTEN_HOST_LEN + 32 };
void listen_put_url(const struct listen_place *l, const char *host, char out[LISTEN_URL_LEN]);

#endif
