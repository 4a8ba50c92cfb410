// SPDX-License-Identifier: MIT
// The small values of HTTP: lists and weights, entity tags, dates and reason phrases; see http.h.
#include "proto/http.h"

#include <stdio.h>
#include <time.h>

static struct span trim(struct span s)
{
    while (s.len > 0 && (*s.p == ' ' || *s.p == '\t')) {
        s.p++;
        s.len--;
    }
    while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
        s.len--;
    return s;
}

// Takes off *REST what stands before the first DELIMITER outside a quoted string, and the delimiter.
static struct span cut(struct span *rest, char delimiter)
{
    bool is_quoted = false;
    size_t i = 0;
    for (; i < rest->len && (is_quoted || rest->p[i] != delimiter); i++) {
        if (rest->p[i] == '"')
            is_quoted = !is_quoted;
        else if (is_quoted && rest->p[i] == '\\' && i + 1 < rest->len)
            i++;
    }
    struct span part = { rest->p, i };
    size_t n = i < rest->len ? i + 1 : i;
    *rest = (struct span){ rest->p + n, rest->len - n };
    return trim(part);
}

bool http_list_has(struct span list, struct span token)
{
    while (list.len > 0) {
        struct span item = cut(&list, ',');
        if (span_equal_nocase(cut(&item, ';'), token))
            return true;
    }
    return false;
}

// Whether the parameters of a list's item leave it a weight above 0 (RFC 9110 12.4.2).
static bool has_weight(struct span params)
{
    while (params.len > 0) {
        struct span param = cut(&params, ';');
        if (param.len < 2 || ascii_lower(param.p[0]) != 'q' || param.p[1] != '=')
            continue;
        for (size_t i = 2; i < param.len; i++)
            if (param.p[i] >= '1' && param.p[i] <= '9')
                return true;
        return false;
    }
    return true;
}

bool http_accepts_coding(struct span list, struct span coding)
{
    bool takes_any = false;
    while (list.len > 0) {
        struct span item = cut(&list, ',');
        struct span name = cut(&item, ';');
        if (span_equal_nocase(name, coding))
            return has_weight(item);
        if (span_equal(name, SPAN("*")))
            takes_any = has_weight(item);
    }
    return takes_any;
}

static struct span without_weak_mark(struct span etag)
{
    if (etag.len >= 2 && etag.p[0] == 'W' && etag.p[1] == '/')
        return (struct span){ etag.p + 2, etag.len - 2 };
    return etag;
}

bool http_etag_matches(struct span list, struct span etag)
{
    etag = without_weak_mark(etag);
    list = trim(list);
    if (span_equal(list, SPAN("*")))
        return true;
    while (list.len > 0) {
        if (*list.p == ',' || *list.p == ' ' || *list.p == '\t') {
            list = (struct span){ list.p + 1, list.len - 1 };
            continue;
        }
        list = without_weak_mark(list);
        // An entity tag knows no escapes: it ends at the next quote.
        const char *end = list.len > 1 && *list.p == '"' ? memchr(list.p + 1, '"', list.len - 1) : NULL;
        if (!end)
            return false;
        size_t n = (size_t)(end - list.p) + 1;
        if (span_equal((struct span){ list.p, n }, etag))
            return true;
        list = (struct span){ list.p + n, list.len - n };
    }
    return false;
}

bool http_knows_etag(const struct http_request *r, struct span etag)
{
    for (size_t i = 0; i < r->n_fields; i++)
        if (span_equal_nocase(r->fields[i].name, SPAN("If-None-Match")) && http_etag_matches(r->fields[i].value, etag))
            return true;
    return false;
}

const char *http_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        { 100, "Continue" },
        { 101, "Switching Protocols" },
        { 200, "OK" },
        { 201, "Created" },
        { 204, "No Content" },
        { 301, "Moved Permanently" },
        { 302, "Found" },
        { 304, "Not Modified" },
        { 307, "Temporary Redirect" },
        { 308, "Permanent Redirect" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 406, "Not Acceptable" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 411, "Length Required" },
        { 413, "Content Too Large" },
        { 414, "URI Too Long" },
        { 415, "Unsupported Media Type" },
        { 417, "Expectation Failed" },
        { 421, "Misdirected Request" },
        { 426, "Upgrade Required" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 503, "Service Unavailable" },
        { 505, "HTTP Version Not Supported" },
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}

void http_put_date(char out[HTTP_DATE_LEN], int64_t t)
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    const int64_t first = 0, last = INT64_C(253402300799); // the years that have four digits
    time_t when = t < first ? first : t > last ? last : t;
    struct tm tm;
    gmtime_r(&when, &tm);
    unsigned year = (unsigned)tm.tm_year + 1900;
    snprintf(out, HTTP_DATE_LEN, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday % 7], (unsigned)tm.tm_mday % 32,
             months[tm.tm_mon % 12], year % 10000, (unsigned)tm.tm_hour % 24, (unsigned)tm.tm_min % 60,
             (unsigned)tm.tm_sec % 60);
}
