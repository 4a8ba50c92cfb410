// SPDX-License-Identifier: MIT
// What there is for every dialect: the table of all, and a session's beginning and end; see dialect.h.
#include "dialect/dialect.h"

#include "base/log.h"
#include "base/utf8.h"
#include "switchboard/room.h"

#define POINTER(x) &dialect_##x,
static const struct dialect *const dialects[N_DIALECTS] = { DIALECTS(POINTER) };

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

size_t dialect_number(const struct dialect *d)
{
    size_t i = 0;
    while (dialects[i] != d)
        i++;
    return i;
}

// Who S is and where, as far as it has said so.
static void log_session(const struct session *s, const char *what)
{
    enum { MAX_FIELDS = 3 };
    struct log_field fields[MAX_FIELDS + 1] = { LOG_TEXT("dialect", session_dialect(s)->name) };
    size_t n = 1;
    if (s->peer && s->peer->name)
        fields[n++] = LOG_SPAN("peer", peer_name(s->peer));
    if (s->peer && s->peer->seats)
        fields[n++] = LOG_SPAN("room", room_name(s->peer, s->peer->seats));
    log_fields(LOG_DEBUG, what, fields);
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
    if (log_is_on(LOG_DEBUG))
        log_session(s, "session ended");
    s->mount->realm->traffic.n_sessions--;
    if (session_dialect(s)->on_close)
        session_dialect(s)->on_close(s);
}

void dialect_binary_as_text(struct session *s, struct span data)
{
    if (!utf8_is_valid(data.p, data.len))
        data.len = 0;
    session_dialect(s)->on_text(s, data);
}

void dialect_choose(struct session *s, const struct mount *mount)
{
    s->mount->realm->traffic.n_sessions--;
    s->mount = mount;
    s->mount->realm->traffic.n_sessions++;
}
