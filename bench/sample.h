// SPDX-License-Identifier: MIT
// What the kernel says about a process at one instant: processor time and resident memory; and about itself.
#ifndef STROWGER_BENCH_SAMPLE_H
#define STROWGER_BENCH_SAMPLE_H

#include <stdint.h>
#include <sys/types.h>

struct sample {
    uint64_t wall_ns;
    uint64_t server_ns; // processor time of all the server's threads, user and system
    uint64_t load_ns;   // our own
};

uint64_t now_ns(void);

// Takes a sample; without a server (PID 0) its time is 0. A thread that ended takes its time with it.
struct sample sample_take(pid_t server);

// Resident bytes of a process, counted page by page (VmRSS may be off by hundreds of pages), 0 when it cannot be known.
uint64_t sample_rss(pid_t pid);

// Bytes of the kernel's own objects, sockets and files among them, of the whole machine.
uint64_t sample_kernel(void);

#endif
