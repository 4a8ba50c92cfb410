// SPDX-License-Identifier: MIT
// A report as Prometheus' text format; see metrics.h.
#include "server/metrics.h"

#include <errno.h>
#include <openssl/opensslv.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

#define COMPILER __VERSION__

// Where the text goes; once memory was short nothing more does.
struct sink {
    struct buf *out;
    int err;
};

enum { MAX_LINE = 512 };

[[gnu::format(printf, 2, 3)]] static void put(struct sink *s, const char *format, ...)
{
    char line[MAX_LINE];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (!s->err)
        s->err = len < MAX_LINE ? buf_put(s->out, line, (size_t)len) : -ENOMEM;
}

struct metric {
    const char *name, *type, *help;
    void (*put)(struct sink *s, const struct metric *m, const struct report *r);
    size_t offset; // in the report, of the number that it shows, or of the first of them
    size_t stride; // from one dialect's to the next
};

// The counter that lies AT so many bytes behind M's first one.
static double count_at(const struct metric *m, const struct report *r, size_t at)
{
    uint64_t value;
    memcpy(&value, (const char *)r + m->offset + at, sizeof value);
    return (double)value;
}

static void put_count(struct sink *s, const struct metric *m, const struct report *r)
{
    put(s, "%s %.15g\n", m->name, count_at(m, r, 0));
}

static void put_seconds(struct sink *s, const struct metric *m, const struct report *r)
{
    double value;
    memcpy(&value, (const char *)r + m->offset, sizeof value);
    put(s, "%s %.15g\n", m->name, value);
}

static void put_by_dialect(struct sink *s, const struct metric *m, const struct report *r)
{
    const struct dialect *d;
    for (size_t i = 0; (d = dialect_at(i)); i++)
        if (r->sum.n_mounts[i])
            put(s, "%s{dialect=\"%s\"} %.15g\n", m->name, d->name, count_at(m, r, i * m->stride));
}

static void put_build(struct sink *s, const struct metric *m, const struct report *r)
{
    (void)r;
    put(s, "%s{version=\"%s\",compiler=\"%s\",tls=\"OpenSSL %s\",loop=\"libuv %s\"} 1\n", m->name, STROWGER_VERSION,
        COMPILER, OPENSSL_VERSION_STR, uv_version_string());
}

static void put_ready(struct sink *s, const struct metric *m, const struct report *r)
{
    put(s, "%s %d\n", m->name, r->is_ready);
}

static void put_watchers(struct sink *s, const struct metric *m, const struct report *r)
{
    put(s, "%s %zu\n", m->name, r->n_watchers);
}

static void put_refused(struct sink *s, const struct metric *m, const struct report *r)
{
    static const char *const reasons[] = {
        [SOURCE_FULL] = "full", [SOURCE_CROWDED] = "crowded_address", [SOURCE_HASTY] = "hasty_address"
    };
    const struct conn_stats *c = &r->sum.conns;
    for (int i = SOURCE_WELCOME + 1; i < N_SOURCE_VERDICTS; i++)
        put(s, "%s{reason=\"%s\"} %.15g\n", m->name, reasons[i], (double)c->n_refused[i]);
    put(s, "%s{reason=\"nameless\"} %.15g\n", m->name, (double)c->n_nameless_refused);
    put(s, "%s{reason=\"origin\"} %.15g\n", m->name, (double)c->n_foreign_refused);
}

static const char *const flow_names[N_FLOWS] = {
    [FLOW_MESSAGES] = "messages", [FLOW_BYTES] = "bytes", [FLOW_JOINS] = "joins", [FLOW_LOGINS] = "failed_logins"
};

static void put_flows(struct sink *s, const struct metric *m, const struct report *r)
{
    for (size_t i = 0; i < N_FLOWS; i++)
        put(s, "%s{flow=\"%s\"} %.15g\n", m->name, flow_names[i], count_at(m, r, i * sizeof(uint64_t)));
}

static void put_ended(struct sink *s, const struct metric *m, const struct report *r)
{
    for (int i = 0; i < N_COUNTED_ENDINGS; i++)
        put(s, "%s{reason=\"%s\"} %.15g\n", m->name, ending_name(i), (double)r->sum.conns.n_ended[i]);
    for (size_t i = 0; i < N_FLOWS; i++)
        put(s, "%s{reason=\"too_many_%s\"} %.15g\n", m->name, flow_names[i], (double)r->sum.meters.n_excesses[i]);
}

static const char *const type_names[N_MESSAGE_TYPES] = {
    [MESSAGE_OFFER] = "offer", [MESSAGE_ANSWER] = "answer", [MESSAGE_CANDIDATE] = "candidate",
    [MESSAGE_JOIN] = "join",   [MESSAGE_LEAVE] = "leave",   [MESSAGE_MESSAGE] = "message",
    [MESSAGE_OTHER] = "other",
};

static void put_messages(struct sink *s, const struct metric *m, const struct report *r)
{
    const struct dialect *d;
    for (size_t i = 0; (d = dialect_at(i)); i++)
        for (int j = MESSAGE_NONE + 1; r->sum.n_mounts[i] && j < N_MESSAGE_TYPES; j++) {
            const struct traffic *t = &r->sum.dialects[i];
            put(s, "%s{dialect=\"%s\",type=\"%s\",direction=\"in\"} %.15g\n", m->name, d->name, type_names[j],
                (double)t->heard[j].n);
            put(s, "%s{dialect=\"%s\",type=\"%s\",direction=\"out\"} %.15g\n", m->name, d->name, type_names[j],
                (double)t->passed_on[j]);
        }
}

static void put_message_bytes(struct sink *s, const struct metric *m, const struct report *r)
{
    const struct dialect *d;
    for (size_t i = 0; (d = dialect_at(i)); i++)
        for (int j = MESSAGE_NONE + 1; r->sum.n_mounts[i] && j < N_MESSAGE_TYPES; j++)
            put(s, "%s{dialect=\"%s\",type=\"%s\",direction=\"in\"} %.15g\n", m->name, d->name, type_names[j],
                (double)r->sum.dialects[i].heard[j].bytes);
}

static void put_faults(struct sink *s, const struct metric *m, const struct report *r)
{
    static const char *const names[N_MESSAGE_FAULTS] = {
        [FAULT_ABSENT] = "absent",   [FAULT_LATE] = "late",       [FAULT_MALFORMED] = "malformed",
        [FAULT_UNKNOWN] = "unknown", [FAULT_REFUSED] = "refused",
    };
    const struct dialect *d;
    for (size_t i = 0; (d = dialect_at(i)); i++)
        for (int j = 0; r->sum.n_mounts[i] && j < N_MESSAGE_FAULTS; j++)
            put(s, "%s{dialect=\"%s\",reason=\"%s\"} %.15g\n", m->name, d->name, names[j],
                (double)r->sum.dialects[i].faults[j]);
}

static void put_network(struct sink *s, const struct metric *m, const struct report *r)
{
    put(s, "%s{direction=\"in\"} %.15g\n", m->name, (double)r->sum.conns.bytes_in);
    put(s, "%s{direction=\"out\"} %.15g\n", m->name, (double)r->sum.conns.bytes_out);
}

static void put_handshakes(struct sink *s, const struct metric *m, const struct report *r)
{
    const struct conn_stats *c = &r->sum.conns;
    put(s, "%s{result=\"ok\",resumed=\"false\"} %.15g\n", m->name, (double)(c->n_handshakes - c->n_resumed));
    put(s, "%s{result=\"ok\",resumed=\"true\"} %.15g\n", m->name, (double)c->n_resumed);
    put(s, "%s{result=\"failed\",resumed=\"false\"} %.15g\n", m->name, (double)c->n_failed);
}

static void put_certificate(struct sink *s, const struct metric *m, const struct report *r)
{
    if (r->certificate_expires_at)
        put(s, "%s %.15g\n", m->name, (double)r->certificate_expires_at);
}

static void put_stun(struct sink *s, const struct metric *m, const struct report *r)
{
    const struct stun_stats *t = &r->sum.stun;
    uint64_t n_answered = t->n_received - t->n_malformed - t->n_misplaced - t->n_limited;
    put(s, "%s{result=\"answered\"} %.15g\n", m->name, (double)n_answered);
    put(s, "%s{result=\"malformed\"} %.15g\n", m->name, (double)t->n_malformed);
    put(s, "%s{result=\"misplaced\"} %.15g\n", m->name, (double)t->n_misplaced);
    put(s, "%s{result=\"limited\"} %.15g\n", m->name, (double)t->n_limited);
}

static void put_left_out(struct sink *s, const struct metric *m, const struct report *r)
{
    (void)r;
    put(s, "%s %.15g\n", m->name, (double)log_left_out());
}

static void put_worker_cpu(struct sink *s, const struct metric *m, const struct report *r)
{
    for (int i = 0; i < r->survey->n; i++)
        put(s, "%s{worker=\"%d\"} %.15g\n", m->name, i, r->survey->parts[i].cpu_s);
}

static void put_worker_lag(struct sink *s, const struct metric *m, const struct report *r)
{
    for (int i = 0; i < r->survey->n; i++)
        put(s, "%s{worker=\"%d\"} %.15g\n", m->name, i, r->survey->parts[i].lag_s);
}

#define OF(field)            offsetof(struct report, field)
#define OF_EACH(field)       OF(field[0]), sizeof(uint64_t)
#define OF_EACH_REALM(field) OF(sum.dialects[0].field), sizeof(struct traffic)

static const struct metric metrics[] = {
    { "strowger_build_info", "gauge", "What this is and what it was made with.", put_build, 0, 0 },
    { "strowger_ready", "gauge", "Whether new clients are welcome, 1 or 0.", put_ready, 0, 0 },
    { "strowger_connections", "gauge", "TCP connections of clients that are open.", put_count, OF(sum.conns.n_open),
      0 },
    { "strowger_connections_total", "counter", "TCP connections that were accepted.", put_count,
      OF(sum.conns.n_accepted), 0 },
    { "strowger_connections_rejected_total", "counter", "Connections and sessions that were refused, by the limit.",
      put_refused, 0, 0 },
    { "strowger_connections_ended_total", "counter", "Connections that were ended for going beyond a limit.", put_ended,
      0, 0 },
    { "strowger_waits_total", "counter", "How often a connection had to wait since it talked too fast.", put_flows,
      OF(sum.meters.n_waits), 0 },
    { "strowger_sessions", "gauge", "Clients that speak a dialect now.", put_by_dialect, OF_EACH_REALM(n_sessions) },
    { "strowger_sessions_total", "counter", "Sessions that began, where they came in.", put_by_dialect,
      OF_EACH_REALM(n_begun) },
    { "strowger_peers", "gauge", "Clients that have said who they are.", put_by_dialect, OF_EACH_REALM(n_peers) },
    { "strowger_rooms", "gauge", "Rooms and topics with somebody in them.", put_by_dialect, OF_EACH(n_rooms) },
    { "strowger_calls", "gauge", "Pairs of peers of which one rang the other and neither has left.", put_by_dialect,
      OF_EACH(n_calls) },
    { "strowger_messages_total", "counter", "Messages heard from clients (in) and passed on to them (out).",
      put_messages, 0, 0 },
    { "strowger_message_bytes_total", "counter", "Bytes of the messages heard from clients.", put_message_bytes, 0, 0 },
    { "strowger_message_errors_total", "counter", "Messages that were of no use, by what was wrong.", put_faults, 0,
      0 },
    { "strowger_network_bytes_total", "counter", "Bytes on TCP connections as they travelled.", put_network, 0, 0 },
    { "strowger_tls_handshakes_total", "counter", "TLS handshakes; the failed ones with proxies' wrong headers.",
      put_handshakes, 0, 0 },
    { "strowger_tls_certificate_expiry_timestamp_seconds", "gauge", "When the first certificate expires.",
      put_certificate, 0, 0 },
    { "strowger_stun_requests_total", "counter", "STUN datagrams.", put_stun, 0, 0 },
    { "strowger_log_left_out_total", "counter", "Records that were not logged since there were too many.", put_left_out,
      0, 0 },
    { "strowger_send_queue_bytes", "gauge", "Memory in which output waits to leave.", put_count, OF(sum.queue_len), 0 },
    { "strowger_memory_connection_bytes", "gauge", "Memory of connections, sessions and peers, their output included.",
      put_count, OF(sum.memory_len), 0 },
    { "strowger_worker_cpu_seconds_total", "counter", "Processor time that a worker's thread has used.", put_worker_cpu,
      0, 0 },
    { "strowger_worker_lag_seconds", "gauge", "How long this question waited until the worker came to it.",
      put_worker_lag, 0, 0 },
    { "strowger_watchers", "gauge", "Those who watch messages pass.", put_watchers, 0, 0 },
    { "process_cpu_seconds_total", "counter", "Processor time that all threads have used.", put_seconds,
      OF(process.cpu_s), 0 },
    { "process_resident_memory_bytes", "gauge", "Memory that is resident.", put_count, OF(process.resident_len), 0 },
    { "process_virtual_memory_bytes", "gauge", "Address space.", put_count, OF(process.virtual_len), 0 },
    { "process_open_fds", "gauge", "File descriptors that are open.", put_count, OF(process.n_fds), 0 },
    { "process_max_fds", "gauge", "File descriptors that may be open.", put_count, OF(process.max_fds), 0 },
    { "process_start_time_seconds", "gauge", "When the process started, as UNIX time.", put_seconds,
      OF(process.started_at), 0 },
};

int metrics_put(struct buf *out, const struct report *r)
{
    struct sink s = { .out = out };
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        const struct metric *m = &metrics[i];
        put(&s, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
        m->put(&s, m, r);
    }
    return s.err;
}
