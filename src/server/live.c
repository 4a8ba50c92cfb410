// SPDX-License-Identifier: MIT
// All that the settings say, made ready for use; see live.h.
#include "server/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

static int begin_sites(struct live *l, const struct own_addresses *own, char error[CONFIG_ERROR_LEN])
{
    l->sites = calloc(l->set.n_sites, sizeof *l->sites);
    if (!l->sites) {
        snprintf(error, CONFIG_ERROR_LEN, "out of memory");
        return -EIO;
    }
    int err = 0;
    while (l->n_sites < l->set.n_sites && !err) {
        err = site_init(&l->sites[l->n_sites], &l->set.sites[l->n_sites], own, error);
        l->n_sites++;
    }
    return err;
}

static int read_proxies(struct live *l, char error[CONFIG_ERROR_LEN])
{
    const struct config_list *list = &l->config->behind_proxy;
    l->proxies = calloc(list->n + 1, sizeof *l->proxies);
    if (!l->proxies) {
        snprintf(error, CONFIG_ERROR_LEN, "out of memory");
        return -EIO;
    }
    for (size_t i = 0; i < list->n; i++)
        if (addr_parse_prefix(&l->proxies[i], span_of(list->items[i])) != 0)
            return config_fault(error, &CONFIG_CLAIM(l->config, behind_proxy, list->items[i]),
                                "takes addresses such as 10.0.0.0/8 or ::1, not '%.64s'", list->items[i]);
    return 0;
}

static void fill_carriers(struct live *l)
{
    const struct config *c = l->config;
    l->engineio = (struct engineio_opts){ .ping_interval_ms = (uint64_t)c->ping_interval,
                                          .ping_timeout_ms = (uint64_t)c->ping_timeout,
                                          .connect_timeout_ms = (uint64_t)c->connect_timeout,
                                          .login_ms = (uint64_t)c->login_timeout,
                                          .upgrade_timeout_ms = (uint64_t)c->upgrade_timeout,
                                          .message_ms = (uint64_t)c->message_timeout,
                                          .max_payload = (uint64_t)c->max_payload };
    l->websocket = (struct websocket_opts){
        .limits = { .max_message = (uint64_t)c->max_message, .max_fragments = (uint32_t)c->max_fragments },
        .ping_interval_ms = (uint64_t)c->ws_ping_interval,
        .ping_timeout_ms = (uint64_t)c->ws_ping_timeout,
        .message_ms = (uint64_t)c->message_timeout,
        .login_ms = (uint64_t)c->login_timeout,
        .max_controls = (uint32_t)c->max_controls,
    };
}

static void live_free(struct live *l)
{
    for (size_t i = 0; i < l->n_sites; i++)
        site_fini(&l->sites[i]);
    free(l->sites);
    free(l->proxies);
    config_free(&l->set);
    free(l);
}

int live_read(struct live **live, struct config_set *set, const struct own_addresses *own, char error[CONFIG_ERROR_LEN])
{
    struct live *l = calloc(1, sizeof *l);
    if (!l) {
        snprintf(error, CONFIG_ERROR_LEN, "out of memory");
        return -EIO;
    }
    atomic_init(&l->n_holders, 1);
    config_move(&l->set, set);
    l->config = l->set.sites;
    fill_carriers(l);
    int err = begin_sites(l, own, error);
    err = err ? err : read_proxies(l, error);
    err = err ? err : limits_read(&l->limits, l->config, error);
    if (err)
        live_free(l);
    else
        *live = l;
    return err;
}

struct live *live_hold(struct live *l)
{
    atomic_fetch_add(&l->n_holders, 1);
    return l;
}

void live_offer(struct live *l)
{
    atomic_fetch_add(&l->n_settling, 1);
}

void live_settle(struct live *l)
{
    const char *file = l->set.settings.file;
    if (atomic_fetch_sub(&l->n_settling, 1) == 1)
        log_write(LOG_INFO, "configuration read again", LOG_TEXT("file", file ? file : "none"));
}

void live_release(struct live *l)
{
    if (l && atomic_fetch_sub(&l->n_holders, 1) == 1)
        live_free(l);
}
