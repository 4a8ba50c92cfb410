// SPDX-License-Identifier: MIT
// Bytes on one TCP connection: read into one shared buffer, gathered for writing, closed without losing the last word.
//
// A conn belongs to the group of its worker's loop. What is written is copied into chunks from the group's pool and leaves
// with one writev a turn of the loop; an idle conn holds no buffer. conn_close() marks, and on_close and the freeing follow at the end of
// the turn, so that a conn named by a caller further up the stack stays valid.
#ifndef STROWGER_NET_CONN_H
#define STROWGER_NET_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/list.h"
#include "base/pool.h"
#include "base/span.h"
#include "net/deadline.h"
#include "net/turn.h"

enum {
    CONN_RECV_SIZE = 64 * 1024,  // the shared read buffer
    CONN_CHUNK_SIZE = 4096,      // output buffers, their heads included
    CONN_LINGER_MS = 2000,       // how long conn_finish() waits for the other side to take more, and then for its end
    CONN_LINGER_BYTES = 1 << 20, // and how much it reads meanwhile without looking
};

struct conn;

struct conn_stats {
    uint64_t n_accepted;
    uint64_t n_open;
    uint64_t bytes_in, bytes_out;
};

// What the connections of one loop have in common.
struct conn_group {
    uv_loop_t *loop;
    struct deadlines *deadlines;
    struct turn turn;       // what else is to be done before the loop sleeps
    struct list conns;      // all of them, for the end
    struct list to_flush;   // those with output that nobody has tried to write yet
    struct pool conn_pool;  // struct conn
    struct pool chunk_pool; // output buffers
    char *recv_buf;         // the one buffer that all reads go through
    struct conn_stats stats;
};

// What the present user of a conn wants to hear. All but on_data and on_close may be NULL.
struct conn_handler {
    // LEN > 0 bytes came in at P. They are the group's and may be changed; they are gone when this returns.
    void (*on_data)(struct conn *c, char *p, size_t len);
    // The other side sends no more, but may still read. NULL: the conn is closed.
    void (*on_eof)(struct conn *c);
    // All that was written has left.
    void (*on_drain)(struct conn *c);
    // The deadline of conn_set_deadline() passed.
    void (*on_deadline)(struct conn *c);
    // The end, exactly once, with 0 or the errno that ended it. C's memory goes when this returns.
    void (*on_close)(struct conn *c, int err);
};

enum conn_state {
    CONN_OPEN,
    CONN_FINISHING, // output leaves, then a FIN, then what still comes in is thrown away until the other side's FIN
    CONN_CLOSED,    // uv_close() is under way
};

struct conn_chunk;

struct conn {
    uv_poll_t poll;
    struct conn_group *group;
    const struct conn_handler *handler; // replaced when the protocol changes, never NULL
    void *user;                         // the handler's own
    struct list in_group;               // in group->conns
    struct list to_flush;               // in group->to_flush while output waits for this turn's end
    struct conn_chunk *out_first, *out_last;
    size_t out_len; // bytes in the chunks
    struct deadline deadline;
    int fd;
    uint32_t discarded_len; // bytes thrown away while CONN_FINISHING
    enum conn_state state;
    bool is_paused;  // does not want to read
    bool has_eof;    // the other side has sent its FIN
    bool is_blocked; // the socket took less than was offered: waiting to become writable
    bool has_sent_fin;
};

// Makes G the group of LOOP's connections, their timeouts among DEADLINES. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int conn_group_init(struct conn_group *g, uv_loop_t *loop, struct deadlines *deadlines);

// Ends the turn: runs G's put-off tasks, then writes what was gathered in its conns as far as the sockets take it. Called
// once a turn, before the loop sleeps.
void conn_group_flush(struct conn_group *g);

// Whether something was gathered or put off while conn_group_flush() ran: the loop must not sleep yet.
static inline bool conn_group_has_more(const struct conn_group *g)
{
    return !list_is_empty(&g->to_flush) || !list_is_empty(&g->turn.tasks);
}

// Closes all of G's conns; their on_close follows at the end of the turn.
void conn_group_close(struct conn_group *g);

// Frees what G holds, once the loop has run its closing callbacks.
void conn_group_fini(struct conn_group *g);

// Takes over the connected, non-blocking socket FD and starts reading. NULL when memory is short; FD is closed then.
struct conn *conn_open(struct conn_group *g, int fd, const struct conn_handler *handler, void *user);

// Gathers N spans for writing. 0, -ENOMEM (the conn is then being closed: half a message must not leave), or
// -ENOTCONN when it is closed or finishing.
int conn_write(struct conn *c, const struct span *spans, size_t n);

// Gathers S for writing without copying it: it must stay as it is for as long as the process lives.
int conn_write_static(struct conn *c, struct span s);

// Ends the conn in peace: what was gathered leaves, then a FIN, then the conn closes when the other side has done the
// same, or when nothing has left for CONN_LINGER_MS. No callback but on_close follows. Closing at once would turn what
// the other side still sends into a reset, which may destroy the last answer before it was read.
void conn_finish(struct conn *c);

// Ends the conn now; what was gathered is dropped. on_close follows at the end of this turn with ERR.
void conn_close(struct conn *c, int err);

// Takes the connection out of C, which closes, for another loop: its descriptor, or -EBUSY while output waits to leave, or
// another negative errno; C is as before then.
[[gnu::warn_unused_result]] int conn_detach(struct conn *c);

// Stops and starts reading: what can't be taken now is left to TCP to hold back.
void conn_pause(struct conn *c);
void conn_resume(struct conn *c);

// Calls on_deadline in MS milliseconds; replaces an earlier deadline. Ignored when the conn is no longer CONN_OPEN.
void conn_set_deadline(struct conn *c, uint64_t ms);
void conn_cancel_deadline(struct conn *c);

// The other side's address, at most 128 bytes at ADDR. 0 or a negative errno.
[[gnu::warn_unused_result]] int conn_peer_address(const struct conn *c, struct sockaddr_storage *addr);

#endif
