// SPDX-License-Identifier: MIT
// Bytes on one TCP connection: read into one shared buffer, gathered for writing, closed without losing the last word.
//
// A conn belongs to its worker's group. What is written is copied into chunks from the group's pool and leaves together at
// the end of the worker's turn (worker.h); an idle conn holds no buffer. conn_close() marks, and on_close and the freeing
// follow at the end of the turn, so that a conn named by a caller further up the stack stays valid. Whether the bytes
// travel encrypted, and behind a proxy, its user is not told and need not know.
#ifndef STROWGER_NET_CONN_H
#define STROWGER_NET_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/addr.h"
#include "base/deadline.h"
#include "base/ending.h"
#include "base/histogram.h"
#include "base/list.h"
#include "base/pool.h"
#include "base/span.h"
#include "net/backlog.h"
#include "net/meter.h"
#include "net/outq.h"
#include "net/poller.h"
#include "net/sock.h"
#include "net/source.h"
#include "net/tls.h"
#include "net/turn.h"

// The group's one buffer. What is received begins far enough behind its start for the plaintext to be written there while
// ciphertext is still being read, so that TLS needs no second one; behind it small writes are gathered into records,
// which may happen while a handler looks at what came in. Pages that are never touched cost nothing.
enum {
    CONN_RECV_SIZE = 64 * 1024, // read at a time
    CONN_RECV_AT = TLS_READ_AHEAD,
    CONN_GATHER_AT = CONN_RECV_AT + CONN_RECV_SIZE,
    CONN_BUFFER_SIZE = CONN_GATHER_AT + TLS_RECORD_LEN,
};

enum {
    CONN_TRIM_MS = 1000,        // from a burst of output, or a connection's end, to giving back the memory it needed
    CONN_FULL_LEN = 256 * 1024, // bytes that the other side leaves unread before it is no longer read itself
    CONN_ALLOWANCE = 1 << 20,   // how much may usually wait for one whose other side doesn't read
    CONN_TIGHT_ALLOWANCE = 64 * 1024, // and at first when too much waits in all
    CONN_LINGER_MS = 2000,       // how long conn_finish() waits for the other side to take more, and then for its end
    CONN_LINGER_BYTES = 1 << 20, // and how much it reads meanwhile without looking
    CONN_LAST_CALL_MS = 1000, // how long who has not said yet what it came for may take when the server is going away
};

struct conn;

// Of TLS handshakes.
extern const struct histogram_scale conn_handshake_scale;

struct conn_stats {
    uint64_t n_accepted;
    uint64_t n_open;
    uint64_t bytes_in, bytes_out;             // as they travelled
    uint64_t n_handshakes[N_TLS_VERSIONS][2]; // of TLS that succeeded, [1] for those that took up an earlier session
    struct histogram handshakes;              // how long those took that succeeded, from accepting on, in ms
    uint64_t n_failed;                        // TLS handshakes and proxies' headers that were wrong or took too long
    uint64_t n_refused[N_SOURCE_VERDICTS];    // by what limit; those that were told so, and those that were dropped
    uint64_t n_nameless_refused;              // sessions that were one too many of those without a name
    uint64_t n_foreign_refused;               // requests of pages of an origin that is not welcome
    uint64_t n_ice_refused;                   // questions for ICE servers of networks that asked too often
    uint64_t n_pongs_left_out;                // for clients that did not read the one before
    uint64_t n_ended[N_COUNTED_ENDINGS];      // by what limit
};

// What the groups of all workers keep to together; each may be missing.
struct conn_limits {
    struct sources *sources; // whom the connections are from
    struct meter_opts meter; // how fast they may talk
    uint64_t stall_ms;       // without progress, after which one whose output waits counts as gone
    struct backlog *backlog; // what waits, to leave or to be whole
    size_t max_backlog;      // bytes; 0: any number
};

// What the connections of one worker have in common; see conn_group.h.
struct conn_group {
    uv_loop_t *loop; // for its time
    struct poller *poller;
    struct deadlines *deadlines;
    struct sources *sources; // whom the connections are from; NULL: that doesn't matter
    struct turn turn;        // what else is to be done before the worker sleeps
    // Every conn is in one of these four.
    struct list conns;       // those with nothing to write
    struct list to_flush;    // those with output that nobody has tried to write yet
    struct list blocked;     // those whose other side took less than it was offered
    struct list closed;      // those that end with this turn
    struct pool conn_pool;   // struct conn
    struct meters meters;    // how fast the conns talk
    struct deadline look;    // at those that are blocked
    uint64_t stall_ms;       // without progress, after which one of them counts as gone; 0: never
    size_t allowance;        // how much may wait for one of them
    size_t session_len;      // bytes that wait in sessions, for a request that takes them away
    size_t begun_len;        // bytes of messages and bodies that have begun and are not whole
    struct backlog *backlog; // of all groups; NULL: nobody counts
    size_t max_backlog;      // bytes; 0: any number
    size_t backlog_len;      // what it knows of this one
    struct deadline trim;    // when memory that is not needed any more goes back to the system
    struct outq_memory out_memory;
    char *recv_buf; // CONN_BUFFER_SIZE bytes
    struct conn_stats stats;
};

// Has G give back soon what it does not need any more.
static inline void conn_trim_later(struct conn_group *g)
{
    if (!deadline_is_armed(&g->trim))
        deadline_set(g->deadlines, &g->trim, CONN_TRIM_MS);
}

// Whether a conn of G may have LEN bytes of a message or body that is not whole: when too much waits everywhere, only who is
// content with little may.
static inline bool conn_may_begin(const struct conn_group *g, size_t len)
{
    size_t most = g->allowance < CONN_TIGHT_ALLOWANCE ? g->allowance : CONN_TIGHT_ALLOWANCE;
    return len <= most || !g->backlog || !backlog_is_above(g->backlog, g->max_backlog);
}

// How the connections of one listener begin.
struct conn_opts {
    struct tls_context *tls;           // NULL: plain
    const struct addr_prefix *proxies; // whose word for their client's address counts, by the PROXY protocol
    size_t n_proxies;
    uint64_t greeting_ms; // until the TLS handshake must be done, and a proxy's header there
};

// Whether A is one of those proxies.
static inline bool conn_opts_trust(const struct conn_opts *o, const struct addr *a)
{
    return o->n_proxies && addr_is_in_any(a, o->proxies, o->n_proxies);
}

// What the present user of a conn wants to hear. All but on_data and on_close may be NULL.
struct conn_handler {
    // LEN > 0 bytes came in at P. They are the group's and may be changed; they are gone when this returns.
    void (*on_data)(struct conn *c, char *p, size_t len);
    // The other side sends no more, but may still read. NULL: the conn is closed.
    void (*on_eof)(struct conn *c);
    // All that was written has left.
    void (*on_drain)(struct conn *c);
    // The other side talks too fast, and went on so when it was held back. NULL: the conn is closed.
    void (*on_excess)(struct conn *c, enum flow flow);
    // The other side takes nothing, or too little at a time when too much waits for others like it. NULL: the conn is closed.
    void (*on_stall)(struct conn *c, enum ending why);
    // The deadline of conn_set_deadline() passed.
    void (*on_deadline)(struct conn *c);
    // The server is going away: C is to be ended in peace. NULL: conn_finish() is called.
    void (*on_shutdown)(struct conn *c);
    // The end, exactly once, with 0 or the errno that ended it. C's memory goes when this returns.
    void (*on_close)(struct conn *c, int err);
};

enum conn_state {
    CONN_PROXIED,   // a proxy may say first whom it speaks for
    CONN_SECURING,  // a TLS handshake is first
    CONN_OPEN,      // the handler is heard and hears
    CONN_FINISHING, // output leaves, then a FIN, then what still comes in is thrown away until the other side's FIN
    CONN_CLOSED,    // in group->closed; on_close and the freeing follow
};

struct conn {
    struct conn_group *group;
    const struct conn_handler *handler; // replaced when the protocol changes, never NULL
    void *user;                         // the handler's own
    struct list in_group;  // in group->to_flush while output waits for this turn's end, else in group->conns
    struct outq out;       // what was written
    struct tls *tls;       // NULL: plain, or not yet begun
    struct source *source; // whose it is, or NULL when that is not known or does not matter
    union {
        const struct conn_opts *opts; // before CONN_OPEN
        struct meter *meter;          // from then on: how fast it talks, or NULL when it has been silent for a while
    };
    struct deadline deadline;
    int fd;
    union {
        uint32_t deadline_ms; // before CONN_OPEN: what the handler asked for; 0: nothing
        uint32_t kernel_len;  // while blocked: bytes that the other side had not taken when it was last looked at
        int err;              // once closed: why
    };
    union {
        uint32_t peeked_len;    // while CONN_PROXIED: bytes of a proxy's header that have been seen
        uint32_t begun_at;      // while CONN_SECURING: the loop's time when that began; it wraps
        uint32_t progress_at;   // while blocked: the loop's time when the other side last took something; it wraps
        uint32_t discarded_len; // while CONN_FINISHING: bytes thrown away
    };
    enum conn_state state : 8;
    unsigned watched : 3;  // EPOLLIN, EPOLLOUT: what the poller looks out for
    bool is_waiting : 1;   // in group->to_flush
    bool is_paused : 1;    // does not want to read
    bool is_throttled : 1; // does not read until it has paid for what it said
    bool is_full : 1;      // does not read until what waits to leave has left
    bool has_eof : 1;      // the other side has sent its FIN
    bool is_blocked : 1;   // the socket took less than was offered: waiting to become writable
    bool has_sent_fin : 1;
    bool is_shed : 1;                // it was asked to end, or never is
    bool is_told : 1;                // a proxy said whom it speaks for, and that is the source
    bool is_extra : 1;               // it is over a limit, and lives to be told so
    bool is_counted : 1;             // among its group's sources
    bool is_apart : 1;               // it is not of the group's clients: neither counted nor asked to end
    bool is_nameless : 1;            // it counts as one of its source's sessions without a name
    enum source_verdict verdict : 8; // other than SOURCE_WELCOME: its user is to refuse it
};

// Bytes that have not left, here and encrypted for TLS.
static inline size_t conn_out_len(const struct conn *c)
{
    return c->out.len + (c->tls ? c->tls->bio.out.len : 0);
}

// A connection on its way to a worker: accepted, or from another one.
struct conn_transfer {
    int fd;
    struct tls *tls;
    struct sources *sources; // where it is counted, or NULL
    struct source *source;
    bool is_told, is_extra; // as in the conn that it was
    bool is_apart;          // as in the conn that it will be
    enum source_verdict verdict;
    struct addr peer; // its user's: who is at the other end, maybe a proxy of who it is for
};

// For conn_open: a conn of T that has begun reading, or NULL when memory is short; T is as before then.
struct conn *conn_make(struct conn_group *g, const struct conn_transfer *t, const struct conn_handler *handler,
                       void *user);

// Charges C for N of FLOW. Who exceeds what it may is not read for a while; what was already read of it is its debt.
// Without effect unless C is open.
void conn_charge_slowly(struct conn *c, enum flow flow, uint32_t n);
static inline void conn_charge(struct conn *c, enum flow flow, uint32_t n)
{
    if (!(c->meter && meter_use(c->meter, flow, n)) && c->group->meters.opts.is_on)
        conn_charge_slowly(c, flow, n);
}

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

// For conn_group: holds the other side back, or lets it go on, for what it said before.
void conn_throttle(struct conn *c, bool is_throttled);

// For worker: C's socket is ready for EVENTS, of epoll(7).
void conn_on_ready(struct conn *c, unsigned events);

// For conn: counts C out where it is counted as its client's.
void conn_forget_source(struct conn *c);

// For conn_group: tells on_close of a closed C's end, and frees it.
void conn_end(struct conn *c);

// For conn_group: writes what C gathered as far as the socket takes it; asks C to end, see on_shutdown, at once or when it is
// CONN_OPEN.
void conn_flush(struct conn *c);
void conn_shed(struct conn *c);

// Has C be asked to end once more, if it was, because somebody else uses it now. One that is apart never is.
void conn_spare(struct conn *c);

// Stops and starts reading: what can't be taken now is left to TCP to hold back.
void conn_pause(struct conn *c);
void conn_resume(struct conn *c);

// Calls on_deadline in MS milliseconds; replaces an earlier deadline. Before the conn is CONN_OPEN the time begins when
// it is; afterwards this is ignored.
void conn_set_deadline(struct conn *c, uint64_t ms);
void conn_cancel_deadline(struct conn *c);

// The address of the client at the other end, or behind the proxies there, who tell it: of their IPv6 clients the first
// half alone is kept. Unknown when the kernel knows it no more, or when it was told and refused.
struct addr conn_client_address(const struct conn *c);

// C's number, for the log; see sock_cookie(). It stays the same from worker to worker.
static inline uint64_t conn_number(const struct conn *c)
{
    return sock_cookie(c->fd);
}

// Has that be ADDR, which a proxy told. C's verdict says what becomes of the connection: its user is to refuse it when that is not
// SOURCE_WELCOME.
void conn_set_client_address(struct conn *c, const struct addr *addr);

// Counts C as a session that has not said who it is, until conn_set_named(). False when its client has too many of them.
[[gnu::warn_unused_result]] bool conn_set_nameless(struct conn *c);
void conn_set_named(struct conn *c);

// Passes the count of one more session without a name on, out of C: whoever gets it gives it to source_remove_nameless().
// NULL when C is not counted.
struct source *conn_pass_nameless(struct conn *c);

#endif
