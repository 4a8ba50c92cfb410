// SPDX-License-Identifier: MIT
// The table of dialects.
#include "dialect/dialect.h"

static const struct dialect *const dialects[] = { &dialect_auto,  &dialect_login,         &dialect_join,
                                                  &dialect_rooms, &dialect_peerjs,        &dialect_topics,
                                                  &dialect_echo,  &dialect_engineio_echo, &dialect_socketio_echo };

enum { N_DIALECTS = sizeof dialects / sizeof *dialects };

const struct dialect *dialect_at(size_t i)
{
    return i < N_DIALECTS ? dialects[i] : NULL;
}

const struct dialect *dialect_find(struct span name)
{
    for (size_t i = 0; i < N_DIALECTS; i++)
        if (span_equal(name, span_of(dialects[i]->name)))
            return dialects[i];
    return NULL;
}

void dialect_open(struct session *s, struct span intro)
{
    struct traffic *traffic = &s->mount->realm->traffic;
    traffic->n_begun++;
    traffic->n_sessions++;
    if (session_dialect(s)->on_open)
        session_dialect(s)->on_open(s, intro);
}

void dialect_close(struct session *s)
{
    s->mount->realm->traffic.n_sessions--;
    if (session_dialect(s)->on_close)
        session_dialect(s)->on_close(s);
}

void dialect_choose(struct session *s, const struct mount *mount)
{
    s->mount->realm->traffic.n_sessions--;
    s->mount = mount;
    s->mount->realm->traffic.n_sessions++;
}
