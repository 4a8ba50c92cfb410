// SPDX-License-Identifier: MIT
// Unit tests of server/route.h: requests in, heads out, over loopback TCP.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "loopback.h"
#include "scratch_dir.h"
#include "server/assets.h"
#include "server/branch.h"
#include "server/route.h"

struct fixture {
    struct loopback loopback;
    struct far_end far;
    struct pool http_pool, ws_pool;
    struct http_opts http;
    struct site site;
    struct branch branch;
    struct scratch_dir dir;
    struct web_root web_root;
    const struct mount *opened; // where the last WebSocket came in
    size_t head_len;            // of the last answer
};

static struct fixture fixture; // a dialect has no place to keep it

static void on_open(struct session *s, struct span auth)
{
    (void)auth;
    fixture.opened = s->mount;
}

static const struct dialect silent = { .name = "silent", .on_open = on_open };

static struct realm realm;

static struct mount mounts[] = { { .path = SPAN("/"), .dialect = &silent, .realm = &realm },
                                 { .path = SPAN("/login"), .dialect = &silent, .realm = &realm },
                                 { .path = SPAN("/a/"), .dialect = &silent, .realm = &realm },
                                 { .path = SPAN("/a/b"), .dialect = &silent, .realm = &realm },
                                 { .path = SPAN("/a/b/c/"), .dialect = &silent, .realm = &realm } };

enum { N_MOUNTS = sizeof mounts / sizeof *mounts, NO_MOUNT = -1 };

static void open_connection(struct fixture *f)
{
    int fds[2];
    tcp_pair(fds, 0);
    far_end_init(&f->far, &f->loopback, fds[1]);
    http_conn_open(&f->loopback.worker.conns, fds[0], NULL, &f->http);
}

static void close_connection(struct fixture *f)
{
    far_end_close(&f->far, true);
    RUN_UNTIL(&f->loopback, f->loopback.worker.conns.stats.n_open == 0);
    far_end_fini(&f->far);
}

static int setup(void **state)
{
    struct fixture *f = *state = &fixture;
    *f = (struct fixture){ 0 };
    static const struct scratch_entry entries[] = { { "index.html", SCRATCH_FILE, "<p>home" },
                                                    { "data.json", SCRATCH_FILE, "{}" },
                                                    { "noext", SCRATCH_FILE, "bytes" },
                                                    { "docs", SCRATCH_DIR, NULL },
                                                    { "docs/index.html", SCRATCH_FILE, "<p>docs" },
                                                    { ".secret", SCRATCH_FILE, "hidden" },
                                                    { 0 } };
    scratch_dir_init(&f->dir, entries);
    assert_int_equal(web_root_open(&f->web_root, f->dir.path), 0);
    pool_init(&f->http_pool, sizeof(struct http_conn), false);
    pool_init(&f->ws_pool, sizeof(struct ws_session), false);
    f->site = (struct site){ .web_root.fd = -1 };
    f->branch = (struct branch){
        .site = &f->site,
        .mounts = { .list = mounts, .n = N_MOUNTS },
        .ws = { .websocket = { .limits = { .max_message = 1000, .max_fragments = 10 } }, .pool = &f->ws_pool },
    };
    f->http = (struct http_opts){
        .head_timeout_ms = 1000000, .on_request = route_request, .user = &f->branch, .pool = &f->http_pool
    };
    loopback_init(&f->loopback);
    open_connection(f);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    loopback_fini(&f->loopback);
    far_end_fini(&f->far);
    pool_fini(&f->ws_pool);
    pool_fini(&f->http_pool);
    web_root_close(&f->web_root);
    scratch_dir_fini(&f->dir);
    return 0;
}

// Whether an answer has come whole, its body too where it has a length and METHOD allows one.
static bool has_answer(struct fixture *f, const char *method)
{
    struct buf *in = &f->far.in;
    if (buf_put(in, "", 1) != 0)
        abort();
    in->len--;
    const char *end = in->len ? strstr(in->p, "\r\n\r\n") : NULL;
    if (!end)
        return false;
    f->head_len = (size_t)(end - in->p) + 4;
    const char *length = strstr(in->p, "\r\nContent-Length: ");
    bool has_body = length && length < end && strcmp(method, "HEAD") != 0;
    return in->len >= f->head_len + (has_body ? strtoul(length + 18, NULL, 10) : 0);
}

// Asks for TARGET with further FIELDS; returns the status.
static int ask(struct fixture *f, const char *method, const char *target, const char *fields)
{
    static char request[9000];
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: h\r\n%s\r\n", method, target, fields);
    far_end_forget(&f->far);
    far_end_send_text(&f->far, request);
    RUN_UNTIL(&f->loopback, has_answer(f, method));
    return atoi(f->far.in.p + strlen("HTTP/1.1 "));
}

static int get(struct fixture *f, const char *target)
{
    return ask(f, "GET", target, "");
}

// The value of the field NAME ("\r\nName: ") in the last answer's head, or "".
static const char *field(const struct fixture *f, const char *name)
{
    static char value[512];
    const char *at = strstr(f->far.in.p, name);
    value[0] = '\0';
    if (at && at < f->far.in.p + f->head_len)
        sscanf(at + strlen(name), "%511[^\r]", value);
    return value;
}

static struct span body(const struct fixture *f)
{
    return (struct span){ f->far.in.p + f->head_len, f->far.in.len - f->head_len };
}

static const struct asset *asset_at(const char *path)
{
    for (size_t i = 0; i < n_assets; i++)
        if (strcmp(assets[i].path, path) == 0)
            return &assets[i];
    return NULL;
}

static void the_page_is_built_in(void **state)
{
    struct fixture *f = *state;
    const struct asset *page = asset_at("/index.html");
    static const char *const paths[] = { "/",     "/index.html", "/?room=1", "//", "/./index.html", "/%69ndex.html",
                                         "/x/../" };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(get(f, paths[i]), 200);
        assert_true(span_equal(body(f), (struct span){ (const char *)page->data, page->len }));
        assert_string_equal(field(f, "\r\nContent-Type: "), "text/html; charset=utf-8");
        assert_string_equal(field(f, "\r\nETag: "), page->etag);
        assert_string_equal(field(f, "\r\nX-Content-Type-Options: "), "nosniff");
        assert_string_equal(field(f, "\r\nVary: "), "Accept-Encoding");
        assert_non_null(strstr(field(f, "\r\nContent-Security-Policy: "), "default-src 'self'"));
    }
    assert_int_equal(ask(f, "HEAD", "/", ""), 200);
    assert_int_equal(body(f).len, 0);
    assert_int_equal(atoi(field(f, "\r\nContent-Length: ")), page->len);
}

static void it_is_compressed_for_who_takes_that(void **state)
{
    struct fixture *f = *state;
    const struct asset *page = asset_at("/index.html");
    assert_non_null(page->gzip);
    assert_int_equal(ask(f, "GET", "/", "Accept-Encoding: br, gzip\r\n"), 200);
    assert_string_equal(field(f, "\r\nContent-Encoding: "), "gzip");
    assert_string_equal(field(f, "\r\nETag: "), page->gzip_etag);
    assert_true(span_equal(body(f), (struct span){ (const char *)page->gzip, page->gzip_len }));
    assert_int_equal(ask(f, "GET", "/", "Accept-Encoding: gzip;q=0\r\n"), 200);
    assert_string_equal(field(f, "\r\nContent-Encoding: "), "");
}

static void who_has_it_gets_304(void **state)
{
    struct fixture *f = *state;
    char fields[200];
    snprintf(fields, sizeof fields, "If-None-Match: \"other\", %s\r\n", asset_at("/index.html")->etag);
    assert_int_equal(ask(f, "GET", "/", fields), 304);
    assert_int_equal(body(f).len, 0);
    assert_string_equal(field(f, "\r\nContent-Length: "), "");
    assert_string_equal(field(f, "\r\nETag: "), asset_at("/index.html")->etag);
    assert_int_equal(ask(f, "GET", "/", "If-None-Match: \"other\"\r\n"), 200);
    snprintf(fields, sizeof fields, "If-None-Match: \"other\"\r\nIf-None-Match: %s\r\n", asset_at("/index.html")->etag);
    assert_int_equal(ask(f, "GET", "/", fields), 304);
    strcat(fields, "Accept-Encoding: gzip\r\n"); // what is compressed is another thing
    assert_int_equal(ask(f, "GET", "/", fields), 200);
}

static void what_is_wrong_is_said(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(get(f, "/nothing"), 404);
    assert_int_equal(get(f, "/index.html/"), 404);
    assert_int_equal(ask(f, "HEAD", "/nothing", ""), 404);
    static const char *const bad[] = {
        "/..", "/x/../../y", "/%", "/%zz", "/%00", "/%2e%2e/", "/a%2fb", "/%ff", "/%5c"
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(get(f, bad[i]), 400);
    static const char *const methods[] = { "POST", "PUT", "DELETE", "OPTIONS", "BREW" };
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        assert_int_equal(ask(f, methods[i], "/", ""), 405);
        assert_string_equal(field(f, "\r\nAllow: "), "GET, HEAD");
    }
    assert_int_equal(ask(f, "POST", "/login", ""), 405);
    assert_int_equal(ask(f, "OPTIONS", "*", ""), 204);
    assert_string_equal(field(f, "\r\nAllow: "), "GET, HEAD, POST, OPTIONS");
}

static void a_mount_is_for_websockets(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = { "/login", "/login/", "/a", "/a/", "/a/x", "/a/b/", "/login?x" };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(get(f, paths[i]), 426);
        assert_string_equal(field(f, "\r\nUpgrade: "), "websocket");
        assert_string_equal(field(f, "\r\nConnection: "), "Upgrade");
    }
    assert_int_equal(get(f, "/loginx"), 404);
    assert_int_equal(get(f, "/login/x"), 404);
    assert_int_equal(ask(f, "GET", "/login", "Upgrade: h2c\r\nConnection: Upgrade\r\n"), 426);
    assert_int_equal(ask(f, "GET", "/login", "Upgrade: websocket\r\n"), 426); // without Connection it says nothing
}

#define UPGRADE                                                                                                        \
    "Upgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\nSec-WebSocket-Version: 13\r\n"                           \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// Opens a WebSocket at TARGET on a connection of its own: the number of the mount that took it, or NO_MOUNT for a 404.
static int open_websocket(struct fixture *f, const char *target)
{
    f->opened = NULL;
    int status = ask(f, "GET", target, UPGRADE);
    close_connection(f);
    open_connection(f);
    if (!f->opened) {
        assert_int_equal(status, 404);
        return NO_MOUNT;
    }
    assert_int_equal(status, 101);
    return (int)(f->opened - mounts);
}

static void the_longest_mount_takes_it(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *target;
        int mount, without_root;
    } rows[] = {
        { "/", 0, NO_MOUNT },
        { "/any/thing", 0, NO_MOUNT },
        { "/login", 1, 1 },
        { "/login/", 1, 1 },
        { "/login/x", 0, NO_MOUNT },
        { "/loginx", 0, NO_MOUNT },
        { "/Login", 0, NO_MOUNT },
        { "/login?name=x", 1, 1 },
        { "/%6cogin", 1, 1 },
        { "//login", 1, 1 },
        { "/x/../login", 1, 1 },
        { "/a", 2, 2 },
        { "/a/", 2, 2 },
        { "/a/x/y", 2, 2 },
        { "/ab", 0, NO_MOUNT },
        { "/a/b", 3, 3 },
        { "/a/b/", 3, 3 },
        { "/a/bc", 2, 2 },
        { "/a/b/x", 2, 2 },
        { "/a/b/c", 4, 4 },
        { "/a/b/c/d", 4, 4 },
        { "/index.html", 0, NO_MOUNT },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        f->branch.mounts.list = mounts;
        f->branch.mounts.n = N_MOUNTS;
        assert_int_equal(open_websocket(f, rows[i].target), rows[i].mount);
        f->branch.mounts.list = mounts + 1;
        f->branch.mounts.n = N_MOUNTS - 1;
        assert_int_equal(open_websocket(f, rows[i].target), rows[i].without_root);
    }
}

static void wrong_handshakes_are_refused(void **state)
{
    struct fixture *f = *state;
    const char *old = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    assert_int_equal(ask(f, "GET", "/login", old), 426);
    assert_string_equal(field(f, "\r\nSec-WebSocket-Version: "), "13");
    const char *keyless = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
    assert_int_equal(ask(f, "GET", "/login", keyless), 400);
    assert_int_equal(ask(f, "GET", "/..", UPGRADE), 400);
    assert_int_equal(ask(f, "POST", "/login", UPGRADE), 400);
    assert_null(f->opened);
}

static void other_origins_are_kept_out_if_so_wished(void **state)
{
    struct fixture *f = *state;
    static const char *const ours[] = { "https://example.org" };
    f->branch.origins = (struct origin_list){ ours, 1 };
    assert_int_equal(ask(f, "GET", "/login", UPGRADE "Origin: https://evil.example\r\n"), 403);
    assert_null(f->opened);
    assert_int_equal(ask(f, "GET", "/login", UPGRADE "Origin: https://example.org\r\n"), 101);
}

static void a_directory_may_be_served_instead(void **state)
{
    struct fixture *f = *state;
    f->site.web_root = f->web_root;
    assert_int_equal(get(f, "/"), 200);
    assert_true(span_equal(body(f), SPAN("<p>home")));
    assert_string_equal(field(f, "\r\nContent-Type: "), "text/html; charset=utf-8");
    assert_int_equal(get(f, "/docs/"), 200);
    assert_true(span_equal(body(f), SPAN("<p>docs")));
    assert_int_equal(get(f, "/data.json"), 200);
    assert_string_equal(field(f, "\r\nContent-Type: "), "application/json");
    assert_int_equal(get(f, "/noext"), 200);
    assert_string_equal(field(f, "\r\nContent-Type: "), "application/octet-stream");
    assert_string_equal(field(f, "\r\nX-Content-Type-Options: "), "nosniff");
    char fields[200];
    snprintf(fields, sizeof fields, "If-None-Match: %s\r\n", field(f, "\r\nETag: "));
    assert_int_equal(ask(f, "GET", "/noext", fields), 304);
    assert_int_equal(ask(f, "HEAD", "/noext", ""), 200);
    assert_string_equal(field(f, "\r\nContent-Length: "), "5");
    assert_int_equal(body(f).len, 0);
    assert_int_equal(get(f, "/.secret"), 404);
    assert_int_equal(get(f, "/docs/../.secret"), 404);
    assert_int_equal(get(f, "/style.css"), 404); // the built-in files are not there beside it
    assert_int_equal(ask(f, "POST", "/", ""), 405);
    assert_int_equal(open_websocket(f, "/login"), 1);
}

// A redirection must never lead to another host, however the path was written.
static void a_directory_without_its_slash_is_redirected(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *target, *location;
    } rows[] = {
        { "/docs", "/docs/" },
        { "/docs?x=1&y", "/docs/?x=1&y" },
        { "/%64ocs", "/%64ocs/" },
        { "//docs", "/docs/" },
        { "//evil.example/../docs", "/evil.example/../docs/" },
        { "////evil.example/..//docs", "/evil.example/..//docs/" },
        { "http://evil.example//docs", "/docs/" },
    };
    f->site.web_root = f->web_root;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(get(f, rows[i].target), 308);
        assert_string_equal(field(f, "\r\nLocation: "), rows[i].location);
    }
}

int main(void)
{
#define UNIT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        UNIT_TEST(the_page_is_built_in),
        UNIT_TEST(it_is_compressed_for_who_takes_that),
        UNIT_TEST(who_has_it_gets_304),
        UNIT_TEST(what_is_wrong_is_said),
        UNIT_TEST(a_mount_is_for_websockets),
        UNIT_TEST(the_longest_mount_takes_it),
        UNIT_TEST(wrong_handshakes_are_refused),
        UNIT_TEST(other_origins_are_kept_out_if_so_wished),
        UNIT_TEST(a_directory_may_be_served_instead),
        UNIT_TEST(a_directory_without_its_slash_is_redirected),
    };
    return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
