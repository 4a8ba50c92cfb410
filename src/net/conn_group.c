// SPDX-License-Identifier: MIT
// All connections of one loop; see conn_group.h.
#include "net/conn_group.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

static struct conn *first_of(struct list *conns)
{
    return CONTAINER_OF(conns->next, struct conn, in_group);
}

// Left alone, the heap gives back only what lies at its end, behind everything that lives on.
static void on_trim(struct deadline *d)
{
    pool_trim(&CONTAINER_OF(d, struct conn_group, trim)->chunk_pool);
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

int conn_group_init(struct conn_group *g, uv_loop_t *loop, struct deadlines *deadlines)
{
    *g = (struct conn_group){ .loop = loop, .deadlines = deadlines, .recv_buf = malloc(CONN_BUFFER_SIZE) };
    turn_init(&g->turn);
    list_init(&g->conns);
    list_init(&g->to_flush);
    meters_init(&g->meters, deadlines, &meter_ops);
    deadline_init(&g->trim, on_trim);
    pool_init(&g->conn_pool, sizeof(struct conn), false);
    pool_init(&g->chunk_pool, OUTQ_CHUNK_SIZE, true);
    return g->recv_buf ? 0 : -ENOMEM;
}

void conn_group_flush(struct conn_group *g)
{
    turn_end(&g->turn);
    struct list batch;
    list_take(&batch, &g->to_flush);
    while (!list_is_empty(&batch))
        conn_flush(first_of(&batch));
    if (g->chunk_pool.n_empty > 1)
        conn_trim_later(g);
}

void conn_group_shed(struct conn_group *g, size_t n)
{
    // Those that were asked go to the end of the list, so that those that were not stand at its start.
    while (n-- && !list_is_empty(&g->conns)) {
        struct conn *c = first_of(&g->conns);
        if (c->is_shed)
            return;
        list_remove(&c->in_group);
        list_append(&g->conns, &c->in_group);
        conn_shed(c);
    }
}

static void close_all(struct list *conns)
{
    LIST_EACH(conns, node)
    conn_close(CONTAINER_OF(node, struct conn, in_group), UV_ECANCELED);
}

void conn_group_close(struct conn_group *g)
{
    close_all(&g->conns);
    close_all(&g->to_flush);
}

void conn_group_fini(struct conn_group *g)
{
    meters_fini(&g->meters);
    pool_fini(&g->conn_pool);
    pool_fini(&g->chunk_pool);
    free(g->recv_buf);
}
