// SPDX-License-Identifier: MIT
// What the system says of this process; see process.h.
#include "host/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

// The time at which the machine started, as UNIX time, or 0.
static double boot_time(void)
{
    char line[256];
    double at = 0;
    FILE *f = fopen("/proc/stat", "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "btime %lf", &at) == 1)
            break;
    if (f)
        fclose(f);
    return at;
}

static void read_stat(struct process_stats *p)
{
    char line[1024];
    uint64_t user, system, started, virtual_len, pages;
    FILE *f = fopen("/proc/self/stat", "re");
    bool is_read = f && fgets(line, sizeof line, f);
    if (f)
        fclose(f);
    // The second field is a name in parentheses, in which anything may stand; what is wanted comes after it (proc(5)).
    const char *rest = is_read ? strrchr(line, ')') : NULL;
    if (!rest || sscanf(rest + 1,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
                        " %*d %*d %*d %*d %*d %*d %" SCNu64 " %" SCNu64 " %" SCNu64,
                        &user, &system, &started, &virtual_len, &pages) != 5)
        return;
    double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
    p->cpu_s = (double)(user + system) * tick_s;
    p->started_at = boot_time() + (double)started * tick_s;
    p->virtual_len = virtual_len;
    p->resident_len = pages * (uint64_t)sysconf(_SC_PAGESIZE);
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
