// SPDX-License-Identifier: MIT
// Why a session ends, or the connection that carries it.
#ifndef STROWGER_BASE_ENDING_H
#define STROWGER_BASE_ENDING_H

enum ending {
    // going beyond a limit, which is counted
    ENDING_SLOW_REQUEST,  // a request's head or its body did not come in time
    ENDING_SLOW_MESSAGE,  // a message that was begun did not end in time
    ENDING_LATE_CONNECT,  // no namespace was joined in time
    ENDING_LATE_LOGIN,    // nobody said in time who they are
    ENDING_LATE_UPGRADE,  // a WebSocket did not take over from polling in time
    ENDING_SILENT,        // nothing was heard for too long, not even the answer to a ping
    ENDING_TOO_BIG,       // a message, or a request's head or body, is too long, or in too many fragments
    ENDING_CONTROL_FLOOD, // too many control frames came
    ENDING_STALLED,       // the other side took nothing for too long
    ENDING_OVERFLOWED,    // too much waited for the other side
    N_COUNTED_ENDINGS,
    // talking too fast, which meters count
    ENDING_TOO_MANY_MESSAGES = N_COUNTED_ENDINGS,
    ENDING_TOO_MANY_BYTES,
    ENDING_TOO_MANY_JOINS,
    ENDING_TOO_MANY_FAILED_LOGINS,
    // anything else
    ENDING_ASKED,          // the client said so
    ENDING_LOST,           // the connection ended, or broke, without a word
    ENDING_PROTOCOL_ERROR, // what came makes no sense
    ENDING_INVALID_TEXT,   // it is no UTF-8
    ENDING_NAMELESS,       // its address has too many sessions without a name
    ENDING_DIALECT,        // what is spoken over it would not have it any longer
    ENDING_OUT_OF_MEMORY,
    ENDING_SHUTDOWN,
    N_ENDINGS
};

// The word for it, in metrics and in the log.
const char *ending_name(enum ending ending);

#endif
