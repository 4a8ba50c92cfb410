// SPDX-License-Identifier: MIT
// A dialect's session over Engine.IO without Socket.IO: messages, text and binary.
#ifndef STROWGER_CARRIER_ENGINEIO_RAW_H
#define STROWGER_CARRIER_ENGINEIO_RAW_H

#include "carrier/engineio_session.h"

// What rides on the Engine.IO sessions of a mount whose dialect speaks messages.
extern const struct engineio_handler engineio_raw_handler;

#endif
