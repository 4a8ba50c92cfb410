// SPDX-License-Identifier: MIT
// Bytes that wait to leave; see outq.h.
#include "net/outq.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
    LARGE_WRITE = 4 * OUTQ_CHUNK_SIZE,
    MAX_IOV = 64,
};

struct outq_chunk {
    struct outq_chunk *next;
    const char *p; // data, or somebody's static bytes
    uint32_t off;  // bytes that have left
    uint32_t len;  // bytes there are, those included
    uint32_t cap;  // 0 for static bytes
    bool is_pooled;
    char data[];
};

enum { CHUNK_CAP = OUTQ_CHUNK_SIZE - sizeof(struct outq_chunk) };

void outq_memory_init(struct outq_memory *m)
{
    *m = (struct outq_memory){ 0 };
    pool_init(&m->chunks, OUTQ_CHUNK_SIZE, true);
}

void outq_memory_fini(struct outq_memory *m)
{
    pool_fini(&m->chunks);
}

static void free_chunk(struct outq_memory *memory, struct outq_chunk *chunk)
{
    if (chunk->is_pooled) {
        pool_give(&memory->chunks, chunk);
        return;
    }
    memory->large_len -= chunk->cap;
    free(chunk);
}

// Appends CHUNK, which is NULL when memory was short, with room for CAP bytes.
static struct outq_chunk *append(struct outq *q, struct outq_chunk *chunk, size_t cap, bool is_pooled)
{
    if (!chunk)
        return NULL;
    *chunk = (struct outq_chunk){ .p = chunk->data, .cap = (uint32_t)cap, .is_pooled = is_pooled };
    if (q->last)
        q->last->next = chunk;
    else
        q->first = chunk;
    q->last = chunk;
    return chunk;
}

static struct outq_chunk *append_new(struct outq *q, struct outq_memory *memory, size_t want)
{
    if (want < LARGE_WRITE)
        return append(q, pool_take(&memory->chunks), CHUNK_CAP, true);
    struct outq_chunk *chunk = append(q, malloc(sizeof(struct outq_chunk) + want), want, false);
    memory->large_len += chunk ? want : 0;
    return chunk;
}

// Copies S to P. Most of what a frame is made of is shorter than a call of memcpy() is worth.
static char *copy(char *p, struct span s)
{
    if (s.len > 16) {
        memcpy(p, s.p, s.len);
    } else if (s.len >= 8) {
        memcpy(p, s.p, 8);
        memcpy(p + s.len - 8, s.p + s.len - 8, 8);
    } else {
        for (size_t i = 0; i < s.len; i++)
            p[i] = s.p[i];
    }
    return p + s.len;
}

// Appends a copy of S, behind which MORE bytes are about to follow.
static int put_one(struct outq *q, struct outq_memory *memory, struct span s, size_t more)
{
    while (s.len) {
        struct outq_chunk *chunk = q->last;
        if (!chunk || chunk->len >= chunk->cap) {
            chunk = append_new(q, memory, s.len + more);
            if (!chunk)
                return -ENOMEM;
        }
        size_t room = chunk->cap - chunk->len;
        size_t n = s.len < room ? s.len : room;
        memcpy(chunk->data + chunk->len, s.p, n);
        chunk->len += (uint32_t)n;
        q->len += n;
        s.p += n;
        s.len -= n;
    }
    return 0;
}

int outq_put(struct outq *q, struct outq_memory *memory, const struct span *spans, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += spans[i].len;
    if (!len)
        return 0;
    struct outq_chunk *last = q->last ? q->last : append_new(q, memory, len);
    if (!last)
        return -ENOMEM;
    if (last->len + len <= last->cap) { // the usual case: all in one chunk
        char *p = last->data + last->len;
        for (size_t i = 0; i < n; i++)
            p = copy(p, spans[i]);
        last->len += (uint32_t)len;
        q->len += len;
        return 0;
    }
    int err = 0;
    for (size_t i = 0; i < n && !err; i++) {
        len -= spans[i].len;
        err = put_one(q, memory, spans[i], len);
    }
    return err;
}

int outq_put_static(struct outq *q, struct span s)
{
    if (!s.len)
        return 0;
    struct outq_chunk *chunk = append(q, malloc(sizeof *chunk), 0, false);
    if (!chunk)
        return -ENOMEM;
    chunk->p = s.p;
    chunk->len = (uint32_t)s.len;
    q->len += s.len;
    return 0;
}

struct span outq_peek(const struct outq *q, char *buf, size_t max)
{
    const struct outq_chunk *chunk = q->first;
    if (!chunk)
        return (struct span){ 0 };
    size_t len = chunk->len - chunk->off;
    if (len >= max || !chunk->next)
        return (struct span){ chunk->p + chunk->off, len < max ? len : max };
    size_t n = 0;
    for (; chunk && n < max; chunk = chunk->next) {
        len = chunk->len - chunk->off;
        len = len < max - n ? len : max - n;
        memcpy(buf + n, chunk->p + chunk->off, len);
        n += len;
    }
    return (struct span){ buf, n };
}

// One chunk needs no list of them, which the kernel would have to copy and check.
static ssize_t send_one(const struct outq_chunk *chunk, int fd, size_t *offered)
{
    *offered = chunk->len - chunk->off;
    ssize_t sent = send(fd, chunk->p + chunk->off, *offered, MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

ssize_t outq_send(const struct outq *q, int fd, size_t *offered)
{
    *offered = 0;
    if (q->first == q->last)
        return q->first ? send_one(q->first, fd, offered) : 0;
    struct iovec iov[MAX_IOV];
    size_t n = 0;
    for (struct outq_chunk *chunk = q->first; chunk && n < MAX_IOV; chunk = chunk->next) {
        iov[n++] = (struct iovec){ .iov_base = (char *)chunk->p + chunk->off, .iov_len = chunk->len - chunk->off };
        *offered += chunk->len - chunk->off;
    }
    struct msghdr message = { .msg_iov = iov, .msg_iovlen = n };
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

void outq_drop(struct outq *q, struct outq_memory *memory, size_t n)
{
    q->len -= n;
    while (q->first) {
        struct outq_chunk *chunk = q->first;
        size_t left = chunk->len - chunk->off;
        if (n < left) {
            chunk->off += (uint32_t)n;
            return;
        }
        n -= left;
        q->first = chunk->next;
        free_chunk(memory, chunk);
    }
    q->last = NULL;
}

void outq_clear(struct outq *q, struct outq_memory *memory)
{
    outq_drop(q, memory, q->len);
}
