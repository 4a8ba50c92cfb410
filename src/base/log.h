// SPDX-License-Identifier: MIT
// One record, one line, on stderr: when, how grave, what happened, and fields that say to whom.
//
// As words it is `2026-01-02T03:04:05.678Z info peer joined peer=alice`, as JSON an object of ts, level, msg and the fields.
// Towards systemd's journal each line has its priority before it (sd-daemon(3)), and words have no time and level then.
//
// Values may come from strangers: they are quoted and escaped, so that no name can forge a line or move a cursor. Nor can
// strangers fill a disk: all but errors is rate-limited, thread by thread, and a line says how much was left out.
// What peers say to each other (SDP, candidates, tokens) is never logged above trace.
#ifndef STROWGER_BASE_LOG_H
#define STROWGER_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bucket.h"
#include "base/span.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };
enum log_format { LOG_WORDS, LOG_JSON };

struct log_field {
    const char *key; // NULL ends the list
    struct span text;
    int64_t number;
    bool is_number;
};

#define LOG_SPAN(k, s) ((struct log_field){ .key = (k), .text = (s) })
#define LOG_TEXT(k, s) ((struct log_field){ .key = (k), .text = span_of(s) })
#define LOG_INT(k, v)  ((struct log_field){ .key = (k), .number = (int64_t)(v), .is_number = true })

// Sets what is written: records of LEVEL and graver ones. Info when never called.
void log_set_level(enum log_level level);

// Sets how records are written. As words when never called.
void log_set_format(enum log_format format);

// Sets how many records that are no errors each thread may write. Any number when never called.
void log_set_rate(struct bucket_rate rate);

// How many records were left out for that, by all threads.
uint64_t log_left_out(void);

// Finds out whether stderr leads to systemd's journal, as JOURNAL_STREAM says (systemd.exec(5)). Before there are threads.
void log_find_journal(void);

// Whether records of LEVEL are written, for callers whose fields cost something to make.
bool log_is_on(enum log_level level);

// Writes MESSAGE with FIELDS, which end with one whose key is NULL. A record is cut at 1 KiB.
void log_fields(enum log_level level, const char *message, const struct log_field *fields);

// log_write(LOG_INFO, "peer joined", LOG_SPAN("peer", name), LOG_INT("n", 3));
#define log_write(level, message, ...)                                                                                 \
    (log_is_on(level) ? log_fields(level, message, (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ 0 } })      \
                      : (void)0)

#endif
