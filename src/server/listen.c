// SPDX-License-Identifier: MIT
// Where to listen; see listen.h.
#include "server/listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"

static int parse_port(const char *text)
{
    size_t len = strlen(text);
    if (!len || len > 5 || strspn(text, "0123456789") != len)
        return -EINVAL;
    long port = strtol(text, NULL, 10);
    return port <= 65535 ? (int)port : -EINVAL;
}

// Copies the host, without the brackets around an IPv6 address. 0 or -EINVAL.
static int set_host(struct listen_place *l, struct span host)
{
    if (host.len && host.p[0] == '[') {
        if (host.len < 4 || host.p[host.len - 1] != ']')
            return -EINVAL;
        host = (struct span){ host.p + 1, host.len - 2 };
    } else if (host.len && memchr(host.p, ':', host.len)) {
        return -EINVAL; // where would the port begin?
    } else if (span_equal(host, SPAN("*"))) {
        host.len = 0;
    }
    if (host.len >= LISTEN_HOST_LEN)
        return -EINVAL;
    if (host.len)
        memcpy(l->host, host.p, host.len);
    l->host[host.len] = 0;
    return 0;
}

int listen_parse(struct listen_place *l, const char *text)
{
    static const char tls[] = "tls:";
    *l = (struct listen_place){ .is_tls = strncmp(text, tls, strlen(tls)) == 0 };
    text += l->is_tls ? strlen(tls) : 0;
    const char *colon = strrchr(text, ':');
    if (!colon)
        return -EINVAL;
    l->port = parse_port(colon + 1);
    return l->port < 0 ? -EINVAL : set_host(l, (struct span){ text, (size_t)(colon - text) });
}

void listen_put_url(const struct listen_place *l, const char *host, char out[LISTEN_URL_LEN])
{
    bool is_ipv6 = strchr(host, ':') != NULL;
    snprintf(out, LISTEN_URL_LEN, "%s://%s%.*s%s:%d/", l->is_tls ? "https" : "http", is_ipv6 ? "[" : "",
             LISTEN_HOST_LEN - 1, host, is_ipv6 ? "]" : "", l->bound_port);
}
