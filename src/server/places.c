// SPDX-License-Identifier: MIT
// Where the sites are to be found; see places.h.
#include "server/places.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/sock.h"
#include "server/certificates.h"
#include "server/site.h"

// Appends a place of site number SITE that CLAIM is about, or NULL.
static struct place *append(struct places *p, const struct config_claim *claim, size_t site)
{
    struct place *list = realloc(p->list, (p->n + 1) * sizeof *list);
    if (!list)
        return NULL;
    p->list = list;
    list[p->n] = (struct place){ .claim = *claim, .site = site };
    return &list[p->n++];
}

// What is said of a site that has no --listen: its port, which speaks TLS when there are certificates; --dev keeps it plain,
// with https beside the first site's.
static int add_own(struct places *p, const struct config *c, size_t site)
{
    enum { DEV_PORT = 8443 };
    struct listen_place own = { .port = (int)c->port, .is_tls = c->tls_cert.n > 0 };
    snprintf(own.host, sizeof own.host, "%s", c->host ? c->host : "");
    struct place *place = append(p, &CONFIG_CLAIM(c, port, NULL), site);
    if (!place)
        return -ENOMEM;
    place->where = own;
    if (!c->dev || site > 0)
        return 0;
    place = append(p, &CONFIG_CLAIM(c, dev, NULL), site);
    if (!place)
        return -ENOMEM;
    own.is_tls = true;
    own.port = own.port ? DEV_PORT : 0;
    place->where = own;
    return 0;
}

static int add_listed(struct places *p, const struct config *c, size_t site, char error[CONFIG_ERROR_LEN])
{
    for (size_t i = 0; i < c->listen.n; i++) {
        const char *text = c->listen.items[i];
        struct place *place = append(p, &CONFIG_CLAIM(c, listen, text), site);
        if (!place)
            return -ENOMEM;
        if (listen_parse(&place->where, text) != 0)
            return config_fault(error, &place->claim,
                                "takes [tls:]HOST:PORT, an IPv6 address in brackets, not '%.200s'", text);
        if (place->where.is_tls && !certificates_are_wanted(c))
            return config_fault(error, &place->claim, "'%.200s' needs --tls-cert and --tls-key, or --dev", text);
    }
    return 0;
}

// A certificate is there to be used.
static int check_tls(const struct places *p, char error[CONFIG_ERROR_LEN])
{
    for (size_t i = 0; i < p->n; i++)
        if (p->list[i].where.is_tls)
            return 0;
    const struct config *c = p->list[0].claim.config;
    if (!certificates_are_wanted(c))
        return 0;
    return config_fault(error, c->dev ? &CONFIG_CLAIM(c, dev, NULL) : &CONFIG_CLAIM(c, tls_cert, NULL),
                        "is of no use: there is no --listen tls:HOST:PORT");
}

static int resolve(struct place *p, char error[CONFIG_ERROR_LEN])
{
    const char *host = *p->where.host ? p->where.host : NULL;
    p->n_addrs = sock_resolve(host, p->where.port, p->addrs, PLACE_MAX_ADDRS);
    if (p->n_addrs > 0)
        return 0;
    const struct config *c = p->claim.config;
    config_fault(error, c->listen.n ? &p->claim : &CONFIG_CLAIM(c, host, NULL), "'%.200s': %s", p->where.host,
                 gai_strerror(p->n_addrs));
    return -EIO;
}

const char *place_put_name(const struct place *p, char out[PLACE_NAME_LEN])
{
    if (p->claim.item)
        snprintf(out, PLACE_NAME_LEN, "'%s'", p->claim.item);
    else
        snprintf(out, PLACE_NAME_LEN, "%d of %s", p->where.port, *p->where.host ? p->where.host : "all addresses");
    return out;
}

static bool share_address(const struct place *a, const struct place *b)
{
    for (int i = 0; i < a->n_addrs; i++)
        for (int j = 0; j < b->n_addrs; j++)
            if (memcmp(&a->addrs[i], &b->addrs[j], sizeof a->addrs[i]) == 0)
                return true;
    return false;
}

// No address is two places'. Port 0 is another one each time.
static int check_distinct(const struct places *p, char error[CONFIG_ERROR_LEN])
{
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < i; j++) {
            const struct place *a = &p->list[i];
            if (!a->where.port || !share_address(a, &p->list[j]))
                continue;
            const char *other = p->list[j].claim.config->name;
            char name[PLACE_NAME_LEN];
            return config_fault(error, &a->claim, "%s is listened at twice%s%s%s; choose another",
                                place_put_name(a, name), other ? ", by site '" : "", other ? other : "",
                                other ? "' too" : "");
        }
    return 0;
}

int places_find(struct places *p, const struct config *sites, size_t n, char error[CONFIG_ERROR_LEN])
{
    *p = (struct places){ 0 };
    int err = 0;
    for (size_t i = 0; i < n && !err; i++)
        err = sites[i].listen.n ? add_listed(p, &sites[i], i, error) : add_own(p, &sites[i], i);
    if (err == -ENOMEM) {
        snprintf(error, CONFIG_ERROR_LEN, "out of memory");
        return -EIO;
    }
    err = err ? err : check_tls(p, error);
    for (size_t i = 0; i < p->n && !err; i++) {
        err = resolve(&p->list[i], error);
        p->n_addrs += err ? 0 : (size_t)p->list[i].n_addrs;
    }
    return err ? err : check_distinct(p, error);
}

void places_fini(struct places *p)
{
    free(p->list);
    *p = (struct places){ 0 };
}
