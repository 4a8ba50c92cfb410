// SPDX-License-Identifier: MIT
// What a session's deeds mean to the connection that carries it.
#ifndef STROWGER_CARRIER_DEED_H
#define STROWGER_CARRIER_DEED_H

#include "net/conn.h"
#include "switchboard/session.h"

// Notes DEED, of a session on C.
static inline void deed_note(struct conn *c, enum session_deed deed)
{
    static const enum flow flows[] = { [SESSION_ASKS_FOR_SEAT] = FLOW_JOINS, [SESSION_MISSES_NAME] = FLOW_LOGINS };
    if (deed == SESSION_ARRIVES)
        conn_set_named(c);
    else
        conn_charge(c, flows[deed], 1);
}

#endif
