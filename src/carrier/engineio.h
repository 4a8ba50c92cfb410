// SPDX-License-Identifier: MIT
// What an HTTP request means to Engine.IO: a handshake, a poll, a POST, a WebSocket, or one of the six refusals.
#ifndef STROWGER_CARRIER_ENGINEIO_H
#define STROWGER_CARRIER_ENGINEIO_H

#include "carrier/engineio_session.h"
#include "carrier/engineio_socket.h"
#include "carrier/http_conn.h"
#include "carrier/origin.h"

// What a request needs: a worker's sessions, how their WebSockets are, and whose pages may come.
struct engineio {
    struct engineio_home *home;
    const struct engineio_socket_opts *socket;
    const struct origin_list *origins;
};

// Answers R on H, which came to MOUNT; what rides on a new session is HANDLER.
void engineio_request(const struct engineio *eio, struct http_conn *h, const struct http_request *r,
                      const struct mount *mount, const struct engineio_handler *handler);

#endif
