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
    const struct histogram_scale *scale;
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

// H as NAME{LABELS}, where LABELS is empty or ends with a comma.
static void put_histogram_of(struct sink *s, const struct metric *m, const char *labels, const struct histogram *h)
{
    const struct histogram_scale *scale = m->scale;
    uint64_t n = 0;
    int i = 0;
    for (; scale->bounds[i] != UINT64_MAX; i++) {
        n += h->counts[i];
        put(s, "%s_bucket{%sle=\"%.15g\"} %.15g\n", m->name, labels, (double)scale->bounds[i] / scale->per_unit,
            (double)n);
    }
    n += h->counts[i];
    put(s, "%s_bucket{%sle=\"+Inf\"} %.15g\n", m->name, labels, (double)n);
    int len = *labels ? (int)strlen(labels) - 1 : 0;
    const char *open = len ? "{" : "", *close = len ? "}" : "";
    put(s, "%s_sum%s%.*s%s %.15g\n", m->name, open, len, labels, close, (double)h->sum / scale->per_unit);
    put(s, "%s_count%s%.*s%s %.15g\n", m->name, open, len, labels, close, (double)n);
}

static void put_histogram(struct sink *s, const struct metric *m, const struct report *r)
{
    put_histogram_of(s, m, "", (const struct histogram *)((const char *)r + m->offset));
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
    put(s, "%s{reason=\"ice_rate\"} %.15g\n", m->name, (double)c->n_ice_refused);
    put(s, "%s{reason=\"concurrent_limit\"} %.15g\n", m->name, (double)sample_turned_away(&r->sum));
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
    for (int i = 0; i < ENDING_STALLED; i++) // what is behind are slow consumers
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
    static const char *const versions[] = { [TLS_VERSION_1_2] = "1.2", [TLS_VERSION_1_3] = "1.3" };
    static const char *const words[] = { "false", "true" };
    const struct conn_stats *c = &r->sum.conns;
    for (int i = 0; i < N_TLS_VERSIONS; i++)
        for (int is_resumed = 0; is_resumed < 2; is_resumed++)
            put(s, "%s{result=\"ok\",version=\"%s\",resumed=\"%s\"} %.15g\n", m->name, versions[i], words[is_resumed],
                (double)c->n_handshakes[i][is_resumed]);
    put(s, "%s{result=\"failed\",version=\"none\",resumed=\"false\"} %.15g\n", m->name, (double)c->n_failed);
}

static void put_certificate(struct sink *s, const struct metric *m, const struct report *r)
{
    if (r->certificate_expires_at)
        put(s, "%s %.15g\n", m->name, (double)r->certificate_expires_at);
}

static void put_stun(struct sink *s, const struct metric *m, const struct report *r)
{
    static const char *const families[] = { [STUN_IPV4] = "ipv4", [STUN_IPV6] = "ipv6" };
    static const char *const results[] = { [STUN_ANSWERED] = "answered",
                                           [STUN_MALFORMED] = "malformed",
                                           [STUN_MISPLACED] = "misplaced",
                                           [STUN_LIMITED] = "limited" };
    for (int i = 0; i < N_STUN_FAMILIES; i++)
        for (int j = 0; j < N_STUN_RESULTS; j++)
            put(s, "%s{family=\"%s\",result=\"%s\"} %.15g\n", m->name, families[i], results[j],
                (double)r->sum.stun.n[i][j]);
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

static void put_loop_lag(struct sink *s, const struct metric *m, const struct report *r)
{
    char label[32];
    for (int i = 0; i < r->survey->n; i++) {
        snprintf(label, sizeof label, "worker=\"%d\",", i);
        put_histogram_of(s, m, label, &r->survey->parts[i].sample.worker.turns);
    }
}

// The sum over all dialects of the histogram that lies AT so many bytes behind M's first one.
static struct histogram sum_of_dialects(const struct metric *m, const struct report *r, size_t at)
{
    struct histogram sum = { 0 };
    for (size_t i = 0; i < N_DIALECTS; i++)
        histogram_merge(&sum, (const struct histogram *)((const char *)r + m->offset + i * m->stride + at));
    return sum;
}

static void put_setups(struct sink *s, const struct metric *m, const struct report *r)
{
    static const char *const labels[] = {
        [CALL_ANSWERED] = "result=\"answered\",", [CALL_UNANSWERED] = "result=\"unanswered\","
    };
    for (size_t i = 0; i < N_CALL_RESULTS; i++) {
        struct histogram sum = sum_of_dialects(m, r, i * sizeof sum);
        put_histogram_of(s, m, labels[i], &sum);
    }
}

static void put_calls(struct sink *s, const struct metric *m, const struct report *r)
{
    struct histogram sum = sum_of_dialects(m, r, 0);
    put_histogram_of(s, m, "", &sum);
}

static void put_slow_consumers(struct sink *s, const struct metric *m, const struct report *r)
{
    for (int i = ENDING_STALLED; i <= ENDING_OVERFLOWED; i++)
        put(s, "%s{reason=\"%s\"} %.15g\n", m->name, ending_name(i), (double)r->sum.conns.n_ended[i]);
}

#define AT(field)                         offsetof(struct report, field)
#define NONE                              0, 0, NULL
#define OF(field)                         AT(field), 0, NULL
#define OF_EACH(field)                    AT(field[0]), sizeof(uint64_t), NULL
#define OF_EACH_REALM(field)              AT(sum.dialects[0].field), sizeof(struct traffic), NULL
#define HISTOGRAM(field, scale)           AT(field), 0, &(scale)
#define HISTOGRAM_OF_REALMS(field, scale) AT(sum.dialects[0].field), sizeof(struct traffic), &(scale)

static const struct metric metrics[] = {
    { "strowger_build_info", "gauge", "What this is and what it was made with.", put_build, NONE },
    { "strowger_ready", "gauge", "Whether new clients are welcome, 1 or 0.", put_ready, NONE },
    { "strowger_connections", "gauge", "TCP connections of clients that are open.", put_count, OF(sum.conns.n_open) },
    { "strowger_connections_total", "counter", "TCP connections that were accepted.", put_count,
      OF(sum.conns.n_accepted) },
    { "strowger_connections_rejected_total", "counter",
      "Connections, sessions and questions that were refused, by the limit.", put_refused, NONE },
    { "strowger_connections_ended_total", "counter", "Connections that were ended for going beyond a limit.", put_ended,
      NONE },
    { "strowger_slow_consumer_disconnects_total", "counter",
      "Connections and sessions ended since their client did not read.", put_slow_consumers, NONE },
    { "strowger_pongs_left_out_total", "counter", "Pings without a pong, since their client read none.", put_count,
      OF(sum.conns.n_pongs_left_out) },
    { "strowger_waits_total", "counter", "How often a connection had to wait since it talked too fast.", put_flows,
      OF(sum.meters.n_waits) },
    { "strowger_sessions", "gauge", "Clients that speak a dialect now.", put_by_dialect, OF_EACH_REALM(n_sessions) },
    { "strowger_sessions_total", "counter", "Sessions that began, where they came in.", put_by_dialect,
      OF_EACH_REALM(n_begun) },
    { "strowger_peers", "gauge", "Clients that have said who they are.", put_by_dialect, OF_EACH_REALM(n_peers) },
    { "strowger_rooms", "gauge", "Rooms and topics with somebody in them.", put_by_dialect, OF_EACH(n_rooms) },
    { "strowger_calls", "gauge", "Pairs of peers of which one rang the other and neither has left.", put_by_dialect,
      OF_EACH(n_calls) },
    { "strowger_call_setup_duration_seconds", "histogram",
      "From a call's first offer to its answer, or to its end without one; login dialect.", put_setups,
      HISTOGRAM_OF_REALMS(setups, traffic_setup_scale) },
    { "strowger_call_duration_seconds", "histogram", "From a call's answer to its end here; login dialect.", put_calls,
      HISTOGRAM_OF_REALMS(calls, traffic_call_scale) },
    { "strowger_messages_total", "counter", "Messages heard from clients (in) and passed on to them (out).",
      put_messages, NONE },
    { "strowger_message_bytes_total", "counter", "Bytes of the messages heard from clients.", put_message_bytes, NONE },
    { "strowger_message_errors_total", "counter", "Messages that were of no use, by what was wrong.", put_faults,
      NONE },
    { "strowger_relay_duration_seconds", "histogram",
      "From a worker finding a message to its having left, by way of another worker too; all of a turn alike.",
      put_histogram, HISTOGRAM(sum.worker.relays, worker_scale) },
    { "strowger_network_bytes_total", "counter", "Bytes on TCP connections, the operators' too, as they travelled.",
      put_network, NONE },
    { "strowger_tls_handshakes_total", "counter", "TLS handshakes; the failed ones with proxies' wrong headers.",
      put_handshakes, NONE },
    { "strowger_tls_handshake_duration_seconds", "histogram",
      "From accepting to the end of a TLS handshake that succeeded, the ways to the client and back included.",
      put_histogram, HISTOGRAM(sum.conns.handshakes, conn_handshake_scale) },
    { "strowger_tls_certificate_expiry_timestamp_seconds", "gauge", "When the first certificate expires.",
      put_certificate, NONE },
    { "strowger_stun_requests_total", "counter", "STUN datagrams.", put_stun, NONE },
    { "strowger_turn_credentials_issued_total", "counter", "Answers with credentials for TURN.", put_count,
      OF(sum.n_credentials) },
    { "strowger_log_left_out_total", "counter", "Records that were not logged since there were too many.", put_left_out,
      NONE },
    { "strowger_send_queue_bytes", "gauge", "Memory in which output waits to leave.", put_count, OF(sum.queue_len) },
    { "strowger_receive_queue_bytes", "gauge", "Messages and request bodies that wait for the rest of them.", put_count,
      OF(sum.begun_len) },
    { "strowger_memory_connection_bytes", "gauge", "Memory of connections, sessions and peers, their output included.",
      put_count, OF(sum.memory_len) },
    { "strowger_worker_cpu_seconds_total", "counter", "Processor time that a worker's thread has used.", put_worker_cpu,
      NONE },
    { "strowger_loop_lag_seconds", "histogram", "How long a turn of the loop took: what came meanwhile had to wait.",
      put_loop_lag, HISTOGRAM(sum.worker.turns, worker_scale) },
    { "strowger_watchers", "gauge", "Those who watch messages pass.", put_watchers, NONE },
    { "process_cpu_seconds_total", "counter", "Processor time that all threads have used.", put_seconds,
      OF(process.cpu_s) },
    { "process_resident_memory_bytes", "gauge", "Memory that is resident.", put_count, OF(process.resident_len) },
    { "process_virtual_memory_bytes", "gauge", "Address space.", put_count, OF(process.virtual_len) },
    { "process_open_fds", "gauge", "File descriptors that are open.", put_count, OF(process.n_fds) },
    { "process_max_fds", "gauge", "File descriptors that may be open.", put_count, OF(process.max_fds) },
    { "process_start_time_seconds", "gauge", "When the process started, as UNIX time.", put_seconds,
      OF(process.started_at) },
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
