// SPDX-License-Identifier: MIT
// A report as JSON; see status.h.
#include "server/status.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/utf8.h"
#include "proto/json.h"

enum { MAX_PIECE = 512, MAX_NAME = 256 };

[[gnu::format(printf, 2, 3)]] static int put(struct buf *out, const char *format, ...)
{
    char text[MAX_PIECE];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return len < MAX_PIECE ? buf_put(out, text, (size_t)len) : -ENOMEM;
}

// What T has counted of messages; OUT: passed on.
static uint64_t messages_of(const struct traffic *t, bool is_out)
{
    uint64_t n = 0;
    for (int i = MESSAGE_NONE + 1; i < N_MESSAGE_TYPES; i++)
        n += is_out ? t->passed_on[i] : t->heard[i].n;
    return n;
}

static uint64_t faults_of(const struct traffic *t)
{
    uint64_t n = 0;
    for (int i = 0; i < N_MESSAGE_FAULTS; i++)
        n += t->faults[i];
    return n;
}

static int put_dialects(struct buf *out, const struct report *r)
{
    const struct dialect *d;
    const char *separator = "";
    int err = put(out, ",\"dialects\":[");
    for (size_t i = 0; (d = dialect_at(i)) && !err; i++) {
        const struct traffic *t = &r->sum.dialects[i];
        if (!r->sum.n_mounts[i])
            continue;
        err = put(out,
                  "%s{\"name\":\"%s\",\"sessions\":%" PRIu64 ",\"peers\":%" PRIu64 ",\"rooms\":%" PRIu64
                  ",\"calls\":%" PRIu64 ",\"in\":%" PRIu64 ",\"out\":%" PRIu64 ",\"faults\":%" PRIu64 "}",
                  separator, d->name, t->n_sessions, t->n_peers, r->n_rooms[i], r->n_calls[i], messages_of(t, false),
                  messages_of(t, true), faults_of(t));
        separator = ",";
    }
    return err ? err : put(out, "]");
}

static int put_rooms(struct buf *out, const struct report *r)
{
    int err = put(out, ",\"fullest\":[");
    for (size_t i = 0; i < r->n_fullest && !err; i++) {
        const struct report_room *room = &r->fullest[i];
        struct span name = buf_span(&room->name);
        if (name.len > MAX_NAME)
            name.len = utf8_cut(name.p, MAX_NAME);
        err = put(out, "%s{\"dialect\":\"%s\",\"members\":%zu,\"room\":", i ? "," : "", room->dialect->name,
                  room->n_members);
        err = err ? err : json_put_string(out, name);
        err = err ? err : put(out, "}");
    }
    return err ? err : put(out, "]");
}

static uint64_t refused_of(const struct sample *s)
{
    const struct conn_stats *c = &s->conns;
    uint64_t n = c->n_nameless_refused + c->n_foreign_refused + c->n_ice_refused + sample_turned_away(s);
    for (int i = SOURCE_WELCOME + 1; i < N_SOURCE_VERDICTS; i++)
        n += c->n_refused[i];
    return n;
}

static int put_totals(struct buf *out, const struct report *r)
{
    const struct conn_stats *c = &r->sum.conns;
    const struct process_stats *p = &r->process;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    double at = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    return put(out,
               "{\"version\":\"%s\",\"at\":%.3f,\"uptime\":%.0f,\"ready\":%s,\"workers\":%d,\"watchers\":%zu,"
               "\"connections\":%" PRIu64 ",\"accepted\":%" PRIu64 ",\"refused\":%" PRIu64,
               STROWGER_VERSION, at, p->started_at ? at - p->started_at : 0, r->is_ready ? "true" : "false",
               r->survey->n, r->n_watchers, c->n_open, c->n_accepted, refused_of(&r->sum)) ||
                   put(out,
                       ",\"bytes_in\":%" PRIu64 ",\"bytes_out\":%" PRIu64 ",\"queued\":%" PRIu64
                       ",\"cpu\":%.3f,\"resident\":%" PRIu64 ",\"pools\":%" PRIu64 ",\"fds\":%" PRIu64
                       ",\"max_fds\":%" PRIu64,
                       c->bytes_in, c->bytes_out, r->sum.queue_len, p->cpu_s, p->resident_len, r->sum.memory_len,
                       p->n_fds, p->max_fds)
               ? -ENOMEM
               : 0;
}

int status_put(struct buf *out, const struct report *r)
{
    int err = put_totals(out, r);
    err = err ? err : put_dialects(out, r);
    err = err ? err : put_rooms(out, r);
    return err ? err : put(out, "}\n");
}
