// SPDX-License-Identifier: MIT
// What there is for every dialect: the table of all, and a session's beginning and end; see dialect.h.
#include "dialect/dialect.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/utf8.h"
#include "switchboard/room.h"
#include "switchboard/watch.h"

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

// ---- the log

enum { MAX_FIELDS = 6 };

struct record {
    struct log_field fields[MAX_FIELDS + 1];
    size_t n;
    char conn[17];
};

static void add(struct record *r, struct log_field field)
{
    r->fields[r->n++] = field;
}

// Which connection carries S, in what dialect, who it is and where, as far as it has said so.
static void describe(struct record *r, const struct session *s)
{
    uint64_t conn = s->ops->conn_number(s);
    *r = (struct record){ 0 };
    if (conn) {
        snprintf(r->conn, sizeof r->conn, "%" PRIx64, conn);
        add(r, LOG_TEXT("conn", r->conn));
    }
    add(r, LOG_TEXT("dialect", session_dialect(s)->name));
    if (s->peer && s->peer->name)
        add(r, LOG_SPAN("peer", watch_label(s->peer)));
    if (s->peer && s->peer->seats && session_dialect(s)->has_rooms)
        add(r, LOG_SPAN("room", room_name(s->peer, s->peer->seats)));
}

static void log_beginning(const struct session *s)
{
    struct record r;
    describe(&r, s);
    log_fields(LOG_DEBUG, "session began", r.fields);
}

static void log_end(const struct session *s, enum ending why, int code)
{
    struct record r;
    describe(&r, s);
    if (code)
        add(&r, LOG_INT("code", code));
    add(&r, LOG_TEXT("reason", ending_name(why)));
    log_fields(LOG_DEBUG, "session ended", r.fields);
}

// ---- the life of a session

void dialect_open(struct session *s, struct span intro)
{
    struct traffic *traffic = &s->mount->realm->traffic;
    if (log_is_on(LOG_DEBUG))
        log_beginning(s);
    traffic->n_begun++;
    traffic->n_sessions++;
    if (session_dialect(s)->on_open)
        session_dialect(s)->on_open(s, intro);
}

void dialect_close(struct session *s, enum ending why, int code)
{
    if (log_is_on(LOG_DEBUG))
        log_end(s, why, code);
    s->mount->realm->traffic.n_sessions--;
    if (session_dialect(s)->on_close)
        session_dialect(s)->on_close(s, why);
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
