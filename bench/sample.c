// SPDX-License-Identifier: MIT
// Processor time and memory from /proc; see sample.h.
#include "sample.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

// A thread's schedstat begins with the nanoseconds it ran; /proc/PID/stat counts in hundredths of a second.
static uint64_t thread_ns(pid_t pid, const char *thread)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, thread);
    FILE *f = fopen(path, "r");
    uint64_t ns = 0;
    if (!f)
        return 0;
    if (fscanf(f, "%" SCNu64, &ns) != 1)
        ns = 0;
    fclose(f);
    return ns;
}

static uint64_t process_ns(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    if (!dir)
        return 0;
    uint64_t sum = 0;
    for (const struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] != '.')
            sum += thread_ns(pid, e->d_name);
    }
    closedir(dir);
    return sum;
}

struct sample sample_take(pid_t server)
{
    struct sample s = { .server_ns = server ? process_ns(server) : 0 };
    s.load_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    s.wall_ns = now_ns();
    return s;
}

// Reads a line like "Slab:   12345 kB". Returns bytes, 0 when there is none.
static uint64_t read_line(const char *path, const char *name)
{
    char line[256];
    FILE *f = fopen(path, "r");
    uint64_t kib = 0;
    if (!f)
        return 0;
    while (fgets(line, sizeof line, f)) {
        if (strncmp(line, name, strlen(name)) == 0 && sscanf(line + strlen(name), ": %" SCNu64, &kib) == 1)
            break;
    }
    fclose(f);
    return kib * 1024;
}

uint64_t sample_rss(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    return read_line(path, "Rss");
}

uint64_t sample_kernel(void)
{
    return read_line("/proc/meminfo", "Slab");
}
