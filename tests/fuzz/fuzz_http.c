// SPDX-License-Identifier: MIT
// Fuzzes HTTP heads and chunked bodies: more bytes behind a head change nothing, fewer give no other verdict, and a body
// comes out the same however it is cut into reads.
#include <stdlib.h>

#include "proto/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static char *copy_of(const void *p, size_t len)
{
    char *copy = calloc(len, 1);
    must(copy || len == 0);
    if (len)
        memcpy(copy, p, len);
    return copy;
}

static void check_field(const struct http_request *r, const struct http_field *f)
{
    must(f->name.len > 0);
    for (size_t i = 0; i < f->value.len; i++)
        must((unsigned char)f->value.p[i] >= 0x20 || f->value.p[i] == '\t');
    must(http_find_field(r, f->name).p != NULL);
    must(http_list_has(f->value, SPAN("\n")) == false);
    (void)http_accepts_coding(f->value, SPAN("gzip"));
    (void)http_etag_matches(f->value, SPAN("\"x\""));
}

static void check_same(const struct http_request *a, const struct http_request *b)
{
    must(span_equal(a->method_name, b->method_name) && a->method == b->method);
    must(span_equal(a->target, b->target) && span_equal(a->path, b->path) && span_equal(a->query, b->query));
    must(span_equal(a->host, b->host) && a->n_fields == b->n_fields);
    must(a->has_body == b->has_body && a->is_chunked == b->is_chunked && a->content_length == b->content_length);
    must(a->keep_alive == b->keep_alive && a->expects_continue == b->expects_continue);
    for (size_t i = 0; i < a->n_fields; i++)
        must(span_equal(a->fields[i].name, b->fields[i].name) && span_equal(a->fields[i].value, b->fields[i].value));
}

// What a good head of N bytes must keep to; with another byte behind it, it is the same head.
static void check_accepted(const char *p, size_t n, const struct http_request *r)
{
    must(n <= HTTP_MAX_HEAD && n >= 16 && memcmp(p + n - 4, "\r\n\r\n", 4) == 0);
    must(r->n_fields <= HTTP_MAX_FIELDS && r->path.len > 0 && r->method_name.len > 0);
    must(r->minor_version == 0 || http_count_field(r, SPAN("host")) == 1);
    must(!r->is_chunked || http_count_field(r, SPAN("content-length")) == 0);
    for (size_t i = 0; i < r->n_fields; i++)
        check_field(r, &r->fields[i]);
    struct http_request again;
    char *more = malloc(n + 1);
    must(more != NULL);
    memcpy(more, p, n);
    more[n] = 'x';
    must(http_parse_request(more, n + 1, &again) == (ssize_t)n);
    check_same(r, &again);
    free(more);
}

static void check_head(const uint8_t *data, size_t size)
{
    struct http_request r, shorter;
    char *p = copy_of(data, size);
    ssize_t n = http_parse_request(p, size, &r);
    must(n != 0 || size < HTTP_MAX_HEAD);
    if (n > 0)
        check_accepted(p, (size_t)n, &r);
    size_t end = n > 0 ? (size_t)n : size;
    for (size_t i = 1; i <= 4 && end > 0; i++) {
        size_t len = i == 4 ? end - 1 : end * i / 4;
        char *prefix = copy_of(data, len);
        ssize_t m = len < end ? http_parse_request(prefix, len, &shorter) : 0;
        must(m == 0 || (n < 0 && m == n));
        free(prefix);
    }
    free(p);
}

// Decodes the body in reads of STEP bytes into OUT (SIZE bytes). Returns the bytes eaten or minus a status.
static ssize_t unchunk(const uint8_t *data, size_t size, size_t step, char *out, size_t *out_len)
{
    struct http_chunked c = { 0 };
    size_t at = 0;
    *out_len = 0;
    while (at < size && !c.is_done) {
        size_t len = size - at < step ? size - at : step;
        char *p = copy_of(data + at, len);
        struct span piece;
        ssize_t n = http_chunked_parse(&c, p, len, &piece);
        if (n >= 0 && piece.len) {
            must(*out_len + piece.len <= size);
            memcpy(out + *out_len, piece.p, piece.len);
            *out_len += piece.len;
        }
        free(p);
        if (n < 0)
            return n;
        must(n > 0 && (size_t)n <= len);
        at += (size_t)n;
    }
    return (ssize_t)at;
}

static void check_body(const uint8_t *data, size_t size)
{
    char *whole = malloc(size + 1), *cut = malloc(size + 1);
    must(whole && cut);
    size_t whole_len, cut_len;
    ssize_t n = unchunk(data, size, size, whole, &whole_len);
    ssize_t m = unchunk(data, size, 1 + size % 5, cut, &cut_len);
    must(n == m);
    must(n < 0 || (whole_len == cut_len && memcmp(whole, cut, whole_len) == 0));
    free(whole);
    free(cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_head(data, size);
    check_body(data, size);
    return 0;
}
