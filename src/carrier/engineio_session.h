// SPDX-License-Identifier: MIT
// An Engine.IO session: a stream of messages that outlives the requests and sockets which carry it.
//
// Knows the sid, the heartbeat, the queue of what can't leave yet, and the end; polling and WebSocket are transports,
// attached through a small table, and what rides on the session hears its messages through another. A session belongs to
// its home and dies when its client says so, falls silent, breaks the protocol, or its rider ends it; its memory goes at
// the end of the worker's turn.
#ifndef STROWGER_CARRIER_ENGINEIO_SESSION_H
#define STROWGER_CARRIER_ENGINEIO_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ending.h"
#include "base/map.h"
#include "base/pool.h"
#include "net/conn.h"
#include "proto/engineio.h"
#include "switchboard/session.h"

enum {
    ENGINEIO_SID_LEN = 20, // a letter for the worker, then 114 random bits as base64url
};

struct engineio_session;
struct http_conn;
struct mount;

struct engineio_opts {
    uint64_t ping_interval_ms, ping_timeout_ms;
    uint64_t connect_timeout_ms; // for a Socket.IO client to join a namespace
    uint64_t login_ms;           // and then to say who it is; 0: for ever
    uint64_t upgrade_timeout_ms; // from a probing WebSocket's opening to its upgrade
    uint64_t message_ms;         // from a Socket.IO event's text to its last attachment; 0: for ever
    uint64_t max_payload;        // bytes of a POST's body or a WebSocket message
};

// All sessions of one worker.
struct engineio_home {
    const struct engineio_opts *opts;
    struct conn_group *conns; // for timeouts and put-off work
    int worker, n_workers;    // whose sessions these are, of how many
    struct map sessions;
    struct pool session_pool; // struct engineio_session, with its rider
};

// What rides on a session.
struct engineio_handler {
    // The session is open. May send.
    void (*on_open)(struct engineio_session *e);
    // A message; a text is valid UTF-8. Its bytes are gone when this returns.
    void (*on_message)(struct engineio_session *e, struct span data, bool is_binary);
    // The end, exactly once; nothing can be sent any more.
    void (*on_close)(struct engineio_session *e, enum ending why);
};

// What carries a session.
struct engineio_transport_ops {
    // Sends a packet now. NULL: packets are queued, and flush is called at the turn's end.
    void (*send)(struct engineio_session *e, const struct engineio_packet *packet, const struct span *parts, size_t n);
    // Sends what is queued, if it can.
    void (*flush)(struct engineio_session *e);
    // Notes a deed of the client's.
    void (*note)(struct engineio_session *e, enum session_deed deed);
    // The connection that the client is at the other end of now, or NULL.
    const struct conn *(*conn)(const struct engineio_session *e);
    // Lets go of the client; WHY is why the session ends, for what the client may be told of it.
    void (*end)(struct engineio_session *e, enum ending why);
};

enum engineio_state {
    ENGINEIO_STATE_OPEN,
    ENGINEIO_STATE_PINGED, // version 4: a ping was sent, the pong has not come
    ENGINEIO_STATE_ENDING, // to be ended at the turn's end
    ENGINEIO_STATE_ENDED,  // on_close was called, the memory goes at the turn's end
};

struct engineio_session {
    struct map_node by_sid; // in home->sessions
    struct engineio_home *home;
    const struct mount *mount;
    const struct engineio_handler *handler;
    const struct engineio_transport_ops *transport;
    void *carrier;                    // the transport's own
    struct engineio_polling *polling; // while there is polling, else NULL
    struct engineio_queued *last;     // the last of the packets that wait, a ring, or NULL
    uint64_t heard_at;                // the loop's time at the heartbeat's last sign of the client
    struct deadline heartbeat;
    struct turn_task at_turn_end;
    struct engineio_link link;
    uint32_t queue_len;                         // bytes that the waiting packets take
    uint32_t ping_interval_ms, ping_timeout_ms; // what its client was told, whatever holds for others by now
    enum engineio_state state : 8;
    enum ending ending : 8; // what engineio_session_end_later() is for
    char sid[ENGINEIO_SID_LEN];
};

// What rides on E keeps its own at most ENGINEIO_RIDER_SIZE bytes here, zero at first.
enum { ENGINEIO_RIDER_SIZE = 56 };
static inline void *engineio_session_rider(struct engineio_session *e)
{
    return e + 1;
}

struct engineio_queued {
    struct engineio_queued *next;
    struct engineio_packet packet; // its data is below
    char data[];
};

// Writes a new unguessable sid.
void engineio_make_sid(char sid[ENGINEIO_SID_LEN]);

// Makes HOME empty; OPTS and CONNS must live as long. What OPTS say may change.
void engineio_home_init(struct engineio_home *home, const struct engineio_opts *opts, struct conn_group *conns);

// Ends all sessions; their memory goes at the turn's end.
void engineio_home_close(struct engineio_home *home);

// Frees what HOME holds, after engineio_home_close() and the turn's end.
void engineio_home_fini(struct engineio_home *home);

// Which worker the session called SID belongs to, as its first letter tells; HOME's own when it can't be one of another's.
int engineio_session_worker(const struct engineio_home *home, struct span sid);

// The session at MOUNT called SID, or NULL; one that is overdue ends here, whatever its deadline's grain.
struct engineio_session *engineio_session_find(const struct engineio_home *home, const struct mount *mount,
                                               struct span sid);

// A new session at MOUNT over LINK, with its heart beating, or NULL. The caller sets the transport and calls
// engineio_session_open().
struct engineio_session *engineio_session_new(struct engineio_home *home, const struct mount *mount,
                                              const struct engineio_handler *handler, const struct engineio_link *link);

// Undoes engineio_session_new() for a session that got no transport.
void engineio_session_discard(struct engineio_session *e);

// Sends the open packet and lets the rider know.
void engineio_session_open(struct engineio_session *e);

// Sends a message of N parts. What can't be sent ends the session later, never within this call.
void engineio_session_send(struct engineio_session *e, bool is_binary, const struct span *parts, size_t n);

// Sends a packet that is no message.
void engineio_session_send_packet(struct engineio_session *e, enum engineio_type type, struct span data);

// Notes a deed of E's client.
static inline void engineio_session_note(struct engineio_session *e, enum session_deed deed)
{
    e->transport->note(e, deed);
}

// For transports: PACKET came. E may have ended when this returns.
void engineio_session_receive(struct engineio_session *e, const struct engineio_packet *packet);

// The number of the connection that carries E at the moment; see session_ops.conn_number.
uint64_t engineio_session_conn_number(const struct engineio_session *e);

// Ends E now.
void engineio_session_end(struct engineio_session *e, enum ending why);

// Ends E now for going beyond a limit, and counts it.
void engineio_session_expire(struct engineio_session *e, enum ending why);

// The same at the turn's end, for callers that on_close would pull something away from.
void engineio_session_end_later(struct engineio_session *e, enum ending why);

static inline bool engineio_session_is_open(const struct engineio_session *e)
{
    return e->state <= ENGINEIO_STATE_PINGED;
}

// Whether packets wait in E's queue; whether one of them is binary.
static inline bool engineio_session_has_queue(const struct engineio_session *e)
{
    return e->last != NULL;
}
bool engineio_session_has_binary(const struct engineio_session *e);

// Takes the first waiting packet out of E's queue, or NULL; free() it.
struct engineio_queued *engineio_session_shift(struct engineio_session *e);

#endif
