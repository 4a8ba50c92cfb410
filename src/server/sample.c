// SPDX-License-Identifier: MIT
// What one worker has counted; see sample.h.
#include "server/sample.h"

#include "server/station.h"

// Adds N counters.
static void add(uint64_t *sum, const uint64_t *more, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += more[i];
}

_Static_assert(sizeof(struct sample) % sizeof(uint64_t) == 0, "a sample is a row of counters");

void sample_add(struct sample *sum, const struct sample *more)
{
    add((uint64_t *)sum, (const uint64_t *)more, sizeof *sum / sizeof(uint64_t));
}

uint64_t sample_turned_away(const struct sample *sample)
{
    uint64_t n = 0;
    for (size_t i = 0; i < N_DIALECTS; i++)
        n += sample->dialects[i].n_turned_away;
    return n;
}

static void add_mount(struct sample *sample, const struct mount *m)
{
    size_t i = dialect_number(m->dialect);
    sample->n_mounts[i]++;
    add((uint64_t *)&sample->dialects[i], (const uint64_t *)&m->realm->traffic,
        sizeof(struct traffic) / sizeof(uint64_t));
    for (size_t j = 0; m->choices && m->dialect->choices[j]; j++)
        add_mount(sample, &m->choices[j]);
    for (size_t j = 0; j < m->n_namespaces; j++)
        add_mount(sample, &m->namespaces[j]);
}

static uint64_t pool_len(const struct pool *p)
{
    return p->n_in_use * p->item_size;
}

void sample_take(struct sample *sample, const struct station *s)
{
    const struct conn_group *conns = &s->worker.conns;
    *sample = (struct sample){ .conns = conns->stats,
                               .meters = conns->meters.stats,
                               .worker = s->worker.stats,
                               .stun = s->stun_stats,
                               .n_credentials = s->n_credentials,
                               .queue_len = outq_memory_len(&conns->out_memory) + conns->session_len,
                               .begun_len = conns->begun_len };
    const struct pool *pools[] = { &conns->conn_pool,     &conns->out_memory.chunks,
                                   &s->http_pool,         &s->ws_pool,
                                   &s->socket_pool,       &s->engineio_home.session_pool,
                                   &s->switchboard.seats, &s->switchboard.roster.block_pool,
                                   &conns->meters.pool };
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++)
        sample->memory_len += pool_len(pools[i]);
    for (size_t i = 0; i < s->n_branches; i++)
        for (size_t j = 0; j < s->branches[i].mounts.n; j++)
            if (!s->branches[i].mounts.list[j].is_alias)
                add_mount(sample, &s->branches[i].mounts.list[j]);
}
