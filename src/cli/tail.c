// SPDX-License-Identifier: MIT
// `strowger tail`: what passes through a running server, as it passes, one line for what happened.
//
//     17:38:18.178  alice    --> bob       offer, 3072 bytes
//     17:38:18.213  bob      --> alice     5 candidates: 3 host, 1 srflx, 1 relay; 437 bytes
//     17:38:18.245  bob      --> alice     answer, 2967 bytes, 67 ms after the offer
//                   (12.3 s)
//     17:38:30.514  alice    --x carol     offer: nobody there
//
// A run of candidates from one to another is gathered until something else passes between the two, or for a moment. Where
// nothing passed for a while a line says for how long, and an offer that is not answered is told once.
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

enum { MAX_RUNS = 32, MAX_RINGS = 64, MAX_TARGET = 3072, MIN_WIDTH = 8, MAX_WIDTH = 20 };
enum { QUIET_MS = 250, RUN_MS = 1000 };       // after which a run is over: without another candidate, or in all
enum { GAP_MS = 2000, UNANSWERED_MS = 5000 }; // from which on it is worth a line

enum field { AT, TYPE, CANDIDATE, FROM, TO, ROOM, BYTES, RECEIVERS, OUTCOME, MISSED, N_FIELDS };

// Candidates of one for another.
struct run {
    char from[SHOWN_LEN], to[SHOWN_LEN]; // an empty FROM: the place is free
    uint64_t first_ms, last_ms;          // UNIX time, as all times here
    unsigned n_kinds[5];
    uint64_t n, bytes;
};

// An offer, of which it is remembered when it was.
struct ring {
    char from[SHOWN_LEN], to[SHOWN_LEN]; // TO may be a room
    uint64_t at_ms;                      // 0: the place is free
    bool is_done;                        // it was answered, or it was told that it was not
};

enum { END_OF_CANDIDATES = 4 };
static const char *const kinds[] = { "host", "srflx", "prflx", "relay", [END_OF_CANDIDATES] = "end" };

struct ladder {
    struct run runs[MAX_RUNS];
    struct ring rings[MAX_RINGS];
    size_t next_ring;
    int width;        // of the columns of names: that of the longest so far
    uint64_t last_ms; // of the latest line
};

// What a line says, as it is shown.
struct event {
    uint64_t at_ms;
    char type[32], candidate[32], outcome[32];
    char from[SHOWN_LEN], to[SHOWN_LEN], room[SHOWN_LEN];
    uint64_t bytes, n_receivers, n_missed;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

// ---- lines

// Begins a line of what was at AT_MS, behind one for the time in which nothing was.
static void begin_line(struct ladder *l, uint64_t at_ms)
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm t;
    char text[16];
    if (l->last_ms && at_ms >= l->last_ms + GAP_MS)
        printf("%14s(%.1f s)\n", "", (double)(at_ms - l->last_ms) / 1000);
    if (at_ms > l->last_ms)
        l->last_ms = at_ms;
    localtime_r(&seconds, &t);
    strftime(text, sizeof text, "%H:%M:%S", &t);
    printf("%s.%03d  ", text, (int)(at_ms % 1000));
}

// The columns' width, now that NAME is to stand in one. A name that is much longer than others stands out.
static int width_for(struct ladder *l, const char *name)
{
    int len = (int)strlen(name);
    if (l->width < len && len <= MAX_WIDTH)
        l->width = len;
    return l->width;
}

static void print_ends(struct ladder *l, const char *from, const char *arrow, const char *to)
{
    width_for(l, from);
    int width = width_for(l, to);
    printf("%-*s %s %-*s  ", width, *from ? from : "somebody", arrow, width, to);
}

static void print_run(struct ladder *l, struct run *r)
{
    const char *separator = ": ";
    uint64_t n = r->n - r->n_kinds[END_OF_CANDIDATES];
    begin_line(l, r->last_ms);
    print_ends(l, r->from, "-->", r->to);
    if (n)
        printf("%" PRIu64 " candidate%s", n, n == 1 ? "" : "s");
    for (size_t i = 0; i < END_OF_CANDIDATES; i++)
        if (r->n_kinds[i]) {
            printf("%s%u %s", separator, r->n_kinds[i], kinds[i]);
            separator = ", ";
        }
    if (r->n_kinds[END_OF_CANDIDATES])
        printf("%send of candidates", n ? ", " : "");
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
            print_run(l, r);
    }
}

static void print_old_runs(struct ladder *l)
{
    uint64_t now = now_ms();
    for (size_t i = 0; i < MAX_RUNS; i++) {
        struct run *r = &l->runs[i];
        if (*r->from && (now >= r->last_ms + QUIET_MS || now >= r->first_ms + RUN_MS))
            print_run(l, r);
    }
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
    free_one->first_ms = e->at_ms;
    return free_one;
}

static void gather(struct ladder *l, const struct event *e)
{
    struct run *r = find_run(l, e);
    r->n++;
    r->last_ms = e->at_ms;
    r->bytes += e->bytes;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        r->n_kinds[i] += strcmp(kinds[i], e->candidate) == 0;
}

// ---- offers and their answers

static void note_offer(struct ladder *l, const struct event *e)
{
    struct ring *r = &l->rings[l->next_ring++ % MAX_RINGS];
    *r = (struct ring){ .at_ms = e->at_ms };
    snprintf(r->from, SHOWN_LEN, "%s", e->from);
    snprintf(r->to, SHOWN_LEN, "%s", receiver_of(e));
}

// Whether E, an answer, is to R.
static bool is_answer_to(const struct event *e, const struct ring *r)
{
    bool is_to_caller = *e->to ? strcmp(r->from, e->to) == 0 : strcmp(r->from, e->from) != 0;
    bool is_from_called = strcmp(r->to, e->from) == 0 || (*e->room && strcmp(r->to, e->room) == 0);
    return r->at_ms && is_to_caller && is_from_called;
}

// The latest offer that E answers, or NULL.
static struct ring *find_offer(struct ladder *l, const struct event *e)
{
    struct ring *latest = NULL;
    for (size_t i = 0; i < MAX_RINGS; i++)
        if (is_answer_to(e, &l->rings[i]) && (!latest || l->rings[i].at_ms >= latest->at_ms))
            latest = &l->rings[i];
    return latest;
}

// Says how long the answer E took.
static void print_delay(struct ladder *l, const struct event *e)
{
    struct ring *r = find_offer(l, e);
    if (!r || e->at_ms < r->at_ms)
        return;
    uint64_t ms = e->at_ms - r->at_ms;
    if (ms < 1000)
        printf(", %" PRIu64 " ms after the offer", ms);
    else
        printf(", %.1f s after the offer", (double)ms / 1000);
    r->is_done = true;
}

// Forgets the offers of and to E's peer, which left or went.
static void forget_offers(struct ladder *l, const struct event *e)
{
    for (size_t i = 0; i < MAX_RINGS; i++)
        if (strcmp(l->rings[i].from, e->from) == 0 || strcmp(l->rings[i].to, e->from) == 0)
            l->rings[i].is_done = true;
}

static void print_unanswered(struct ladder *l)
{
    uint64_t now = now_ms();
    for (size_t i = 0; i < MAX_RINGS; i++) {
        struct ring *r = &l->rings[i];
        if (!r->at_ms || r->is_done || now < r->at_ms + UNANSWERED_MS)
            continue;
        r->is_done = true;
        begin_line(l, now);
        print_ends(l, r->from, "--?", r->to);
        printf("no answer for %d s\n", UNANSWERED_MS / 1000);
    }
}

// ---- what happens

// FROM came or went.
static void print_move(struct ladder *l, const struct event *e)
{
    bool comes = strcmp(e->type, "join") == 0;
    begin_line(l, e->at_ms);
    printf("%-*s %s%s\n", width_for(l, e->from), e->from,
           *e->room ? comes ? "joins " : "leaves "
           : comes  ? "is here"
                    : "is gone",
           e->room);
}

static void print_message(struct ladder *l, const struct event *e)
{
    bool is_sent = strcmp(e->outcome, "sent") == 0;
    begin_line(l, e->at_ms);
    print_ends(l, e->from, is_sent ? "-->" : "--x", receiver_of(e));
    printf("%s", e->type);
    if (e->bytes)
        printf(", %" PRIu64 " bytes", e->bytes);
    if (e->n_receivers > 1)
        printf(", to %" PRIu64, e->n_receivers);
    if (is_sent && strcmp(e->type, "offer") == 0)
        note_offer(l, e);
    if (is_sent && strcmp(e->type, "answer") == 0)
        print_delay(l, e);
    puts(is_sent ? "" : strcmp(e->outcome, "late") == 0 ? ": went before it came" : ": nobody there");
}

static void show(struct ladder *l, const struct event *e)
{
    if (e->n_missed) {
        begin_line(l, e->at_ms);
        printf("%" PRIu64 " more that were too fast to be shown\n", e->n_missed);
    }
    if (*e->candidate && strcmp(e->outcome, "sent") == 0) {
        gather(l, e);
        return;
    }
    print_runs(l, e);
    bool is_move = !e->bytes && !*e->to && strcmp(e->outcome, "sent") == 0;
    if (strcmp(e->type, "leave") == 0)
        forget_offers(l, e);
    if (is_move)
        print_move(l, e);
    else
        print_message(l, e);
}

// ---- reading

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
    e.at_ms = (uint64_t)(strtod(f[AT].value.raw.p, NULL) * 1000);
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
    static struct ladder ladder; // large, and set here: what is not zero would lie in the program's file
    struct span line;
    int n;
    ladder.width = MIN_WIDTH;
    while ((n = admin_client_next_line(c, QUIET_MS, &line)) == 1 || n == -EAGAIN) {
        if (n == 1 && is_json)
            printf("%.*s\n", (int)line.len, line.p);
        else if (n == 1)
            show_line(&ladder, line);
        print_old_runs(&ladder);
        print_unanswered(&ladder);
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
