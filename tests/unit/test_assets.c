// SPDX-License-Identifier: MIT
// Holds the table of compiled-in files to what assets.h promises.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

#include "server/assets.h"

static int compare_path(const void *key, const void *asset)
{
    return strcmp(key, ((const struct asset *)asset)->path);
}

static const struct asset *find(const char *path)
{
    return bsearch(path, assets, n_assets, sizeof(assets[0]), compare_path);
}

static void every_path_is_found(void **state)
{
    (void)state;
    assert_non_null(find("/index.html"));
    for (size_t i = 0; i < n_assets; i++) {
        assert_int_equal(assets[i].path[0], '/');
        assert_ptr_equal(find(assets[i].path), &assets[i]);
    }
}

static void only_the_pages_own_files_are_there(void **state)
{
    (void)state;
    assert_null(find("/tsconfig.json"));
    for (size_t i = 0; i < n_assets; i++) {
        assert_null(strstr(assets[i].path, ".test."));
        assert_null(strstr(assets[i].path, ".d.ts"));
        assert_null(strstr(assets[i].path, "/."));
    }
}

static void types_go_by_extension(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_assets; i++)
        assert_string_equal(assets[i].type, asset_type(assets[i].path));
    assert_string_equal(asset_type("/a.b/index.html"), "text/html; charset=utf-8");
    assert_string_equal(asset_type("call.min.js"), "text/javascript; charset=utf-8");
    assert_null(asset_type("/README"));
    assert_null(asset_type("/file.unheard-of"));
    assert_null(asset_type("/a.html/b"));
}

// RFC 9110 section 8.8.3: in quotes, and another one for every content and coding.
static void tags_tell_contents_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_assets; i++) {
        const char *tag = assets[i].etag;
        assert_true(strlen(tag) > 16 && tag[0] == '"' && strchr(tag + 1, '"') == tag + strlen(tag) - 1);
        if (assets[i].gzip)
            assert_string_not_equal(tag, assets[i].gzip_etag);
        for (size_t k = 0; k < i; k++)
            if (assets[k].len != assets[i].len || memcmp(assets[k].data, assets[i].data, assets[i].len) != 0)
                assert_string_not_equal(tag, assets[k].etag);
    }
}

static void gzip_is_shorter_and_holds_the_same(void **state)
{
    (void)state;
    enum { GZIP_WINDOW = 15 + 16 };
    size_t n_gzip = 0;
    for (size_t i = 0; i < n_assets; i++) {
        const struct asset *a = &assets[i];
        if (!a->gzip)
            continue;
        n_gzip++;
        assert_true(a->gzip_len < a->len);
        unsigned char *plain = malloc(a->len);
        assert_non_null(plain);
        z_stream z = { .next_in = (unsigned char *)a->gzip, .avail_in = (uInt)a->gzip_len };
        z.next_out = plain;
        z.avail_out = (uInt)a->len;
        assert_int_equal(inflateInit2(&z, GZIP_WINDOW), Z_OK);
        assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
        assert_int_equal(z.total_out, a->len);
        assert_memory_equal(plain, a->data, a->len);
        inflateEnd(&z);
        free(plain);
    }
    assert_true(n_gzip > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_is_found),
        cmocka_unit_test(only_the_pages_own_files_are_there),
        cmocka_unit_test(types_go_by_extension),
        cmocka_unit_test(tags_tell_contents_apart),
        cmocka_unit_test(gzip_is_shorter_and_holds_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
