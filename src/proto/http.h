// SPDX-License-Identifier: MIT
// HTTP/1.1 requests (RFC 9110, RFC 9112) as a strict codec: a request head to spans, bodies unchunked, response heads made.
//
// Everything a proxy in front might read otherwise is refused: bare LF or CR, obs-fold, blanks before a colon, several
// Host, Content-Length given twice or beside Transfer-Encoding. One empty line before a request is skipped (RFC 9112
// section 2.2). Spans point into the caller's bytes.
#ifndef STROWGER_PROTO_HTTP_H
#define STROWGER_PROTO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/span.h"

enum {
    HTTP_MAX_FIELDS = 65, // Host and 64 more
    HTTP_MAX_HEAD = 8192, // request line and fields with all line ends, and the empty line before them if any
};

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_OPTIONS,
    HTTP_OTHER, // a well-formed method that we know no use for
};

struct http_field {
    struct span name, value; // value without blanks around it
};

struct http_request {
    struct span method_name, target; // as sent
    struct span path, query;         // the target's parts, undecoded; query without '?', empty when there is none
    enum http_method method;
    int minor_version; // 0 or 1 (a higher minor version counts as 1)
    bool has_body;     // Content-Length over 0, or chunked
    bool is_chunked;
    bool expects_continue; // Expect: 100-continue
    bool keep_alive;       // what version and Connection ask for
    uint64_t content_length;
    struct span host;
    size_t n_fields;
    struct http_field fields[HTTP_MAX_FIELDS];
};

// Reads a request head at P. Returns its length, the empty line at its end included, 0 when it is incomplete, or minus
// the status to refuse it with: 400 malformed, 414 the line alone over HTTP_MAX_HEAD, 431 too many fields or too long,
// 417 an unknown expectation, 501 an unknown transfer coding, 505 a version other than 1.x. Errors are found as early
// as the bytes allow, and never later than HTTP_MAX_HEAD bytes. The absolute form (RFC 9112 3.2.2) is understood; CONNECT
// and a target without a leading slash are 400, except OPTIONS with "*".
[[gnu::warn_unused_result]] ssize_t http_parse_request(const char *p, size_t len, struct http_request *r);

// The value of the field NAME (compared without case), or the empty span with p == NULL. Of several the first.
struct span http_find_field(const struct http_request *r, struct span name);

// How many fields are called NAME.
size_t http_count_field(const struct http_request *r, struct span name);

// Whether LIST, a comma-separated field value, holds TOKEN (without case; parameters after ';' are ignored).
bool http_list_has(struct span list, struct span token);

// Whether all fields called NAME together hold TOKEN.
bool http_field_has(const struct http_request *r, struct span name, struct span token);

// Decodes a chunked body (RFC 9112 section 7.1); zero-initialised is its start.
struct http_chunked {
    uint64_t chunk_left;
    uint32_t line_len; // bytes of the present chunk-size line, or of all trailer lines, so far
    uint8_t state;
    bool is_done; // the last chunk and its trailers were eaten
};

// Eats body bytes at P up to the next piece of data or the end. Returns the bytes eaten with *DATA the piece (maybe
// empty), or minus a status (400; 413 for a chunk size that no limit could allow; 431 for a long trailer). 0 only when
// LEN is 0 or the body is done.
[[gnu::warn_unused_result]] ssize_t http_chunked_parse(struct http_chunked *c, const char *p, size_t len,
                                                       struct span *data);

// "OK" for 200 and so on; "" for a status that is not in the table.
const char *http_reason(int status);

// Formats UNIX time T as an IMF-fixdate (RFC 9110 5.6.7) with a closing zero.
enum { HTTP_DATE_LEN = 30 };
void http_put_date(char out[HTTP_DATE_LEN], int64_t t);

// Whether If-None-Match's LIST names ETAG (quotes included), compared weakly (RFC 9110 13.1.2); "*" names every one.
bool http_etag_matches(struct span list, struct span etag);

// Whether R's client has what ETAG names: one of its fields If-None-Match says so.
bool http_knows_etag(const struct http_request *r, struct span etag);

// Whether Accept-Encoding's LIST takes CODING with a weight above 0 (RFC 9110 12.5.3).
bool http_accepts_coding(struct span list, struct span coding);

#endif
