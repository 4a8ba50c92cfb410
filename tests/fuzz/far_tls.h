// SPDX-License-Identifier: MIT
// A client's TLS: OpenSSL's own, so that what is said beneath it is what clients say, until a script spoils it.
#ifndef STROWGER_TESTS_FAR_TLS_H
#define STROWGER_TESTS_FAR_TLS_H

#include "far.h"

// F's manners that LETTERS ask for:
//
//     2  TLS 1.2                              h  groups of which the server wants the second (HelloRetryRequest)
//     3  TLS 1.3                              a  names a protocol that is not the server's
//     r  resumes its last session             b  names one that is
//     c  ChaCha20 first                       s  names a host
uint32_t far_tls_manners(struct span letters);

// Has BYTES leave in records, behind a handshake if there was none yet.
void far_tls_say(struct far *f, struct span bytes);

// Appends what came under TLS to F->in, and lets leave what waited for it. Whether anything had come.
bool far_tls_receive(struct far *f);

// Changes the keys of TLS 1.3, or asks TLS 1.2 to negotiate again, which servers refuse.
void far_tls_rekey(struct far *f);

// Says that nothing more will be said (close_notify).
void far_tls_end(struct far *f);

void far_tls_close(struct far *f);

#endif
