// SPDX-License-Identifier: MIT
// The load generator's command line; see options.h.
#include "options.h"

#include <arpa/inet.h>
#include <err.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEFAULT_LIMIT = 120, FIRST_CODE = 256 };

struct option_row {
    const char *name;
    void (*parse)(struct options *o, const struct option_row *row, const char *value);
    size_t at;         // of the field that PARSE writes, if it writes one
    const char *value; // what the help calls the value; NULL: the option takes none
    const char *help;
};

static double parse_number(const struct option_row *row, const char *value, double max)
{
    char *end;
    double n = strtod(value, &end);
    if (end == value || *end || !(n >= 0) || n > max)
        errx(2, "--%s: %s is not a number from 0 to %.0f", row->name, value, max);
    return n;
}

static void parse_count(struct options *o, const struct option_row *row, const char *value)
{
    *(uint32_t *)((char *)o + row->at) = (uint32_t)parse_number(row, value, 1e8);
}

static void parse_real(struct options *o, const struct option_row *row, const char *value)
{
    *(double *)((char *)o + row->at) = parse_number(row, value, 1e8);
}

static void parse_flag(struct options *o, const struct option_row *row, [[maybe_unused]] const char *value)
{
    *(bool *)((char *)o + row->at) = true;
}

static void parse_messages(struct options *o, const struct option_row *row, const char *value)
{
    o->n_messages = (uint64_t)parse_number(row, value, 1e12);
}

static void parse_offers(struct options *o, [[maybe_unused]] const struct option_row *row,
                         [[maybe_unused]] const char *value)
{
    o->body = BODY_OFFER;
}

static void parse_dialect(struct options *o, const struct option_row *row, const char *value)
{
    o->dialect = dialect_find(value);
    if (!o->dialect)
        errx(2, "--%s: there is no %s", row->name, value);
}

static void parse_host(struct options *o, const struct option_row *row, const char *value)
{
    if (inet_pton(AF_INET, value, &o->server.sin_addr) != 1)
        errx(2, "--%s: %s is not an IPv4 address", row->name, value);
}

static void parse_port(struct options *o, const struct option_row *row, const char *value)
{
    o->server.sin_port = htons((uint16_t)parse_number(row, value, 65535));
}

static void parse_path(struct options *o, [[maybe_unused]] const struct option_row *row, const char *value)
{
    o->path = value;
}

static void parse_pid(struct options *o, const struct option_row *row, const char *value)
{
    o->server_pid = (pid_t)parse_number(row, value, 1e8);
}

static void parse_limit([[maybe_unused]] struct options *o, const struct option_row *row, const char *value)
{
    alarm((unsigned)parse_number(row, value, 86400)); // SIGALRM ends the program
}

#define AT(field) offsetof(struct options, field)

static const struct option_row ROWS[] = {
    { "pairs", parse_count, AT(n_pairs), "N", "pairs of callers (100)" },
    { "idle", parse_count, AT(n_idle), "N", "silent callers beside them (0)" },
    { "members", parse_count, AT(n_members), "N", "of the room (1000)" },
    { "connects", parse_count, AT(n_connects), "N", "connections of a storm (10000)" },
    { "waves", parse_count, AT(n_waves), "N", "times that the idle come and go (1)" },
    { "window", parse_count, AT(window), "N", "messages of one sender under way (16)" },
    { "rate", parse_real, AT(rate), "N", "messages a second in all, come what may (0: by window)" },
    { "one-way", parse_flag, AT(is_one_way), NULL, "only one of a pair sends" },
    { "size", parse_count, AT(size), "BYTES", "of a message as sent (220)" },
    { "offers", parse_offers, 0, NULL, "sends offers instead of candidates" },
    { "messages", parse_messages, 0, "N", "ends the run after so many, if that is sooner" },
    { "seconds", parse_real, AT(seconds), "S", "length of what is measured (2)" },
    { "warmup", parse_real, AT(warmup), "S", "before that (0.3)" },
    { "settle", parse_real, AT(settle), "S", "before memory is read (2.5)" },
    { "limit", parse_limit, 0, "S", "after which the run is given up (120)" },
    { "concurrency", parse_count, AT(concurrency), "N", "connections opened at a time (64)" },
    { "first-id", parse_count, AT(first_id), "N", "number of the first name (1)" },
    { "dialect", parse_dialect, 0, "NAME", "login, join or rooms (login; join for broadcast)" },
    { "host", parse_host, 0, "ADDRESS", "of the server, IPv4 (127.0.0.1)" },
    { "port", parse_port, 0, "N", "of the server (8888)" },
    { "path", parse_path, 0, "PATH", "of the WebSocket (the dialect's)" },
    { "server-pid", parse_pid, 0, "PID", "process whose time and memory are measured" },
};

enum { N_ROWS = sizeof ROWS / sizeof *ROWS };

static void set_defaults(struct options *o)
{
    *o = (struct options){ .n_pairs = 100, .n_members = 1000, .n_connects = 10000, .n_waves = 1 };
    o->window = 16;
    o->size = 220;
    o->concurrency = 64;
    o->first_id = 1;
    o->seconds = 2;
    o->warmup = 0.3;
    o->settle = 2.5; // servers give back what they do not need any more after a second or two
    o->server.sin_family = AF_INET;
    o->server.sin_port = htons(8888);
    o->server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    alarm(DEFAULT_LIMIT);
}

const char *options_parse(struct options *o, int argc, char **argv)
{
    struct option longs[N_ROWS + 2] = { { .name = "help", .val = 'h' } };
    int code;
    set_defaults(o);
    for (int i = 0; i < N_ROWS; i++) {
        int has_arg = ROWS[i].value ? required_argument : no_argument;
        longs[i + 1] = (struct option){ .name = ROWS[i].name, .has_arg = has_arg, .val = FIRST_CODE + i };
    }
    while ((code = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        if (code == '?')
            exit(2);
        if (code == 'h')
            o->wants_help = true;
        else
            ROWS[code - FIRST_CODE].parse(o, &ROWS[code - FIRST_CODE], optarg);
    }
    if (o->concurrency == 0 || o->window == 0)
        errx(2, "--concurrency and --window begin at 1");
    return argv[optind];
}

void options_print(void)
{
    for (size_t i = 0; i < N_ROWS; i++)
        printf("  --%s%s%-*s%s\n", ROWS[i].name, ROWS[i].value ? " " : "",
               (int)(22 - strlen(ROWS[i].name) - !!ROWS[i].value), ROWS[i].value ? ROWS[i].value : "", ROWS[i].help);
}
