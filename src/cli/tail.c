// SPDX-License-Identifier: MIT
// `strowger tail`: what passes through a running server, as it passes, one line for what happened.
//
//     17:38:18.178  alice            --> bob              offer, 3072 bytes
//     17:38:18.213  bob              --> alice            5 candidates: 3 host, 1 srflx, 1 relay; 437 bytes
//     17:38:18.514  alice            --x carol            offer: nobody there
//
// A run of candidates from one to another is gathered until something else passes between the two, or for a moment.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/admin_client.h"
#include "cli/shown.h"
#include "cli/subcommand.h"
#include "proto/json.h"

enum { MAX_RUNS = 32, RUN_MS = 1000, MAX_TARGET = 3072 };

enum field { AT, TYPE, CANDIDATE, FROM, TO, ROOM, BYTES, RECEIVERS, OUTCOME, MISSED, N_FIELDS };

// Candidates of one for another.
struct run {
    char from[SHOWN_LEN], to[SHOWN_LEN]; // an empty FROM: the place is free
    char at[32];
    uint64_t since_ms;
    unsigned n_kinds[5];
    uint64_t n, bytes;
};

static const char *const kinds[] = { "host", "srflx", "prflx", "relay", "end" };

struct ladder {
    struct run runs[MAX_RUNS];
};

// What a line says, as it is shown.
struct event {
    char at[32];
    char type[32], candidate[32], outcome[32];
    char from[SHOWN_LEN], to[SHOWN_LEN], room[SHOWN_LEN];
    uint64_t bytes, n_receivers, n_missed;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void print_line(const char *at, const char *from, const char *arrow, const char *to)
{
    printf("%s  %-16s %s %-16s ", at, from, arrow, to);
}

static void print_run(struct run *r)
{
    const char *separator = ": ";
    print_line(r->at, r->from, "-->", r->to);
    printf("%" PRIu64 " candidate%s", r->n, r->n == 1 ? "" : "s");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (r->n_kinds[i]) {
            printf("%s%u %s", separator, r->n_kinds[i], kinds[i]);
            separator = ", ";
        }
    printf("; %" PRIu64 " bytes\n", r->bytes);
    *r = (struct run){ 0 };
}

static bool is_between(const struct run *r, const char *one, const char *other)
{
    return *r->from && ((strcmp(r->from, one) == 0 && strcmp(r->to, other) == 0) ||
                        (strcmp(r->from, other) == 0 && strcmp(r->to, one) == 0));
}

// Prints the runs that are at rest: those of E's two, or all where E is NULL.
static void print_runs(struct ladder *l, const struct event *e)
{
    for (size_t i = 0; i < MAX_RUNS; i++) {
        struct run *r = &l->runs[i];
        bool is_over = e && (is_between(r, e->from, e->to) ||
                             (!*e->to && (strcmp(r->from, e->from) == 0 || strcmp(r->to, e->from) == 0)));
        if (*r->from && (!e || is_over))
            print_run(r);
    }
}

static void print_old_runs(struct ladder *l)
{
    uint64_t now = now_ms();
    for (size_t i = 0; i < MAX_RUNS; i++)
        if (*l->runs[i].from && now - l->runs[i].since_ms >= RUN_MS)
            print_run(&l->runs[i]);
}

static const char *receiver_of(const struct event *e)
{
    return *e->to ? e->to : e->room;
}

// The run that E continues or begins.
static struct run *find_run(struct ladder *l, const struct event *e)
{
    struct run *free_one = NULL;
    for (size_t i = 0; i < MAX_RUNS; i++) {
        struct run *r = &l->runs[i];
        if (*r->from && strcmp(r->from, e->from) == 0 && strcmp(r->to, receiver_of(e)) == 0)
            return r;
        if (!*r->from)
            free_one = r;
    }
    if (!free_one) {
        print_runs(l, NULL);
        free_one = l->runs;
    }
    snprintf(free_one->from, SHOWN_LEN, "%s", e->from);
    snprintf(free_one->to, SHOWN_LEN, "%s", receiver_of(e));
    memcpy(free_one->at, e->at, sizeof e->at);
    free_one->since_ms = now_ms();
    return free_one;
}

static void gather(struct ladder *l, const struct event *e)
{
    struct run *r = find_run(l, e);
    r->n++;
    r->bytes += e->bytes;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        r->n_kinds[i] += strcmp(kinds[i], e->candidate) == 0;
}

// FROM came or went.
static void print_move(const struct event *e)
{
    bool comes = strcmp(e->type, "join") == 0;
    printf("%s  %-16s %s%s\n", e->at, e->from,
           *e->room ? comes ? "joins " : "leaves "
           : comes  ? "is here"
                    : "is gone",
           e->room);
}

static void print_message(const struct event *e)
{
    bool is_sent = strcmp(e->outcome, "sent") == 0;
    print_line(e->at, *e->from ? e->from : "somebody", is_sent ? "-->" : "--x", receiver_of(e));
    printf("%s", e->type);
    if (e->bytes)
        printf(", %" PRIu64 " bytes", e->bytes);
    if (e->n_receivers > 1)
        printf(", to %" PRIu64, e->n_receivers);
    puts(is_sent ? "" : strcmp(e->outcome, "late") == 0 ? ": went before it came" : ": nobody there");
}

static void show(struct ladder *l, const struct event *e)
{
    if (e->n_missed)
        printf("%s  %" PRIu64 " more that were too fast to be shown\n", e->at, e->n_missed);
    if (*e->candidate && strcmp(e->outcome, "sent") == 0) {
        gather(l, e);
        return;
    }
    print_runs(l, e);
    bool is_move = !e->bytes && !*e->to && strcmp(e->outcome, "sent") == 0;
    if (is_move)
        print_move(e);
    else
        print_message(e);
}

// ---- reading

static void put_time(const struct json_value *value, char out[32])
{
    double at = strtod(value->raw.p, NULL);
    time_t seconds = (time_t)at;
    struct tm t;
    char text[16];
    localtime_r(&seconds, &t);
    strftime(text, sizeof text, "%H:%M:%S", &t);
    snprintf(out, 32, "%s.%03d", text, (int)((at - (double)seconds) * 1000));
}

static uint64_t number_of(const struct json_value *value)
{
    return value->type == JSON_NUMBER ? strtoull(value->raw.p, NULL, 10) : 0;
}

static void put_word(const struct json_value *value, char out[32])
{
    struct span text = value->type == JSON_STRING ? json_string_raw(value) : (struct span){ 0 };
    snprintf(out, 32, "%.*s", (int)text.len, text.len ? text.p : "");
}

static void put_name(const struct json_value *value, char out[SHOWN_LEN])
{
    shown_put(value->type == JSON_STRING ? json_string_raw(value) : (struct span){ 0 }, out);
}

static void show_line(struct ladder *l, struct span line)
{
    struct json_field f[N_FIELDS] = {
        [AT] = { .key = SPAN("at") },         [TYPE] = { .key = SPAN("type") },
        [FROM] = { .key = SPAN("from") },     [CANDIDATE] = { .key = SPAN("candidate") },
        [TO] = { .key = SPAN("to") },         [ROOM] = { .key = SPAN("room") },
        [BYTES] = { .key = SPAN("bytes") },   [RECEIVERS] = { .key = SPAN("receivers") },
        [MISSED] = { .key = SPAN("missed") }, [OUTCOME] = { .key = SPAN("outcome") },
    };
    struct event e = { 0 };
    if (json_parse_object(line, f, N_FIELDS) != JSON_OK || f[AT].value.type != JSON_NUMBER)
        return;
    put_time(&f[AT].value, e.at);
    put_word(&f[TYPE].value, e.type);
    put_word(&f[CANDIDATE].value, e.candidate);
    put_word(&f[OUTCOME].value, e.outcome);
    put_name(&f[FROM].value, e.from);
    put_name(&f[TO].value, e.to);
    put_name(&f[ROOM].value, e.room);
    e.bytes = number_of(&f[BYTES].value);
    e.n_receivers = number_of(&f[RECEIVERS].value);
    e.n_missed = number_of(&f[MISSED].value);
    show(l, &e);
}

// Shows what comes until it ends. The exit status.
static int follow(struct admin_client *c, bool is_json)
{
    static struct ladder ladder;
    struct span line;
    int n;
    while ((n = admin_client_next_line(c, RUN_MS / 2, &line)) == 1 || n == -EAGAIN) {
        if (n == 1 && is_json)
            printf("%.*s\n", (int)line.len, line.p);
        else if (n == 1)
            show_line(&ladder, line);
        print_old_runs(&ladder);
        fflush(stdout);
    }
    print_runs(&ladder, NULL);
    fprintf(stderr, "strowger tail: the server has ended it\n");
    return EXIT_FAILED;
}

// Appends NAME=VALUE to TARGET, the value in percent escapes.
static void add_param(char target[MAX_TARGET], const char *name, const char *value)
{
    size_t len = strlen(target);
    len += (size_t)snprintf(target + len, MAX_TARGET - len, "%c%s=", strchr(target, '?') ? '&' : '?', name);
    for (; *value && len + 4 < MAX_TARGET; value++)
        len += (size_t)snprintf(target + len, MAX_TARGET - len, "%%%02X", (unsigned char)*value);
}

static int run(int argc, char **argv)
{
    bool is_json = false;
    const char *room = NULL, *peer = NULL;
    const struct admin_flag flags[] = {
        { "--room", NULL, &room, "ROOM", "only what has to do with this room" },
        { "--peer", NULL, &peer, "PEER", "only what has to do with this peer" },
        { "--json", &is_json, NULL, "", "a line of JSON for each message instead" },
    };
    const struct admin_usage usage = { .name = "tail",
                                       .summary = "Shows what passes through a running server, as it passes: who says\n"
                                                  "what kind of thing to whom, but never what was said.",
                                       .flags = flags,
                                       .n_flags = sizeof flags / sizeof *flags };
    struct admin_client client;
    char target[MAX_TARGET] = "/tail";
    int status = admin_client_init(&client, argc, argv, &usage);
    if (room)
        add_param(target, "room", room);
    if (peer)
        add_param(target, "peer", peer);
    if (status == ADMIN_CLIENT_GO_ON)
        status = admin_client_get(&client, target);
    if (status == ADMIN_CLIENT_GO_ON)
        status = follow(&client, is_json);
    admin_client_fini(&client);
    return status;
}

const struct subcommand subcommand_tail = {
    .name = "tail",
    .summary = "show a running server's messages as they pass",
    .run = run,
};
