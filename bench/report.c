// SPDX-License-Identifier: MIT
// A line of JSON; see report.h.
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

static void put_key(struct report *r, const char *key)
{
    text_printf(&r->fields, "%s\"%s\":", r->fields.len ? "," : "", key);
}

void report_string(struct report *r, const char *key, const char *value)
{
    put_key(r, key);
    text_printf(&r->fields, "\"%s\"", value);
}

void report_count(struct report *r, const char *key, uint64_t value)
{
    put_key(r, key);
    text_printf(&r->fields, "%" PRIu64, value);
}

void report_number(struct report *r, const char *key, double value)
{
    put_key(r, key);
    text_printf(&r->fields, "%.6g", value);
}

void report_print(struct report *r)
{
    printf("{%.*s}\n", (int)r->fields.len, r->fields.p);
    fflush(stdout);
    text_fini(&r->fields);
}
