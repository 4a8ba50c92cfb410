// SPDX-License-Identifier: MIT
// What PeerJS clients ask their server by HTTP: an id, and who is here.
//
//     GET P            {"name":"PeerJS Server",...}
//     GET P/KEY/id     an id that nobody has
//     GET P/KEY/peers  the ids of all who are here, where that is allowed
//
// P is the mount; its last part is the key when P itself is the root of the server that the client thinks it speaks to, as
// in /peerjs/id.
#include <stdio.h>

#include "base/rand.h"
#include "dialect/peerjs.h"
#include "switchboard/switchboard.h"

#define TEXT SPAN("text/plain; charset=utf-8")
#define HTML SPAN("text/html; charset=utf-8")
#define JSON SPAN("application/json; charset=utf-8")

// 200 with TEXT as the page, or 503.
static int say(struct dialect_page *page, struct span type, struct span text)
{
    page->type = type;
    return buf_put_span(&page->body, text) == 0 ? 200 : 503;
}

static int refuse(struct dialect_page *page, struct span text)
{
    int status = say(page, TEXT, text);
    return status == 200 ? 401 : status;
}

// A UUID of version 4 (RFC 9562 section 5.4).
static int say_id(const struct mount *m, struct dialect_page *page)
{
    (void)m;
    unsigned char b[16];
    char text[37];
    rand_fill(b, sizeof b);
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    snprintf(text, sizeof text, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return say(page, HTML, (struct span){ text, 36 });
}

struct listing {
    struct buf *out;
    int err;
};

static void list_name(void *user, struct span name)
{
    struct listing *l = user;
    if (!l->err && l->out->len > 1)
        l->err = buf_put_span(l->out, SPAN(","));
    if (!l->err)
        l->err = json_put_string(l->out, name);
}

static int say_peers(const struct mount *m, struct dialect_page *page)
{
    if (!m->opts->peerjs.has_discovery)
        return refuse(page, SPAN("Unauthorized"));
    struct listing l = { .out = &page->body };
    if (say(page, JSON, SPAN("[")) != 200)
        return 503;
    switchboard_names(m->realm, list_name, &l);
    return l.err ? 503 : say(page, JSON, SPAN("]"));
}

static const struct {
    struct span name;
    int (*say)(const struct mount *m, struct dialect_page *page);
} pages[] = { { SPAN("id"), say_id }, { SPAN("peers"), say_peers } };

// What follows the last slash of PATH; PATH is what stands before it.
static struct span cut_last(struct span *path)
{
    size_t at = path->len;
    while (at && path->p[at - 1] != '/')
        at--;
    struct span last = { path->p + at, path->len - at };
    path->len = at ? at - 1 : 0;
    return last;
}

int peerjs_on_http(const struct mount *m, struct span path, struct dialect_page *page)
{
    if (!path.len)
        return say(page, JSON,
                   SPAN("{\"name\":\"PeerJS Server\",\"description\":\"A server side element to broker connections "
                        "between PeerJS clients.\",\"website\":\"https://peerjs.com/\"}"));
    struct span last = cut_last(&path), mount_path = m->path, key = path;
    if (!key.len) { // the key is the mount's own last part
        mount_path.len--;
        key = cut_last(&mount_path);
    }
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (key.len && span_equal(last, pages[i].name))
            return span_equal_secret(key, m->opts->peerjs.key) ? pages[i].say(m, page)
                                                               : refuse(page, SPAN("Invalid key provided"));
    return 0;
}
