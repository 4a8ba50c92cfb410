// SPDX-License-Identifier: MIT
// For going beyond which limit a connection, or a session that it carries, is ended.
#ifndef STROWGER_NET_ENDING_H
#define STROWGER_NET_ENDING_H

enum ending {
    ENDING_SLOW_REQUEST,  // a request's head or its body did not come in time
    ENDING_SLOW_MESSAGE,  // a message that was begun did not end in time
    ENDING_LATE_CONNECT,  // no namespace was joined in time
    ENDING_LATE_LOGIN,    // nobody said in time who they are
    ENDING_SILENT,        // nothing was heard for too long, not even the answer to a ping
    ENDING_TOO_BIG,       // a message, or a request's head or body, is too long, or in too many fragments
    ENDING_CONTROL_FLOOD, // too many control frames came
    ENDING_STALLED,       // the other side took nothing for too long
    ENDING_OVERFLOWED,    // too much waited for the other side
    N_ENDINGS,
};

#endif
