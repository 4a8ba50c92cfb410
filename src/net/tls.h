// SPDX-License-Identifier: MIT
// TLS on one connection: ciphertext in, plaintext out, and the other way round; OpenSSL does the work.
//
// It touches no socket: the conn receives, and sends what lies in bio.out. An idle connection holds no buffer.
#ifndef STROWGER_NET_TLS_H
#define STROWGER_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "net/tls_bio.h"
#include "net/tls_context.h"

enum {
    TLS_RECORD_LEN = 16 * 1024, // plaintext in one record, at most
    // A record can be finished by its last byte, so reading N bytes may give this many more than N.
    TLS_READ_AHEAD = TLS_RECORD_LEN + 512,
};

enum tls_state {
    TLS_HANDSHAKE,
    TLS_OPEN,
    TLS_ENDED,    // the other side has said that it sends no more, and may still read
    TLS_FINISHED, // we have said so
    TLS_FAILED,   // nothing can be read or written any more; what is in bio.out tells the other side why
};

enum tls_version { TLS_VERSION_1_2, TLS_VERSION_1_3, N_TLS_VERSIONS };

struct tls {
    SSL *ssl;
    struct tls_bio bio;
    enum tls_state state;
};

// The server's side of a new TLS connection under X, its output in MEMORY; or NULL. Both must live longer.
struct tls *tls_open(struct tls_context *x, struct outq_memory *memory);

// Frees T; what is in bio.out is dropped.
void tls_close(struct tls *t);

// Takes the received bytes IN, goes on with the handshake, and writes the plaintext to OUT, which must have room for
// IN.len + TLS_READ_AHEAD bytes and may overlap IN if that begins TLS_READ_AHEAD bytes behind it. Returns the bytes
// written; t->state says what else has happened.
size_t tls_read(struct tls *t, struct span in, char *out);

// Encrypts S, at most TLS_RECORD_LEN bytes, into one record. 0 or -ENOMEM.
[[gnu::warn_unused_result]] int tls_write(struct tls *t, struct span s);

// Says that nothing more will be written (close_notify).
void tls_finish(struct tls *t);

// Whether plaintext can be written.
static inline bool tls_is_writable(const struct tls *t)
{
    return t->state == TLS_OPEN || t->state == TLS_ENDED;
}

// What a handshake that succeeded has agreed on.
enum tls_version tls_version(const struct tls *t);

// Whether the session was resumed by a ticket.
bool tls_is_resumed(const struct tls *t);

#endif
