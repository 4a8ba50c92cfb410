// SPDX-License-Identifier: MIT
// Whom an HTTP proxy speaks for; see forwarded.h.
#include "proto/forwarded.h"

#include <errno.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct span trim(struct span s)
{
    while (s.len && is_blank(s.p[0]))
        s = (struct span){ s.p + 1, s.len - 1 };
    while (s.len && is_blank(s.p[s.len - 1]))
        s.len--;
    return s;
}

// Takes what stands behind the last comma, or all, off S.
static struct span take_last(struct span *s)
{
    const char *comma = s->len ? memrchr(s->p, ',', s->len) : NULL;
    size_t at = comma ? (size_t)(comma - s->p) : 0, skip = comma != NULL;
    struct span last = { s->p + at + skip, s->len - at - skip };
    s->len = at;
    return trim(last);
}

// Reads an address, and drops the port that some write behind it. 0 or -EINVAL.
static int parse_node(struct span s, struct addr *a)
{
    const char *end;
    if (s.len && s.p[0] == '[') {
        end = memchr(s.p, ']', s.len);
        return end ? addr_parse(a, (struct span){ s.p + 1, (size_t)(end - s.p) - 1 }) : -EINVAL;
    }
    end = s.len ? memchr(s.p, ':', s.len) : NULL;
    if (end && memrchr(s.p, ':', s.len) == end) // one colon: it is no IPv6 address's
        s.len = (size_t)(end - s.p);
    return addr_parse(a, s);
}

// Reads the for= of an element of Forwarded. 0 or -EINVAL.
static int parse_element(struct span s, struct addr *a)
{
    struct span name = SPAN("for=");
    while (s.len) {
        const char *semicolon = memchr(s.p, ';', s.len);
        size_t len = semicolon ? (size_t)(semicolon - s.p) : s.len;
        struct span pair = trim((struct span){ s.p, len });
        if (pair.len >= name.len && span_equal_nocase((struct span){ pair.p, name.len }, name)) {
            pair = (struct span){ pair.p + name.len, pair.len - name.len };
            if (pair.len >= 2 && pair.p[0] == '"' && pair.p[pair.len - 1] == '"')
                pair = (struct span){ pair.p + 1, pair.len - 2 };
            return parse_node(pair, a);
        }
        len += semicolon != NULL;
        s = (struct span){ s.p + len, s.len - len };
    }
    return -EINVAL;
}

struct search {
    const struct addr_prefix *proxies;
    size_t n_proxies;
    int (*parse)(struct span element, struct addr *a);
    struct addr client; // as far as can be trusted
};

// Goes over VALUE's elements from the last. Whether the search goes on before it.
static bool search_value(struct search *s, struct span value)
{
    do {
        struct addr a;
        if (s->parse(take_last(&value), &a) != 0)
            return false;
        s->client = a;
        if (!addr_is_in_any(&a, s->proxies, s->n_proxies))
            return false;
    } while (value.len);
    return true;
}

static void search_fields(struct search *s, const struct http_request *r, struct span name)
{
    for (size_t i = r->n_fields; i > 0; i--)
        if (span_equal_nocase(r->fields[i - 1].name, name) && !search_value(s, r->fields[i - 1].value))
            return;
}

struct addr forwarded_find_client(const struct http_request *r, const struct addr *peer,
                                  const struct addr_prefix *proxies, size_t n_proxies)
{
    struct span old_name = SPAN("X-Forwarded-For"), new_name = SPAN("Forwarded");
    struct search by_old = { proxies, n_proxies, parse_node, *peer },
                  by_new = { proxies, n_proxies, parse_element, *peer };
    bool has_old = http_count_field(r, old_name) > 0, has_new = http_count_field(r, new_name) > 0;
    search_fields(&by_old, r, old_name);
    search_fields(&by_new, r, new_name);
    if (has_old && has_new && !addr_is_equal(&by_old.client, &by_new.client))
        return *peer;
    return has_new ? by_new.client : by_old.client;
}
