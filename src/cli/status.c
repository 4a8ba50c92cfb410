// SPDX-License-Identifier: MIT
// `strowger status`: what a running server does at the moment, on one screen. Rates are those of the second between two
// looks.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/admin_client.h"
#include "cli/shown.h"
#include "cli/subcommand.h"
#include "proto/json.h"

enum field {
    VERSION,
    AT,
    UPTIME,
    READY,
    WORKERS,
    CONNECTIONS,
    ACCEPTED,
    REFUSED,
    BYTES_IN,
    BYTES_OUT,
    QUEUED,
    CPU,
    RESIDENT,
    POOLS,
    DIALECTS,
    FULLEST,
    N_FIELDS, // as many as json_parse_object() takes
};

enum { LINE_MS = 5000, MAX_DIALECTS = 16 };

enum dialect_field { NAME, SESSIONS, PEERS, ROOMS, CALLS, IN, OUT, FAULTS, N_DIALECT_FIELDS };

// One look at the server.
struct look {
    struct buf text; // the JSON, which the values point into
    struct json_field f[N_FIELDS];
    struct json_field dialects[MAX_DIALECTS][N_DIALECT_FIELDS];
    size_t n_dialects;
};

static double number(const struct json_value *value)
{
    return value->type == JSON_NUMBER ? strtod(value->raw.p, NULL) : 0;
}

// ---- looking

static bool read_dialects(struct look *l)
{
    static const struct json_field wanted[N_DIALECT_FIELDS] = {
        [NAME] = { .key = SPAN("name") },   [SESSIONS] = { .key = SPAN("sessions") },
        [PEERS] = { .key = SPAN("peers") }, [ROOMS] = { .key = SPAN("rooms") },
        [CALLS] = { .key = SPAN("calls") }, [IN] = { .key = SPAN("in") },
        [OUT] = { .key = SPAN("out") },     [FAULTS] = { .key = SPAN("faults") },
    };
    struct json_member item;
    size_t pos = 0;
    while (l->n_dialects < MAX_DIALECTS && json_next(l->f[DIALECTS].value.raw, &pos, &item)) {
        struct json_field *d = l->dialects[l->n_dialects++];
        memcpy(d, wanted, sizeof wanted);
        if (json_parse_object(item.value.raw, d, N_DIALECT_FIELDS) != JSON_OK || d[NAME].value.type != JSON_STRING)
            return false;
    }
    return true;
}

static bool read_look(struct look *l)
{
    static const struct json_field wanted[N_FIELDS] = {
        [VERSION] = { .key = SPAN("version") },   [AT] = { .key = SPAN("at") },
        [UPTIME] = { .key = SPAN("uptime") },     [READY] = { .key = SPAN("ready") },
        [WORKERS] = { .key = SPAN("workers") },   [CONNECTIONS] = { .key = SPAN("connections") },
        [ACCEPTED] = { .key = SPAN("accepted") }, [REFUSED] = { .key = SPAN("refused") },
        [BYTES_IN] = { .key = SPAN("bytes_in") }, [BYTES_OUT] = { .key = SPAN("bytes_out") },
        [QUEUED] = { .key = SPAN("queued") },     [CPU] = { .key = SPAN("cpu") },
        [RESIDENT] = { .key = SPAN("resident") }, [POOLS] = { .key = SPAN("pools") },
        [DIALECTS] = { .key = SPAN("dialects") }, [FULLEST] = { .key = SPAN("fullest") },
    };
    memcpy(l->f, wanted, sizeof wanted);
    return json_parse_object(buf_span(&l->text), l->f, N_FIELDS) == JSON_OK &&
           l->f[VERSION].value.type == JSON_STRING && l->f[DIALECTS].value.type == JSON_ARRAY &&
           l->f[FULLEST].value.type == JSON_ARRAY && read_dialects(l);
}

// Asks the server once. ADMIN_CLIENT_GO_ON or the exit status to end with.
static int take_look(struct admin_client *c, struct look *l)
{
    struct span line;
    int status = admin_client_get(c, "/status");
    if (status != ADMIN_CLIENT_GO_ON)
        return status;
    // The closing zero is for strtod(), which reads numbers where they stand.
    if (admin_client_next_line(c, LINE_MS, &line) == 1 && buf_put_span(&l->text, line) == 0 &&
        buf_put(&l->text, "", 1) == 0) {
        l->text.len--;
        if (read_look(l))
            return ADMIN_CLIENT_GO_ON;
    }
    fprintf(stderr, "strowger status: this answer is none of ours\n");
    return EXIT_FAILED;
}

// ---- showing

// N bytes as people read them.
static const char *bytes_text(double n, char out[32])
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    size_t i = 0;
    for (; n >= 1024 && i < sizeof units / sizeof *units - 1; i++)
        n /= 1024;
    snprintf(out, 32, i ? "%.1f %s" : "%.0f %s", n, units[i]);
    return out;
}

static const char *duration_text(double seconds, char out[32])
{
    long s = (long)seconds;
    if (s >= 86400)
        snprintf(out, 32, "%ld d %ld h", s / 86400, s % 86400 / 3600);
    else if (s >= 3600)
        snprintf(out, 32, "%ld h %ld min", s / 3600, s % 3600 / 60);
    else if (s >= 60)
        snprintf(out, 32, "%ld min %ld s", s / 60, s % 60);
    else
        snprintf(out, 32, "%ld s", s);
    return out;
}

static double value_of(const struct look *l, enum field field)
{
    return number(&l->f[field].value);
}

// How much FIELD has grown a second.
static double rate_of(const struct look *before, const struct look *now, enum field field)
{
    double passed = value_of(now, AT) - value_of(before, AT);
    return passed > 0 ? (value_of(now, field) - value_of(before, field)) / passed : 0;
}

static void show_totals(const struct look *before, const struct look *now)
{
    char uptime[32], in[32], out[32], resident[32], pools[32], each[32], queued[32];
    double n_conns = value_of(now, CONNECTIONS), pools_len = value_of(now, POOLS);
    struct span version = json_string_raw(&now->f[VERSION].value);
    printf("strowger %.*s, up %s, %.0f worker%s, %s\n\n", (int)version.len, version.p,
           duration_text(value_of(now, UPTIME), uptime), value_of(now, WORKERS), value_of(now, WORKERS) == 1 ? "" : "s",
           now->f[READY].value.type == JSON_TRUE ? "ready" : "not ready for new clients");
    printf("connections  %-10.0f accepted %.0f (%.0f/s), refused %.0f\n", n_conns, value_of(now, ACCEPTED),
           rate_of(before, now, ACCEPTED), value_of(now, REFUSED));
    printf("network      in %s/s, out %s/s, waiting to leave %s\n", bytes_text(rate_of(before, now, BYTES_IN), in),
           bytes_text(rate_of(before, now, BYTES_OUT), out), bytes_text(value_of(now, QUEUED), queued));
    printf("processor    %.1f %% of one core\n", 100 * rate_of(before, now, CPU));
    printf("memory       %s resident, of it for connections %s", bytes_text(value_of(now, RESIDENT), resident),
           bytes_text(pools_len, pools));
    if (n_conns >= 1)
        printf(", %s each", bytes_text(pools_len / n_conns, each));
    puts("\n");
}

static const struct json_field *find_dialect(const struct look *l, struct span name)
{
    for (size_t i = 0; i < l->n_dialects; i++)
        if (json_string_is(&l->dialects[i][NAME].value, name))
            return l->dialects[i];
    return NULL;
}

static double message_rate(const struct look *before, const struct look *now, const struct json_field *d,
                           enum dialect_field field)
{
    const struct json_field *old = find_dialect(before, json_string_raw(&d[NAME].value));
    double passed = value_of(now, AT) - value_of(before, AT);
    return old && passed > 0 ? (number(&d[field].value) - number(&old[field].value)) / passed : 0;
}

static void show_dialects(const struct look *before, const struct look *now)
{
    printf("%-10s %9s %9s %9s %9s %9s %9s %9s\n", "dialect", "sessions", "peers", "rooms", "calls", "in/s", "out/s",
           "errors");
    for (size_t i = 0; i < now->n_dialects; i++) {
        const struct json_field *d = now->dialects[i];
        struct span name = json_string_raw(&d[NAME].value);
        printf("%-10.*s %9.0f %9.0f %9.0f %9.0f %9.0f %9.0f %9.0f\n", (int)name.len, name.p, number(&d[SESSIONS].value),
               number(&d[PEERS].value), number(&d[ROOMS].value), number(&d[CALLS].value),
               message_rate(before, now, d, IN), message_rate(before, now, d, OUT), number(&d[FAULTS].value));
    }
}

static void show_rooms(const struct look *now)
{
    struct json_member item;
    size_t pos = 0;
    bool has_title = false;
    while (json_next(now->f[FULLEST].value.raw, &pos, &item)) {
        struct json_field f[] = { { .key = SPAN("room") }, { .key = SPAN("members") }, { .key = SPAN("dialect") } };
        char name[SHOWN_LEN];
        if (json_parse_object(item.value.raw, f, 3) != JSON_OK || f[0].value.type != JSON_STRING ||
            f[2].value.type != JSON_STRING)
            continue;
        if (!has_title)
            printf("\n%9s  fullest rooms\n", "members");
        has_title = true;
        struct span dialect = json_string_raw(&f[2].value);
        shown_put(json_string_raw(&f[0].value), name);
        printf("%9.0f  %s (%.*s)\n", number(&f[1].value), name, (int)dialect.len, dialect.p);
    }
}

static int look_twice(struct admin_client *c, struct look looks[2], bool is_json)
{
    struct timespec second = { .tv_sec = 1 };
    int status = take_look(c, &looks[0]);
    if (status != ADMIN_CLIENT_GO_ON)
        return status;
    if (is_json) {
        printf("%.*s\n", (int)looks[0].text.len, looks[0].text.p);
        return EXIT_OK;
    }
    nanosleep(&second, NULL);
    status = take_look(c, &looks[1]);
    if (status != ADMIN_CLIENT_GO_ON)
        return status;
    show_totals(&looks[0], &looks[1]);
    show_dialects(&looks[0], &looks[1]);
    show_rooms(&looks[1]);
    return EXIT_OK;
}

static int run(int argc, char **argv)
{
    bool is_json = false;
    const struct admin_flag flags[] = { { "--json", &is_json, NULL, "", "all numbers as one line of JSON instead" } };
    const struct admin_usage usage = { .name = "status",
                                       .summary = "Shows what a running server does at the moment.",
                                       .flags = flags,
                                       .n_flags = sizeof flags / sizeof *flags };
    static struct look looks[2];
    struct admin_client client;
    int status = admin_client_init(&client, argc, argv, &usage);
    if (status == ADMIN_CLIENT_GO_ON)
        status = look_twice(&client, looks, is_json);
    buf_fini(&looks[0].text);
    buf_fini(&looks[1].text);
    admin_client_fini(&client);
    return status;
}

const struct subcommand subcommand_status = {
    .name = "status",
    .summary = "show what a running server does at the moment",
    .run = run,
};
