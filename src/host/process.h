// SPDX-License-Identifier: MIT
// What the system says of this process.
#ifndef STROWGER_HOST_PROCESS_H
#define STROWGER_HOST_PROCESS_H

#include <stdint.h>

struct process_stats {
    double cpu_s;      // used by all threads so far
    double started_at; // UNIX time
    uint64_t resident_len, virtual_len;
    uint64_t n_fds, max_fds;
};

// Fills P; what the system does not say is 0.
void process_stats_read(struct process_stats *p);

#endif
