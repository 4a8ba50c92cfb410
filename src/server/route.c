// SPDX-License-Identifier: MIT
// What an HTTP request meets; see route.h.
#include "server/route.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "carrier/engineio_raw.h"
#include "carrier/socketio_session.h"
#include "proto/uri.h"
#include "server/assets.h"
#include "server/branch.h"
#include "server/ice_http.h"

#define PAGE_FIELDS                                                                                                    \
    "Cache-Control: no-cache\r\n"                                                                                      \
    "X-Content-Type-Options: nosniff\r\n"                                                                              \
    "Referrer-Policy: no-referrer\r\n"

// The built-in pages need their own origin, their WebSockets, and pictures and sound they make themselves; nobody may frame
// them. What browsers heed with a page only isn't sent with the rest: it would be a sixth of a page's load.
#define HTML_FIELDS                                                                                                    \
    "Content-Security-Policy: default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; "           \
    "media-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'\r\n"                           \
    "Permissions-Policy: camera=(self), microphone=(self), display-capture=(self)\r\n"

enum { FIELDS_LEN = 1024 };

static bool is_claimed_by(struct span path, const struct mount *m)
{
    struct span own = m->path;
    if (own.p[own.len - 1] == '/') // it claims all below, and itself without the slash
        return span_has_prefix(path, own) || span_equal(path, (struct span){ own.p, own.len - 1 });
    if (path.p[path.len - 1] == '/')
        path.len--;
    return span_equal(path, own);
}

// The mount with the longest path that claims PATH, or NULL.
static const struct mount *find_mount(const struct mounts *m, struct span path)
{
    const struct mount *best = NULL;
    for (size_t i = 0; i < m->n; i++)
        if (is_claimed_by(path, &m->list[i]) && (!best || m->list[i].path.len > best->path.len))
            best = &m->list[i];
    return best;
}

// Whether MOUNT claims more than what is left over, after the pages, as "/" does.
static bool is_below_root(const struct mount *mount)
{
    return mount && mount->path.len > 1;
}

// What rides on the Engine.IO sessions of MOUNT, or NULL when plain WebSocket is spoken there.
static const struct engineio_handler *rider_of(const struct mount *mount)
{
    static const struct engineio_handler *const riders[] = {
        [CARRIER_WEBSOCKET] = NULL,
        [CARRIER_ENGINEIO] = &engineio_raw_handler,
        [CARRIER_SOCKETIO] = &socketio_handler,
    };
    return riders[mount->dialect->carrier];
}

#define LIBRARY_PATH "/socket.io/socket.io."

static bool is_client_library(const char *path)
{
    return strncmp(path, LIBRARY_PATH, sizeof LIBRARY_PATH - 1) == 0;
}

static bool wants_websocket(const struct http_request *r)
{
    return http_field_has(r, SPAN("Upgrade"), SPAN("websocket")) &&
           http_field_has(r, SPAN("Connection"), SPAN("Upgrade"));
}

static void upgrade(struct http_conn *h, const struct http_request *r, const struct mount *mount)
{
    const struct branch *branch = h->opts->user;
    int status = websocket_check(r);
    if (!origin_admit(&branch->origins, h->conn, r))
        http_respond_text(h, 403, SPAN(""), SPAN("Pages of this origin may not connect here.\n"));
    else if (!mount)
        http_respond_text(h, 404, SPAN(""), SPAN("No WebSocket is spoken here.\n"));
    else if (status == 426)
        http_respond_text(h, 426, SPAN("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"),
                          SPAN("WebSocket version 13 is spoken here.\n"));
    else if (status)
        http_respond_text(h, status, SPAN(""), SPAN("This WebSocket handshake is wrong.\n"));
    else if (http_admit_session(h))
        ws_session_open(http_conn_take(h), r, mount,
                        mount->dialect->has_heartbeat ? &branch->heartbeat_ws : &branch->ws);
}

static int compare_path(const void *key, const void *element)
{
    return strcmp(key, ((const struct asset *)element)->path);
}

// The built-in file at PATH ("/room" is "/room.html"), or NULL.
static const struct asset *find_asset(struct span path)
{
    static const char *const endings[] = { "", "index.html", ".html" };
    char name[256];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        int len = snprintf(name, sizeof name, "%.*s%s", (int)path.len, path.p, endings[i]);
        const struct asset *found =
            len > 0 && (size_t)len < sizeof name ? bsearch(name, assets, n_assets, sizeof *assets, compare_path) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

static void respond_asset(struct http_conn *h, const struct http_request *r, const struct asset *asset)
{
    bool is_gzip = asset->gzip && http_accepts_coding(http_find_field(r, SPAN("Accept-Encoding")), SPAN("gzip"));
    const char *etag = is_gzip ? asset->gzip_etag : asset->etag;
    char fields[FIELDS_LEN];
    bool is_html = span_has_prefix(span_of(asset->type), SPAN("text/html"));
    int len = snprintf(fields, sizeof fields, "ETag: %s\r\n%s" PAGE_FIELDS "Vary: Accept-Encoding\r\n%s", etag,
                       is_gzip ? "Content-Encoding: gzip\r\n" : "", is_html ? HTML_FIELDS : "");
    bool is_known = http_knows_etag(r, span_of(etag));
    struct http_response response = {
        .status = is_known ? 304 : 200,
        .type = span_of(asset->type),
        .fields = { fields, (size_t)len },
        .body = { (const char *)(is_gzip ? asset->gzip : asset->data), is_gzip ? asset->gzip_len : asset->len },
        .is_static = true,
        .is_bodyless = is_known,
    };
    http_respond(h, &response);
}

static void respond_file(struct http_conn *h, const struct http_request *r, const char *path, struct web_file *file)
{
    const char *type = asset_type(path[strlen(path) - 1] == '/' ? "index.html" : path);
    char fields[FIELDS_LEN];
    int len = snprintf(fields, sizeof fields, "ETag: %s\r\n" PAGE_FIELDS, file->etag);
    bool is_known = http_knows_etag(r, span_of(file->etag));
    struct http_response response = {
        .status = is_known ? 304 : 200,
        .type = type ? span_of(type) : SPAN("application/octet-stream"),
        .fields = { fields, (size_t)len },
        .is_bodyless = is_known,
    };
    http_respond_file(h, &response, file->fd, is_known ? 0 : file->len);
}

static void not_found(struct http_conn *h)
{
    http_respond_text(h, 404, SPAN(""), SPAN("There is nothing here.\n"));
}

// Lets MOUNT's dialect answer for PATH. False when there is nothing of its own.
static bool serve_dialect(struct http_conn *h, const struct http_request *r, const char *path,
                          const struct mount *mount)
{
    const struct branch *branch = h->opts->user;
    if (!mount || !mount->dialect->on_http)
        return false;
    bool is_asked = r->method == HTTP_OPTIONS; // by a browser that will come with a page of another origin
    struct span below = span_of(path);
    size_t skipped = mount->path.len < below.len ? mount->path.len : below.len;
    below = (struct span){ below.p + skipped, below.len - skipped };
    if (below.len && below.p[below.len - 1] == '/')
        below.len--;
    struct dialect_page page = { 0 };
    struct buf fields = { 0 };
    int status = is_asked ? 204 : mount->dialect->on_http(mount, below, &page);
    if (status && origin_put_cors(&branch->origins, true, r, &fields) != 0)
        status = 503;
    struct http_response response = { .status = status,
                                      .type = page.type,
                                      .fields = buf_span(&fields),
                                      .body = buf_span(&page.body),
                                      .is_bodyless = is_asked };
    if (status)
        http_respond(h, &response);
    buf_fini(&page.body);
    buf_fini(&fields);
    return status != 0;
}

static void redirect_to_directory(struct http_conn *h, const struct http_request *r)
{
    char fields[HTTP_MAX_HEAD + 32];
    struct span target = r->path;
    while (target.len > 1 && target.p[1] == '/') // "//x/" is another host, not a path
        target = (struct span){ target.p + 1, target.len - 1 };
    int len = snprintf(fields, sizeof fields, "Location: %.*s/%s%.*s\r\n", (int)target.len, target.p,
                       r->query.len ? "?" : "", (int)r->query.len, r->query.p);
    http_respond_text(h, 308, (struct span){ fields, (size_t)len }, SPAN("This is a directory.\n"));
}

static void serve_web_root(struct http_conn *h, const struct http_request *r, const char *path,
                           const struct mount *mount)
{
    const struct branch *branch = h->opts->user;
    struct web_file file;
    int err = web_root_find(&branch->site->web_root, span_of(path), &file);
    if (err == -EISDIR) {
        redirect_to_directory(h, r);
    } else if (err == -ENOENT) {
        if (!serve_dialect(h, r, path, mount))
            not_found(h);
    } else if (err) {
        http_respond_text(h, 503, SPAN("Retry-After: 1\r\n"), SPAN("This can't be opened right now.\n"));
    } else {
        respond_file(h, r, path, &file);
    }
}

// The script that a page of a Socket.IO client loads from its server, whatever else is served.
static void serve_client_library(struct http_conn *h, const struct http_request *r, const char *path)
{
    const struct asset *asset = find_asset(span_of(path));
    if (asset)
        respond_asset(h, r, asset);
    else
        http_respond_text(h, 404, SPAN(""),
                          SPAN("This server was built without the Socket.IO client library (npm was "
                               "missing); load it from elsewhere.\n"));
}

static void serve(struct http_conn *h, const struct http_request *r, const char *path, const struct mount *mount)
{
    const struct branch *branch = h->opts->user;
    bool has_web_root = web_root_is_open(&branch->site->web_root);
    const struct asset *asset = has_web_root ? NULL : find_asset(span_of(path));
    bool is_read = r->method == HTTP_GET || r->method == HTTP_HEAD;
    bool is_file =
        is_client_library(path) || (has_web_root && !is_below_root(mount)); // rather than the dialect's at "/"
    if ((is_read || r->method == HTTP_OPTIONS) && !is_file && serve_dialect(h, r, path, mount))
        return;
    if (!is_read)
        http_respond_text(h, 405, SPAN("Allow: GET, HEAD\r\n"), SPAN("Only GET and HEAD are understood here.\n"));
    else if (is_client_library(path))
        serve_client_library(h, r, path);
    else if (is_below_root(mount))
        http_respond_text(h, 426, SPAN("Upgrade: websocket\r\nConnection: Upgrade\r\n"),
                          SPAN("This is for WebSocket clients: connect to it with ws:// or wss://.\n"));
    else if (has_web_root)
        serve_web_root(h, r, path, mount);
    else if (asset)
        respond_asset(h, r, asset);
    else
        not_found(h);
}

// "*" is the server as a whole (RFC 9110 section 9.3.7).
static void serve_options(struct http_conn *h)
{
    struct http_response response = { .status = 204,
                                      .fields = SPAN("Allow: GET, HEAD, POST, OPTIONS\r\n"),
                                      .is_bodyless = true };
    http_respond(h, &response);
}

void route_request(struct http_conn *h, const struct http_request *r)
{
    if (span_equal(r->target, SPAN("*"))) {
        serve_options(h);
        return;
    }
    char path[HTTP_MAX_HEAD + 1];
    ssize_t len = uri_normalize_path(r->path, path, sizeof path - 1);
    if (len < 0) {
        http_respond_text(h, 400, SPAN(""), SPAN("This is no path.\n"));
        return;
    }
    path[len] = '\0';
    struct span normal = { path, (size_t)len };
    const struct branch *branch = h->opts->user;
    const struct mount *mount = is_client_library(path) ? NULL : find_mount(&branch->mounts, normal);
    const struct engineio_handler *rider = mount ? rider_of(mount) : NULL;
    if (!is_below_root(mount) && !wants_websocket(r) && ice_http_serve(h, r, path, branch))
        return;
    if (rider)
        engineio_request(&branch->engineio, h, r, mount, rider);
    else if (wants_websocket(r))
        upgrade(h, r, mount);
    else
        serve(h, r, path, mount);
}
