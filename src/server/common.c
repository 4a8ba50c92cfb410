// SPDX-License-Identifier: MIT
// What all sites and workers have in common; see common.h.
#include "server/common.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "server/certificates.h"

int common_init(struct common *c, const struct live *live, char error[CONFIG_ERROR_LEN])
{
    bool has_tls = certificates_are_wanted(live->config);
    *c = (struct common){ .sources = sources_new(&live->limits.source), .tls = has_tls ? tls_context_new() : NULL };
    if (c->sources && (c->tls || !has_tls))
        return has_tls ? certificates_load(c->tls, live->config, error) : 0;
    snprintf(error, CONFIG_ERROR_LEN, "out of memory");
    return -EIO;
}

void common_apply(struct common *c, const struct live *live)
{
    struct source_opts opts = live->limits.source;
    limits_fit(&opts, &c->room);
    sources_set_opts(c->sources, &opts);
    log_set_level((enum log_level)live->config->log_level);
    log_set_format((enum log_format)live->config->log_format);
    log_set_rate(live->limits.log);
}

void common_fini(struct common *c)
{
    sources_free(c->sources);
    tls_context_free(c->tls);
}
