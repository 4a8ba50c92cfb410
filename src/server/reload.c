// SPDX-License-Identifier: MIT
// What SIGHUP asks for; see reload.h.
#include "server/reload.h"

#include <stdio.h>
#include <sys/stat.h>

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

// Has O of site number I stay as it is while RUNNING does, and says so when NEXT would have it otherwise.
static void keep(const struct option *o, size_t i, const struct config_set *running, struct config_set *next)
{
    const struct config *now = &running->sites[i];
    if (!is_same(o, now, &next->sites[i]) && (!i || o->traits & OPTION_SITE))
        tell_change(o, now);
    option_copy(o, &next->sites[i], now);
}

// Whether certificates come from somewhere else: from files, from nowhere, or made up.
static bool has_other_certificates(const struct config *a, const struct config *b)
{
    return a->dev != b->dev || certificates_are_wanted(a) != certificates_are_wanted(b);
}

// Puts into NEXT what can't change while RUNNING does, and names what of it would have: where certificates come from, too.
static void keep_what_stays(const struct config_set *running, struct config_set *next)
{
    const struct option *cert = option_find(SPAN("tls_cert")), *key = option_find(SPAN("tls_key")), *o;
    bool keeps_tls = has_other_certificates(running->sites, next->sites);
    for (size_t i = 0; (o = option_at(i)); i++)
        for (size_t j = 0; j < running->n_sites; j++)
            if (o->traits & OPTION_RESTART || (keeps_tls && (o == cert || o == key)))
                keep(o, j, running, next);
}

// ---- reading

static void on_fault(void *user, const char *line)
{
    (void)user;
    log_write(LOG_ERROR, "configuration kept as it was", LOG_TEXT("reason", line));
}

// Whether FILE, or NULL for none, can be read more than once: a pipe would have said all that it had, or have us wait.
static bool can_be_read_again(const char *file)
{
    struct stat st;
    return !file || stat(file, &st) != 0 || S_ISREG(st.st_mode);
}

static bool read_set(const struct config_set *running, struct config_set *next)
{
    const char *file = running->settings.file;
    if (!can_be_read_again(file)) {
        char line[CONFIG_ERROR_LEN];
        snprintf(line, sizeof line, "can't read %s again: no regular file", file);
        on_fault(NULL, line);
        return false;
    }
    if (config_read(next, running->argc, running->argv, (struct fault_sink){ .on_fault = on_fault }) != CONFIG_OK)
        return false;
    if (has_same_sites(running, next))
        return true;
    on_fault(NULL, "there are other sites than before, which needs a restart");
    return false;
}

// Has new connections use the certificates that L is about, unless they were made up. Whether they can.
static bool use_certificates(struct tls_context *tls, const struct live *l)
{
    char error[CONFIG_ERROR_LEN];
    if (!tls || certificates_are_made_up(l->config))
        return true;
    if (certificates_load(tls, l->config, error) == 0) {
        log_write(LOG_INFO, "certificates read again");
        return true;
    }
    on_fault(NULL, error);
    return false;
}

bool reload_has_files(const struct live *l)
{
    bool has_files = l->set.settings.file || l->config->tls_cert.n;
    for (size_t i = 0; i < l->n_sites; i++)
        has_files = has_files || ice_has_relay(l->sites[i].ice);
    return has_files;
}

static struct live *read_again(const struct live *first, const struct own_addresses *own, struct tls_context *tls)
{
    char error[CONFIG_ERROR_LEN];
    struct config_set next = { 0 };
    struct live *live = NULL;
    if (read_set(&first->set, &next)) {
        keep_what_stays(&first->set, &next);
        if (live_read(&live, &next, own, error) != 0)
            on_fault(NULL, error);
    }
    config_free(&next);
    if (live && use_certificates(tls, live))
        return live;
    live_release(live);
    return NULL;
}

struct live *reload_read(const struct live *first, const struct own_addresses *own, struct tls_context *tls)
{
    if (reload_has_files(first))
        return read_again(first, own, tls);
    log_write(LOG_INFO, "there is nothing to read again: no configuration file, certificate or secret");
    return NULL;
}
