// SPDX-License-Identifier: MIT
// One site; see site.h.
#include "server/site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guess.h"

const char *const site_default_mounts[] = { "/=auto",          "/login=login",   "/join=join", "/socket.io/=rooms",
                                            "/peerjs/=peerjs", "/topics=topics", NULL };

// Whether a browser could ever say that, or one of what it stands for: no path, and not even a '/', ends an origin.
static bool is_origin(const char *text)
{
    const char *host = strstr(text, "://");
    bool is_word = strcmp(text, "*") == 0 || strcmp(text, "null") == 0;
    return is_word || (host && host > text && host[3] && !strchr(host + 3, '/'));
}

static int check_origins(const struct config *c, char error[CONFIG_ERROR_LEN])
{
    for (size_t i = 0; i < c->allow_origin.n; i++)
        if (!is_origin(c->allow_origin.items[i]))
            return config_fault(error, &CONFIG_CLAIM(c, allow_origin, c->allow_origin.items[i]),
                                "takes such as https://example.org, without a path, https://*.example.org, null or *, "
                                "not '%.200s'",
                                c->allow_origin.items[i]);
    return 0;
}

// What the rooms dialect's events are called elsewhere must name something, and so must a namespace.
static int check_names(const struct config *c, char error[CONFIG_ERROR_LEN])
{
    for (size_t i = 0; i < c->room_event.n; i++)
        if (!strchr(c->room_event.items[i], '='))
            return config_fault(error, &CONFIG_CLAIM(c, room_event, c->room_event.items[i]),
                                "takes THEIRS=OURS, not '%.200s'", c->room_event.items[i]);
    for (size_t i = 0; i < c->namespace.n; i++)
        if (c->namespace.items[i][0] != '/')
            return config_fault(error, &CONFIG_CLAIM(c, namespace, c->namespace.items[i]),
                                "takes a name that begins with '/', not '%.200s'", c->namespace.items[i]);
    return 0;
}

static int open_web_root(struct site *s, char error[CONFIG_ERROR_LEN])
{
    if (!s->config->web_root)
        return 0;
    int err = web_root_open(&s->web_root, s->config->web_root);
    if (err)
        config_fault(error, &CONFIG_CLAIM(s->config, web_root, NULL), "'%.200s': %s", s->config->web_root,
                     strerror(-err));
    return err ? -EIO : 0;
}

static int begin_ice(struct site *s, char error[CONFIG_ERROR_LEN])
{
    s->ice = ice_new(s->config);
    if (s->ice)
        return ice_load(s->ice, error);
    snprintf(error, CONFIG_ERROR_LEN, "out of memory");
    return -EIO;
}

static void fill_dialect_opts(struct site *s, const struct own_addresses *own)
{
    const struct config *c = s->config;
    s->dialect_opts = (struct dialect_opts){
        .greeting = span_of(c->greeting),
        .unknown_text = span_of(c->unknown_text),
        .rooms = { .capacity = (size_t)c->room_capacity,
                   .has_log = c->room_log,
                   .has_sentences = c->room_sentences,
                   .is_broadcast = c->room_broadcast,
                   .renames = c->room_event.items,
                   .n_renames = c->room_event.n,
                   .addresses = own->spans,
                   .n_addresses = own->n },
        .peerjs = { .key = span_of(c->peerjs_key),
                    .expire_ms = (uint64_t)c->expire_timeout,
                    .max_peers = (size_t)c->concurrent_limit,
                    .has_discovery = c->allow_discovery,
                    .has_leave = c->peerjs_leave },
        .alive_ms = (uint64_t)c->alive_timeout,
        .max_rooms = (size_t)c->max_rooms,
        .max_members = (size_t)c->max_members,
        .max_calls = (uint32_t)c->max_calls,
        .namespaces = c->namespace.items,
        .n_namespaces = c->namespace.n,
    };
}

// Where else PeerJS's clients may look for us: at the path that they were told, and where they are told none, at their key.
static void add_peerjs_mounts(struct site *s)
{
    const char *paths[SITE_N_PEERJS_MOUNTS] = { s->config->peerjs_path, s->config->peerjs_key };
    for (size_t i = 0; i < SITE_N_PEERJS_MOUNTS; i++) {
        size_t len = strlen(paths[i]);
        const char *before = paths[i][0] == '/' ? "" : "/", *after = paths[i][len - 1] == '/' ? "" : "/";
        snprintf(s->peerjs_mounts[i], sizeof s->peerjs_mounts[i], "%s%s%s=/peerjs/", before, paths[i], after);
        if (strcmp(s->peerjs_mounts[i], "/peerjs/=/peerjs/") != 0)
            s->mounts[s->n_mounts++] = s->peerjs_mounts[i];
    }
}

static int list_mounts(struct site *s)
{
    size_t n_default = sizeof site_default_mounts / sizeof *site_default_mounts - 1;
    const struct config_list *own = &s->config->mount;
    s->mounts = calloc(n_default + SITE_N_PEERJS_MOUNTS + own->n, sizeof *s->mounts);
    if (!s->mounts)
        return -ENOMEM;
    for (size_t i = 0; i < n_default; i++)
        s->mounts[s->n_mounts++] = site_default_mounts[i];
    add_peerjs_mounts(s);
    for (size_t i = 0; i < own->n; i++)
        s->mounts[s->n_mounts++] = own->items[i];
    return 0;
}

int site_mount(const struct site *s, struct mounts *m, const struct dialect_opts *opts, const char **bad)
{
    for (size_t i = 0; i < s->n_mounts; i++) {
        *bad = s->mounts[i];
        int err = mounts_add(m, s->mounts[i], opts);
        if (err)
            return err;
    }
    return 0;
}

// The dialect that somebody who wrote ITEM may have meant, or NULL.
static const struct dialect *guess_dialect(const char *item)
{
    const char *equals = strrchr(item, '=');
    struct guess guess = guess_of(span_of(equals + 1));
    const struct dialect *best = NULL, *d;
    for (size_t i = 0; (d = dialect_at(i)); i++)
        if (guess_try(&guess, span_of(d->name)))
            best = d;
    return best;
}

// BAD leads to nothing that there is.
static int complain_unknown(const struct config *c, const char *bad, char error[CONFIG_ERROR_LEN])
{
    const struct dialect *guess = guess_dialect(bad);
    return config_fault(error, &CONFIG_CLAIM(c, mount, bad), "'%.200s': there is no such dialect or mount; %s%s%s", bad,
                        guess ? "did you mean " : "--help lists them", guess ? guess->name : "", guess ? "?" : "");
}

// Mounts all once where nobody comes, so that no worker finds anything wrong, and to see how many realms it takes.
static int try_mounts(struct site *s, char error[CONFIG_ERROR_LEN])
{
    struct switchboard nobodys = { 0 };
    struct mounts trial;
    const char *bad = "";
    mounts_init(&trial, &nobodys, NULL, 0);
    int err = list_mounts(s);
    err = err ? err : site_mount(s, &trial, &s->dialect_opts, &bad);
    s->n_realms = trial.next_realm;
    mounts_fini(&trial);
    if (err == -EINVAL)
        return config_fault(error, &CONFIG_CLAIM(s->config, mount, bad),
                            "takes PATH=DIALECT with a path that begins with '/', not '%.200s'", bad);
    if (err == -ENOENT)
        return complain_unknown(s->config, bad, error);
    if (err)
        snprintf(error, CONFIG_ERROR_LEN, "out of memory");
    return err ? -EIO : 0;
}

int site_init(struct site *s, const struct config *c, const struct own_addresses *own, char error[CONFIG_ERROR_LEN])
{
    *s = (struct site){ .config = c, .web_root.fd = -1 };
    fill_dialect_opts(s, own);
    int err = check_names(c, error);
    err = err ? err : check_origins(c, error);
    err = err ? err : open_web_root(s, error);
    err = err ? err : begin_ice(s, error);
    return err ? err : try_mounts(s, error);
}

void site_fini(struct site *s)
{
    free(s->mounts);
    ice_free(s->ice);
    if (web_root_is_open(&s->web_root))
        web_root_close(&s->web_root);
}
