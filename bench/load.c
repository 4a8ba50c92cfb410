// SPDX-License-Identifier: MIT
// The load generator: many simulated browsers on epoll, cheap enough that the server is what is measured.
//
// It checks every message it receives and ends with one line of JSON; exit status 0 when the server did everything
// right, 1 when not, 2 for a wrong command line. `load --help` lists the kinds of run.
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "modes.h"
#include "options.h"

static const struct mode {
    const char *name;
    bool (*run)(const struct options *o, struct report *r);
    const char *dialect; // unless another is asked for
    const char *help;
} MODES[] = {
    { "pairs", pairs_run, "login",
      "pairs exchange messages (--pairs, --window or --rate, --one-way; --idle beside them)" },
    { "storm", storm_run, "login", "connect, upgrade, login, close, again and again (--connects)" },
    { "idle", idle_run, "login",
      "a silent crowd comes and goes (--idle, --waves): memory, and what each caller costs" },
    { "broadcast", broadcast_run, "join", "one member of a room sends, all others must hear it (--members)" },
};

enum { N_MODES = sizeof MODES / sizeof *MODES };

static void print_help(void)
{
    printf("Usage: load MODE [OPTION]...\n\nModes:\n");
    for (size_t i = 0; i < N_MODES; i++)
        printf("  %-24s%s\n", MODES[i].name, MODES[i].help);
    printf("\nOptions:\n");
    options_print();
}

static const struct mode *find_mode(const char *name)
{
    for (size_t i = 0; i < N_MODES; i++) {
        if (name && strcmp(MODES[i].name, name) == 0)
            return &MODES[i];
    }
    errx(2, "the kind of run is wanted: pairs, storm, idle or broadcast; --help says more");
}

// A crowd takes as many descriptors as it can get.
static void raise_file_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv)
{
    struct options o;
    struct report report = { 0 };
    const char *name = options_parse(&o, argc, argv);
    if (o.wants_help) {
        print_help();
        return 0;
    }
    const struct mode *mode = find_mode(name);
    if (!o.dialect)
        o.dialect = dialect_find(mode->dialect);
    if (!o.path)
        o.path = o.dialect->path;
    raise_file_limit();
    report_string(&report, "mode", mode->name);
    bool is_well = mode->run(&o, &report);
    report_string(&report, "result", is_well ? "ok" : "failed");
    report_print(&report);
    return is_well ? 0 : 1;
}
