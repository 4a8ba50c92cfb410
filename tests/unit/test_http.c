// SPDX-License-Identifier: MIT
// HTTP/1.1 heads and bodies: what is read, what is refused with which status, and that no cut of the bytes matters.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "at_end.h"
#include "proto/http.h"

#define HOST "Host: x\r\n"

static ssize_t parse(const char *p, size_t len, struct http_request *r)
{
    char *copy = at_end(p, len);
    ssize_t n = http_parse_request(copy, len, r);
    free(copy);
    return n;
}

// Reads HEAD, of which every prefix must be incomplete and any continuation the same. HEAD must live on.
static void accept_head(struct span head, struct http_request *r)
{
    char more[1024];
    for (size_t len = 0; len < head.len; len++)
        assert_int_equal(parse(head.p, len, r), 0);
    assert_true(head.len < sizeof more);
    memcpy(more, head.p, head.len);
    more[head.len] = 'G';
    assert_int_equal(parse(more, head.len + 1, r), head.len);
    assert_int_equal(http_parse_request(head.p, head.len, r), head.len);
}

#define ACCEPT(literal, r) accept_head(SPAN(literal), (r))

static void assert_span(struct span s, const char *wanted)
{
    assert_int_equal(s.len, strlen(wanted));
    assert_non_null(s.p);
    assert_memory_equal(s.p, wanted, s.len);
}

// Checks that HEAD is refused with STATUS, at the byte KNOWN_AT (counted from 1) and not before. HEAD may be longer.
static void refuse_head(struct span head, int status, size_t known_at)
{
    struct http_request r;
    for (size_t len = 0; len <= head.len; len++)
        assert_int_equal(parse(head.p, len, &r), len < known_at ? 0 : -status);
}

static void a_request_line_is_taken_apart(void **state)
{
    (void)state;
    struct http_request r;
    ACCEPT("GET /a/b?c=d?e HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_span(r.method_name, "GET");
    assert_int_equal(r.method, HTTP_GET);
    assert_span(r.target, "/a/b?c=d?e");
    assert_span(r.path, "/a/b");
    assert_span(r.query, "c=d?e");
    assert_int_equal(r.minor_version, 1);
    assert_span(r.host, "x");
    assert_int_equal(r.n_fields, 1);
    assert_true(r.keep_alive);
    assert_false(r.has_body || r.is_chunked || r.expects_continue);
    ACCEPT("HEAD / HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_int_equal(r.method, HTTP_HEAD);
    assert_span(r.path, "/");
    assert_int_equal(r.query.len, 0);
    ACCEPT("POST /? HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_int_equal(r.method, HTTP_POST);
    assert_span(r.query, "");
    ACCEPT("get / HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_int_equal(r.method, HTTP_OTHER);
    assert_span(r.method_name, "get");
    ACCEPT("M-SEARCH /{}|^\"<> HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_int_equal(r.method, HTTP_OTHER);
    ACCEPT("\r\nGET / HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_int_equal(r.method, HTTP_GET);
    ACCEPT("GET / HTTP/1.9\r\n" HOST "\r\n", &r);
    assert_int_equal(r.minor_version, 1);
    ACCEPT("GET / HTTP/1.0\r\n\r\n", &r);
    assert_int_equal(r.minor_version, 0);
    assert_null(r.host.p);
    assert_false(r.keep_alive);
    ACCEPT("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_int_equal(r.method, HTTP_OPTIONS);
    assert_span(r.path, "*");
}

static void an_absolute_target_says_the_host(void **state)
{
    (void)state;
    struct http_request r;
    ACCEPT("GET http://example.org:81/a?b HTTP/1.1\r\nHost: other\r\n\r\n", &r);
    assert_span(r.host, "example.org:81");
    assert_span(r.path, "/a");
    assert_span(r.query, "b");
    assert_span(r.target, "http://example.org:81/a?b");
    ACCEPT("GET HTTPS://x HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_span(r.path, "/");
    assert_span(r.target, "HTTPS://x");
    ACCEPT("GET http://x?q HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_span(r.path, "/");
    assert_span(r.query, "q");
    refuse_head(SPAN("GET http://x/ HTTP/1.1\r\n\r\n"), 400, 26);
    refuse_head(SPAN("GET http:/x/ HTTP/1.1\r\n"), 400, 11);
    refuse_head(SPAN("GET http:///a HTTP/1.1\r\n"), 400, 12);
    refuse_head(SPAN("GET http://u@x/ HTTP/1.1\r\n"), 400, 13);
    refuse_head(SPAN("GET http://x:y/ HTTP/1.1\r\n"), 400, 15);
    refuse_head(SPAN("GET http://[::1/ HTTP/1.1\r\n"), 400, 16);
    refuse_head(SPAN("GET ftp://x/ HTTP/1.1\r\n"), 400, 5);
}

static void a_bad_request_line_is_refused_at_its_first_wrong_byte(void **state)
{
    (void)state;
    refuse_head(SPAN("\x16\x03\x01\0\x41"), 400, 1); // a TLS ClientHello
    refuse_head(SPAN("\n"), 400, 1);
    refuse_head(SPAN(" GET / HTTP/1.1\r\n"), 400, 1);
    refuse_head(SPAN("\r\n\r\nGET / HTTP/1.1\r\n"), 400, 3);
    refuse_head(SPAN("\rGET / HTTP/1.1\r\n"), 400, 2);
    refuse_head(SPAN("GE(T / HTTP/1.1\r\n"), 400, 3);
    refuse_head(SPAN("GET\t/\tHTTP/1.1\r\n"), 400, 4);
    refuse_head(SPAN("GET\r\n\r\n"), 400, 4);
    refuse_head(SPAN("GET  / HTTP/1.1\r\n"), 400, 5);
    refuse_head(SPAN("GET index HTTP/1.1\r\n"), 400, 5);
    refuse_head(SPAN("GET * HTTP/1.1\r\n"), 400, 5);
    refuse_head(SPAN("OPTIONS *a HTTP/1.1\r\n"), 400, 10);
    refuse_head(SPAN("CONNECT x:1 HTTP/1.1\r\n"), 400, 8);
    refuse_head(SPAN("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400, 5);
    refuse_head(SPAN("PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"), 400, 7);
    refuse_head(SPAN("GET /\0 HTTP/1.1\r\n"), 400, 6);
    refuse_head(SPAN("GET /\x7f HTTP/1.1\r\n"), 400, 6);
    refuse_head(SPAN("GET /\xff HTTP/1.1\r\n"), 400, 6);
    refuse_head(SPAN("GET /a#b HTTP/1.1\r\n"), 400, 7);
    refuse_head(SPAN("GET /\rX HTTP/1.1\r\n"), 400, 6);
    refuse_head(SPAN("GET /\r\n\r\n"), 400, 6);
    refuse_head(SPAN("GET / \r\n\r\n"), 400, 7);
    refuse_head(SPAN("GET /  HTTP/1.1\r\n"), 400, 7);
    refuse_head(SPAN("GET / HTPT/1.1\r\n"), 400, 9);
    refuse_head(SPAN("GET / http/1.1\r\n"), 400, 7);
    refuse_head(SPAN("GET / HTTP/+1.1\r\n"), 400, 12);
    refuse_head(SPAN("GET / HTTP/0.9\r\n"), 505, 12);
    refuse_head(SPAN("GET / HTTP/2.0\r\n"), 505, 12);
    refuse_head(SPAN("GET / HTTP/1,1\r\n"), 400, 13);
    refuse_head(SPAN("GET / HTTP/1.\r\n"), 400, 14);
    refuse_head(SPAN("GET / HTTP/1.10\r\n"), 400, 15);
    refuse_head(SPAN("GET / HTTP/1.1 \r\n"), 400, 15);
    refuse_head(SPAN("GET / HTTP/1.1\n"), 400, 15);
    refuse_head(SPAN("GET / HTTP/1.1\r\r\n"), 400, 16);
}

static void fields_are_found_whatever_their_case(void **state)
{
    (void)state;
    struct http_request r;
    ACCEPT("GET / HTTP/1.1\r\nhOST:\t[::1]:80 \t\r\nX:a\r\nX-Empty:\r\nX-Blank: \t \r\nx: \xe4 \tb \r\n~: ,\r\n\r\n",
           &r);
    assert_span(r.host, "[::1]:80");
    assert_int_equal(r.n_fields, 6);
    assert_span(http_find_field(&r, SPAN("x")), "a");
    assert_span(http_find_field(&r, SPAN("x-empty")), "");
    assert_span(http_find_field(&r, SPAN("X-BLANK")), "");
    assert_span(http_find_field(&r, SPAN("~")), ",");
    assert_span(r.fields[4].value, "\xe4 \tb");
    assert_null(http_find_field(&r, SPAN("X-")).p);
    assert_int_equal(http_count_field(&r, SPAN("X")), 2);
    assert_int_equal(http_count_field(&r, SPAN("Y")), 0);
}

#define LINE     "GET / HTTP/1.1\r\n"
#define LINE_LEN (sizeof LINE - 1)

static void a_bad_field_is_refused_at_its_first_wrong_byte(void **state)
{
    (void)state;
    refuse_head(SPAN(LINE " X: a\r\n"), 400, LINE_LEN + 1);
    refuse_head(SPAN(LINE ": a\r\n"), 400, LINE_LEN + 1);
    refuse_head(SPAN(LINE "\nX: a\r\n"), 400, LINE_LEN + 1);
    refuse_head(SPAN(LINE "\rX: a\r\n"), 400, LINE_LEN + 2);
    refuse_head(SPAN(LINE "X : a\r\n"), 400, LINE_LEN + 2);
    refuse_head(SPAN(LINE "X(y): a\r\n"), 400, LINE_LEN + 2);
    refuse_head(SPAN(LINE "X\xe4: a\r\n"), 400, LINE_LEN + 2);
    refuse_head(SPAN(LINE "nocolon\r\n"), 400, LINE_LEN + 8);
    refuse_head(SPAN(LINE "X: a\0b\r\n"), 400, LINE_LEN + 5);
    refuse_head(SPAN(LINE "X: a\x7f\r\n"), 400, LINE_LEN + 5);
    refuse_head(SPAN(LINE "X: a\x0b\r\n"), 400, LINE_LEN + 5);
    refuse_head(SPAN(LINE "X: a\n"), 400, LINE_LEN + 5);
    refuse_head(SPAN(LINE "X: a\rb\r\n"), 400, LINE_LEN + 6);
    refuse_head(SPAN(LINE "X: a\r\n b\r\n"), 400, LINE_LEN + 7); // obs-fold
    refuse_head(SPAN(LINE "X: a\r\n\tb\r\n"), 400, LINE_LEN + 7);
}

static void there_is_one_host_that_may_be_empty(void **state)
{
    (void)state;
    struct http_request r;
    ACCEPT(LINE "Host: a-b_c.example.org:8888\r\n\r\n", &r);
    ACCEPT(LINE "Host: 127.0.0.1\r\n\r\n", &r);
    ACCEPT(LINE "Host: [::ffff:1.2.3.4]\r\n\r\n", &r);
    ACCEPT(LINE "Host: a%2Db\r\n\r\n", &r);
    ACCEPT(LINE "Host:\r\n\r\n", &r);
    assert_span(r.host, "");
    refuse_head(SPAN(LINE "\r\n"), 400, LINE_LEN + 2);
    refuse_head(SPAN(LINE "X: a\r\n\r\n"), 400, LINE_LEN + 8);
    refuse_head(SPAN(LINE "Host: x\r\nHost: x\r\n"), 400, LINE_LEN + 18);
    refuse_head(SPAN("GET / HTTP/1.0\r\nHost: x\r\nhost: x\r\n"), 400, LINE_LEN + 18);
    refuse_head(SPAN(LINE "Host: a b\r\n"), 400, LINE_LEN + 11);
    refuse_head(SPAN(LINE "Host: u@a\r\n"), 400, LINE_LEN + 11);
    refuse_head(SPAN(LINE "Host: a/b\r\n"), 400, LINE_LEN + 11);
    refuse_head(SPAN(LINE "Host: a:b\r\n"), 400, LINE_LEN + 11);
    refuse_head(SPAN(LINE "Host: ::1\r\n"), 400, LINE_LEN + 11);
    refuse_head(SPAN(LINE "Host: [a.\r\n"), 400, LINE_LEN + 11);
    refuse_head(SPAN(LINE "Host: [g]\r\n"), 400, LINE_LEN + 11);
    refuse_head(SPAN(LINE "Host: \xc3\xa4"
                          "a\r\n"),
                400, LINE_LEN + 11);
    refuse_head(SPAN(LINE "Host: a%2\r\n"), 400, LINE_LEN + 11);
    refuse_head(SPAN(LINE "Host: %zza\r\n"), 400, LINE_LEN + 12);
}

#define POST "POST / HTTP/1.1\r\n" HOST

// Refused with STATUS when the field line that ends it is whole.
static void refuse_field(struct span head, int status)
{
    refuse_head(head, status, head.len);
}

static void the_length_of_a_body_is_said_once(void **state)
{
    (void)state;
    struct http_request r;
    ACCEPT(POST "Content-Length: 0\r\n\r\n", &r);
    assert_false(r.has_body);
    ACCEPT(POST "Content-Length: 0042\r\n\r\n", &r);
    assert_true(r.has_body && !r.is_chunked);
    assert_int_equal(r.content_length, 42);
    ACCEPT(POST "Content-Length: 18446744073709551615\r\n\r\n", &r);
    assert_true(r.content_length == UINT64_MAX);
    ACCEPT(POST "Transfer-Encoding: Chunked\r\n\r\n", &r);
    assert_true(r.has_body && r.is_chunked);
    refuse_field(SPAN(POST "Content-Length: 18446744073709551616\r\n"), 400);
    refuse_field(SPAN(POST "Content-Length: 99999999999999999999999\r\n"), 400);
    refuse_field(SPAN(POST "Content-Length:\r\n"), 400);
    refuse_field(SPAN(POST "Content-Length: 0, 37\r\n"), 400);
    refuse_field(SPAN(POST "Content-Length: +0\r\n"), 400);
    refuse_field(SPAN(POST "Content-Length: -1\r\n"), 400);
    refuse_field(SPAN(POST "Content-Length: 0x25\r\n"), 400);
    refuse_field(SPAN(POST "Content-Length: 3 7\r\n"), 400);
    refuse_field(SPAN(POST "Content-Length: \xb2\r\n"), 400);
    refuse_field(SPAN(POST "Content-Length: 5\r\ncontent-length: 5\r\n"), 400);
    refuse_field(SPAN(POST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), 400);
    refuse_field(SPAN(POST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), 400);
    refuse_field(SPAN(POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), 400);
    refuse_field(SPAN(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400);
    refuse_field(SPAN("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n"), 400);
    refuse_field(SPAN(POST "Transfer-Encoding: xchunked\r\n"), 501);
    refuse_field(SPAN(POST "Transfer-Encoding: gzip, chunked\r\n"), 501);
    refuse_field(SPAN(POST "Transfer-Encoding: chunked, identity\r\n"), 501);
    refuse_field(SPAN(POST "Transfer-Encoding: \"chunked\"\r\n"), 501);
    refuse_field(SPAN(POST "Transfer-Encoding:\r\n"), 501);
}

static void what_the_client_expects_of_the_connection_is_heard(void **state)
{
    (void)state;
    struct http_request r;
    ACCEPT(POST "Expect: 100-Continue\r\n\r\n", &r);
    assert_true(r.expects_continue);
    ACCEPT("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", &r);
    assert_false(r.expects_continue);
    refuse_field(SPAN(POST "Expect: tea\r\n"), 417);
    ACCEPT(POST "Connection: Close\r\n\r\n", &r);
    assert_false(r.keep_alive);
    ACCEPT(POST "Connection: upgrade\r\nConnection: a, close\r\n\r\n", &r);
    assert_false(r.keep_alive);
    ACCEPT(POST "Connection: closed, not-close\r\n\r\n", &r);
    assert_true(r.keep_alive);
    ACCEPT("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", &r);
    assert_true(r.keep_alive);
    ACCEPT("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", &r);
    assert_false(r.keep_alive);
}

// A head that begins with START, goes on with N times PIECE and ends with an empty line; returned in OUT.
static size_t build(char *out, const char *start, const char *piece, size_t n)
{
    size_t len = strlen(start);
    memcpy(out, start, len);
    for (size_t i = 0; i < n; i++, len += strlen(piece))
        memcpy(out + len, piece, strlen(piece));
    memcpy(out + len, "\r\n\r\n", 4);
    return len + 4;
}

static void too_many_fields_are_refused(void **state)
{
    (void)state;
    static char head[4096];
    struct http_request r;
    size_t len = build(head, LINE HOST, "X: y\r\n", HTTP_MAX_FIELDS - 1) - 2;
    assert_int_equal(parse(head, len, &r), len);
    assert_int_equal(r.n_fields, HTTP_MAX_FIELDS);
    len = build(head, LINE HOST, "X: y\r\n", HTTP_MAX_FIELDS) - 2;
    size_t known_at = LINE_LEN + sizeof HOST - 1 + 6 * (HTTP_MAX_FIELDS - 1) + 1;
    refuse_head((struct span){ head, len }, 431, known_at);
}

static void a_head_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static char head[2 * HTTP_MAX_HEAD];
    struct http_request r;
    // A head of just the longest length is fine, one more byte is not.
    const size_t n_fit = HTTP_MAX_HEAD - sizeof LINE HOST "X: " + 1 - 4;
    size_t len = build(head, LINE HOST "X: ", "y", n_fit);
    assert_int_equal(len, HTTP_MAX_HEAD);
    assert_int_equal(parse(head, len, &r), len);
    assert_int_equal(parse(head, len - 1, &r), 0);
    assert_int_equal(http_parse_request(head, sizeof head, &r), len);
    len = build(head, LINE HOST "X: ", "y", n_fit + 1);
    assert_int_equal(parse(head, HTTP_MAX_HEAD - 1, &r), 0);
    assert_int_equal(parse(head, HTTP_MAX_HEAD, &r), -431);
    assert_int_equal(parse(head, len, &r), -431);
    build(head, LINE, "X", 9000);
    assert_int_equal(parse(head, HTTP_MAX_HEAD, &r), -431);
    // The request line alone.
    build(head, "", "G", 9000);
    assert_int_equal(parse(head, HTTP_MAX_HEAD - 1, &r), 0);
    assert_int_equal(parse(head, HTTP_MAX_HEAD, &r), -414);
    assert_int_equal(parse(head, 9000, &r), -414);
    build(head, "\r\nGET /", "a", 9000);
    assert_int_equal(parse(head, HTTP_MAX_HEAD, &r), -414);
}

static void a_list_is_searched_member_by_member(void **state)
{
    (void)state;
    assert_true(http_list_has(SPAN("keep-alive, Upgrade"), SPAN("upgrade")));
    assert_true(http_list_has(SPAN(",, a ;q=1\t, b"), SPAN("a")));
    assert_true(http_list_has(SPAN("a,b"), SPAN("b")));
    assert_true(http_list_has(SPAN("x=\"a, b\\\"\", c"), SPAN("c")));
    assert_false(http_list_has(SPAN("x=\"a, c, b\\\", c, d\""), SPAN("c")));
    assert_false(http_list_has(SPAN("upgrades, up grade"), SPAN("upgrade")));
    assert_false(http_list_has(SPAN("x\\"), SPAN("y")));
    assert_false(http_list_has(SPAN("\"\\"), SPAN("y")));
    assert_false(http_list_has((struct span){ 0 }, SPAN("y")));
    struct http_request r;
    ACCEPT(POST "A: b\r\nA: c, d\r\nB: e\r\n\r\n", &r);
    assert_true(http_field_has(&r, SPAN("a"), SPAN("b")));
    assert_true(http_field_has(&r, SPAN("a"), SPAN("D")));
    assert_false(http_field_has(&r, SPAN("a"), SPAN("e")));
}

static void a_coding_without_weight_is_not_accepted(void **state)
{
    (void)state;
    assert_true(http_accepts_coding(SPAN("gzip"), SPAN("gzip")));
    assert_true(http_accepts_coding(SPAN("deflate, GZIP ; q=0.001, br"), SPAN("gzip")));
    assert_true(http_accepts_coding(SPAN("*"), SPAN("gzip")));
    assert_true(http_accepts_coding(SPAN("*;q=0, gzip;q=1.0"), SPAN("gzip")));
    assert_false(http_accepts_coding(SPAN("gzip;q=0.000, *"), SPAN("gzip")));
    assert_false(http_accepts_coding(SPAN("gzip;Q=0"), SPAN("gzip")));
    assert_false(http_accepts_coding(SPAN("*;q=0"), SPAN("gzip")));
    assert_false(http_accepts_coding(SPAN("gzipped, br"), SPAN("gzip")));
    assert_false(http_accepts_coding((struct span){ 0 }, SPAN("gzip")));
}

static void an_etag_matches_weak_or_strong(void **state)
{
    (void)state;
    assert_true(http_etag_matches(SPAN("\"a\""), SPAN("\"a\"")));
    assert_true(http_etag_matches(SPAN("W/\"a\""), SPAN("\"a\"")));
    assert_true(http_etag_matches(SPAN("\"a\""), SPAN("W/\"a\"")));
    assert_true(http_etag_matches(SPAN("\"x\", \"y,\\\" ,W/\"a\""), SPAN("\"a\"")));
    assert_true(http_etag_matches(SPAN(" * "), SPAN("\"a\"")));
    assert_false(http_etag_matches(SPAN("\"A\""), SPAN("\"a\"")));
    assert_false(http_etag_matches(SPAN("\"x, \"a\""), SPAN("\"a\"")));
    assert_false(http_etag_matches(SPAN("a"), SPAN("\"a\"")));
    assert_false(http_etag_matches(SPAN("\"a"), SPAN("\"a\"")));
    assert_false(http_etag_matches(SPAN("W/"), SPAN("\"a\"")));
    assert_false(http_etag_matches(SPAN("\""), SPAN("\"a\"")));
    assert_false(http_etag_matches((struct span){ 0 }, SPAN("\"a\"")));
}

static void dates_and_reasons_are_written_as_the_rfc_has_them(void **state)
{
    (void)state;
    char date[HTTP_DATE_LEN];
    http_put_date(date, 784111777);
    assert_string_equal(date, "Sun, 06 Nov 1994 08:49:37 GMT");
    http_put_date(date, 0);
    assert_string_equal(date, "Thu, 01 Jan 1970 00:00:00 GMT");
    http_put_date(date, 951782400);
    assert_string_equal(date, "Tue, 29 Feb 2000 00:00:00 GMT");
    http_put_date(date, INT64_MAX);
    assert_string_equal(date, "Fri, 31 Dec 9999 23:59:59 GMT");
    http_put_date(date, INT64_MIN);
    assert_string_equal(date, "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_string_equal(http_reason(200), "OK");
    assert_string_equal(http_reason(431), "Request Header Fields Too Large");
    assert_string_equal(http_reason(299), "");
}

// Decodes BYTES given in reads of STEP into OUT. Returns the bytes eaten, or minus a status; *LEN is the data's length.
static ssize_t unchunk(struct span bytes, size_t step, char *out, size_t *len, bool *is_done)
{
    struct http_chunked c = { 0 };
    size_t eaten = 0;
    *len = 0;
    while (eaten < bytes.len && !c.is_done) {
        size_t n_read = bytes.len - eaten < step ? bytes.len - eaten : step;
        char *copy = at_end(bytes.p + eaten, n_read);
        struct span data;
        ssize_t n = http_chunked_parse(&c, copy, n_read, &data);
        if (data.len)
            memcpy(out + *len, data.p, data.len);
        *len += data.len;
        free(copy);
        if (n < 0)
            return n;
        assert_true(n > 0);
        eaten += (size_t)n;
    }
    *is_done = c.is_done;
    struct span data;
    if (c.is_done)
        assert_int_equal(http_chunked_parse(&c, "0\r\n\r\n", 5, &data), 0);
    return (ssize_t)eaten;
}

static void check_chunked(struct span body, const char *wanted)
{
    char out[256], more[300];
    size_t len;
    bool is_done;
    assert_true(body.len + 1 < sizeof more);
    memcpy(more, body.p, body.len);
    more[body.len] = '0';
    for (size_t step = 1; step <= body.len + 1; step++) {
        assert_int_equal(unchunk((struct span){ more, body.len + 1 }, step, out, &len, &is_done), body.len);
        assert_true(is_done);
        assert_int_equal(len, strlen(wanted));
        assert_memory_equal(out, wanted, len);
    }
    for (size_t cut = 0; cut < body.len; cut++) {
        assert_int_equal(unchunk((struct span){ body.p, cut }, cut, out, &len, &is_done), cut);
        assert_false(cut > 0 && is_done);
    }
}

static void chunks_are_joined(void **state)
{
    (void)state;
    check_chunked(SPAN("0\r\n\r\n"), "");
    check_chunked(SPAN("5\r\nHello\r\n0\r\n\r\n"), "Hello");
    check_chunked(SPAN("5\r\nHello\r\n1\r\n,\r\n00a\r\n 0\r\n\r\nabcd\r\n000\r\n\r\n"), "Hello, 0\r\n\r\nabcd");
    check_chunked(SPAN("A\r\n0123456789\r\n0\r\n\r\n"), "0123456789");
    check_chunked(SPAN("1;a=b;c=\"d;\xe4\t\"\r\nx\r\n0;z\r\n\r\n"), "x");
    check_chunked(SPAN("1 \t;a\r\nx\r\n0\r\n\r\n"), "x");
    check_chunked(SPAN("1\r\nx\r\n0\r\nExpires: never\r\nEmpty:\r\n\r\n"), "x");
}

static void refuse_chunked(struct span body, int status)
{
    static char out[8192];
    size_t len;
    bool is_done;
    assert_int_equal(unchunk(body, body.len, out, &len, &is_done), -status);
    assert_int_equal(unchunk(body, 1, out, &len, &is_done), -status);
    // Not before the last byte, so that each case tests what it says.
    assert_int_equal(unchunk((struct span){ body.p, body.len - 1 }, 1, out, &len, &is_done), body.len - 1);
}

static void bad_chunks_are_refused_at_once(void **state)
{
    (void)state;
    refuse_chunked(SPAN("\r"), 400);
    refuse_chunked(SPAN("+"), 400);
    refuse_chunked(SPAN("-"), 400);
    refuse_chunked(SPAN(" "), 400);
    refuse_chunked(SPAN(";"), 400);
    refuse_chunked(SPAN("0x"), 400);
    refuse_chunked(SPAN("0\n"), 400);
    refuse_chunked(SPAN("1g"), 400);
    refuse_chunked(SPAN("1 \r"), 400);
    refuse_chunked(SPAN("1;\n"), 400);
    refuse_chunked(SPAN("1;\0"), 400);
    refuse_chunked(SPAN("1\rx"), 400);
    refuse_chunked(SPAN("1\r\nxx"), 400);
    refuse_chunked(SPAN("1\r\nx\n"), 400);
    refuse_chunked(SPAN("1\r\nx\rx"), 400);
    refuse_chunked(SPAN("1\r\nx\r\n\r"), 400);
    refuse_chunked(SPAN("0\r\n\n"), 400);
    refuse_chunked(SPAN("0\r\n\rx"), 400);
    refuse_chunked(SPAN("0\r\n "), 400);
    refuse_chunked(SPAN("0\r\n:"), 400);
    refuse_chunked(SPAN("0\r\nA "), 400);
    refuse_chunked(SPAN("0\r\nA\r"), 400);
    refuse_chunked(SPAN("0\r\nA: b\n"), 400);
    refuse_chunked(SPAN("0\r\nA: b\rc"), 400);
    refuse_chunked(SPAN("0\r\nA: b\x01"), 400);
    refuse_chunked(SPAN("10000000000000000"), 413);
    refuse_chunked(SPAN("fffffffffffffffff"), 413);
}

static void the_lines_around_chunks_are_bounded(void **state)
{
    (void)state;
    static char body[8192];
    memset(body, 'a', sizeof body);
    memcpy(body, "1;", 2);
    refuse_chunked((struct span){ body, 257 }, 400);
    memcpy(body, "1\r\nx\r\n1;", 8);
    refuse_chunked((struct span){ body, 6 + 257 }, 400);
    memset(body, '0', 300);
    refuse_chunked((struct span){ body, 257 }, 400);
    size_t len = build(body, "0\r\n", "A: b\r\n", 1000);
    assert_true(len > 3 + 4097);
    refuse_chunked((struct span){ body, 3 + 4097 }, 431);
    // Each chunk has its own line.
    len = build(body, "", "1;aaaa\r\nx\r\n", 100);
    static char out[8192];
    bool is_done;
    size_t n_data;
    assert_int_equal(unchunk((struct span){ body, len - 4 }, 7, out, &n_data, &is_done), len - 4);
    assert_int_equal(n_data, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_line_is_taken_apart),
        cmocka_unit_test(an_absolute_target_says_the_host),
        cmocka_unit_test(a_bad_request_line_is_refused_at_its_first_wrong_byte),
        cmocka_unit_test(fields_are_found_whatever_their_case),
        cmocka_unit_test(a_bad_field_is_refused_at_its_first_wrong_byte),
        cmocka_unit_test(there_is_one_host_that_may_be_empty),
        cmocka_unit_test(the_length_of_a_body_is_said_once),
        cmocka_unit_test(what_the_client_expects_of_the_connection_is_heard),
        cmocka_unit_test(too_many_fields_are_refused),
        cmocka_unit_test(a_head_that_is_too_long_is_refused),
        cmocka_unit_test(a_list_is_searched_member_by_member),
        cmocka_unit_test(a_coding_without_weight_is_not_accepted),
        cmocka_unit_test(an_etag_matches_weak_or_strong),
        cmocka_unit_test(dates_and_reasons_are_written_as_the_rfc_has_them),
        cmocka_unit_test(chunks_are_joined),
        cmocka_unit_test(bad_chunks_are_refused_at_once),
        cmocka_unit_test(the_lines_around_chunks_are_bounded),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
