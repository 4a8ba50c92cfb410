// SPDX-License-Identifier: MIT
// Callers: simulated browsers, each one WebSocket connection that upgrades, takes a name, then sends and hears texts.
//
// A party is a set of callers served by one loop on one thread. Its owner gives it three callbacks; what they are told
// of is what a browser's page would be told of: the name was granted, a text came, the connection is gone. Pings are
// answered here.
#ifndef STROWGER_BENCH_CALLER_H
#define STROWGER_BENCH_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "text.h"

enum caller_state {
    CALLER_CLOSED, // no socket; may be opened (again)
    CALLER_CONNECTING,
    CALLER_UPGRADING, // the HTTP request is sent
    CALLER_LOGGING_IN,
    CALLER_READY,
    CALLER_CLOSING, // our close frame is sent; the server closes the socket
};

struct party;

struct caller {
    int fd;
    uint32_t id;
    enum caller_state state;
    bool wants_out; // waiting until the socket can take what is in OUT
    struct party *party;
    struct text in;  // an unfinished frame, as a rule empty
    struct text out; // not yet taken by the socket, as a rule empty
};

// Any may be NULL.
struct caller_ops {
    void (*on_ready)(struct caller *c);
    void (*on_text)(struct caller *c, const char *p, size_t len); // also before on_ready; no welcome, no notice
    void (*on_closed)(struct caller *c);                          // C may be opened again
};

struct party {
    const struct options *opts;
    const struct caller_ops *ops;
    void *owner; // for the callbacks
    int epoll_fd;
    char *in;            // what was read last
    struct text request; // the upgrade request, the same for all but for the id
    size_t id_at;        // where that stands in it, or 0
    uint32_t n_opened, n_ready, n_open;
    uint32_t n_broken;        // callers that ended without our wish
    const char *first_broken; // why the first of them did
};

// Opens the loop. Ends the program when there is no memory or descriptor for it.
void party_init(struct party *y, const struct options *opts, const struct caller_ops *ops, void *owner);

void party_fini(struct party *y);

// Also watches FD: party_turn() returns when it can be read.
void party_watch(struct party *y, int fd);

// Waits up to TIMEOUT_NS (negative: until something happens) and serves what came. True when the watched descriptor can
// be read.
bool party_turn(struct party *y, int64_t timeout_ns);

// Opens N closed callers with ids from FIRST_ID on, and returns when all are ready or one broke.
void party_open_all(struct party *y, struct caller *callers, uint32_t n, uint32_t first_id);

// Closes those of the N callers that are open, and returns when the server has closed them all.
void party_close_all(struct party *y, struct caller *callers, uint32_t n);

// Connects C, which is closed, from one of many loopback addresses.
void caller_open(struct caller *c, struct party *y, uint32_t id);

// Sends LEN bytes of whole frames.
void caller_write(struct caller *c, const char *p, size_t len);

// Says goodbye with close code 1000; on_closed follows when the server has closed the socket.
void caller_close(struct caller *c);

#endif
