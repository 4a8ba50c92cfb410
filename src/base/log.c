// SPDX-License-Identifier: MIT
// One record, one line, on stderr; see log.h.
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 1024 };

static enum log_level current_level = LOG_INFO;

static const char *const level_names[] = { "error", "warn", "info", "debug", "trace" };

struct line {
    size_t len;
    char p[LINE_MAX_LEN + 1]; // one more for the line end
};

void log_set_level(enum log_level level)
{
    current_level = level;
}

bool log_is_on(enum log_level level)
{
    return level <= current_level;
}

int log_level_of(struct span name)
{
    for (int i = 0; i < (int)(sizeof level_names / sizeof *level_names); i++)
        if (span_equal(name, span_of(level_names[i])))
            return i;
    return -1;
}

static void put_char(struct line *l, char c)
{
    if (l->len < LINE_MAX_LEN)
        l->p[l->len++] = c;
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

void log_fields(enum log_level level, const char *message, const struct log_field *fields)
{
    struct line l = { 0 };
    put_time(&l);
    put_char(&l, ' ');
    put_text(&l, level_names[level]);
    put_char(&l, ' ');
    put_text(&l, message);
    for (const struct log_field *f = fields; f->key; f++)
        put_field(&l, f);
    l.p[l.len++] = '\n';
    // One write a record keeps lines whole among threads and processes; a full or closed stderr must not stop the server.
    ssize_t written = write(STDERR_FILENO, l.p, l.len);
    (void)written;
}
