// SPDX-License-Identifier: MIT
// One site; see site.h.
#include "server/site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const site_default_mounts[] = { "/=auto",          "/login=login",   "/join=join", "/socket.io/=rooms",
                                            "/peerjs/=peerjs", "/topics=topics", NULL };

// What the rooms dialect's events are called elsewhere must name something, and so must a namespace.
static int check_names(const struct config *c, char error[CONFIG_ERROR_LEN])
{
    for (size_t i = 0; i < c->room_event.n; i++)
        if (!strchr(c->room_event.items[i], '=')) {
            snprintf(error, CONFIG_ERROR_LEN, "--room-event takes THEIRS=OURS, not '%.200s'", c->room_event.items[i]);
            return -EINVAL;
        }
    for (size_t i = 0; i < c->namespace.n; i++)
        if (c->namespace.items[i][0] != '/') {
            snprintf(error, CONFIG_ERROR_LEN, "--namespace takes a name that begins with '/', not '%.200s'",
                     c->namespace.items[i]);
            return -EINVAL;
        }
    return 0;
}

static int open_web_root(struct site *s, char error[CONFIG_ERROR_LEN])
{
    if (!s->config->web_root)
        return 0;
    int err = web_root_open(&s->web_root, s->config->web_root);
    if (err)
        snprintf(error, CONFIG_ERROR_LEN, "--web-root '%.200s': %s", s->config->web_root, strerror(-err));
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
        snprintf(error, CONFIG_ERROR_LEN, "--mount takes PATH=DIALECT with a path that begins with '/', not '%.200s'",
                 bad);
    else if (err == -ENOENT)
        snprintf(error, CONFIG_ERROR_LEN, "--mount '%.200s': there is no such dialect; --help lists them", bad);
    else if (err)
        snprintf(error, CONFIG_ERROR_LEN, "out of memory");
    return err == -ENOMEM ? -EIO : err ? -EINVAL : 0;
}

int site_init(struct site *s, const struct config *c, const struct own_addresses *own, char error[CONFIG_ERROR_LEN])
{
    *s = (struct site){ .config = c, .web_root.fd = -1 };
    fill_dialect_opts(s, own);
    int err = check_names(c, error);
    err = err ? err : open_web_root(s, error);
    err = err ? err : begin_ice(s, error);
    err = err ? err : try_mounts(s, error);
    if (err)
        site_put_name(c, error);
    return err;
}

void site_put_name(const struct config *c, char error[CONFIG_ERROR_LEN])
{
    char rest[CONFIG_ERROR_LEN];
    if (!c->name)
        return;
    snprintf(rest, sizeof rest, "%s", error);
    snprintf(error, CONFIG_ERROR_LEN, "site '%.64s': %.*s", c->name, CONFIG_ERROR_LEN - 80, rest);
}

void site_fini(struct site *s)
{
    free(s->mounts);
    ice_free(s->ice);
    if (web_root_is_open(&s->web_root))
        web_root_close(&s->web_root);
}
