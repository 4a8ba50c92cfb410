// SPDX-License-Identifier: MIT
// The STUN and TURN servers that a site tells its clients of; see ice.h.
#include "server/ice.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/rand.h"
#include "host/secret_file.h"
#include "proto/json.h"

struct ice {
    const struct config *config;
    struct secret secret;
};

struct ice *ice_new(const struct config *c)
{
    struct ice *i = calloc(1, sizeof *i);
    if (i)
        i->config = c;
    return i;
}

void ice_free(struct ice *i)
{
    if (!i)
        return;
    OPENSSL_cleanse(&i->secret, sizeof i->secret);
    free(i);
}

bool ice_has_relay(const struct ice *i)
{
    return i->config->turn_url.n > 0;
}

// ---- loading

#define DIGITS       "0123456789"
#define ALPHANUMERIC DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// Where in TEXT the host that it begins with ends; NULL when it begins with none.
static const char *skip_host(const char *text)
{
    bool is_ipv6 = *text == '[';
    size_t len = strspn(text + is_ipv6, is_ipv6 ? DIGITS "abcdefABCDEF:." : ALPHANUMERIC "-._");
    const char *end = text + is_ipv6 + len;
    if (is_ipv6 && *end++ != ']')
        return NULL;
    return len ? end : NULL;
}

static const char *skip_port(const char *text)
{
    char *end;
    if (*text != ':')
        return text;
    unsigned long port = strspn(text + 1, DIGITS) ? strtoul(text + 1, &end, 10) : 0;
    return port && port <= UINT16_MAX ? end : NULL;
}

// Whether URL is SCHEME's or, with an s behind it, secure: RFC 7064, and 7065 with its query. One that is not would have
// browsers refuse all the others, too.
static bool is_url(const char *url, const char *scheme, bool has_query)
{
    size_t len = strlen(scheme);
    if (strncmp(url, scheme, len) != 0)
        return false;
    url += len + (url[len] == 's');
    const char *end = *url == ':' ? skip_host(url + 1) : NULL;
    end = end ? skip_port(end) : NULL;
    if (!end)
        return false;
    return !*end || (has_query && (!strcmp(end, "?transport=udp") || !strcmp(end, "?transport=tcp")));
}

static int check_urls(const struct config *c, char error[CONFIG_ERROR_LEN])
{
    for (size_t i = 0; i < c->stun.n; i++)
        if (!is_url(c->stun.items[i], "stun", false))
            return config_fault(error, &CONFIG_CLAIM(c, stun, c->stun.items[i]),
                                "takes such as stun:stun.example.org:3478, not '%.200s'", c->stun.items[i]);
    for (size_t i = 0; i < c->turn_url.n; i++)
        if (!is_url(c->turn_url.items[i], "turn", true))
            return config_fault(error, &CONFIG_CLAIM(c, turn_url, c->turn_url.items[i]),
                                "takes such as turn:turn.example.org:3478?transport=udp, not '%.200s'",
                                c->turn_url.items[i]);
    if (c->turn_url.n && !c->turn_secret_file)
        return config_fault(error, &CONFIG_CLAIM(c, turn_url, NULL), "needs --turn-secret-file beside it");
    if (c->turn_secret_file && !c->turn_url.n)
        return config_fault(error, &CONFIG_CLAIM(c, turn_secret_file, NULL), "needs --turn-url beside it");
    return 0;
}

int ice_load(struct ice *i, char error[CONFIG_ERROR_LEN])
{
    char why[SECRET_ERROR_LEN];
    int err = check_urls(i->config, error);
    if (err || !i->config->turn_secret_file)
        return err;
    err = secret_file_read(&i->secret, i->config->turn_secret_file, why);
    if (err)
        config_fault(error, &CONFIG_CLAIM(i->config, turn_secret_file, NULL), "'%.200s': %s",
                     i->config->turn_secret_file, why);
    return err ? -EIO : 0;
}

// ---- answering

struct credentials {
    int64_t ttl, expires_at; // seconds; Unix time
    char name[48];           // "EXPIRY:ID", the id as good as none: TURN shows it to everyone on the way
    struct buf password;
};

static int make_credentials(const struct ice *i, struct credentials *c)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    uint64_t id;
    rand_fill(&id, sizeof id);
    *c = (struct credentials){ .ttl = i->config->turn_ttl / 1000 };
    c->expires_at = (int64_t)time(NULL) + c->ttl;
    int len = snprintf(c->name, sizeof c->name, "%lld:%016llx", (long long)c->expires_at, (unsigned long long)id);
    const void *made = HMAC(EVP_sha1(), i->secret.bytes, (int)i->secret.len, (const unsigned char *)c->name,
                            (size_t)len, mac, &mac_len);
    return made ? base64_put(&c->password, (struct span){ (const char *)mac, mac_len }) : -ENOMEM;
}

static int put_all(struct buf *out, const struct span *parts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (buf_put_span(out, parts[i]) != 0)
            return -ENOMEM;
    return 0;
}

// Appends URLS as a JSON array; they need no escapes.
static int put_urls(struct buf *out, const struct config_list *urls)
{
    for (size_t i = 0; i < urls->n; i++) {
        struct span parts[] = { i ? SPAN(",\"") : SPAN("[\""), span_of(urls->items[i]), SPAN("\"") };
        if (put_all(out, parts, 3) != 0)
            return -ENOMEM;
    }
    return buf_put_span(out, SPAN("]"));
}

static int put_relay(const struct ice *i, struct buf *out, struct span separator)
{
    struct credentials c;
    char times[80];
    int err = make_credentials(i, &c);
    int len =
        snprintf(times, sizeof times, "],\"ttl\":%lld,\"expires\":%lld}", (long long)c.ttl, (long long)c.expires_at);
    struct span before[] = { separator, SPAN("{\"urls\":") };
    struct span after[] = { SPAN(",\"username\":\""), span_of(c.name), SPAN("\",\"credential\":\""),
                            buf_span(&c.password),    SPAN("\"}"),     { times, (size_t)len } };
    if (!err && (put_all(out, before, 2) || put_urls(out, &i->config->turn_url) || put_all(out, after, 6)))
        err = -ENOMEM;
    buf_fini(&c.password);
    return err;
}

int ice_put_configuration(const struct ice *i, struct buf *out)
{
    const struct config_list *stun = &i->config->stun;
    int err = buf_put_span(out, SPAN("{\"iceServers\":["));
    if (!err && stun->n &&
        (buf_put_span(out, SPAN("{\"urls\":")) || put_urls(out, stun) || buf_put_span(out, SPAN("}"))))
        err = -ENOMEM;
    if (err)
        return err;
    return ice_has_relay(i) ? put_relay(i, out, stun->n ? SPAN(",") : SPAN("")) : buf_put_span(out, SPAN("]}"));
}

int ice_put_credentials(const struct ice *i, struct buf *out)
{
    struct credentials c;
    char ttl[48];
    int err = make_credentials(i, &c);
    int len = snprintf(ttl, sizeof ttl, "\",\"ttl\":%lld,\"uris\":", (long long)c.ttl);
    struct span parts[] = { SPAN("{\"username\":\""),
                            span_of(c.name),
                            SPAN("\",\"password\":\""),
                            buf_span(&c.password),
                            { ttl, (size_t)len } };
    if (!err && (put_all(out, parts, 5) || put_urls(out, &i->config->turn_url) || buf_put_span(out, SPAN("}"))))
        err = -ENOMEM;
    buf_fini(&c.password);
    return err;
}
