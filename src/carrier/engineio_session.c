// SPDX-License-Identifier: MIT
// An Engine.IO session; see engineio_session.h.
#include "carrier/engineio_session.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/rand.h"

static struct engineio_session *of_sid(const struct map_node *node)
{
    return CONTAINER_OF(node, struct engineio_session, by_sid);
}

static struct span sid_key(const struct map_node *node)
{
    return (struct span){ of_sid(node)->sid, ENGINEIO_SID_LEN };
}

void engineio_home_init(struct engineio_home *home, const struct engineio_opts *opts, struct conn_group *conns)
{
    *home = (struct engineio_home){ .opts = opts, .conns = conns };
    map_init(&home->sessions, sid_key);
    pool_init(&home->session_pool, sizeof(struct engineio_session) + ENGINEIO_RIDER_SIZE, false);
}

void engineio_home_close(struct engineio_home *home)
{
    struct map_node *node;
    while ((node = map_next(&home->sessions, NULL)))
        engineio_session_end(of_sid(node), ENDING_SHUTDOWN);
}

void engineio_home_fini(struct engineio_home *home)
{
    map_fini(&home->sessions);
    pool_fini(&home->session_pool);
}

static uint64_t silent_ms(const struct engineio_session *e)
{
    return uv_now(e->home->conns->loop) - e->heard_at;
}

static uint64_t max_silence_ms(const struct engineio_session *e)
{
    return (uint64_t)e->ping_interval_ms + e->ping_timeout_ms;
}

struct engineio_session *engineio_session_find(const struct engineio_home *home, const struct mount *mount,
                                               struct span sid)
{
    struct map_node *node = map_find(&home->sessions, sid);
    if (!node || of_sid(node)->mount != mount)
        return NULL;
    struct engineio_session *e = of_sid(node);
    uv_update_time(home->conns->loop); // this turn may have begun before the session was overdue
    if (silent_ms(e) < max_silence_ms(e))
        return e;
    engineio_session_expire(e, ENDING_SILENT);
    return NULL;
}

// ---- the queue

struct engineio_queued *engineio_session_shift(struct engineio_session *e)
{
    if (!e->last)
        return NULL;
    struct engineio_queued *q = e->last->next;
    if (q == e->last)
        e->last = NULL;
    else
        e->last->next = q->next;
    size_t size = sizeof *q + q->packet.data.len;
    e->queue_len -= (uint32_t)size;
    e->home->conns->session_len -= size;
    return q;
}

bool engineio_session_has_binary(const struct engineio_session *e)
{
    const struct engineio_queued *q = e->last;
    do {
        if (q && q->packet.is_binary)
            return true;
        q = q ? q->next : NULL;
    } while (q != e->last);
    return false;
}

static void drop_queue(struct engineio_session *e)
{
    struct engineio_queued *q;
    while ((q = engineio_session_shift(e)))
        free(q);
}

// How much may wait before something more does. Who reads quickly has something waiting, too, until its next request comes.
static size_t max_queue(const struct engineio_session *e)
{
    size_t max_message = (size_t)e->home->opts->max_payload;
    if (e->home->conns->allowance < CONN_ALLOWANCE)
        return CONN_TIGHT_ALLOWANCE;
    return max_message > CONN_ALLOWANCE ? max_message : CONN_ALLOWANCE;
}

static void enqueue(struct engineio_session *e, const struct engineio_packet *packet, const struct span *parts,
                    size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += parts[i].len;
    size_t size = sizeof(struct engineio_queued) + len;
    bool is_too_much = e->queue_len > max_queue(e);
    struct engineio_queued *q = is_too_much ? NULL : malloc(size);
    if (!q) {
        e->home->conns->stats.n_ended[ENDING_OVERFLOWED] += is_too_much;
        engineio_session_end_later(e, is_too_much ? ENDING_OVERFLOWED : ENDING_OUT_OF_MEMORY);
        return;
    }
    *q = (struct engineio_queued){ .packet = *packet };
    q->packet.data = (struct span){ q->data, len };
    char *at = q->data;
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len)
            memcpy(at, parts[i].p, parts[i].len);
        at += parts[i].len;
    }
    q->next = e->last ? e->last->next : q;
    if (e->last)
        e->last->next = q;
    e->last = q;
    e->queue_len += (uint32_t)size;
    e->home->conns->session_len += size;
    turn_put_off(&e->home->conns->turn, &e->at_turn_end);
}

static void put(struct engineio_session *e, const struct engineio_packet *packet, const struct span *parts, size_t n)
{
    if (!engineio_session_is_open(e))
        return;
    if (e->transport->send)
        e->transport->send(e, packet, parts, n);
    else
        enqueue(e, packet, parts, n);
}

void engineio_session_send(struct engineio_session *e, bool is_binary, const struct span *parts, size_t n)
{
    struct engineio_packet packet = { .type = ENGINEIO_MESSAGE, .is_binary = is_binary };
    put(e, &packet, parts, n);
}

void engineio_session_send_packet(struct engineio_session *e, enum engineio_type type, struct span data)
{
    struct engineio_packet packet = { .type = type };
    put(e, &packet, &data, 1);
}

// ---- the heartbeat

// Has the heartbeat come when the client has been silent for MS.
static void set_heartbeat(struct engineio_session *e, uint64_t ms)
{
    uint64_t silent = silent_ms(e);
    deadline_set(e->home->conns->deadlines, &e->heartbeat, silent < ms ? ms - silent : 0);
}

// Version 4: the server pings, and the client must answer. Version 3: the client must ping. Pings set out a tick early,
// since deadlines are late rather than early, and in the long run come when they should.
static void on_heartbeat(struct deadline *d)
{
    struct engineio_session *e = CONTAINER_OF(d, struct engineio_session, heartbeat);
    if (e->link.version == ENGINEIO_3 || e->state != ENGINEIO_STATE_OPEN) {
        engineio_session_expire(e, ENDING_SILENT);
        return;
    }
    e->state = ENGINEIO_STATE_PINGED; // now: a ping that is too much for the queue ends it
    set_heartbeat(e, max_silence_ms(e));
    engineio_session_send_packet(e, ENGINEIO_PING, SPAN(""));
}

static void start_heartbeat(struct engineio_session *e)
{
    uint64_t to_ping_ms = e->ping_interval_ms - DEADLINE_TICK_MS;
    e->heard_at = uv_now(e->home->conns->loop);
    set_heartbeat(e, e->link.version == ENGINEIO_3 ? max_silence_ms(e) : to_ping_ms);
}

// ---- the life of a session

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void engineio_make_sid(char sid[ENGINEIO_SID_LEN])
{
    unsigned char random[ENGINEIO_SID_LEN];
    rand_fill(random, sizeof random);
    for (size_t i = 0; i < ENGINEIO_SID_LEN; i++)
        sid[i] = letters[random[i] & 63];
}

int engineio_session_worker(const struct engineio_home *home, struct span sid)
{
    const char *letter = sid.len == ENGINEIO_SID_LEN ? memchr(letters, sid.p[0], sizeof letters - 1) : NULL;
    return letter && letter - letters < home->n_workers ? (int)(letter - letters) : home->worker;
}

static void on_turn_end(struct turn_task *t)
{
    struct engineio_session *e = CONTAINER_OF(t, struct engineio_session, at_turn_end);
    if (e->state == ENGINEIO_STATE_ENDED) {
        pool_give(&e->home->session_pool, e);
        return;
    }
    e->transport->flush(e);
    if (e->state == ENGINEIO_STATE_ENDING)
        engineio_session_end(e, e->ending);
}

struct engineio_session *engineio_session_new(struct engineio_home *home, const struct mount *mount,
                                              const struct engineio_handler *handler, const struct engineio_link *link)
{
    struct engineio_session *e = pool_take(&home->session_pool);
    if (!e)
        return NULL;
    memset(engineio_session_rider(e), 0, ENGINEIO_RIDER_SIZE);
    *e = (struct engineio_session){ .home = home,
                                    .mount = mount,
                                    .handler = handler,
                                    .link = *link,
                                    .ping_interval_ms = (uint32_t)home->opts->ping_interval_ms,
                                    .ping_timeout_ms = (uint32_t)home->opts->ping_timeout_ms };
    engineio_make_sid(e->sid);
    e->sid[0] = letters[home->worker];
    if (map_insert(&home->sessions, &e->by_sid) != 0) {
        pool_give(&home->session_pool, e);
        return NULL;
    }
    turn_task_init(&e->at_turn_end, on_turn_end);
    deadline_init(&e->heartbeat, on_heartbeat);
    start_heartbeat(e);
    return e;
}

void engineio_session_discard(struct engineio_session *e)
{
    deadline_cancel(&e->heartbeat);
    map_remove(&e->home->sessions, &e->by_sid);
    pool_give(&e->home->session_pool, e);
}

void engineio_session_open(struct engineio_session *e)
{
    struct engineio_open open = { .sid = { e->sid, ENGINEIO_SID_LEN },
                                  .interval_ms = e->ping_interval_ms,
                                  .timeout_ms = e->ping_timeout_ms,
                                  .max_payload = (uint32_t)e->home->opts->max_payload,
                                  .can_upgrade = e->link.transport == ENGINEIO_POLLING };
    struct buf json = { 0 };
    if (engineio_put_open(e->link.version, &open, &json) == 0) {
        engineio_session_send_packet(e, ENGINEIO_OPEN, buf_span(&json));
        e->handler->on_open(e);
    } else {
        engineio_session_end_later(e, ENDING_OUT_OF_MEMORY);
    }
    buf_fini(&json);
}

static void receive_ping(struct engineio_session *e, const struct engineio_packet *packet)
{
    if (e->link.version != ENGINEIO_3) {
        engineio_session_end(e, ENDING_PROTOCOL_ERROR);
        return;
    }
    start_heartbeat(e);
    engineio_session_send_packet(e, ENGINEIO_PONG, packet->data);
}

static void receive_pong(struct engineio_session *e)
{
    if (e->link.version == ENGINEIO_3) {
        engineio_session_end(e, ENDING_PROTOCOL_ERROR);
        return;
    }
    e->state = ENGINEIO_STATE_OPEN;
    start_heartbeat(e);
}

void engineio_session_receive(struct engineio_session *e, const struct engineio_packet *packet)
{
    if (!engineio_session_is_open(e))
        return;
    switch (packet->type) {
    case ENGINEIO_MESSAGE:
        e->handler->on_message(e, packet->data, packet->is_binary);
        break;
    case ENGINEIO_PING:
        receive_ping(e, packet);
        break;
    case ENGINEIO_PONG:
        receive_pong(e);
        break;
    case ENGINEIO_CLOSE:
        engineio_session_end(e, ENDING_ASKED);
        break;
    case ENGINEIO_OPEN: // these mean nothing from a client, or not here; the reference ignores them too
    case ENGINEIO_UPGRADE:
    case ENGINEIO_NOOP:
        break;
    }
}

uint64_t engineio_session_conn_number(const struct engineio_session *e)
{
    const struct conn *c = e->transport->conn(e);
    return c ? conn_number(c) : 0;
}

void engineio_session_end(struct engineio_session *e, enum ending why)
{
    if (e->state == ENGINEIO_STATE_ENDED)
        return;
    e->state = ENGINEIO_STATE_ENDED;
    deadline_cancel(&e->heartbeat);
    map_remove(&e->home->sessions, &e->by_sid);
    e->handler->on_close(e, why);
    e->transport->end(e, why);
    drop_queue(e);
    turn_put_off(&e->home->conns->turn, &e->at_turn_end);
}

void engineio_session_expire(struct engineio_session *e, enum ending why)
{
    if (e->state == ENGINEIO_STATE_ENDED)
        return;
    e->home->conns->stats.n_ended[why]++;
    engineio_session_end(e, why);
}

void engineio_session_end_later(struct engineio_session *e, enum ending why)
{
    if (!engineio_session_is_open(e))
        return;
    e->state = ENGINEIO_STATE_ENDING;
    e->ending = why;
    turn_put_off(&e->home->conns->turn, &e->at_turn_end);
}
