// SPDX-License-Identifier: MIT
// Which web origins may use the server from a browser; see origin.h.
#include "carrier/origin.h"

#include <errno.h>

// What names below a host are made of; else what a program claims might end like one of ours and be of another host.
static bool is_host(struct span s)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    for (size_t i = 0; i < s.len; i++)
        if (!memchr(letters, s.p[i], sizeof letters - 1))
            return false;
    return true;
}

// Whether ORIGIN fits PATTERN, in which "://*." stands for any hosts below the rest.
static bool fits(struct span pattern, struct span origin)
{
    if (span_equal(pattern, SPAN("*")) || span_equal_nocase(pattern, origin))
        return true;
    const char *star = memchr(pattern.p, '*', pattern.len);
    if (!star)
        return false;
    struct span before = { pattern.p, (size_t)(star - pattern.p) };
    struct span after = { star + 1, pattern.len - before.len - 1 };
    if (origin.len <= before.len + after.len || !span_equal_nocase(before, (struct span){ origin.p, before.len }) ||
        !is_host((struct span){ origin.p + before.len, origin.len - before.len - after.len }))
        return false;
    return span_equal_nocase(after, (struct span){ origin.p + origin.len - after.len, after.len });
}

bool origin_is_listed(const struct origin_list *list, struct span origin)
{
    for (size_t i = 0; i < list->n; i++)
        if (fits(span_of(list->items[i]), origin))
            return true;
    return false;
}

bool origin_admit(const struct origin_list *list, struct conn *c, const struct http_request *r)
{
    struct span origin = http_find_field(r, SPAN("Origin"));
    if (!list->n || !origin.p || (http_count_field(r, SPAN("Origin")) == 1 && origin_is_listed(list, origin)))
        return true;
    c->group->stats.n_foreign_refused++;
    return false;
}

static int put_all(struct buf *out, const struct span *parts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (buf_put_span(out, parts[i]) != 0)
            return -ENOMEM;
    return 0;
}

int origin_put_cors(const struct origin_list *list, bool is_open, const struct http_request *r, struct buf *out)
{
    struct span origin = http_find_field(r, SPAN("Origin"));
    bool is_listed = origin.p && origin_is_listed(list, origin);
    if (!is_listed && (!is_open || list->n))
        return 0;
    if (!origin.p)
        return buf_put_span(out, SPAN("Access-Control-Allow-Origin: *\r\n"));
    struct span fields[] = { SPAN("Access-Control-Allow-Origin: "), origin,
                             SPAN("\r\nAccess-Control-Allow-Credentials: true\r\nVary: Origin\r\n") };
    if (put_all(out, fields, 3) != 0)
        return -ENOMEM;
    if (r->method != HTTP_OPTIONS)
        return 0;
    struct span wanted = http_find_field(r, SPAN("Access-Control-Request-Headers"));
    struct span preflight[] = { SPAN("Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n"),
                                wanted.p ? SPAN("Access-Control-Allow-Headers: ") : SPAN(""), wanted,
                                wanted.p ? SPAN("\r\n") : SPAN("") };
    return put_all(out, preflight, 4);
}
