// SPDX-License-Identifier: MIT
// HTTP/1.1 request heads; see http.h.
//
//   GET /path?query HTTP/1.1 CRLF        method SP target SP version CRLF
//   Host: example.org CRLF               name ":" blanks value blanks CRLF
//   CRLF
//
// A cursor walks once over the bytes, piece of grammar by piece of grammar. Each step returns READ, MISSING when the bytes
// end inside the piece, or minus an HTTP status at the first byte that can't stand where it does.
#include "proto/http.h"

enum { READ = 0, MISSING = 1 };

struct cursor {
    const char *p, *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex_digit(char c)
{
    return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
}

static bool is_alnum(char c)
{
    return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_one_of(char c, struct span set)
{
    return memchr(set.p, c, set.len) != NULL;
}

// tchar (RFC 9110 5.6.2)
static bool is_token_byte(char c)
{
    return is_alnum(c) || is_one_of(c, SPAN("-_!#$%&'*+.^`|~"));
}

// field-vchar, blanks and obs-text (RFC 9110 5.5)
static bool is_value_byte(char c)
{
    return (unsigned char)c >= 0x20 ? c != 0x7f : c == '\t';
}

// What browsers leave unescaped in a path or query is more than RFC 3986 allows; a fragment is never sent.
static bool is_target_byte(char c)
{
    return c > 0x20 && c < 0x7f && c != '#';
}

// reg-name (RFC 3986 3.2.2)
static bool is_name_byte(char c)
{
    return is_alnum(c) || is_one_of(c, SPAN(".-_~%!$&'()*+,;="));
}

static bool is_authority_byte(char c)
{
    return is_name_byte(c) || is_one_of(c, SPAN(":[]"));
}

static int read_byte(struct cursor *c, char wanted)
{
    if (c->p == c->end)
        return MISSING;
    if (*c->p != wanted)
        return -400;
    c->p++;
    return READ;
}

static int read_line_end(struct cursor *c)
{
    int rc = read_byte(c, '\r');
    return rc == READ ? read_byte(c, '\n') : rc;
}

// Reads TEXT, given in lower case, without regard to case.
static int read_nocase(struct cursor *c, struct span text)
{
    for (size_t i = 0; i < text.len; i++, c->p++) {
        if (c->p == c->end)
            return MISSING;
        if (ascii_lower(*c->p) != text.p[i])
            return -400;
    }
    return READ;
}

// Reads the bytes that IS_MEMBER accepts, up to another one, which must be there.
static int read_while(struct cursor *c, bool (*is_member)(char), struct span *out)
{
    const char *start = c->p;
    while (c->p != c->end && is_member(*c->p))
        c->p++;
    *out = (struct span){ start, (size_t)(c->p - start) };
    return c->p == c->end ? MISSING : READ;
}

static int read_method(struct cursor *c, struct http_request *r)
{
    static const struct {
        struct span name;
        enum http_method method;
    } methods[] = {
        { { "GET", 3 }, HTTP_GET },
        { { "HEAD", 4 }, HTTP_HEAD },
        { { "POST", 4 }, HTTP_POST },
        { { "OPTIONS", 7 }, HTTP_OPTIONS },
    };
    int rc = read_while(c, is_token_byte, &r->method_name);
    if (rc != READ)
        return rc;
    rc = read_byte(c, ' ');
    if (rc != READ || r->method_name.len == 0 || span_equal(r->method_name, SPAN("CONNECT")))
        return -400;
    r->method = HTTP_OTHER;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (span_equal(r->method_name, methods[i].name))
            r->method = methods[i].method;
    return READ;
}

static bool is_reg_name(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_name_byte(s.p[i]))
            return false;
        if (s.p[i] == '%' && (s.len - i < 3 || !is_hex_digit(s.p[i + 1]) || !is_hex_digit(s.p[i + 2])))
            return false;
    }
    return true;
}

// IPv6 alone: nobody has made use of RFC 3986's room for later versions.
static bool is_ip_literal(struct span s)
{
    if (s.len < 4 || s.p[0] != '[' || s.p[s.len - 1] != ']')
        return false;
    for (size_t i = 1; i < s.len - 1; i++)
        if (!is_hex_digit(s.p[i]) && !is_one_of(s.p[i], SPAN(":.")))
            return false;
    return true;
}

// uri-host [ ":" port ] (RFC 9110 7.2), of which all may be empty.
static bool is_host(struct span s)
{
    size_t n = s.len;
    while (n > 0 && is_digit(s.p[n - 1]))
        n--;
    if (n > 0 && s.p[n - 1] == ':')
        s.len = n - 1;
    return is_reg_name(s) || is_ip_literal(s);
}

// Reads what stands before the path in the absolute form (RFC 9112 3.2.2); its host goes before the field's.
static int read_scheme_and_host(struct cursor *c, struct http_request *r)
{
    int rc = read_nocase(c, SPAN("http"));
    if (rc == READ && c->p != c->end && ascii_lower(*c->p) == 's')
        c->p++;
    if (rc == READ)
        rc = read_nocase(c, SPAN("://"));
    if (rc == READ)
        rc = read_while(c, is_authority_byte, &r->host);
    if (rc != READ)
        return rc;
    return r->host.len != 0 && is_host(r->host) && is_one_of(*c->p, SPAN("/? ")) ? READ : -400;
}

static void split_target(struct span s, struct http_request *r)
{
    const char *mark = s.len ? memchr(s.p, '?', s.len) : NULL;
    r->path = s;
    r->query = (struct span){ 0 };
    if (mark) {
        r->path.len = (size_t)(mark - s.p);
        r->query = (struct span){ mark + 1, s.len - r->path.len - 1 };
    }
    if (r->path.len == 0)
        r->path = SPAN("/");
}

static int read_target(struct cursor *c, struct http_request *r)
{
    const char *start = c->p;
    struct span rest;
    int rc = READ;
    if (c->p == c->end)
        return MISSING;
    if (*c->p == '*' && r->method == HTTP_OPTIONS) {
        c->p++;
        rest = (struct span){ start, 1 };
    } else {
        if (*c->p != '/')
            rc = read_scheme_and_host(c, r);
        if (rc == READ)
            rc = read_while(c, is_target_byte, &rest);
        if (rc != READ)
            return rc;
    }
    split_target(rest, r);
    r->target = (struct span){ start, (size_t)(c->p - start) };
    return read_byte(c, ' ');
}

static int read_digit(struct cursor *c, int *value)
{
    if (c->p == c->end)
        return MISSING;
    if (!is_digit(*c->p))
        return -400;
    *value = *c->p++ - '0';
    return READ;
}

static int read_version(struct cursor *c, struct http_request *r)
{
    static const char name[] = "HTTP/";
    int major, rc = READ;
    for (size_t i = 0; rc == READ && name[i]; i++)
        rc = read_byte(c, name[i]);
    if (rc == READ)
        rc = read_digit(c, &major);
    if (rc == READ && major != 1)
        return -505;
    if (rc == READ)
        rc = read_byte(c, '.');
    if (rc == READ)
        rc = read_digit(c, &r->minor_version);
    if (rc == READ && r->minor_version > 1)
        r->minor_version = 1;
    return rc;
}

static int read_request_line(struct cursor *c, struct http_request *r)
{
    int rc = READ;
    if (c->p != c->end && *c->p == '\r')
        rc = read_line_end(c);
    if (rc == READ)
        rc = read_method(c, r);
    if (rc == READ)
        rc = read_target(c, r);
    if (rc == READ)
        rc = read_version(c, r);
    return rc == READ ? read_line_end(c) : rc;
}

static int on_host(struct http_request *r, struct span value)
{
    if (http_count_field(r, SPAN("host")) > 1 || !is_host(value))
        return -400;
    if (!r->host.p)
        r->host = value;
    return READ;
}

static int on_content_length(struct http_request *r, struct span value)
{
    if (http_count_field(r, SPAN("content-length")) > 1 || r->is_chunked || value.len == 0)
        return -400;
    for (size_t i = 0; i < value.len; i++)
        if (!is_digit(value.p[i]) || __builtin_mul_overflow(r->content_length, 10, &r->content_length) ||
            __builtin_add_overflow(r->content_length, (uint64_t)(value.p[i] - '0'), &r->content_length))
            return -400;
    return READ;
}

static int on_transfer_encoding(struct http_request *r, struct span value)
{
    if (r->minor_version == 0 || r->is_chunked || http_count_field(r, SPAN("content-length")) > 0)
        return -400;
    r->is_chunked = span_equal_nocase(value, SPAN("chunked"));
    return r->is_chunked ? READ : -501;
}

static int on_expect(struct http_request *r, struct span value)
{
    if (!span_equal_nocase(value, SPAN("100-continue")))
        return -417;
    r->expects_continue = r->minor_version > 0; // RFC 9110 10.1.1: not for HTTP/1.0
    return READ;
}

// Looks at a field that says how the request is to be read, once it is in R's list.
static int note_field(struct http_request *r, const struct http_field *field)
{
    static const struct {
        struct span name;
        int (*note)(struct http_request *r, struct span value);
    } known[] = {
        { { "host", 4 }, on_host },
        { { "content-length", 14 }, on_content_length },
        { { "transfer-encoding", 17 }, on_transfer_encoding },
        { { "expect", 6 }, on_expect },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (span_equal_nocase(field->name, known[i].name))
            return known[i].note(r, field->value);
    return READ;
}

static int read_field(struct cursor *c, struct http_request *r)
{
    if (!is_token_byte(*c->p))
        return -400;
    if (r->n_fields == HTTP_MAX_FIELDS)
        return -431;
    struct http_field *field = &r->fields[r->n_fields];
    struct span blanks;
    int rc = read_while(c, is_token_byte, &field->name);
    if (rc == READ)
        rc = read_byte(c, ':');
    if (rc == READ)
        rc = read_while(c, is_blank, &blanks);
    if (rc == READ)
        rc = read_while(c, is_value_byte, &field->value);
    if (rc == READ)
        rc = read_line_end(c);
    if (rc != READ)
        return rc;
    while (field->value.len > 0 && is_blank(field->value.p[field->value.len - 1]))
        field->value.len--;
    r->n_fields++;
    return note_field(r, field);
}

static int read_fields(struct cursor *c, struct http_request *r)
{
    while (c->p != c->end && *c->p != '\r') {
        int rc = read_field(c, r);
        if (rc != READ)
            return rc;
    }
    return read_line_end(c);
}

// What only the whole head can tell.
static int finish(struct http_request *r)
{
    if (r->minor_version > 0 && http_count_field(r, SPAN("host")) == 0)
        return -400;
    r->has_body = r->is_chunked || r->content_length > 0;
    bool is_asked_for = r->minor_version > 0 || http_field_has(r, SPAN("connection"), SPAN("keep-alive"));
    r->keep_alive = is_asked_for && !http_field_has(r, SPAN("connection"), SPAN("close"));
    return READ;
}

ssize_t http_parse_request(const char *p, size_t len, struct http_request *r)
{
    struct cursor c = { p, p + (len < HTTP_MAX_HEAD ? len : HTTP_MAX_HEAD) };
    r->n_fields = 0;
    r->content_length = 0;
    r->is_chunked = r->expects_continue = false;
    r->host = (struct span){ 0 };
    int too_long = -414;
    int rc = read_request_line(&c, r);
    if (rc == READ) {
        too_long = -431;
        rc = read_fields(&c, r);
    }
    if (rc == READ)
        rc = finish(r);
    if (rc == MISSING)
        return len < HTTP_MAX_HEAD ? 0 : too_long;
    return rc == READ ? c.p - p : rc;
}

struct span http_find_field(const struct http_request *r, struct span name)
{
    for (size_t i = 0; i < r->n_fields; i++)
        if (span_equal_nocase(r->fields[i].name, name))
            return r->fields[i].value;
    return (struct span){ 0 };
}

size_t http_count_field(const struct http_request *r, struct span name)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_fields; i++)
        n += span_equal_nocase(r->fields[i].name, name);
    return n;
}

bool http_field_has(const struct http_request *r, struct span name, struct span token)
{
    for (size_t i = 0; i < r->n_fields; i++)
        if (span_equal_nocase(r->fields[i].name, name) && http_list_has(r->fields[i].value, token))
            return true;
    return false;
}
