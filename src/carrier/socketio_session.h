// SPDX-License-Identifier: MIT
// Socket.IO on an Engine.IO session: namespaces joined and left, events with their attachments to a dialect and back.
//
// Each namespace that a client joins is a session of its own for the dialect. Attachments are gathered until their event
// is whole; a client that breaks the order is closed.
#ifndef STROWGER_CARRIER_SOCKETIO_SESSION_H
#define STROWGER_CARRIER_SOCKETIO_SESSION_H

#include "carrier/engineio_session.h"

// What rides on the Engine.IO sessions of a mount whose dialect speaks events; the time for joining a first namespace is
// in the engineio_opts.
extern const struct engineio_handler socketio_handler;

#endif
