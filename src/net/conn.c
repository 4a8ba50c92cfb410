// SPDX-License-Identifier: MIT
// Bytes on one TCP connection; see conn.h.
#include "net/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    LARGE_WRITE = 4 * CONN_CHUNK_SIZE, // what is left of a write from here on gets a block of its own size
    MAX_IOV = 64,
};

struct conn_chunk {
    struct conn_chunk *next;
    const char *p; // data, or somebody's static bytes
    uint32_t off;  // bytes that have left
    uint32_t len;  // bytes there are, those included
    uint32_t cap;  // 0 for static bytes
    bool is_pooled;
    char data[];
};

enum { CHUNK_CAP = CONN_CHUNK_SIZE - sizeof(struct conn_chunk) };

static void free_chunk(struct conn_group *g, struct conn_chunk *chunk)
{
    if (chunk->is_pooled)
        pool_give(&g->chunk_pool, chunk);
    else
        free(chunk);
}

static struct conn_chunk *new_chunk(struct conn *c, size_t want, bool is_static)
{
    bool is_pooled = !is_static && want < LARGE_WRITE;
    size_t cap = is_static ? 0 : is_pooled ? CHUNK_CAP : want;
    struct conn_chunk *chunk = is_pooled ? pool_take(&c->group->chunk_pool) : malloc(sizeof *chunk + cap);
    if (!chunk)
        return NULL;
    *chunk = (struct conn_chunk){ .p = chunk->data, .cap = (uint32_t)cap, .is_pooled = is_pooled };
    if (c->out_last)
        c->out_last->next = chunk;
    else
        c->out_first = chunk;
    c->out_last = chunk;
    return chunk;
}

static void drop_output(struct conn *c)
{
    for (struct conn_chunk *chunk = c->out_first, *next; chunk; chunk = next) {
        next = chunk->next;
        free_chunk(c->group, chunk);
    }
    c->out_first = c->out_last = NULL;
    c->out_len = 0;
}

int conn_group_init(struct conn_group *g, uv_loop_t *loop, struct deadlines *deadlines)
{
    *g = (struct conn_group){ .loop = loop, .deadlines = deadlines, .recv_buf = malloc(CONN_RECV_SIZE) };
    turn_init(&g->turn);
    list_init(&g->conns);
    list_init(&g->to_flush);
    pool_init(&g->conn_pool, sizeof(struct conn));
    pool_init(&g->chunk_pool, CONN_CHUNK_SIZE);
    return g->recv_buf ? 0 : -ENOMEM;
}

void conn_group_close(struct conn_group *g)
{
    LIST_EACH(&g->conns, node)
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

static void on_due(struct deadline *d)
{
    struct conn *c = CONTAINER_OF(d, struct conn, deadline);
    if (c->state == CONN_OPEN && c->handler->on_deadline)
        c->handler->on_deadline(c);
    else
        conn_close(c, UV_ETIMEDOUT);
}

struct conn *conn_open(struct conn_group *g, int fd, const struct conn_handler *handler, void *user)
{
    struct conn *c = pool_take(&g->conn_pool);
    if (!c) {
        close(fd);
        return NULL;
    }
    *c = (struct conn){ .group = g, .handler = handler, .user = user, .fd = fd };
    if (uv_poll_init(g->loop, &c->poll, fd) != 0) {
        pool_give(&g->conn_pool, c);
        close(fd);
        return NULL;
    }
    list_init(&c->to_flush);
    list_append(&g->conns, &c->in_group);
    deadline_init(&c->deadline, on_due);
    g->stats.n_accepted++;
    g->stats.n_open++;
    watch(c);
    return c;
}

static void on_closed(uv_handle_t *handle)
{
    struct conn *c = CONTAINER_OF(handle, struct conn, poll);
    struct conn_group *g = c->group;
    c->handler->on_close(c, (int)(intptr_t)c->poll.data);
    // Only now: who sees the connection end must find its name free.
    close(c->fd);
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
    list_remove(&c->to_flush);
    deadline_cancel(&c->deadline);
    c->poll.data = (void *)(intptr_t)err;
    uv_close((uv_handle_t *)&c->poll, on_closed);
}

static void finish_if_done(struct conn *c)
{
    if (c->state != CONN_FINISHING || c->out_first)
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
    if (!c->is_blocked && c->to_flush.next == &c->to_flush)
        list_append(&c->group->to_flush, &c->to_flush);
}

void conn_finish(struct conn *c)
{
    if (c->state != CONN_OPEN)
        return;
    c->state = CONN_FINISHING;
    linger(c);
    watch(c);
    wait_for_flush(c); // the FIN leaves behind the output, at the turn's end
}

// Appends S to the output. -ENOMEM leaves a part of it there.
static int gather(struct conn *c, struct span s, size_t more)
{
    while (s.len) {
        struct conn_chunk *chunk = c->out_last;
        if (!chunk || chunk->len >= chunk->cap) {
            chunk = new_chunk(c, s.len + more, false);
            if (!chunk)
                return -ENOMEM;
        }
        size_t room = chunk->cap - chunk->len;
        size_t n = s.len < room ? s.len : room;
        memcpy(chunk->data + chunk->len, s.p, n);
        chunk->len += (uint32_t)n;
        c->out_len += n;
        s.p += n;
        s.len -= n;
    }
    return 0;
}

int conn_write(struct conn *c, const struct span *spans, size_t n)
{
    if (c->state != CONN_OPEN)
        return -ENOTCONN;
    size_t more = 0;
    for (size_t i = 0; i < n; i++)
        more += spans[i].len;
    for (size_t i = 0; i < n; i++) {
        more -= spans[i].len;
        if (gather(c, spans[i], more) != 0) {
            conn_close(c, UV_ENOMEM);
            return -ENOMEM;
        }
    }
    wait_for_flush(c);
    return 0;
}

int conn_write_static(struct conn *c, struct span s)
{
    if (c->state != CONN_OPEN)
        return -ENOTCONN;
    if (!s.len)
        return 0;
    struct conn_chunk *chunk = new_chunk(c, 0, true);
    if (!chunk) {
        conn_close(c, UV_ENOMEM);
        return -ENOMEM;
    }
    chunk->p = s.p;
    chunk->len = (uint32_t)s.len;
    c->out_len += s.len;
    wait_for_flush(c);
    return 0;
}

static void drop_written(struct conn *c, size_t n)
{
    c->out_len -= n;
    c->group->stats.bytes_out += n;
    while (c->out_first) {
        struct conn_chunk *chunk = c->out_first;
        size_t left = chunk->len - chunk->off;
        if (n < left) {
            chunk->off += (uint32_t)n;
            return;
        }
        n -= left;
        c->out_first = chunk->next;
        free_chunk(c->group, chunk);
    }
    c->out_last = NULL;
}

static ssize_t write_once(struct conn *c, size_t *offered)
{
    struct iovec iov[MAX_IOV];
    int n = 0;
    *offered = 0;
    for (struct conn_chunk *chunk = c->out_first; chunk && n < MAX_IOV; chunk = chunk->next) {
        iov[n++] = (struct iovec){ .iov_base = (char *)chunk->p + chunk->off, .iov_len = chunk->len - chunk->off };
        *offered += chunk->len - chunk->off;
    }
    struct msghdr message = { .msg_iov = iov, .msg_iovlen = (size_t)n };
    return sendmsg(c->fd, &message, MSG_NOSIGNAL);
}

static void set_blocked(struct conn *c, bool is_blocked)
{
    if (c->is_blocked == is_blocked)
        return;
    c->is_blocked = is_blocked;
    watch(c);
}

static void flush(struct conn *c)
{
    if (c->state == CONN_CLOSED)
        return;
    bool had_output = c->out_first != NULL;
    while (c->out_first) {
        size_t offered;
        ssize_t n = write_once(c, &offered);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) {
            conn_close(c, -errno);
            return;
        }
        if (n > 0) {
            drop_written(c, (size_t)n);
            linger(c);
        }
        if (n < 0 || (size_t)n < offered) {
            set_blocked(c, true);
            return;
        }
    }
    set_blocked(c, false);
    finish_if_done(c);
    if (had_output && c->state == CONN_OPEN && c->handler->on_drain)
        c->handler->on_drain(c);
}

void conn_group_flush(struct conn_group *g)
{
    turn_end(&g->turn);
    struct list batch, *node;
    list_take(&batch, &g->to_flush);
    while ((node = list_shift(&batch)))
        flush(CONTAINER_OF(node, struct conn, to_flush));
}

static void end_of_input(struct conn *c)
{
    c->has_eof = true;
    if (c->state == CONN_FINISHING) {
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

static void read_once(struct conn *c)
{
    ssize_t n = recv(c->fd, c->group->recv_buf, CONN_RECV_SIZE, 0);
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
    else
        c->handler->on_data(c, c->group->recv_buf, (size_t)n);
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

int conn_detach(struct conn *c)
{
    flush(c);
    if (c->state != CONN_OPEN || c->out_first)
        return -EBUSY;
    int fd = fcntl(c->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    conn_close(c, 0); // closes its own descriptor alone
    return fd;
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
    if (c->state == CONN_OPEN)
        deadline_set(c->group->deadlines, &c->deadline, ms);
}

void conn_cancel_deadline(struct conn *c)
{
    if (c->state == CONN_OPEN)
        deadline_cancel(&c->deadline);
}

int conn_peer_address(const struct conn *c, struct sockaddr_storage *addr)
{
    socklen_t len = sizeof *addr;
    return getpeername(c->fd, (struct sockaddr *)addr, &len) == 0 ? 0 : -errno;
}
