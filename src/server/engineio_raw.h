// SPDX-License-Identifier: MIT
// A dialect's session over Engine.IO without Socket.IO: messages, text and binary.
#ifndef STROWGER_SERVER_ENGINEIO_RAW_H
#define STROWGER_SERVER_ENGINEIO_RAW_H

#include "server/engineio_session.h"

// What rides on the Engine.IO sessions of a mount whose dialect speaks messages.
extern const struct engineio_handler engineio_raw_handler;

#endif
