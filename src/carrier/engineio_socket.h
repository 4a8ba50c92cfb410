// SPDX-License-Identifier: MIT
// Engine.IO over WebSocket: a session's own from the start, or one that takes over from polling after a probe.
#ifndef STROWGER_CARRIER_ENGINEIO_SOCKET_H
#define STROWGER_CARRIER_ENGINEIO_SOCKET_H

#include "base/pool.h"
#include "carrier/engineio_polling.h"
#include "carrier/engineio_session.h"
#include "carrier/websocket.h"

struct engineio_socket_opts {
    struct websocket_opts websocket;
    struct pool *pool; // struct engineio_socket
};

struct engineio_socket {
    struct websocket websocket;       // whose opts are those of an engineio_socket_opts
    struct engineio_session *session; // NULL once the two have parted
};

// Answers the handshake R on C, which was taken from HTTP, and makes the socket the transport of the new session E. When
// memory is short C is closed. -ENOMEM then, else 0.
[[gnu::warn_unused_result]] int engineio_socket_start(struct conn *c, const struct http_request *r,
                                                      const struct engineio_socket_opts *opts,
                                                      struct engineio_session *e);

// The same for a socket to which E, which polls, may upgrade. One too many is closed at once, as the reference does.
void engineio_socket_probe(struct conn *c, const struct http_request *r, const struct engineio_socket_opts *opts,
                           struct engineio_session *e);

#endif
