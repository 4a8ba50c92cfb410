// SPDX-License-Identifier: MIT
// What all TLS connections have in common; see tls_context.h.
#include "net/tls_context.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "base/private_file.h"
#include "base/rand.h"
#include "net/tls_bio.h"
#include "net/tls_tickets.h"

// Ephemeral keys and AEAD only (RFC 9325 section 4.2). AES-128 first: nobody breaks it either, it is faster, and its
// SHA-256 leaves an idle connection 350 bytes smaller than SHA-384. Who asks for ChaCha20 first, for want of AES
// instructions, gets it.
#define CIPHERS                                                                                                        \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"                         \
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define CIPHERS_1_3 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define GROUPS      "X25519:P-256:P-384"

struct tls_context {
    pthread_mutex_t lock; // of the next two
    SSL_CTX *ssl_ctx;     // replaced as a whole; each SSL holds a reference to its own
    int64_t expires_at;   // the first certificate in it
    BIO_METHOD *bio_method;
    EVP_CIPHER *ticket_cipher;
    struct tls_tickets tickets; // outlive a reload, and with them the sessions
};

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

// What OpenSSL calls when it seals a ticket (ENCRYPT) or opens one: the key's name and the IV are written or read, the
// cipher and the MAC made ready (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)).
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
                     int encrypt)
{
    struct tls_context *x = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct tls_ticket_key key;
    int found = 1;
    if (encrypt) {
        tls_tickets_seal(&x->tickets, now_ms(), &key);
        memcpy(name, key.name, sizeof key.name);
        rand_fill(iv, (size_t)EVP_CIPHER_get_iv_length(x->ticket_cipher));
    } else {
        found = tls_tickets_find(&x->tickets, now_ms(), name, &key);
        // A ticket used twice links two connections (RFC 8446 appendix C.4): each brings its successor.
        if (found && SSL_version(ssl) == TLS1_3_VERSION)
            found = 2;
    }
    if (found > 0) {
        OSSL_PARAM params[] = {
            OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac_key, sizeof key.mac_key),
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){ "SHA256" }, 0),
            OSSL_PARAM_construct_end(),
        };
        if (EVP_CipherInit_ex(cipher, x->ticket_cipher, NULL, key.cipher_key, iv, encrypt) != 1 ||
            EVP_MAC_CTX_set_params(mac, params) != 1)
            found = -1;
        OPENSSL_cleanse(&key, sizeof key);
    }
    return found;
}

// RFC 7301 section 3.2: a client that names protocols, and not ours, is told so.
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                   unsigned int in_len, void *unused)
{
    static const unsigned char ours[] = "\x08http/1.1";
    (void)ssl;
    (void)unused;
    int found = SSL_select_next_proto((unsigned char **)out, out_len, ours, sizeof ours - 1, in, in_len);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A key under a passphrase must not stop the start with a question on the terminal.
static int on_passphrase(char *buf, int size, int is_write, void *was_asked)
{
    (void)buf;
    (void)size;
    (void)is_write;
    *(bool *)was_asked = true;
    return -1;
}

static SSL_CTX *new_ssl_ctx(struct tls_context *x)
{
    static const unsigned char session_context[] = "strowger";
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        return NULL;
    SSL_CTX_set_app_data(ctx, x);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS); // else an idle connection would hold 34 KB
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(ctx, TLS_TICKETS_PERIOD_MS / 1000);
    SSL_CTX_set_num_tickets(ctx, 1); // a client that comes back does so over one connection
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(ctx, CIPHERS) == 1 &&
        SSL_CTX_set_ciphersuites(ctx, CIPHERS_1_3) == 1 && SSL_CTX_set1_groups_list(ctx, GROUPS) == 1 &&
        SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket) == 1 &&
        SSL_CTX_set_session_id_context(ctx, session_context, sizeof session_context - 1) == 1)
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

// When CTX's current certificate expires.
static int64_t expiry_of(const SSL_CTX *ctx)
{
    struct tm t = { 0 };
    const X509 *cert = SSL_CTX_get0_certificate(ctx);
    return cert && ASN1_TIME_to_tm(X509_get0_notAfter(cert), &t) == 1 ? (int64_t)timegm(&t) : 0;
}

// When the first of CTX's certificates expires. CTX must not be in use yet: this turns over what is current in it.
static int64_t first_expiry(SSL_CTX *ctx)
{
    int64_t first = 0;
    for (long at = SSL_CERT_SET_FIRST; SSL_CTX_set_current_cert(ctx, at) == 1; at = SSL_CERT_SET_NEXT) {
        int64_t expiry = expiry_of(ctx);
        first = first && first < expiry ? first : expiry;
    }
    return first;
}

// Puts CTX, which becomes X's, in the place of what new connections use.
static void replace(struct tls_context *x, SSL_CTX *ctx)
{
    int64_t expires_at = first_expiry(ctx);
    pthread_mutex_lock(&x->lock);
    SSL_CTX *old = x->ssl_ctx;
    x->ssl_ctx = ctx;
    x->expires_at = expires_at;
    pthread_mutex_unlock(&x->lock);
    SSL_CTX_free(old);
}

struct tls_context *tls_context_new(void)
{
    struct tls_context *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    pthread_mutex_init(&x->lock, NULL);
    tls_tickets_init(&x->tickets, now_ms());
    x->bio_method = tls_bio_method_new();
    x->ticket_cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    if (x->bio_method && x->ticket_cipher)
        return x;
    tls_context_free(x);
    return NULL;
}

void tls_context_free(struct tls_context *x)
{
    if (!x)
        return;
    SSL_CTX_free(x->ssl_ctx);
    BIO_meth_free(x->bio_method);
    EVP_CIPHER_free(x->ticket_cipher);
    tls_tickets_fini(&x->tickets);
    pthread_mutex_destroy(&x->lock);
    free(x);
}

static int complain(char error[TLS_ERROR_LEN], const char *file, const char *what)
{
    snprintf(error, TLS_ERROR_LEN, "'%.150s': %.300s", file, what);
    return -EINVAL;
}

// OpenSSL's own words for the first thing that went wrong, which led to the others.
static int complain_of_openssl(char error[TLS_ERROR_LEN], const char *file)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    return complain(error, file, reason ? reason : "it can't be used");
}

// Opens FILE, which holds a key if it IS_SECRET. The descriptor, or -EINVAL with ERROR.
static int open_file(const char *file, bool is_secret, char error[TLS_ERROR_LEN])
{
    char why[PRIVATE_FILE_ERROR_LEN];
    int fd = private_file_open(file, is_secret, why);
    return fd < 0 ? complain(error, file, why) : fd;
}

// Opens FILE, a key, for OpenSSL. NULL with ERROR.
static FILE *open_key(const char *file, char error[TLS_ERROR_LEN])
{
    int fd = open_file(file, true, error);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
    if (fd >= 0 && !f) {
        complain(error, file, strerror(errno));
        close(fd);
    }
    return f;
}

static EVP_PKEY *read_key(const char *file, char error[TLS_ERROR_LEN])
{
    bool was_asked = false;
    FILE *f = open_key(file, error);
    if (!f)
        return NULL;
    EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, on_passphrase, &was_asked);
    fclose(f);
    if (was_asked) {
        EVP_PKEY_free(key);
        complain(error, file, "it has a passphrase; take it off with: openssl pkey -in OLD -out NEW");
        return NULL;
    }
    if (!key)
        complain(error, file, "no private key in PEM form");
    return key;
}

// Reads the certificate and its chain in FILE into CTX. 0 or -EINVAL with ERROR.
static int use_certificate(SSL_CTX *ctx, const char *file, char error[TLS_ERROR_LEN])
{
    int fd = open_file(file, false, error);
    if (fd < 0)
        return fd;
    close(fd);
    if (SSL_CTX_use_certificate_chain_file(ctx, file) == 1)
        return 0;
    if (ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_PEM)
        return complain(error, file, "no certificate in PEM form");
    return complain_of_openssl(error, file);
}

// Whether one of the N pairs of FILES already used has the same kind of key as the last one in CTX.
static bool is_kind_taken(SSL_CTX *ctx, int *kinds, size_t n)
{
    kinds[n] = EVP_PKEY_get_base_id(SSL_CTX_get0_privatekey(ctx));
    for (size_t i = 0; i < n; i++)
        if (kinds[i] == kinds[n])
            return true;
    return false;
}

static int use_pair(SSL_CTX *ctx, struct tls_files *pair, const char **bad, char error[TLS_ERROR_LEN])
{
    ERR_clear_error();
    *bad = pair->key_file;
    EVP_PKEY *key = read_key(pair->key_file, error);
    if (!key)
        return -EINVAL;
    *bad = pair->cert_file;
    int err = use_certificate(ctx, pair->cert_file, error);
    if (!err)
        *bad = pair->key_file;
    if (!err && X509_check_private_key(SSL_CTX_get0_certificate(ctx), key) != 1) {
        char what[300];
        snprintf(what, sizeof what, "not the key of the certificate in '%.150s'", pair->cert_file);
        err = complain(error, pair->key_file, what);
    }
    if (!err && SSL_CTX_use_PrivateKey(ctx, key) != 1)
        err = complain_of_openssl(error, pair->key_file);
    EVP_PKEY_free(key);
    pair->expires_at = expiry_of(ctx);
    return err;
}

int tls_context_load(struct tls_context *x, struct tls_files *files, size_t n, const char **bad,
                     char error[TLS_ERROR_LEN])
{
    enum { MAX_KINDS = 8 };
    int kinds[MAX_KINDS], err = 0;
    SSL_CTX *ctx = new_ssl_ctx(x);
    *bad = NULL;
    if (!ctx) {
        snprintf(error, TLS_ERROR_LEN, "out of memory");
        return -EINVAL;
    }
    for (size_t i = 0; i < n && !err; i++) {
        err = use_pair(ctx, &files[i], bad, error);
        if (!err && (i == MAX_KINDS || is_kind_taken(ctx, kinds, i)))
            err = complain(error, files[i].key_file, "there is already a key of this kind");
    }
    ERR_clear_error();
    if (err)
        SSL_CTX_free(ctx);
    else
        replace(x, ctx);
    return err;
}

int tls_context_use(struct tls_context *x, X509 *cert, EVP_PKEY *key)
{
    SSL_CTX *ctx = new_ssl_ctx(x);
    if (ctx && SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1) {
        replace(x, ctx);
        return 0;
    }
    SSL_CTX_free(ctx);
    ERR_clear_error();
    return -EINVAL;
}

int64_t tls_context_expires_at(struct tls_context *x)
{
    pthread_mutex_lock(&x->lock);
    int64_t at = x->expires_at;
    pthread_mutex_unlock(&x->lock);
    return at;
}

SSL *tls_context_new_ssl(struct tls_context *x, struct tls_bio *b)
{
    pthread_mutex_lock(&x->lock);
    SSL_CTX *ctx = x->ssl_ctx;
    if (ctx)
        SSL_CTX_up_ref(ctx);
    pthread_mutex_unlock(&x->lock);
    SSL *ssl = ctx ? SSL_new(ctx) : NULL;
    SSL_CTX_free(ctx);
    BIO *bio = ssl ? tls_bio_new(x->bio_method, b) : NULL;
    if (!bio) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    return ssl;
}
