// SPDX-License-Identifier: MIT
// What OpenSSL reads from and writes to; see tls_bio.h.
#include "net/tls_bio.h"

static int on_read(BIO *bio, char *p, size_t len, size_t *n)
{
    struct tls_bio *b = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *n = len < b->in.len ? len : b->in.len;
    if (!*n) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(p, b->in.p, *n);
    b->in.p += *n;
    b->in.len -= *n;
    return 1;
}

static int on_write(BIO *bio, const char *p, size_t len, size_t *n)
{
    struct tls_bio *b = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *n = outq_put(&b->out, b->memory, &(struct span){ p, len }, 1) == 0 ? len : 0;
    return *n > 0;
}

// Flushing is the conn's business, and nothing else that can be asked applies.
static long on_ctrl(BIO *bio, int command, long number, void *p)
{
    (void)bio;
    (void)number;
    (void)p;
    return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *tls_bio_method_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "conn");
    if (!method)
        return NULL;
    BIO_meth_set_read_ex(method, on_read);
    BIO_meth_set_write_ex(method, on_write);
    BIO_meth_set_ctrl(method, on_ctrl);
    return method;
}

BIO *tls_bio_new(const BIO_METHOD *method, struct tls_bio *b)
{
    BIO *bio = BIO_new(method);
    if (!bio)
        return NULL;
    BIO_set_data(bio, b);
    BIO_set_init(bio, 1);
    return bio;
}
