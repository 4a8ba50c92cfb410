// SPDX-License-Identifier: MIT
// TLS on one connection; see tls.h.
#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>

#include "base/log.h"

struct tls *tls_open(struct tls_context *x, struct outq_memory *memory)
{
    struct tls *t = malloc(sizeof *t);
    if (!t)
        return NULL;
    *t = (struct tls){ .bio = { .memory = memory } };
    t->ssl = tls_context_new_ssl(x, &t->bio);
    if (t->ssl)
        return t;
    ERR_clear_error();
    free(t);
    return NULL;
}

void tls_close(struct tls *t)
{
    SSL_free(t->ssl);
    outq_clear(&t->bio.out, t->bio.memory);
    free(t);
}

// Somebody typed http:// for https://, and should read why that fails rather than see a broken connection.
static void answer_plain_http(struct tls *t)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\n"
                                 "Content-Type: text/plain; charset=utf-8\r\n"
                                 "Content-Length: 49\r\n"
                                 "Connection: close\r\n"
                                 "\r\n"
                                 "This port speaks TLS: open it with https: or wss:";
    outq_clear(&t->bio.out, t->bio.memory);
    if (outq_put_static(&t->bio.out, (struct span){ answer, sizeof answer - 1 }) != 0)
        outq_clear(&t->bio.out, t->bio.memory);
}

static void fail_handshake(struct tls *t)
{
    unsigned long error = ERR_peek_error();
    const char *reason = ERR_reason_error_string(error);
    log_write(LOG_DEBUG, "TLS handshake failed", LOG_TEXT("reason", reason ? reason : "unknown"));
    if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST)
        answer_plain_http(t);
}

static void fail(struct tls *t)
{
    if (t->state == TLS_HANDSHAKE)
        fail_handshake(t);
    t->state = TLS_FAILED;
}

size_t tls_read(struct tls *t, struct span in, char *out)
{
    size_t len = 0, n;
    t->bio.in = in;
    ERR_clear_error();
    // One record a call, until OpenSSL has taken all of IN and wants more.
    while (SSL_read_ex(t->ssl, out + len, TLS_RECORD_LEN, &n) == 1)
        len += n;
    int err = SSL_get_error(t->ssl, 0);
    if (t->state == TLS_HANDSHAKE && SSL_is_init_finished(t->ssl))
        t->state = TLS_OPEN;
    if (err == SSL_ERROR_ZERO_RETURN)
        t->state = t->state == TLS_OPEN ? TLS_ENDED : TLS_FAILED;
    else if (err != SSL_ERROR_WANT_READ)
        fail(t);
    t->bio.in = (struct span){ 0 };
    return len;
}

int tls_write(struct tls *t, struct span s)
{
    size_t n;
    ERR_clear_error();
    // Never in parts: the BIO takes everything, and renegotiation, which could want to read first, is off.
    return SSL_write_ex(t->ssl, s.p, s.len, &n) == 1 ? 0 : -ENOMEM;
}

void tls_finish(struct tls *t)
{
    ERR_clear_error();
    t->state = SSL_shutdown(t->ssl) < 0 ? TLS_FAILED : TLS_FINISHED;
}

enum tls_version tls_version(const struct tls *t)
{
    return SSL_version(t->ssl) == TLS1_3_VERSION ? TLS_VERSION_1_3 : TLS_VERSION_1_2;
}

bool tls_is_resumed(const struct tls *t)
{
    return SSL_session_reused(t->ssl) == 1;
}
