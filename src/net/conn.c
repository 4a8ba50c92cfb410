// SPDX-License-Identifier: MIT
// Bytes on one TCP connection; see conn.h.
#include "net/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/proxy_protocol.h"

// The group's buffer. What is received begins far enough behind its start for the plaintext to be written there while
// ciphertext is still being read, so that TLS needs no second one; behind it small writes are gathered into records,
// which may happen while a handler looks at what came in. Pages that are never touched cost nothing.
enum {
    RECV_AT = TLS_READ_AHEAD,
    GATHER_AT = RECV_AT + CONN_RECV_SIZE,
    BUFFER_SIZE = GATHER_AT + TLS_RECORD_LEN,
    MAX_RECORDS = 4, // encrypted before they are sent
};

static void update_out_len(struct conn *c)
{
    c->out_len = c->out.len + (c->tls ? c->tls->bio.out.len : 0);
}

static void drop_output(struct conn *c)
{
    outq_clear(&c->out, &c->group->chunk_pool);
    if (c->tls)
        outq_clear(&c->tls->bio.out, &c->group->chunk_pool);
    c->out_len = 0;
}

static void on_trim(struct deadline *d)
{
    pool_trim(&CONTAINER_OF(d, struct conn_group, trim)->chunk_pool);
}

int conn_group_init(struct conn_group *g, uv_loop_t *loop, struct deadlines *deadlines)
{
    *g = (struct conn_group){ .loop = loop, .deadlines = deadlines, .recv_buf = malloc(BUFFER_SIZE) };
    turn_init(&g->turn);
    list_init(&g->conns);
    list_init(&g->to_flush);
    deadline_init(&g->trim, on_trim);
    pool_init(&g->conn_pool, sizeof(struct conn), false);
    pool_init(&g->chunk_pool, OUTQ_CHUNK_SIZE, true);
    return g->recv_buf ? 0 : -ENOMEM;
}

void conn_group_close(struct conn_group *g)
{
    LIST_EACH(&g->conns, node)
    conn_close(CONTAINER_OF(node, struct conn, in_group), UV_ECANCELED);
    LIST_EACH(&g->to_flush, node)
    conn_close(CONTAINER_OF(node, struct conn, in_group), UV_ECANCELED);
}

void conn_group_fini(struct conn_group *g)
{
    pool_fini(&g->conn_pool);
    pool_fini(&g->chunk_pool);
    free(g->recv_buf);
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(struct conn *c)
{
    bool wants_read = !c->has_eof && (!c->is_paused || c->state == CONN_FINISHING);
    int events = (wants_read ? UV_READABLE : 0) | (c->is_blocked ? UV_WRITABLE : 0);
    if (events)
        uv_poll_start(&c->poll, events, on_poll);
    else
        uv_poll_stop(&c->poll);
}

// Whether what comes first on the connection has not all come, and the handler knows of nothing yet.
static bool is_greeting(const struct conn *c)
{
    return c->state < CONN_OPEN;
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

void conn_drop(const struct conn_transfer *t)
{
    if (t->tls)
        tls_close(t->tls);
    close(t->fd);
}

struct conn *conn_adopt(struct conn_group *g, const struct conn_transfer *t, const struct conn_handler *handler,
                        void *user)
{
    struct conn *c = pool_take(&g->conn_pool);
    if (!c)
        goto fail;
    *c = (struct conn){ .group = g, .handler = handler, .user = user, .fd = t->fd, .state = CONN_OPEN };
    if (uv_poll_init(g->loop, &c->poll, t->fd) != 0)
        goto fail;
    c->tls = t->tls;
    c->client = t->client;
    if (c->tls)
        c->tls->bio.chunks = &g->chunk_pool;
    list_prepend(&g->conns, &c->in_group);
    deadline_init(&c->deadline, on_due);
    g->stats.n_accepted++;
    g->stats.n_open++;
    watch(c);
    return c;
fail:
    if (c)
        pool_give(&g->conn_pool, c);
    conn_drop(t);
    return NULL;
}

struct conn *conn_open(struct conn_group *g, int fd, const struct conn_opts *opts, const struct conn_handler *handler,
                       void *user)
{
    struct conn *c = conn_adopt(g, &(struct conn_transfer){ .fd = fd }, handler, user);
    if (!c || !opts)
        return c;
    c->opts = opts;
    if (opts->n_proxies && addr_is_in_any(conn_client_address(c), opts->proxies, opts->n_proxies))
        c->state = CONN_PROXIED;
    else if (opts->tls)
        c->state = CONN_SECURING;
    if (is_greeting(c))
        deadline_set(g->deadlines, &c->deadline, opts->greeting_ms);
    return c;
}

static void set_waiting(struct conn *c, bool is_waiting)
{
    if (c->is_waiting == is_waiting)
        return;
    c->is_waiting = is_waiting;
    list_remove(&c->in_group);
    if (is_waiting)
        list_append(&c->group->to_flush, &c->in_group);
    else if (c->is_shed)
        list_append(&c->group->conns, &c->in_group);
    else
        list_prepend(&c->group->conns, &c->in_group); // see conn_group_shed()
}

static void on_closed(uv_handle_t *handle)
{
    struct conn *c = CONTAINER_OF(handle, struct conn, poll);
    struct conn_group *g = c->group;
    c->handler->on_close(c, (int)(intptr_t)c->poll.data);
    // Only now: who sees the connection end must find its name free.
    close(c->fd);
    if (c->tls)
        tls_close(c->tls);
    list_remove(&c->in_group);
    g->stats.n_open--;
    pool_give(&g->conn_pool, c);
}

void conn_close(struct conn *c, int err)
{
    if (c->state == CONN_CLOSED)
        return;
    c->state = CONN_CLOSED;
    drop_output(c);
    set_waiting(c, false);
    deadline_cancel(&c->deadline);
    c->poll.data = (void *)(intptr_t)err;
    uv_close((uv_handle_t *)&c->poll, on_closed);
}

static void finish_if_done(struct conn *c)
{
    if (c->state != CONN_FINISHING || c->out_len)
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
}

static void wait_for_flush(struct conn *c)
{
    if (!c->is_blocked)
        set_waiting(c, true);
}

static void finish(struct conn *c)
{
    c->state = CONN_FINISHING;
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
    update_out_len(c);
    wait_for_flush(c);
    return 0;
}

static bool is_writable(const struct conn *c)
{
    return c->state <= CONN_OPEN;
}

int conn_write(struct conn *c, const struct span *spans, size_t n)
{
    return is_writable(c) ? end_write(c, outq_put(&c->out, &c->group->chunk_pool, spans, n)) : -ENOTCONN;
}

int conn_write_static(struct conn *c, struct span s)
{
    return is_writable(c) ? end_write(c, outq_put_static(&c->out, s)) : -ENOTCONN;
}

static void set_blocked(struct conn *c, bool is_blocked)
{
    if (c->is_blocked == is_blocked)
        return;
    c->is_blocked = is_blocked;
    watch(c);
}

// Encrypts the next few records of what was written, and behind the last the goodbye if nothing more will be.
static int encrypt_some(struct conn *c)
{
    for (int i = 0; i < MAX_RECORDS && !outq_is_empty(&c->out); i++) {
        struct span s = outq_peek(&c->out, c->group->recv_buf + GATHER_AT, TLS_RECORD_LEN);
        if (tls_write(c->tls, s) != 0)
            return -ENOMEM;
        outq_drop(&c->out, &c->group->chunk_pool, s.len);
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
    outq_drop(q, &c->group->chunk_pool, (size_t)n);
    c->group->stats.bytes_out += (uint64_t)n;
    if (n > 0)
        linger(c);
    return (size_t)n < offered ? -EAGAIN : 0;
}

static void flush(struct conn *c)
{
    if (c->state == CONN_CLOSED || (is_greeting(c) && !c->tls))
        return;
    bool had_output = c->out_len > 0;
    struct outq *q;
    int err = 0;
    while ((q = next_out(c)) && !outq_is_empty(q) && !err)
        err = send_out(c, q);
    if (!q || (err && err != -EAGAIN)) {
        conn_close(c, q ? err : UV_ENOMEM);
        return;
    }
    update_out_len(c);
    set_blocked(c, err == -EAGAIN);
    if (err)
        return;
    finish_if_done(c);
    if (had_output && c->state == CONN_OPEN && c->handler->on_drain)
        c->handler->on_drain(c);
}

void conn_group_flush(struct conn_group *g)
{
    turn_end(&g->turn);
    struct list batch;
    list_take(&batch, &g->to_flush);
    while (!list_is_empty(&batch)) {
        struct conn *c = CONTAINER_OF(batch.next, struct conn, in_group);
        set_waiting(c, false);
        flush(c);
    }
    if (g->chunk_pool.n_empty > 1 && !deadline_is_armed(&g->trim))
        deadline_set(g->deadlines, &g->trim, CONN_TRIM_MS);
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
    c->state = CONN_OPEN;
    deadline_cancel(&c->deadline);
    if (c->deadline_ms)
        conn_set_deadline(c, c->deadline_ms);
    if (c->out_len)
        wait_for_flush(c);
}

// Looks at what a proxy may have put before everything else, and takes no byte more than that from the socket.
static void read_proxy_header(struct conn *c)
{
    char *p = c->group->recv_buf;
    struct addr client = *conn_client_address(c);
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
    c->client = client;
    c->state = CONN_SECURING;
    if (!c->opts->tls)
        end_greeting(c);
}

// Nothing can be read or written any more; what TLS has to say about that is still sent.
static void fail_tls(struct conn *c)
{
    if (is_greeting(c)) {
        outq_clear(&c->out, &c->group->chunk_pool);
        c->group->stats.n_failed++;
        finish(c);
    } else {
        send_out(c, &c->tls->bio.out);
        conn_close(c, UV_EPROTO);
    }
}

static void count_handshake(struct conn *c)
{
    c->group->stats.n_handshakes++;
    c->group->stats.n_resumed += tls_is_resumed(c->tls);
}

static void read_tls(struct conn *c, struct span in)
{
    char *out = c->group->recv_buf;
    // Not before there is something to read: who only connects costs no more than on a plain port.
    if (!c->tls && !(c->tls = tls_open(c->opts->tls, &c->group->chunk_pool))) {
        fail_greeting(c, UV_ENOMEM);
        return;
    }
    size_t len = tls_read(c->tls, in, out);
    update_out_len(c);
    if (c->out_len)
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
    char *p = c->group->recv_buf + RECV_AT;
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
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct conn *c = CONTAINER_OF(poll, struct conn, poll);
    if (status < 0) { // libuv says EBADF for every error the socket has met; it was a reset or a timeout
        conn_close(c, UV_ECONNRESET);
        return;
    }
    if (events & UV_READABLE)
        read_once(c);
    if (events & UV_WRITABLE && c->state != CONN_CLOSED)
        flush(c);
}

static void shed(struct conn *c)
{
    c->is_shed = true;
    if (c->state < CONN_OPEN)
        conn_close(c, UV_ECANCELED);
    else if (c->state == CONN_OPEN && c->handler->on_shutdown)
        c->handler->on_shutdown(c);
    else
        conn_finish(c);
}

void conn_group_shed(struct conn_group *g, size_t n)
{
    // Those that were asked go to the end of the list, so that those that were not stand at its start.
    while (n-- && !list_is_empty(&g->conns)) {
        struct conn *c = CONTAINER_OF(g->conns.next, struct conn, in_group);
        if (c->is_shed)
            return;
        list_remove(&c->in_group);
        list_append(&g->conns, &c->in_group);
        shed(c);
    }
}

int conn_detach(struct conn *c, struct conn_transfer *t)
{
    flush(c);
    if (c->state != CONN_OPEN || c->out_len)
        return -EBUSY;
    int fd = fcntl(c->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    *t = (struct conn_transfer){ .fd = fd, .tls = c->tls, .client = c->client };
    c->tls = NULL;
    conn_close(c, 0); // closes its own descriptor alone
    return 0;
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

const struct addr *conn_client_address(struct conn *c)
{
    struct sockaddr_storage peer = { 0 };
    socklen_t len = sizeof peer;
    if (addr_is_unknown(&c->client) && getpeername(c->fd, (struct sockaddr *)&peer, &len) == 0)
        c->client = addr_of_sockaddr((struct sockaddr *)&peer);
    return &c->client;
}

void conn_set_client_address(struct conn *c, const struct addr *addr)
{
    c->client = *addr;
}
