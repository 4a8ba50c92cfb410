// SPDX-License-Identifier: MIT
// Fuzzes paths and queries: what comes out of a path is clean and stays as it is, and no decoding makes text longer.
#include <errno.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "proto/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static void check_segments(struct span path)
{
    must(path.len > 0 && path.p[0] == '/' && utf8_is_valid(path.p, path.len));
    for (size_t at = 1; at < path.len;) {
        const char *slash = memchr(path.p + at, '/', path.len - at);
        size_t len = slash ? (size_t)(slash - path.p) - at : path.len - at;
        struct span segment = { path.p + at, len };
        must(len > 0 && !span_equal(segment, SPAN(".")) && !span_equal(segment, SPAN("..")));
        at += len + 1;
    }
    for (size_t i = 0; i < path.len; i++)
        must((unsigned char)path.p[i] >= 0x20 && path.p[i] != 0x7f && path.p[i] != '\\');
}

// Once its percent signs are escaped, a normalised path is its own normal form.
static void check_fixed_point(struct span path)
{
    char *escaped = malloc(3 * path.len), *again = malloc(3 * path.len);
    must(escaped && again);
    size_t n = 0;
    for (size_t i = 0; i < path.len; i++) {
        if (path.p[i] == '%') {
            memcpy(escaped + n, "%25", 3);
            n += 3;
        } else {
            escaped[n++] = path.p[i];
        }
    }
    ssize_t len = uri_normalize_path((struct span){ escaped, n }, again, path.len);
    must(len == (ssize_t)path.len && memcmp(again, path.p, path.len) == 0);
    free(escaped);
    free(again);
}

static void check_query(struct span query, char *out)
{
    ssize_t n = uri_decode_param(query, out, query.len);
    must(n == -EINVAL || (n >= 0 && (size_t)n <= query.len));
    struct span value = uri_find_param(query, SPAN("a"));
    must(!value.p || (value.p > query.p && value.p + value.len <= query.p + query.len));
    must(!value.p || value.len == 0 || !memchr(value.p, '&', value.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size), *out = malloc(size);
    must((copy && out) || size == 0);
    if (size)
        memcpy(copy, data, size);
    struct span s = { copy, size };
    ssize_t n = uri_normalize_path(s, out, size);
    must(n == -EINVAL || (n > 0 && (size_t)n <= size));
    if (n > 0) {
        check_segments((struct span){ out, (size_t)n });
        check_fixed_point((struct span){ out, (size_t)n });
    }
    check_query(s, out);
    free(copy);
    free(out);
    return 0;
}
