// SPDX-License-Identifier: MIT
// The certificates that the settings ask for; see certificates.h.
#include "server/certificates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "server/dev_cert.h"

// Whether one of LIST is FILE itself.
static bool has_file(const struct config_list *list, const char *file)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i] == file)
            return true;
    return false;
}

// Clients refuse one that has expired, and say so in words of their own.
static void warn_of_expiry(const struct tls_files *pair)
{
    char at[32] = "";
    struct tm parts;
    time_t expires_at = (time_t)pair->expires_at;
    if (expires_at > time(NULL))
        return;
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&expires_at, &parts));
    log_write(LOG_WARN, "a certificate has expired, and clients refuse it", LOG_TEXT("file", pair->cert_file),
              LOG_TEXT("expired_at", at));
}

static int load_files(struct tls_context *x, const struct config *c, char error[CONFIG_ERROR_LEN])
{
    char why[TLS_ERROR_LEN];
    const char *bad;
    size_t n = c->tls_cert.n;
    struct tls_files *files = calloc(n, sizeof *files);
    if (!files) {
        snprintf(error, CONFIG_ERROR_LEN, "out of memory");
        return -EIO;
    }
    for (size_t i = 0; i < n; i++)
        files[i] = (struct tls_files){ .cert_file = c->tls_cert.items[i], .key_file = c->tls_key.items[i] };
    int err = tls_context_load(x, files, n, &bad, why);
    for (size_t i = 0; i < n && !err; i++)
        warn_of_expiry(&files[i]);
    free(files);
    if (!err)
        return 0;
    config_fault(error, has_file(&c->tls_key, bad) ? &CONFIG_CLAIM(c, tls_key, bad) : &CONFIG_CLAIM(c, tls_cert, bad),
                 "%s", why);
    return -EIO;
}

static int check_pairs(const struct config *c, char error[CONFIG_ERROR_LEN])
{
    size_t n_certs = c->tls_cert.n, n_keys = c->tls_key.n;
    if (n_certs > n_keys)
        return config_fault(error, &CONFIG_CLAIM(c, tls_cert, NULL), "needs a --tls-key for each: %zu, not %zu",
                            n_certs, n_keys);
    if (n_keys > n_certs)
        return config_fault(error, &CONFIG_CLAIM(c, tls_key, NULL), "needs a --tls-cert for each: %zu, not %zu", n_keys,
                            n_certs);
    if (c->dev && n_certs)
        return config_fault(error, &CONFIG_CLAIM(c, dev, NULL),
                            "makes a certificate of its own: leave it out, or --tls-cert");
    return 0;
}

int certificates_load(struct tls_context *x, const struct config *c, char error[CONFIG_ERROR_LEN])
{
    int err = check_pairs(c, error);
    if (err || c->tls_cert.n)
        return err ? err : load_files(x, c, error);
    err = dev_cert_use(x);
    if (err)
        config_fault(error, &CONFIG_CLAIM(c, dev, NULL), "can't make a certificate");
    return err ? -EIO : 0;
}
