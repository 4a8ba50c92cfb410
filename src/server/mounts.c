// SPDX-License-Identifier: MIT
// Which dialect is spoken at which path; see mounts.h.
#include "server/mounts.h"

#include <errno.h>
#include <stdlib.h>

static void mount_fini(struct mount *m)
{
    for (size_t i = 0; m->choices && m->dialect->choices[i]; i++)
        mount_fini(&m->choices[i]);
    free(m->choices);
    for (size_t i = 0; i < m->n_namespaces; i++)
        mount_fini(&m->namespaces[i]);
    free(m->namespaces);
    free(m->realm);
}

// Makes M a mount of DIALECT whose path is not set yet.
static int mount_init(struct mount *m, const struct dialect *dialect, struct mounts *all,
                      const struct dialect_opts *opts)
{
    *m = (struct mount){ .dialect = dialect, .opts = opts, .realm = malloc(sizeof(struct realm)) };
    if (!m->realm)
        return -ENOMEM;
    *m->realm = (struct realm){ .switchboard = all->switchboard,
                                .bus = all->bus,
                                .seats = &all->switchboard->seats,
                                .deadlines = all->switchboard->deadlines,
                                .peer_ops = dialect->peer_ops,
                                .id = all->next_realm++,
                                .max_calls = opts->max_calls };
    size_t n = 0;
    while (dialect->choices && dialect->choices[n])
        n++;
    m->choices = n ? calloc(n + 1, sizeof *m->choices) : NULL;
    if (n && !m->choices)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (mount_init(&m->choices[i], dialect->choices[i], all, opts) != 0)
            return -ENOMEM;
    return 0;
}

static int add_namespace(struct mount *m, const char *name, struct mounts *all)
{
    struct mount *list = realloc(m->namespaces, (m->n_namespaces + 1) * sizeof *list);
    if (!list)
        return -ENOMEM;
    m->namespaces = list;
    int err = mount_init(&list[m->n_namespaces++], m->dialect, all, m->opts);
    list[m->n_namespaces - 1].path = span_of(name);
    return err;
}

// Gives M the Socket.IO namespaces of its dialect and of the configuration.
static int add_namespaces(struct mount *m, struct mounts *all)
{
    if (m->dialect->carrier != CARRIER_SOCKETIO)
        return 0;
    int err = 0;
    for (size_t i = 0; m->dialect->namespaces && m->dialect->namespaces[i] && !err; i++)
        err = add_namespace(m, m->dialect->namespaces[i], all);
    for (size_t i = 0; i < m->opts->n_namespaces && !err; i++)
        err = add_namespace(m, m->opts->namespaces[i], all);
    return err;
}

// Frees OLD, which is replaced, unless another path leads there too.
static void discard(struct mounts *m, struct mount *old)
{
    if (old->is_alias)
        return;
    for (size_t i = 0; i < m->n; i++)
        if (m->list[i].is_alias && m->list[i].realm == old->realm) {
            m->list[i].is_alias = false;
            return;
        }
    mount_fini(old);
}

static struct mount *find_mount(const struct mounts *m, struct span path)
{
    for (size_t i = 0; i < m->n; i++)
        if (span_equal(m->list[i].path, path))
            return &m->list[i];
    return NULL;
}

static struct mount *place_for(struct mounts *m, struct span path)
{
    struct mount *old = find_mount(m, path);
    if (old) {
        discard(m, old);
        return old;
    }
    struct mount *list = realloc(m->list, (m->n + 1) * sizeof *list);
    if (!list)
        return NULL;
    m->list = list;
    return &list[m->n++];
}

void mounts_init(struct mounts *m, struct switchboard *s, struct bus *bus, uint32_t first_realm)
{
    *m = (struct mounts){ .switchboard = s, .bus = bus, .next_realm = first_realm };
}

static int add_alias(struct mounts *m, struct span path, struct span other)
{
    const struct mount *original = find_mount(m, other);
    if (!original || span_equal(path, other))
        return -ENOENT;
    struct mount alias = *original;
    alias.path = path;
    alias.is_alias = true;
    struct mount *mount = place_for(m, path);
    if (!mount)
        return -ENOMEM;
    *mount = alias;
    return 0;
}

int mounts_add(struct mounts *m, const char *item, const struct dialect_opts *opts)
{
    const char *equals = strrchr(item, '=');
    if (!equals || item[0] != '/')
        return -EINVAL;
    struct span path = { item, (size_t)(equals - item) };
    if (equals[1] == '/')
        return add_alias(m, path, span_of(equals + 1));
    const struct dialect *dialect = dialect_find(span_of(equals + 1));
    if (!dialect)
        return -ENOENT;
    struct mount *mount = place_for(m, path);
    if (!mount)
        return -ENOMEM;
    int err = mount_init(mount, dialect, m, opts);
    mount->path = path;
    return err ? err : add_namespaces(mount, m);
}

static void mount_apply(struct mount *m)
{
    m->realm->max_calls = m->opts->max_calls;
    for (size_t i = 0; m->choices && m->dialect->choices[i]; i++)
        mount_apply(&m->choices[i]);
    for (size_t i = 0; i < m->n_namespaces; i++)
        mount_apply(&m->namespaces[i]);
}

void mounts_apply(struct mounts *m)
{
    for (size_t i = 0; i < m->n; i++)
        mount_apply(&m->list[i]);
}

void mounts_fini(struct mounts *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (!m->list[i].is_alias)
            mount_fini(&m->list[i]);
    free(m->list);
    *m = (struct mounts){ 0 };
}
