// SPDX-License-Identifier: MIT
// What all TLS connections have in common: certificates and keys, versions and ciphers, and the keys of session
// tickets.
//
// TLS 1.2 and 1.3, forward secret and authenticated ciphers only, ALPN http/1.1, no renegotiation, no compression, no
// 0-RTT data. Certificates may be replaced at any time and from any thread: connections keep those they began with.
#ifndef STROWGER_NET_TLS_CONTEXT_H
#define STROWGER_NET_TLS_CONTEXT_H

#include <openssl/ssl.h>

struct tls_context;

enum { TLS_ERROR_LEN = 512 };

// Two PEM files: a certificate with the chain behind it, and its private key.
struct tls_files {
    const char *cert_file, *key_file;
    int64_t expires_at; // UNIX time; set when they have been read
};

// A context that has no certificate yet, or NULL when memory is short.
struct tls_context *tls_context_new(void);

// Frees X, after the last connection that was made with it. NULL is nothing.
void tls_context_free(struct tls_context *x);

// Has new connections use the N pairs of FILES, each of another kind of key (one ECDSA and one RSA, say). 0, or with
// ERROR one line that says what is wrong and how to mend it, and *BAD which of the FILES' names that is about, or NULL,
// -EINVAL; X stays as it was then.
[[gnu::warn_unused_result]] int tls_context_load(struct tls_context *x, struct tls_files *files, size_t n,
                                                 const char **bad, char error[TLS_ERROR_LEN]);

// Has new connections use CERT and KEY, which stay the caller's. 0 or -EINVAL.
[[gnu::warn_unused_result]] int tls_context_use(struct tls_context *x, X509 *cert, EVP_PKEY *key);

// The UNIX time at which the first of the present certificates expires, or 0 when there are none.
int64_t tls_context_expires_at(struct tls_context *x);

// A new server-side SSL over B, which must live longer, with the present certificates; or NULL.
struct tls_bio;
SSL *tls_context_new_ssl(struct tls_context *x, struct tls_bio *b);

#endif
