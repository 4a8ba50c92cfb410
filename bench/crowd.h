// SPDX-License-Identifier: MIT
// A crowd: idle callers in processes of their own, which hold their names and answer pings until they are sent home.
//
// Own processes, because one may hold only so many descriptors, and because those who measure should not be kept from
// it by those who are merely present.
#ifndef STROWGER_BENCH_CROWD_H
#define STROWGER_BENCH_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

enum { CROWD_MAX_PROCESSES = 64 };

struct crowd {
    struct {
        int fd; // of a socket pair: the crowd writes a byte when all are there, and leaves when it is closed
        pid_t pid;
    } parts[CROWD_MAX_PROCESSES];
    uint32_t n_parts;
};

// Brings O->n_idle callers, with ids from FIRST_ID on, and waits until all have logged in. False when one could not;
// the crowd must be ended all the same.
bool crowd_start(struct crowd *c, const struct options *o, uint32_t first_id);

// Sends them home and waits until the server has closed every connection. False when one was lost in the meantime.
bool crowd_end(struct crowd *c);

#endif
