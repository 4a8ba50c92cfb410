// SPDX-License-Identifier: MIT
// The settings that can change while workers run; see live.h.
#include "server/live.h"

#include <stdlib.h>

struct live *live_new(const struct config *sites, size_t n, struct config_set *set)
{
    struct live *l = calloc(1, sizeof *l + n * sizeof *l->origins);
    if (!l)
        return NULL;
    const struct config *c = &sites[0];
    atomic_init(&l->n_holders, 1);
    l->websocket = (struct websocket_opts){
        .limits = { .max_message = (uint64_t)c->max_message, .max_fragments = (uint32_t)c->max_fragments },
        .ping_interval_ms = (uint64_t)c->ws_ping_interval,
        .ping_timeout_ms = (uint64_t)c->ws_ping_timeout,
        .message_ms = (uint64_t)c->message_timeout,
        .max_controls = (uint32_t)c->max_controls,
    };
    l->head_timeout_ms = (uint64_t)c->head_timeout;
    l->drain_ms = (uint64_t)c->drain_time;
    for (size_t i = 0; i < n; i++)
        l->origins[i] = (struct origin_list){ sites[i].allow_origin.items, sites[i].allow_origin.n };
    if (set) {
        l->set = *set;
        *set = (struct config_set){ 0 };
    }
    return l;
}

struct live *live_hold(struct live *l)
{
    atomic_fetch_add(&l->n_holders, 1);
    return l;
}

void live_release(struct live *l)
{
    if (!l || atomic_fetch_sub(&l->n_holders, 1) > 1)
        return;
    config_free(&l->set);
    free(l);
}
