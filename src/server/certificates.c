// SPDX-License-Identifier: MIT
// The certificates that the settings ask for; see certificates.h.
#include "server/certificates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/dev_cert.h"

static int load_files(struct tls_context *x, const struct config *c, char error[TLS_ERROR_LEN])
{
    size_t n = c->tls_cert.n;
    struct tls_files *files = calloc(n, sizeof *files);
    if (!files) {
        snprintf(error, TLS_ERROR_LEN, "out of memory");
        return -EIO;
    }
    for (size_t i = 0; i < n; i++)
        files[i] = (struct tls_files){ c->tls_cert.items[i], c->tls_key.items[i] };
    int err = tls_context_load(x, files, n, error);
    free(files);
    return err ? -EIO : 0;
}

int certificates_load(struct tls_context *x, const struct config *c, char error[TLS_ERROR_LEN])
{
    if (c->tls_cert.n != c->tls_key.n) {
        snprintf(error, TLS_ERROR_LEN, "--tls-cert and --tls-key come in pairs, not %zu and %zu", c->tls_cert.n,
                 c->tls_key.n);
        return -EINVAL;
    }
    if (c->dev && c->tls_cert.n) {
        snprintf(error, TLS_ERROR_LEN, "--dev makes a certificate of its own: leave it out, or --tls-cert");
        return -EINVAL;
    }
    if (c->tls_cert.n)
        return load_files(x, c, error);
    int err = dev_cert_use(x);
    if (err)
        snprintf(error, TLS_ERROR_LEN, "--dev: can't make a certificate");
    return err;
}
