// SPDX-License-Identifier: MIT
// What SIGHUP asks for; see reload.h.
#include "server/reload.h"

#include "base/log.h"
#include "server/certificates.h"

// ---- what is different

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same_list(const struct config_list *a, const struct config_list *b)
{
    size_t n = 0;
    while (n < a->n && n < b->n && strcmp(a->items[n], b->items[n]) == 0)
        n++;
    return n == a->n && n == b->n;
}

static bool is_same(const struct option *o, const struct config *a, const struct config *b)
{
    const void *of_a = option_const_field(o, a), *of_b = option_const_field(o, b);
    if (o->type == OPTION_LIST)
        return is_same_list(of_a, of_b);
    if (o->type == OPTION_TEXT)
        return is_same_text(*(const char *const *)of_a, *(const char *const *)of_b);
    return *(const int64_t *)of_a == *(const int64_t *)of_b;
}

static bool has_same_sites(const struct config_set *a, const struct config_set *b)
{
    bool is_so = a->n_sites == b->n_sites;
    for (size_t i = 0; is_so && i < a->n_sites; i++)
        is_so = is_same_text(a->sites[i].name, b->sites[i].name);
    return is_so;
}

static void tell_change(const struct option *o, const struct config *c)
{
    if (c->name && o->traits & OPTION_SITE)
        log_write(LOG_WARN, "a changed setting needs a restart", LOG_TEXT("setting", o->name),
                  LOG_TEXT("site", c->name));
    else
        log_write(LOG_WARN, "a changed setting needs a restart", LOG_TEXT("setting", o->name));
}

// Names what of NEXT can't take effect while RUNNING does.
static void tell_changes(const struct config_set *running, const struct config_set *next)
{
    const struct option *o;
    for (size_t i = 0; (o = option_at(i)); i++)
        for (size_t j = 0; j < running->n_sites && (!j || o->traits & OPTION_SITE); j++)
            if (!(o->traits & OPTION_LIVE) && !is_same(o, &running->sites[j], &next->sites[j]))
                tell_change(o, &running->sites[j]);
    if (certificates_are_wanted(running->sites) != certificates_are_wanted(next->sites))
        tell_change(option_find(SPAN("tls_cert")), running->sites);
}

// ---- reading

static void on_fault(void *user, const char *line)
{
    (void)user;
    log_write(LOG_ERROR, "configuration kept as it was", LOG_TEXT("reason", line));
}

// Whether NEXT may be taken up: its certificates can be read, and are in use then.
static bool use_certificates(struct tls_context *tls, const struct config *next)
{
    char error[TLS_ERROR_LEN];
    if (!tls || !next->tls_cert.n)
        return true;
    if (certificates_load(tls, next, error) != 0) {
        log_write(LOG_ERROR, "certificates kept as they were", LOG_TEXT("reason", error));
        return false;
    }
    log_write(LOG_INFO, "certificates read again");
    return true;
}

static bool read_again(const struct config_set *running, struct config_set *next, struct tls_context *tls)
{
    if (config_read(next, running->argc, running->argv, (struct fault_sink){ .on_fault = on_fault }) != CONFIG_OK)
        return false;
    if (has_same_sites(running, next))
        return use_certificates(tls, next->sites);
    on_fault(NULL, "there are other sites than before, which needs a restart");
    return false;
}

struct live *reload_read(const struct config_set *running, struct tls_context *tls)
{
    struct config_set next;
    struct live *live = NULL;
    if (read_again(running, &next, tls)) {
        tell_changes(running, &next);
        log_set_level((enum log_level)next.sites->log_level);
        log_set_format((enum log_format)next.sites->log_format);
        live = live_new(next.sites, next.n_sites, &next);
        if (!live)
            on_fault(NULL, "out of memory");
        else if (running->settings.file)
            log_write(LOG_INFO, "configuration read again", LOG_TEXT("file", running->settings.file));
    }
    config_free(&next);
    return live;
}
