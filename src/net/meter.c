// SPDX-License-Identifier: MIT
// How fast one connection talks; see meter.h.
#include "net/meter.h"

#include <errno.h>

enum { MAX_DOUBLINGS = 6, ADVANCE_OF_BURST = 128, MAX_ADVANCE = 1 << 20 };

static uint64_t now_ms(const struct meters *m)
{
    return m->deadlines->clock->now_ms(m->deadlines);
}

void meters_init(struct meters *m, struct deadlines *deadlines, const struct meter_ops *ops)
{
    *m = (struct meters){ .ops = ops, .deadlines = deadlines };
    pool_init(&m->pool, sizeof(struct meter), false);
}

void meters_fini(struct meters *m)
{
    pool_fini(&m->pool);
}

// Gives back what was taken in advance.
static void settle(struct meter *m)
{
    for (int i = 0; i < N_FLOWS; i++) {
        bucket_give(&m->buckets[i], &m->home->opts.flows[i], m->left[i]);
        if (m->source && m->left[i])
            source_refund(m->source, (enum flow)i, m->left[i]);
        m->left[i] = 0;
    }
}

void meter_return(struct meter **owner)
{
    struct meter *m = *owner;
    if (!m)
        return;
    settle(m);
    deadline_cancel(&m->deadline);
    *owner = NULL;
    pool_give(&m->home->pool, m);
}

static bool is_needed(const struct meter *m)
{
    uint64_t now = now_ms(m->home);
    for (int i = 0; i < N_FLOWS; i++)
        if (!bucket_is_full(&m->buckets[i], now))
            return true;
    return false;
}

static void look_in(struct meter *m, uint64_t ms)
{
    deadline_set(m->home->deadlines, &m->deadline, ms);
}

// To be looked at when the debt is paid, or when patience ends before that.
static void wait(struct meter *m, uint64_t now)
{
    uint64_t end_ms = m->since_ms + m->home->opts.patience_ms;
    uint64_t next_ms = m->until_ms < end_ms ? m->until_ms : end_ms;
    look_in(m, next_ms > now ? next_ms - now : 0);
}

static void begin_waiting(struct meter *m, enum flow flow, uint64_t ms)
{
    uint64_t now = now_ms(m->home);
    bool is_new = !m->is_waiting;
    if (is_new && now >= m->until_ms + METER_PAUSE_MS)
        m->since_ms = now;
    m->until_ms = is_new || now + ms > m->until_ms ? now + ms : m->until_ms;
    m->flow = flow;
    m->is_waiting = true;
    wait(m, now);
    if (!is_new)
        return;
    m->home->stats.n_waits[flow]++;
    m->home->ops->on_wait(m->owner);
}

static void end_waiting(struct meter *m)
{
    uint64_t now = now_ms(m->home);
    if (now >= m->since_ms + m->home->opts.patience_ms) {
        m->home->stats.n_excesses[m->flow]++;
        m->home->ops->on_excess(m->owner, m->flow);
    } else if (now < m->until_ms) {
        wait(m, now);
    } else {
        m->is_waiting = false;
        look_in(m, METER_PAUSE_MS);
        m->home->ops->on_go_on(m->owner);
    }
}

static void on_due(struct deadline *d)
{
    struct meter *m = CONTAINER_OF(d, struct meter, deadline);
    if (m->is_waiting) {
        end_waiting(m);
        return;
    }
    settle(m);
    if (is_needed(m) || now_ms(m->home) < m->until_ms + METER_PAUSE_MS)
        look_in(m, METER_PAUSE_MS);
    else
        meter_return(m->owner);
}

static struct meter *take(struct meters *home, struct meter **owner, struct source *source)
{
    struct meter *m = pool_take(&home->pool);
    if (!m)
        return NULL;
    *m = (struct meter){ .home = home, .owner = owner, .source = source };
    deadline_init(&m->deadline, on_due);
    look_in(m, METER_PAUSE_MS);
    *owner = m;
    return m;
}

// How much to take when N are wanted.
static uint32_t advance(struct meter *m, enum flow flow, uint32_t n)
{
    const struct bucket_rate *rate = &m->home->opts.flows[flow];
    uint64_t most = rate->per_s ? rate->burst / ADVANCE_OF_BURST : MAX_ADVANCE;
    uint64_t want = (uint64_t)n << m->n_advances[flow];
    m->n_advances[flow] += m->n_advances[flow] < MAX_DOUBLINGS;
    want = want < most ? want : most;
    return want > n ? (uint32_t)want : n;
}

int meter_charge(struct meters *home, struct meter **owner, struct source *source, enum flow flow, uint32_t n)
{
    struct meter *m = *owner ? *owner : take(home, owner, source);
    if (!m)
        return -ENOMEM;
    const struct bucket_rate *rate = &home->opts.flows[flow];
    uint64_t now = now_ms(home), own_ms = 0;
    n -= m->left[flow];
    uint32_t taken = advance(m, flow, n);
    if (!bucket_try(&m->buckets[flow], rate, taken, now)) { // nobody is to wait for what may not be used
        taken = n;
        own_ms = bucket_take(&m->buckets[flow], rate, n, now);
    }
    m->left[flow] = taken - n;
    uint64_t all_ms = m->source ? source_charge(m->source, flow, taken, now) : 0;
    if (own_ms || all_ms)
        begin_waiting(m, flow, own_ms > all_ms ? own_ms : all_ms);
    return 0;
}
