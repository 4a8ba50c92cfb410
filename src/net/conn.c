// SPDX-License-Identifier: MIT
// Bytes on one TCP connection; see conn.h.
#include "net/conn.h"

#include <errno.h>
#include <unistd.h>

#include "net/proxy_protocol.h"

enum { MAX_RECORDS = 4 }; // encrypted before they are sent

const struct histogram_scale conn_handshake_scale = {
    .per_unit = 1e3,
    .bounds = { 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, UINT64_MAX },
};

static void drop_output(struct conn *c)
{
    outq_clear(&c->out, &c->group->out_memory);
    if (c->tls)
        outq_clear(&c->tls->bio.out, &c->group->out_memory);
}

static int try_to_watch(struct conn *c)
{
    bool wants_read = !c->has_eof && ((!c->is_paused && !c->is_throttled && !c->is_full) || c->state == CONN_FINISHING);
    bool is_closed = c->state == CONN_CLOSED;
    unsigned events = is_closed ? 0 : (wants_read ? EPOLLIN : 0) | (c->is_blocked ? EPOLLOUT : 0);
    int err = poller_watch(c->group->poller, c->fd, c, c->watched, events);
    if (!err)
        c->watched = events & (EPOLLIN | EPOLLOUT);
    return err;
}

static void watch(struct conn *c)
{
    int err = try_to_watch(c);
    if (err)
        conn_close(c, err);
}

// Whether what comes first on the connection has not all come, and the handler knows of nothing yet.
static bool is_greeting(const struct conn *c)
{
    return c->state < CONN_OPEN;
}

static void set_state(struct conn *c, enum conn_state state)
{
    if (is_greeting(c))
        c->meter = NULL;
    c->state = state;
}

static void fail_greeting(struct conn *c, int err)
{
    c->group->stats.n_failed++;
    conn_close(c, err);
}

static void on_due(struct deadline *d)
{
    struct conn *c = CONTAINER_OF(d, struct conn, deadline);
    if (is_greeting(c))
        fail_greeting(c, UV_ETIMEDOUT);
    else if (c->state == CONN_OPEN && c->handler->on_deadline)
        c->handler->on_deadline(c);
    else
        conn_close(c, UV_ETIMEDOUT);
}

// ---- how fast it talks

void conn_throttle(struct conn *c, bool is_throttled)
{
    c->is_throttled = is_throttled;
    watch(c);
}

void conn_charge_slowly(struct conn *c, enum flow flow, uint32_t n)
{
    if (c->state == CONN_OPEN && meter_charge(&c->group->meters, &c->meter, c->source, flow, n) != 0)
        conn_close(c, UV_ENOMEM);
}

// ---- beginning and end

// Puts C where it belongs among its group's.
static void place(struct conn *c)
{
    struct conn_group *g = c->group;
    struct list *rest = c->is_blocked ? &g->blocked : &g->conns;
    list_remove(&c->in_group);
    if (c->state == CONN_CLOSED)
        list_append(&g->closed, &c->in_group);
    else if (c->is_waiting)
        list_append(&g->to_flush, &c->in_group);
    else if (c->is_shed)
        list_append(rest, &c->in_group);
    else
        list_prepend(rest, &c->in_group); // see conn_group_shed()
}

struct conn *conn_make(struct conn_group *g, const struct conn_transfer *t, const struct conn_handler *handler,
                       void *user)
{
    struct conn *c = pool_take(&g->conn_pool);
    if (!c)
        return NULL;
    *c = (struct conn){ .group = g, .handler = handler, .user = user, .fd = t->fd, .state = CONN_OPEN };
    if (try_to_watch(c) != 0) {
        pool_give(&g->conn_pool, c);
        return NULL;
    }
    c->tls = t->tls;
    if (c->tls)
        c->tls->bio.memory = &g->out_memory;
    c->source = t->source;
    c->is_told = t->is_told;
    c->is_extra = t->is_extra;
    c->is_counted = t->sources != NULL;
    c->is_apart = c->is_shed = t->is_apart;
    c->verdict = t->verdict;
    list_init(&c->in_group);
    place(c);
    deadline_init(&c->deadline, on_due);
    g->stats.n_open += !c->is_apart;
    return c;
}

static void set_waiting(struct conn *c, bool is_waiting)
{
    if (c->is_waiting == is_waiting)
        return;
    c->is_waiting = is_waiting;
    place(c);
}

void conn_end(struct conn *c)
{
    struct conn_group *g = c->group;
    c->handler->on_close(c, c->err);
    conn_forget_source(c);
    if (c->is_counted)
        sources_leave(g->sources, c->is_extra);
    // Only now: who sees the connection end must find its name free.
    close(c->fd);
    if (c->tls)
        tls_close(c->tls);
    list_remove(&c->in_group);
    g->stats.n_open -= !c->is_apart;
    conn_trim_later(g);
    pool_give(&g->conn_pool, c);
}

void conn_close(struct conn *c, int err)
{
    if (c->state == CONN_CLOSED)
        return;
    set_state(c, CONN_CLOSED);
    drop_output(c);
    c->is_waiting = c->is_blocked = false;
    place(c);
    deadline_cancel(&c->deadline);
    meter_return(&c->meter);
    watch(c);
    c->err = err;
}

static void finish_if_done(struct conn *c)
{
    if (c->state != CONN_FINISHING || conn_out_len(c))
        return;
    if (c->has_eof) {
        conn_close(c, 0);
        return;
    }
    if (!c->has_sent_fin) {
        c->has_sent_fin = true;
        if (shutdown(c->fd, SHUT_WR) != 0)
            conn_close(c, -errno);
    }
}

// The other side gets its time anew whenever it took something: a slow reader is not a dead one.
static void linger(struct conn *c)
{
    if (c->state == CONN_FINISHING)
        deadline_set(c->group->deadlines, &c->deadline, CONN_LINGER_MS);
    else if (c->is_blocked && c->state == CONN_OPEN)
        c->progress_at = (uint32_t)uv_now(c->group->loop);
}

static void wait_for_flush(struct conn *c)
{
    if (!c->is_blocked)
        set_waiting(c, true);
}

static void finish(struct conn *c)
{
    set_state(c, CONN_FINISHING);
    c->discarded_len = 0;
    linger(c);
    watch(c);
    wait_for_flush(c); // the FIN leaves behind the output, at the turn's end
}

void conn_finish(struct conn *c)
{
    if (is_greeting(c))
        conn_close(c, 0); // there is nobody yet to say goodbye to
    else if (c->state == CONN_OPEN)
        finish(c);
}

// What conn_write() and its kin do at their end: ERR is 0 or what kept them from gathering everything.
static int end_write(struct conn *c, int err)
{
    if (err) {
        conn_close(c, err);
        return err;
    }
    wait_for_flush(c);
    return 0;
}

static bool is_writable(const struct conn *c)
{
    return c->state <= CONN_OPEN;
}

int conn_write(struct conn *c, const struct span *spans, size_t n)
{
    return is_writable(c) ? end_write(c, outq_put(&c->out, &c->group->out_memory, spans, n)) : -ENOTCONN;
}

int conn_write_static(struct conn *c, struct span s)
{
    return is_writable(c) ? end_write(c, outq_put_static(&c->out, s)) : -ENOTCONN;
}

static void expect_progress(struct conn *c)
{
    c->progress_at = (uint32_t)uv_now(c->group->loop);
    c->kernel_len = 0;
}

static void set_blocked(struct conn *c, bool is_blocked)
{
    if (c->is_blocked == is_blocked)
        return;
    c->is_blocked = is_blocked;
    if (c->state == CONN_OPEN)
        expect_progress(c);
    place(c);
    watch(c);
}

// Who leaves much unread is not read either: what it says would only make us say more.
static void set_full(struct conn *c, bool is_full)
{
    c->is_full = is_full;
    watch(c);
}

// Encrypts the next few records of what was written, and behind the last the goodbye if nothing more will be.
static int encrypt_some(struct conn *c)
{
    for (int i = 0; i < MAX_RECORDS && !outq_is_empty(&c->out); i++) {
        struct span s = outq_peek(&c->out, c->group->recv_buf + CONN_GATHER_AT, TLS_RECORD_LEN);
        if (tls_write(c->tls, s) != 0)
            return -ENOMEM;
        outq_drop(&c->out, &c->group->out_memory, s.len);
    }
    if (outq_is_empty(&c->out) && c->state == CONN_FINISHING)
        tls_finish(c->tls);
    return 0;
}

// The bytes that are next to leave as they travel; none when all have left. NULL when that was no longer possible.
static struct outq *next_out(struct conn *c)
{
    if (!c->tls)
        return &c->out;
    struct outq *q = &c->tls->bio.out;
    if (outq_is_empty(q) && tls_is_writable(c->tls) && encrypt_some(c) != 0)
        return NULL;
    return q;
}

// Sends what Q holds. 0, -EAGAIN when the socket took less, or another negative errno.
static int send_out(struct conn *c, struct outq *q)
{
    size_t offered;
    ssize_t n = outq_send(q, c->fd, &offered);
    if (n == -EINTR)
        return 0;
    if (n < 0)
        return (int)n;
    outq_drop(q, &c->group->out_memory, (size_t)n);
    c->group->stats.bytes_out += (uint64_t)n;
    if (n > 0)
        linger(c);
    return (size_t)n < offered ? -EAGAIN : 0;
}

void conn_flush(struct conn *c)
{
    set_waiting(c, false);
    if (c->state == CONN_CLOSED || (is_greeting(c) && !c->tls))
        return;
    bool had_output = conn_out_len(c) > 0;
    struct outq *q;
    int err = 0;
    while ((q = next_out(c)) && !outq_is_empty(q) && !err)
        err = send_out(c, q);
    if (!q || (err && err != -EAGAIN)) {
        conn_close(c, q ? err : UV_ENOMEM);
        return;
    }
    set_blocked(c, err == -EAGAIN);
    if (err)
        return;
    if (c->is_full)
        set_full(c, false);
    finish_if_done(c);
    if (had_output && c->state == CONN_OPEN && c->handler->on_drain)
        c->handler->on_drain(c);
}

static void end_of_input(struct conn *c)
{
    c->has_eof = true;
    if (is_greeting(c)) {
        fail_greeting(c, 0);
    } else if (c->state == CONN_FINISHING) {
        watch(c);
        finish_if_done(c);
    } else if (c->handler->on_eof) {
        watch(c);
        c->handler->on_eof(c);
    } else {
        conn_close(c, 0);
    }
}

static void discard(struct conn *c, size_t n)
{
    c->discarded_len += (uint32_t)n;
    if (c->discarded_len > CONN_LINGER_BYTES)
        conn_close(c, UV_ECONNABORTED);
}

// What came first has all come: now the handler has its say.
static void end_greeting(struct conn *c)
{
    set_state(c, CONN_OPEN);
    deadline_cancel(&c->deadline);
    if (c->deadline_ms)
        conn_set_deadline(c, c->deadline_ms);
    expect_progress(c);
    if (conn_out_len(c))
        wait_for_flush(c);
    if (c->is_shed)
        conn_shed(c);
}

// Looks at what a proxy may have put before everything else, and takes no byte more than that from the socket.
static void read_proxy_header(struct conn *c)
{
    char *p = c->group->recv_buf;
    struct addr client = { 0 };
    ssize_t n = recv(c->fd, p, PROXY_PROTOCOL_MAX, MSG_PEEK);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    ssize_t header_len = n > 0 ? proxy_protocol_parse(p, (size_t)n, &client) : -EPROTO;
    if (header_len == 0 && n > c->peeked_len) {
        // What was seen stays readable: only more of it is to wake us, or its end.
        int enough = (int)n + 1;
        c->peeked_len = (uint32_t)n;
        setsockopt(c->fd, SOL_SOCKET, SO_RCVLOWAT, &enough, sizeof enough);
        return;
    }
    bool has_none = header_len == -ENOENT; // this proxy says it in HTTP, or not at all
    if (!has_none && (header_len <= 0 || recv(c->fd, p, (size_t)header_len, 0) != header_len)) {
        fail_greeting(c, UV_EPROTO);
        return;
    }
    int one = 1;
    if (c->peeked_len)
        setsockopt(c->fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one);
    if (!addr_is_unknown(&client))
        conn_set_client_address(c, &client);
    c->state = CONN_SECURING;
    c->begun_at = (uint32_t)uv_now(c->group->loop);
    if (!c->opts->tls)
        end_greeting(c);
    else if (c->verdict != SOURCE_WELCOME)
        conn_close(c, UV_ECONNREFUSED); // nothing can be told before the handshake
}

// Nothing can be read or written any more; what TLS has to say about that is still sent.
static void fail_tls(struct conn *c)
{
    if (is_greeting(c)) {
        outq_clear(&c->out, &c->group->out_memory);
        c->group->stats.n_failed++;
        finish(c);
    } else {
        send_out(c, &c->tls->bio.out);
        conn_close(c, UV_EPROTO);
    }
}

static void count_handshake(struct conn *c)
{
    struct conn_stats *stats = &c->group->stats;
    stats->n_handshakes[tls_version(c->tls)][tls_is_resumed(c->tls)]++;
    histogram_add(&stats->handshakes, &conn_handshake_scale, (uint32_t)((uint32_t)uv_now(c->group->loop) - c->begun_at),
                  1);
}

static void read_tls(struct conn *c, struct span in)
{
    char *out = c->group->recv_buf;
    // Not before there is something to read: who only connects costs no more than on a plain port.
    if (!c->tls && !(c->tls = tls_open(c->opts->tls, &c->group->out_memory))) {
        fail_greeting(c, UV_ENOMEM);
        return;
    }
    size_t len = tls_read(c->tls, in, out);
    if (conn_out_len(c))
        wait_for_flush(c);
    if (is_greeting(c) && tls_is_writable(c->tls)) {
        count_handshake(c);
        end_greeting(c);
    }
    if (len && c->state == CONN_OPEN)
        c->handler->on_data(c, out, len);
    if (c->state == CONN_CLOSED)
        return;
    if (c->tls->state == TLS_FAILED)
        fail_tls(c);
    else if (c->tls->state == TLS_ENDED)
        end_of_input(c);
}

static void read_once(struct conn *c)
{
    if (c->state == CONN_PROXIED) {
        read_proxy_header(c);
        return;
    }
    char *p = c->group->recv_buf + CONN_RECV_AT;
    ssize_t n = recv(c->fd, p, CONN_RECV_SIZE, 0);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            conn_close(c, -errno);
        return;
    }
    c->group->stats.bytes_in += (uint64_t)n;
    if (n == 0)
        end_of_input(c);
    else if (c->state == CONN_FINISHING)
        discard(c, (size_t)n);
    else if (c->tls || c->state == CONN_SECURING)
        read_tls(c, (struct span){ p, (size_t)n });
    else
        c->handler->on_data(c, p, (size_t)n);
    if (c->state == CONN_OPEN)
        conn_charge(c, FLOW_BYTES, (uint32_t)n);
    if (conn_out_len(c) > CONN_FULL_LEN)
        set_full(c, true);
}

void conn_on_ready(struct conn *c, unsigned events)
{
    // What came before it in this turn may have closed it, or have it look out for something else.
    if (events & EPOLLERR && c->watched) { // a reset, or a timeout
        conn_close(c, UV_ECONNRESET);
        return;
    }
    if (events & EPOLLHUP)
        events = c->watched;
    if (events & c->watched & EPOLLIN)
        read_once(c);
    if (events & c->watched & EPOLLOUT)
        conn_flush(c);
}

void conn_shed(struct conn *c)
{
    c->is_shed = true;
    if (c->state < CONN_OPEN)
        deadline_set(c->group->deadlines, &c->deadline, CONN_LAST_CALL_MS);
    else if (c->state == CONN_OPEN && c->handler->on_shutdown)
        c->handler->on_shutdown(c);
    else
        conn_finish(c);
}

void conn_spare(struct conn *c)
{
    if (!c->is_shed || c->is_apart)
        return;
    c->is_shed = false;
    place(c);
}

void conn_pause(struct conn *c)
{
    if (c->state != CONN_OPEN || c->is_paused)
        return;
    c->is_paused = true;
    watch(c);
}

void conn_resume(struct conn *c)
{
    if (c->state != CONN_OPEN || !c->is_paused)
        return;
    c->is_paused = false;
    watch(c);
}

void conn_set_deadline(struct conn *c, uint64_t ms)
{
    if (is_greeting(c))
        c->deadline_ms = (uint32_t)ms;
    else if (c->state == CONN_OPEN)
        deadline_set(c->group->deadlines, &c->deadline, ms);
}

void conn_cancel_deadline(struct conn *c)
{
    if (is_greeting(c))
        c->deadline_ms = 0;
    else if (c->state == CONN_OPEN)
        deadline_cancel(&c->deadline);
}
