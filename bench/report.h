// SPDX-License-Identifier: MIT
// The one line of JSON that a run of the load generator ends with.
#ifndef STROWGER_BENCH_REPORT_H
#define STROWGER_BENCH_REPORT_H

#include <stdint.h>

#include "text.h"

// Zero-initialised is an empty object.
struct report {
    struct text fields;
};

void report_string(struct report *r, const char *key, const char *value); // VALUE needs no escapes
void report_count(struct report *r, const char *key, uint64_t value);
void report_number(struct report *r, const char *key, double value);

// Writes the object and a line end to standard output, and frees it.
void report_print(struct report *r);

#endif
