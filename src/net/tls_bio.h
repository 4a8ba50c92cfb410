// SPDX-License-Identifier: MIT
// What OpenSSL reads from and writes to: ciphertext that the conn has received, and a queue of what it is to send.
//
// It touches no socket, so OpenSSL never waits for one: what it writes is always taken, and what is left of one turn's
// records leaves together.
#ifndef STROWGER_NET_TLS_BIO_H
#define STROWGER_NET_TLS_BIO_H

#include <openssl/bio.h>

#include "base/span.h"
#include "net/outq.h"

struct tls_bio {
    struct span in;  // received and not yet read
    struct outq out; // written and not yet sent
    struct outq_memory *memory;
};

// The kind of BIO whose data is a struct tls_bio, or NULL. BIO_meth_free() frees it, after the last BIO of its kind.
BIO_METHOD *tls_bio_method_new(void);

// A BIO over B, which must live longer, or NULL.
BIO *tls_bio_new(const BIO_METHOD *method, struct tls_bio *b);

#endif
