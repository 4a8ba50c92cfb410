// SPDX-License-Identifier: MIT
// All connections of one worker; see conn_group.h.
#include "net/conn_group.h"

#include <errno.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/ioctl.h>

static struct conn *first_of(struct list *conns)
{
    return CONTAINER_OF(conns->next, struct conn, in_group);
}

// Left alone, the heap gives back only what lies at its end, behind everything that lives on.
static void on_trim(struct deadline *d)
{
    pool_trim(&CONTAINER_OF(d, struct conn_group, trim)->out_memory.chunks);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static struct conn *of_meter(struct meter **meter)
{
    return CONTAINER_OF(meter, struct conn, meter);
}

static void on_wait(struct meter **meter)
{
    conn_throttle(of_meter(meter), true);
}

static void on_go_on(struct meter **meter)
{
    conn_throttle(of_meter(meter), false);
}

static void on_excess(struct meter **meter, enum flow flow)
{
    struct conn *c = of_meter(meter);
    if (c->state == CONN_OPEN && c->handler->on_excess)
        c->handler->on_excess(c, flow);
    else
        conn_close(c, UV_ECONNABORTED);
}

static const struct meter_ops meter_ops = { .on_wait = on_wait, .on_go_on = on_go_on, .on_excess = on_excess };

// ---- those whose other side doesn't read

enum { MIN_ALLOWANCE = 4096, LOOK_MS = 1000, LOOKS_IN_STALL = 4 };

static void look_again(struct conn_group *g)
{
    uint64_t ms = g->stall_ms / LOOKS_IN_STALL;
    if (!deadline_is_armed(&g->look))
        deadline_set(g->deadlines, &g->look, ms && ms < LOOK_MS ? ms : LOOK_MS);
}

// The kernel takes much ahead, and asks for more late: whether the other side took something is seen there.
static bool has_stalled(struct conn *c)
{
    uint32_t now = (uint32_t)uv_now(c->group->loop);
    int len = 0;
    if (ioctl(c->fd, SIOCOUTQ, &len) == 0 && (uint32_t)len < c->kernel_len)
        c->progress_at = now;
    c->kernel_len = (uint32_t)len;
    return c->group->stall_ms && (uint32_t)(now - c->progress_at) >= c->group->stall_ms;
}

// When too much waits everywhere, less and less may wait for each, so that the slowest go first.
static void set_allowance(struct conn_group *g)
{
    bool is_tight = g->backlog && backlog_is_above(g->backlog, g->max_backlog);
    size_t less = g->allowance == CONN_ALLOWANCE ? CONN_TIGHT_ALLOWANCE : g->allowance / 2;
    g->allowance = !is_tight ? CONN_ALLOWANCE : less > MIN_ALLOWANCE ? less : MIN_ALLOWANCE;
}

static void look_at(struct conn *c)
{
    struct conn_group *g = c->group;
    bool is_large = g->allowance < CONN_ALLOWANCE && conn_out_len(c) > g->allowance;
    if (c->state != CONN_OPEN || (!has_stalled(c) && !is_large))
        return;
    enum ending why = is_large ? ENDING_OVERFLOWED : ENDING_STALLED;
    g->stats.n_ended[why]++;
    if (c->handler->on_stall)
        c->handler->on_stall(c, why);
    else
        conn_close(c, UV_ETIMEDOUT);
}

static void on_look(struct deadline *d)
{
    struct conn_group *g = CONTAINER_OF(d, struct conn_group, look);
    struct list batch, *node;
    set_allowance(g);
    list_take(&batch, &g->blocked);
    while ((node = list_shift(&batch))) {
        list_append(&g->blocked, node);
        look_at(CONTAINER_OF(node, struct conn, in_group));
    }
}

// ---- all together

int conn_group_init(struct conn_group *g, uv_loop_t *loop, struct poller *poller, struct deadlines *deadlines)
{
    *g = (struct conn_group){
        .loop = loop, .poller = poller, .deadlines = deadlines, .recv_buf = malloc(CONN_BUFFER_SIZE)
    };
    turn_init(&g->turn);
    list_init(&g->conns);
    list_init(&g->to_flush);
    list_init(&g->blocked);
    list_init(&g->closed);
    g->allowance = CONN_ALLOWANCE;
    deadline_init(&g->look, on_look);
    meters_init(&g->meters, deadlines, &meter_ops);
    deadline_init(&g->trim, on_trim);
    pool_init(&g->conn_pool, sizeof(struct conn), false);
    outq_memory_init(&g->out_memory);
    return g->recv_buf ? 0 : -ENOMEM;
}

void conn_group_set_limits(struct conn_group *g, const struct conn_limits *limits)
{
    g->sources = limits->sources;
    g->meters.opts = limits->meter;
    g->stall_ms = limits->stall_ms;
    g->backlog = limits->backlog;
    g->max_backlog = limits->max_backlog;
}

static void end_closed(struct conn_group *g)
{
    struct list batch;
    list_take(&batch, &g->closed);
    while (!list_is_empty(&batch))
        conn_end(first_of(&batch));
}

void conn_group_flush(struct conn_group *g)
{
    struct list batch;
    end_closed(g);
    turn_end(&g->turn);
    list_take(&batch, &g->to_flush);
    while (!list_is_empty(&batch))
        conn_flush(first_of(&batch));
    if (g->backlog)
        backlog_report(g->backlog, &g->backlog_len, outq_memory_len(&g->out_memory) + g->session_len + g->begun_len);
    if (!list_is_empty(&g->blocked) || g->session_len || g->begun_len)
        look_again(g);
    if (g->out_memory.chunks.n_empty > 1)
        conn_trim_later(g);
}

// Asks at most N of CONNS to end. Those that were asked go to the end of the list, so that those that were not stand at its
// start. Returns how many.
static size_t shed(struct list *conns, size_t n)
{
    size_t n_asked = 0;
    while (n_asked < n && !list_is_empty(conns) && !first_of(conns)->is_shed) {
        struct conn *c = first_of(conns);
        list_remove(&c->in_group);
        list_append(conns, &c->in_group);
        conn_shed(c);
        n_asked++;
    }
    return n_asked;
}

void conn_group_shed(struct conn_group *g, size_t n)
{
    n -= shed(&g->conns, n);
    shed(&g->blocked, n);
}

static void close_all(struct list *conns)
{
    while (!list_is_empty(conns))
        conn_close(first_of(conns), UV_ECANCELED);
}

void conn_group_close(struct conn_group *g)
{
    close_all(&g->conns);
    close_all(&g->to_flush);
    close_all(&g->blocked);
}

void conn_group_fini(struct conn_group *g)
{
    meters_fini(&g->meters);
    pool_fini(&g->conn_pool);
    outq_memory_fini(&g->out_memory);
    free(g->recv_buf);
}
