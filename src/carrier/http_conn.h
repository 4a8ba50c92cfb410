// SPDX-License-Identifier: MIT
// HTTP/1.1 on one connection: requests in order to a handler, answers in order out, or over to another protocol.
//
// Owns its conn's attention until the connection ends or http_conn_take() hands it on. One request is answered at a
// time; what a client sends ahead waits.
#ifndef STROWGER_CARRIER_HTTP_CONN_H
#define STROWGER_CARRIER_HTTP_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/pool.h"
#include "net/conn.h"
#include "proto/http.h"

struct http_conn;

struct http_opts {
    uint64_t head_timeout_ms; // for a request's head, from the connection's or the last answer's end on; for a body too
    // R was read: it must be answered, held or handed on with one of the calls below before this returns, when R and
    // its spans are gone.
    void (*on_request)(struct http_conn *h, const struct http_request *r);
    // The connection T and BYTES, which came on it from a request on, are worker number WORKER's now: they go to
    // http_conn_adopt() there. T's struct and the bytes are gone when this returns.
    void (*on_move)(void *user, int worker, const struct conn_transfer *t, struct span bytes);
    void *user;
    struct pool *pool;                 // struct http_conn
    const struct addr_prefix *proxies; // whose X-Forwarded-For and Forwarded count
    size_t n_proxies;
};

// Who waits for more of a request than its head.
struct http_waiter {
    // All of the body is there, in bytes that may be changed: the request must now be answered or held.
    void (*on_body)(struct http_conn *h, char *p, size_t len);
    // The client went away, or sent too much or too slowly: there is nothing to be answered any more.
    void (*on_gone)(struct http_conn *h);
    // The server is going away: the request, which is held, must be answered. NULL: on_gone.
    void (*on_shutdown)(struct http_conn *h);
};

enum http_state {
    HTTP_READING,   // a request's head
    HTTP_BODY,      // a request's body
    HTTP_ANSWERING, // on_request or on_body is running, or a file is on its way out
    HTTP_HELD,      // the answer comes later
    HTTP_STREAMING, // its head has left, and its body comes in pieces
    HTTP_ENDED,     // the connection was finished or handed on
};

struct http_conn {
    struct conn *conn;
    const struct http_opts *opts;
    const struct http_waiter *waiter; // in HTTP_BODY and HTTP_HELD
    void *waiter_user;
    struct buf in;      // what came and could not be used yet
    struct buf body;    // what has come of a body in pieces
    struct buf fields;  // to stand in the present answer's head, whatever that will be
    uint64_t body_left; // bytes of a body with a length that are still to come, or may come when it is chunked
    struct http_chunked chunked;
    bool is_chunked;
    struct addr peer; // who is at the other end, maybe a proxy; unknown until the first request, and without proxies
    enum http_state state;
    bool keep_alive;    // after the present answer
    bool is_old;        // the present request is HTTP/1.0: that its connection stays must be said
    bool is_head;       // the present request is HEAD: its answer has no body
    bool had_body;      // the present request has a body, which nobody reads: no further request can follow
    int move_to;        // the worker that the connection moves to with the present request, or -1
    int file_fd;        // what the present answer's body is read from, or -1
    uint64_t file_left; // bytes of it still to be read
};

// A head's fields and a body. Absent parts are zero.
struct http_response {
    int status;
    struct span type;   // Content-Type; empty: none, and no body
    struct span fields; // whole further field lines, each with its CRLF
    struct span body;   // copied, unless
    bool is_static;     // it lives as long as the process
    bool is_bodyless;   // a 204 or 304: neither body nor Content-Length
    bool is_stream;     // the body comes later, and ends with the connection
    bool is_last;       // the connection ends after it
};

// Begins HTTP on the connected socket FD, whose bytes travel as HOW says (NULL: plain). HOW and OPTS must live as long
// as the connection.
void http_conn_open(struct conn_group *g, int fd, const struct conn_opts *how, const struct http_opts *opts);

// The same for a connection that another worker handed over, with what came on it.
void http_conn_adopt(struct conn_group *g, const struct conn_transfer *t, const struct http_opts *opts, char *p,
                     size_t len);

// Answers the present request.
void http_respond(struct http_conn *h, const struct http_response *response);

// Answers the present request with STATUS and a line of plain text, FIELDS among its head.
void http_respond_text(struct http_conn *h, int status, struct span fields, struct span text);

// Answers the present request with LEN bytes read from FD, which it closes.
void http_respond_file(struct http_conn *h, const struct http_response *response, int fd, uint64_t len);

// Begins to answer the present request with a body of TYPE that comes in pieces, with http_stream_put(), for as long as the
// client stays; WAITER hears when it goes. The connection ends with it.
void http_stream(struct http_conn *h, struct span type, const struct http_waiter *waiter, void *user);

// Sends PIECE of H's stream. A client that leaves more than MAX bytes unread is let go: on_gone comes before this returns.
void http_stream_put(struct http_conn *h, struct span piece, size_t max);

// Has FIELDS, whole field lines, stand in the head of the present request's answer, whatever that will be. Copied.
void http_add_fields(struct http_conn *h, struct span fields);

// Reads the body of the present request R, at most MAX bytes; WAITER hears the rest, maybe before this returns. A
// longer one is answered with 413.
void http_read_body(struct http_conn *h, const struct http_request *r, uint64_t max, const struct http_waiter *waiter,
                    void *user);

// Answers a request whose body is still being read with STATUS and ends the connection; the waiter hears nothing more.
void http_refuse_body(struct http_conn *h, int status);

// Leaves the present request to be answered later, from anywhere; WAITER hears when the client doesn't wait any more.
void http_hold(struct http_conn *h, const struct http_waiter *waiter, void *user);

// Counts the present request's client as a session without a name, until conn_set_named(). False when its address has too
// many of them: then the request was answered so.
[[gnu::warn_unused_result]] bool http_admit_session(struct http_conn *h);

// Hands the connection to worker number WORKER, where the present request is handled from the start.
void http_move(struct http_conn *h, int worker);

// Hands the conn on to another protocol, whose handler and user the caller sets at once; H is gone when on_request
// returns, and the bytes behind the request go to the new handler's on_data.
struct conn *http_conn_take(struct http_conn *h);

#endif
