// SPDX-License-Identifier: MIT
// Paths and query parameters of request targets; see uri.h.
#include "proto/uri.h"

#include <errno.h>

#include "base/utf8.h"

// The normalised path so far: it always begins with '/', and before SEGMENT stands a '/'.
struct path {
    char *p;
    size_t len, cap;
    size_t segment; // where the segment begins that is being written
};

static int hex_value(char c)
{
    char lower = ascii_lower(c);
    if (c >= '0' && c <= '9')
        return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Decodes the percent escape at S.p[AT]. Returns its byte or -EINVAL.
static int decode_escape(struct span s, size_t at)
{
    if (s.len - at < 3)
        return -EINVAL;
    int high = hex_value(s.p[at + 1]), low = hex_value(s.p[at + 2]);
    return high < 0 || low < 0 ? -EINVAL : high << 4 | low;
}

static int put_byte(struct path *out, char c)
{
    if (out->len == out->cap)
        return -ENOSPC;
    out->p[out->len++] = c;
    return 0;
}

// Takes back the segment before the present one. 0, or -EINVAL at the root.
static int climb(struct path *out)
{
    if (out->segment == 1)
        return -EINVAL;
    out->len = out->segment - 1;
    while (out->p[out->len - 1] != '/')
        out->len--;
    out->segment = out->len;
    return 0;
}

// Ends the segment being written: dot segments take effect, an empty one vanishes, another one stays, with a '/' behind
// it if HAS_SLASH. 0 or negative errno.
static int end_segment(struct path *out, bool has_slash)
{
    struct span s = { out->p + out->segment, out->len - out->segment };
    if (span_equal(s, SPAN("."))) {
        out->len = out->segment;
        return 0;
    }
    if (span_equal(s, SPAN("..")))
        return climb(out);
    if (!utf8_is_valid(s.p, s.len))
        return -EINVAL;
    if (s.len == 0 || !has_slash)
        return 0;
    int rc = put_byte(out, '/');
    out->segment = out->len;
    return rc;
}

// Whether byte C may stand in a file's name: what a shell, a log or another system's separator could make of it may not.
static bool is_name_byte(int c)
{
    return c >= 0x20 && c != 0x7f && c != '/' && c != '\\';
}

ssize_t uri_normalize_path(struct span path, char *out, size_t cap)
{
    struct path o = { .p = out, .cap = cap, .segment = 1 };
    if (path.len == 0 || path.p[0] != '/')
        return -EINVAL;
    int rc = put_byte(&o, '/');
    for (size_t i = 1; i < path.len && rc == 0; i++) {
        int c = (unsigned char)path.p[i];
        if (c == '/') {
            rc = end_segment(&o, true);
            continue;
        }
        if (c == '%') {
            c = decode_escape(path, i);
            i += 2;
        }
        rc = is_name_byte(c) ? put_byte(&o, (char)c) : -EINVAL;
    }
    if (rc == 0)
        rc = end_segment(&o, false);
    return rc == 0 ? (ssize_t)o.len : rc;
}

// Takes off *REST what stands before the first DELIMITER, and the delimiter.
static struct span cut(struct span *rest, char delimiter)
{
    const char *end = rest->len ? memchr(rest->p, delimiter, rest->len) : NULL;
    struct span part = { rest->p, end ? (size_t)(end - rest->p) : rest->len };
    size_t n = end ? part.len + 1 : part.len;
    *rest = (struct span){ rest->p + n, rest->len - n };
    return part;
}

struct span uri_find_param(struct span query, struct span name)
{
    while (query.len > 0) {
        struct span param = cut(&query, '&');
        if (span_equal(cut(&param, '='), name))
            return param;
    }
    return (struct span){ 0 };
}

ssize_t uri_decode_param(struct span value, char *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < value.len; i++) {
        int c = value.p[i] == '+' ? ' ' : (unsigned char)value.p[i];
        if (c == '%') {
            c = decode_escape(value, i);
            i += 2;
        }
        if (c < 0)
            return -EINVAL;
        if (n == cap)
            return -ENOSPC;
        out[n++] = (char)c;
    }
    return (ssize_t)n;
}
