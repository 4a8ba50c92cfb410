// SPDX-License-Identifier: MIT
// What the system says of this process; see process.h.
#include "host/process.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

// The time at which the machine started, as UNIX time, or 0.
static double boot_time(void)
{
    static const char key[] = "btime ";
    char line[256];
    double at = 0;
    FILE *f = fopen("/proc/stat", "re");
    while (f && !at && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0)
            at = strtod(line + strlen(key), NULL);
    if (f)
        fclose(f);
    return at;
}

// Fields of /proc/self/stat, numbered as in proc(5).
enum { NAME = 2, USER_TIME = 14, SYSTEM_TIME = 15, START_TIME = 22, VIRTUAL_LEN = 23, RESIDENT_PAGES = 24 };

// Field NUMBER of what follows the NAME, or 0.
static uint64_t field(const char *rest, int number)
{
    for (int i = NAME; rest && i < number; i++)
        rest = strchr(rest + 1, ' ');
    return rest ? strtoull(rest, NULL, 10) : 0;
}

static void read_stat(struct process_stats *p)
{
    char line[1024];
    FILE *f = fopen("/proc/self/stat", "re");
    bool is_read = f && fgets(line, sizeof line, f);
    if (f)
        fclose(f);
    // The name stands in parentheses, and anything may stand in it.
    const char *rest = is_read ? strrchr(line, ')') : NULL;
    if (!rest)
        return;
    double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
    p->cpu_s = (double)(field(rest, USER_TIME) + field(rest, SYSTEM_TIME)) * tick_s;
    p->started_at = boot_time() + (double)field(rest, START_TIME) * tick_s;
    p->virtual_len = field(rest, VIRTUAL_LEN);
    p->resident_len = field(rest, RESIDENT_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t count_fds(void)
{
    uint64_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n > 3 ? n - 3 : 0; // ".", "..", and the directory's own
}

void process_stats_read(struct process_stats *p)
{
    struct rlimit limit;
    *p = (struct process_stats){ .n_fds = count_fds() };
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        p->max_fds = limit.rlim_cur;
    read_stat(p);
}
