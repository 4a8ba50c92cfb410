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
    if (m->realm)
        realm_fini(m->realm);
    free(m->realm);
}

// Makes M a mount of DIALECT whose path is not set yet.
static int mount_init(struct mount *m, const struct dialect *dialect, struct switchboard *s,
                      const struct dialect_opts *opts)
{
    *m = (struct mount){ .dialect = dialect, .opts = opts, .realm = malloc(sizeof(struct realm)) };
    if (!m->realm)
        return -ENOMEM;
    realm_init(m->realm, s);
    size_t n = 0;
    while (dialect->choices && dialect->choices[n])
        n++;
    m->choices = n ? calloc(n + 1, sizeof *m->choices) : NULL;
    if (n && !m->choices)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (mount_init(&m->choices[i], dialect->choices[i], s, opts) != 0)
            return -ENOMEM;
    return 0;
}

static struct mount *place_for(struct mounts *m, struct span path)
{
    for (size_t i = 0; i < m->n; i++)
        if (span_equal(m->list[i].path, path)) {
            mount_fini(&m->list[i]);
            return &m->list[i];
        }
    struct mount *list = realloc(m->list, (m->n + 1) * sizeof *list);
    if (!list)
        return NULL;
    m->list = list;
    return &list[m->n++];
}

int mounts_add(struct mounts *m, const char *item, struct switchboard *s, const struct dialect_opts *opts)
{
    const char *equals = strrchr(item, '=');
    if (!equals || item[0] != '/')
        return -EINVAL;
    const struct dialect *dialect = dialect_find(span_of(equals + 1));
    if (!dialect)
        return -ENOENT;
    struct span path = { item, (size_t)(equals - item) };
    struct mount *mount = place_for(m, path);
    if (!mount)
        return -ENOMEM;
    int err = mount_init(mount, dialect, s, opts);
    mount->path = path;
    return err;
}

void mounts_fini(struct mounts *m)
{
    for (size_t i = 0; i < m->n; i++)
        mount_fini(&m->list[i]);
    free(m->list);
    *m = (struct mounts){ 0 };
}
