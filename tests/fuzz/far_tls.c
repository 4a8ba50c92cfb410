// SPDX-License-Identifier: MIT
// A client's TLS; see far_tls.h.
#include "far_tls.h"

#include <openssl/err.h>
#include <string.h>

static uint32_t manner(char letter)
{
    return 1U << (letter & 31); // the digits' bits are no letter's that means anything
}

static bool has_manner(const struct far *f, char letter)
{
    return f->manners & manner(letter);
}

uint32_t far_tls_manners(struct span letters)
{
    uint32_t manners = 0;
    for (size_t i = 0; i < letters.len; i++)
        manners |= manner(letters.p[i]);
    return manners;
}

// What has been sealed leaves, one byte of it spoiled if that is due.
static void take_sealed(struct far *f)
{
    char *p;
    BIO *bio = SSL_get_wbio(f->ssl);
    long n = BIO_get_mem_data(bio, &p);
    if (n <= 0)
        return;
    size_t len = (size_t)n;
    if (f->spoil_at && f->spoil_at <= len) {
        p[f->spoil_at - 1] = (char)(p[f->spoil_at - 1] ^ 0x55);
        f->is_spoiled = true;
    }
    f->spoil_at = f->spoil_at > len ? f->spoil_at - len : 0;
    must(buf_put(&f->out, p, len) == 0);
    must(BIO_reset(bio) == 1);
}

// What can go wrong of what comes is that the server refuses, with an alert, or that it did not understand what was spoiled.
static void check_failure(struct far *f)
{
    int reason = ERR_GET_REASON(ERR_peek_error());
    if (SSL_get_error(f->ssl, 0) == SSL_ERROR_SSL) {
        must(f->is_spoiled || reason >= SSL_AD_REASON_OFFSET || reason == SSL_R_NO_RENEGOTIATION);
        f->is_spoiled = true; // nothing can come of it any more
    }
}

static void seal_plain(struct far *f)
{
    size_t at = 0, n;
    while (at < f->plain.len && SSL_is_init_finished(f->ssl)) {
        size_t len = f->plain.len - at;
        len = f->record && f->record < len ? f->record : len;
        if (SSL_write_ex(f->ssl, f->plain.p + at, len, &n) != 1)
            break; // it has said that it says no more
        at += n;
    }
    if (at && at < f->plain.len)
        memmove(f->plain.p, f->plain.p + at, f->plain.len - at);
    f->plain.len -= at;
}

static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
    struct far *f = SSL_get_app_data(ssl);
    SSL_SESSION_free(f->session);
    f->session = session;
    return 1; // it is ours
}

static SSL_CTX *context(void)
{
    static SSL_CTX *ctx;
    if (ctx)
        return ctx;
    ctx = SSL_CTX_new(TLS_client_method());
    must(ctx != NULL);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, on_new_session);
    return ctx;
}

static void begin(struct far *f)
{
    static const unsigned char ours[] = "\x08http/1.1", anothers[] = "\x02h2";
    f->ssl = SSL_new(context());
    must(f->ssl != NULL);
    SSL_set_app_data(f->ssl, f);
    SSL_set_bio(f->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(f->ssl);
    SSL_set_max_proto_version(f->ssl, has_manner(f, '2') ? TLS1_2_VERSION : TLS1_3_VERSION);
    if (has_manner(f, 'a'))
        SSL_set_alpn_protos(f->ssl, anothers, sizeof anothers - 1);
    else if (has_manner(f, 'b'))
        SSL_set_alpn_protos(f->ssl, ours, sizeof ours - 1);
    if (has_manner(f, 'c'))
        must(SSL_set_ciphersuites(f->ssl, "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
             SSL_set_cipher_list(f->ssl, "ECDHE-ECDSA-CHACHA20-POLY1305") == 1);
    if (has_manner(f, 'h'))
        must(SSL_set1_groups_list(f->ssl, "P-521:P-256") == 1);
    if (has_manner(f, 's'))
        must(SSL_set_tlsext_host_name(f->ssl, "localhost") == 1);
    if (has_manner(f, 'r') && f->session)
        SSL_set_session(f->ssl, f->session);
}

void far_tls_say(struct far *f, struct span bytes)
{
    must(buf_put_span(&f->plain, bytes) == 0);
    if (!f->ssl) {
        begin(f);
        SSL_do_handshake(f->ssl);
    }
    seal_plain(f);
    take_sealed(f);
}

bool far_tls_receive(struct far *f)
{
    struct buf sealed = { 0 };
    bool has_any = wire_receive(f->wire, &sealed);
    if (!has_any)
        return false;
    must(BIO_write(SSL_get_rbio(f->ssl), sealed.p, (int)sealed.len) == (int)sealed.len);
    buf_fini(&sealed);
    size_t n;
    ERR_clear_error();
    must(buf_reserve(&f->in, SSL3_RT_MAX_PLAIN_LENGTH) == 0);
    while (SSL_read_ex(f->ssl, f->in.p + f->in.len, SSL3_RT_MAX_PLAIN_LENGTH, &n) == 1) {
        f->in.len += n;
        must(buf_reserve(&f->in, SSL3_RT_MAX_PLAIN_LENGTH) == 0);
    }
    check_failure(f);
    seal_plain(f);
    take_sealed(f);
    return true;
}

void far_tls_rekey(struct far *f)
{
    if (!f->ssl || !SSL_is_init_finished(f->ssl))
        return;
    if (SSL_version(f->ssl) == TLS1_3_VERSION)
        SSL_key_update(f->ssl, SSL_KEY_UPDATE_REQUESTED);
    else
        SSL_renegotiate(f->ssl);
    SSL_do_handshake(f->ssl);
    take_sealed(f);
}

void far_tls_end(struct far *f)
{
    if (!f->ssl)
        return;
    SSL_shutdown(f->ssl);
    take_sealed(f);
}

void far_tls_close(struct far *f)
{
    f->plain.len = 0;
    SSL_free(f->ssl);
    f->ssl = NULL;
    f->manners = 0;
}
