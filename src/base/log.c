// SPDX-License-Identifier: MIT
// One record, one line, on stderr; see log.h.
#include "base/log.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"

enum { LINE_MAX_LEN = 1024 };

// How records are written: the one thing of the program that all of it shares.
static struct {
    atomic_int level, format;
    bool is_journal;
    _Atomic uint64_t per_s, burst;
    _Atomic uint64_t n_left_out;
} settings = { .level = LOG_INFO };

// What this thread has written, and what it left out since it last said so.
static _Thread_local struct {
    struct bucket bucket;
    uint64_t n_left_out;
} spent;

static const char *const level_names[] = { "error", "warn", "info", "debug", "trace" };
static const char level_priorities[] = { '3', '4', '6', '7', '7' }; // syslog(3)'s

struct line {
    size_t len;
    char p[LINE_MAX_LEN + 1]; // one more for the line end
};

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&settings.level, level, memory_order_relaxed);
}

void log_set_format(enum log_format format)
{
    atomic_store_explicit(&settings.format, format, memory_order_relaxed);
}

void log_set_rate(struct bucket_rate rate)
{
    atomic_store_explicit(&settings.per_s, rate.per_s, memory_order_relaxed);
    atomic_store_explicit(&settings.burst, rate.burst, memory_order_relaxed);
}

uint64_t log_left_out(void)
{
    return atomic_load_explicit(&settings.n_left_out, memory_order_relaxed);
}

void log_find_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    char own[64];
    settings.is_journal = false;
    if (!stream || fstat(STDERR_FILENO, &st) != 0)
        return;
    snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    settings.is_journal = strcmp(stream, own) == 0;
}

bool log_is_on(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&settings.level, memory_order_relaxed);
}

// Puts the N bytes at P as a whole, if RESERVE more fit behind them. Whether it did.
static bool put_unit(struct line *l, const char *p, size_t n, size_t reserve)
{
    if (l->len + n + reserve > LINE_MAX_LEN)
        return false;
    memcpy(l->p + l->len, p, n);
    l->len += n;
    return true;
}

static void put_char(struct line *l, char c)
{
    put_unit(l, &c, 1, 0);
}

static void put_text(struct line *l, const char *text)
{
    while (*text)
        put_char(l, *text++);
}

static void put_time(struct line *l)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct tm tm;
    gmtime_r(&now.tv_sec, &tm);
    char text[32];
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + n, sizeof text - n, ".%03dZ", (int)(now.tv_nsec / 1000000));
    put_text(l, text);
}

static bool is_bare(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (ascii_lower(s.p[i]) >= 'a' && ascii_lower(s.p[i]) <= 'z') ||
              memchr("-_.:/[]%+@", s.p[i], 10)))
            return false;
    return s.len > 0;
}

// Everything but printable ASCII leaves as \xNN: valid UTF-8 could still hold line separators or bidirectional tricks.
static void put_quoted(struct line *l, struct span s)
{
    put_char(l, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\') {
            put_char(l, '\\');
            put_char(l, (char)c);
        } else if (c >= 0x20 && c < 0x7f) {
            put_char(l, (char)c);
        } else {
            char escape[5];
            snprintf(escape, sizeof escape, "\\x%02x", c);
            put_text(l, escape);
        }
    }
    put_char(l, '"');
}

static void put_field(struct line *l, const struct log_field *f)
{
    put_char(l, ' ');
    put_text(l, f->key);
    put_char(l, '=');
    if (f->is_number) {
        char number[24];
        snprintf(number, sizeof number, "%" PRId64, f->number);
        put_text(l, number);
    } else if (is_bare(f->text)) {
        for (size_t i = 0; i < f->text.len; i++)
            put_char(l, f->text.p[i]);
    } else {
        put_quoted(l, f->text);
    }
}

static void put_words(struct line *l, enum log_level level, const char *message, const struct log_field *fields)
{
    if (!settings.is_journal) { // which notes the time and has the level before the record
        put_time(l);
        put_char(l, ' ');
        put_text(l, level_names[level]);
        put_char(l, ' ');
    }
    put_text(l, message);
    for (const struct log_field *f = fields; f->key; f++)
        put_field(l, f);
}

// ---- JSON: what does not fit is left out by whole characters and fields, so that the object stays one

enum { TO_CLOSE_OBJECT = 1, TO_CLOSE_STRING = 2 }; // bytes

// The character that S begins with, and in *LEN its bytes; U+FFFD for a byte that begins none.
static uint32_t first_character(struct span s, size_t *len)
{
    unsigned char lead = (unsigned char)*s.p;
    size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    *len = 1;
    if (n > s.len || !utf8_is_valid(s.p, n))
        return 0xfffd;
    *len = n;
    uint32_t code = n == 1 ? lead : lead & (0x7fU >> n);
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)s.p[i] & 0x3f);
    return code;
}

// Printable ASCII stands for itself and the rest as \u escapes: nothing can be taken for a line's end or move a cursor.
static size_t escape_character(uint32_t code, char out[16])
{
    if (code == '"' || code == '\\')
        return (size_t)snprintf(out, 16, "\\%c", (char)code);
    if (code >= 0x20 && code < 0x7f)
        return (size_t)snprintf(out, 16, "%c", (char)code);
    if (code < 0x10000)
        return (size_t)snprintf(out, 16, "\\u%04" PRIx32, code);
    code -= 0x10000;
    return (size_t)snprintf(out, 16, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff));
}

// The rest of a string behind its opening quote, with the closing one.
static void put_json_string(struct line *l, struct span s)
{
    char unit[16];
    for (size_t len; s.len; s = (struct span){ s.p + len, s.len - len }) {
        size_t n = escape_character(first_character(s, &len), unit);
        if (!put_unit(l, unit, n, TO_CLOSE_STRING))
            break;
    }
    put_unit(l, "\"", 1, TO_CLOSE_OBJECT);
}

static void put_json_field(struct line *l, const struct log_field *f)
{
    char unit[128];
    int n = f->is_number ? snprintf(unit, sizeof unit, ",\"%.64s\":%" PRId64, f->key, f->number)
                         : snprintf(unit, sizeof unit, ",\"%.64s\":\"", f->key);
    if (put_unit(l, unit, (size_t)n, f->is_number ? TO_CLOSE_OBJECT : TO_CLOSE_STRING) && !f->is_number)
        put_json_string(l, f->text);
}

static void put_json(struct line *l, enum log_level level, const char *message, const struct log_field *fields)
{
    put_text(l, "{\"ts\":\"");
    put_time(l);
    put_text(l, "\",\"level\":\"");
    put_text(l, level_names[level]);
    put_text(l, "\",\"msg\":\"");
    put_json_string(l, span_of(message));
    for (const struct log_field *f = fields; f->key; f++)
        put_json_field(l, f);
    put_char(l, '}');
}

static void write_record(enum log_level level, const char *message, const struct log_field *fields)
{
    struct line l = { 0 };
    if (settings.is_journal) {
        put_char(&l, '<');
        put_char(&l, level_priorities[level]);
        put_char(&l, '>');
    }
    if (atomic_load_explicit(&settings.format, memory_order_relaxed) == LOG_JSON)
        put_json(&l, level, message, fields);
    else
        put_words(&l, level, message, fields);
    l.p[l.len++] = '\n';
    // One write a record keeps lines whole among threads and processes; a full or closed stderr must not stop the server.
    ssize_t written = write(STDERR_FILENO, l.p, l.len);
    (void)written;
}

// Whether this thread may write one more record of LEVEL.
static bool may_write(enum log_level level)
{
    struct timespec now;
    struct bucket_rate rate = { atomic_load_explicit(&settings.per_s, memory_order_relaxed),
                                atomic_load_explicit(&settings.burst, memory_order_relaxed) };
    if (level == LOG_ERROR || !rate.per_s)
        return true;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    uint64_t now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    if (bucket_take(&spent.bucket, &rate, 1, now_ms) == 0)
        return true;
    bucket_give(&spent.bucket, &rate, 1);
    return false;
}

void log_fields(enum log_level level, const char *message, const struct log_field *fields)
{
    if (!may_write(level)) {
        spent.n_left_out++;
        atomic_fetch_add_explicit(&settings.n_left_out, 1, memory_order_relaxed);
        return;
    }
    if (spent.n_left_out) {
        const struct log_field n[] = { LOG_INT("n", spent.n_left_out), { 0 } };
        spent.n_left_out = 0;
        write_record(LOG_WARN, "records left out", n);
    }
    write_record(level, message, fields);
}
