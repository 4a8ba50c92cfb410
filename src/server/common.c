// SPDX-License-Identifier: MIT
// What all sites and workers have in common; see common.h.
#include "server/common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "server/certificates.h"

static int open_certificates(struct common *c, char error[CONFIG_ERROR_LEN])
{
    if (!certificates_are_wanted(c->config))
        return 0;
    c->tls = tls_context_new();
    if (c->tls)
        return certificates_load(c->tls, c->config, error);
    snprintf(error, CONFIG_ERROR_LEN, "out of memory");
    return -EIO;
}

static int read_proxies(struct common *c, char error[CONFIG_ERROR_LEN])
{
    const struct config_list *list = &c->config->behind_proxy;
    c->proxies = calloc(list->n + 1, sizeof *c->proxies);
    if (!c->proxies) {
        snprintf(error, CONFIG_ERROR_LEN, "out of memory");
        return -EIO;
    }
    for (size_t i = 0; i < list->n; i++)
        if (addr_parse_prefix(&c->proxies[i], span_of(list->items[i])) != 0) {
            snprintf(error, CONFIG_ERROR_LEN, "--behind-proxy takes addresses such as 10.0.0.0/8 or ::1, not '%.64s'",
                     list->items[i]);
            return -EINVAL;
        }
    return 0;
}

static void fill_engineio(struct common *c)
{
    const struct config *o = c->config;
    c->engineio = (struct engineio_opts){ .ping_interval_ms = (uint64_t)o->ping_interval,
                                          .ping_timeout_ms = (uint64_t)o->ping_timeout,
                                          .connect_timeout_ms = (uint64_t)o->connect_timeout,
                                          .login_ms = (uint64_t)o->login_timeout,
                                          .upgrade_timeout_ms = (uint64_t)o->upgrade_timeout,
                                          .max_payload = (uint64_t)o->max_payload };
}

int common_init(struct common *c, const struct config *config, char error[CONFIG_ERROR_LEN])
{
    *c = (struct common){ .config = config };
    fill_engineio(c);
    int err = open_certificates(c, error);
    err = err ? err : read_proxies(c, error);
    err = err ? err : limits_init(&c->limits, c->config, error);
    if (!err)
        log_set_rate(c->limits.log);
    return err;
}

void common_fill(const struct common *c, struct station_opts *opts)
{
    const struct config *o = c->config;
    *opts = (struct station_opts){
        .engineio = &c->engineio,
        .limits = c->limits.conns,
        .stun_limit = &c->limits.stun,
        .ice_limit = &c->limits.ice,
        .how = { .tls = c->tls,
                 .proxies = c->proxies,
                 .n_proxies = o->behind_proxy.n,
                 .greeting_ms = (uint64_t)o->handshake_timeout },
    };
}

void common_fini(struct common *c)
{
    free(c->proxies);
    limits_fini(&c->limits);
    tls_context_free(c->tls);
}
