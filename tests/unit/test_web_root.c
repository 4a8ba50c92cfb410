// SPDX-License-Identifier: MIT
// Unit tests of server/web_root.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "at_end.h"
#include "scratch_dir.h"
#include "server/web_root.h"

struct fixture {
    struct scratch_dir dir;
    struct web_root root; // dir/root
};

static int setup(void **state)
{
    static struct fixture f;
    static const struct scratch_entry entries[] = {
        { "secret", SCRATCH_FILE, "outside" },
        { "root-beside", SCRATCH_DIR, NULL }, // begins like the root's own name
        { "root-beside/file", SCRATCH_FILE, "outside" },
        { "root", SCRATCH_DIR, NULL },
        { "root/index.html", SCRATCH_FILE, "home" },
        { "root/a b.txt", SCRATCH_FILE, "blank" },
        { "root/empty", SCRATCH_FILE, "" },
        { "root/sub", SCRATCH_DIR, NULL },
        { "root/sub/index.html", SCRATCH_FILE, "sub" },
        { "root/sub/deep", SCRATCH_DIR, NULL },
        { "root/sub/deep/file", SCRATCH_FILE, "deep" },
        { "root/.git", SCRATCH_DIR, NULL },
        { "root/.git/config", SCRATCH_FILE, "hidden" },
        { "root/.env", SCRATCH_FILE, "hidden" },
        { "root/sub/.env", SCRATCH_FILE, "hidden" },
        { "root/bare", SCRATCH_DIR, NULL },
        { "root/fifo", SCRATCH_FIFO, NULL },
        { "root/to-file", SCRATCH_LINK, "sub/deep/file" },
        { "root/to-dir", SCRATCH_LINK, "sub" },
        { "root/sub/up-and-down", SCRATCH_LINK, "../index.html" },
        { "root/to-outside", SCRATCH_LINK, "../secret" },
        { "root/to-outside-dir", SCRATCH_LINK, ".." },
        { "root/to-beside", SCRATCH_LINK, "../root-beside/file" },
        { "root/to-etc", SCRATCH_LINK, "/etc/passwd" },
        { "root/to-proc", SCRATCH_LINK, "/proc/self/root" },
        { "root/loop", SCRATCH_LINK, "loop" },
        { "root/broken", SCRATCH_LINK, "nothing" },
        { 0 },
    };
    scratch_dir_init(&f.dir, entries);
    char path[128];
    snprintf(path, sizeof path, "%s/root", f.dir.path);
    assert_int_equal(web_root_open(&f.root, path), 0);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    web_root_close(&f->root);
    scratch_dir_fini(&f->dir);
    return 0;
}

static int find(struct fixture *f, const char *path, struct web_file *file)
{
    char *copy = at_end(path, strlen(path));
    int err = web_root_find(&f->root, (struct span){ copy, strlen(path) }, file);
    free(copy);
    return err;
}

static void assert_holds(struct fixture *f, const char *path, const char *content)
{
    struct web_file file;
    char read_back[16] = "";
    assert_int_equal(find(f, path, &file), 0);
    assert_int_equal(file.len, strlen(content));
    assert_int_equal(read(file.fd, read_back, sizeof read_back - 1), strlen(content));
    assert_string_equal(read_back, content);
    close(file.fd);
}

static void files_are_found(void **state)
{
    struct fixture *f = *state;
    assert_holds(f, "/index.html", "home");
    assert_holds(f, "/", "home");
    assert_holds(f, "/a b.txt", "blank");
    assert_holds(f, "/empty", "");
    assert_holds(f, "/sub/", "sub");
    assert_holds(f, "/sub/deep/file", "deep");
}

static void links_that_stay_inside_are_followed(void **state)
{
    struct fixture *f = *state;
    assert_holds(f, "/to-file", "deep");
    assert_holds(f, "/to-dir/", "sub");
    assert_holds(f, "/to-dir/deep/file", "deep");
    assert_holds(f, "/sub/up-and-down", "home");
}

// The paths with dot segments never come from uri_normalize_path(); if they did, they would find nothing.
static void the_rest_is_not_there(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = {
        "/nothing",
        "/sub/nothing",
        "/bare/",
        "/empty/",
        "/empty/x",
        "/fifo",
        "/broken",
        "/loop",
        "/Index.html",
        "/.env",
        "/.git/config",
        "/sub/.env",
        "/.git/",
        "/.",
        "/..",
        "/to-dir/.env",
        "/...",
        "/to-outside",
        "/to-outside-dir/secret",
        "/to-outside-dir/root/index.html",
        "/to-beside",
        "/to-etc",
        "/to-proc/etc/passwd",
        "/../secret",
        "/sub/../../secret",
        "//etc/passwd",
        "/sub/..",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct web_file file;
        int err = find(f, paths[i], &file);
        if (err != -ENOENT)
            fail_msg("%s: %d", paths[i], err);
    }
}

static void names_too_long_are_not_there(void **state)
{
    struct fixture *f = *state;
    static const size_t lengths[] = { 255, 256, 257, 4094, 4095, 4096, 4097, 9000 };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (int ends_in_slash = 0; ends_in_slash < 2; ends_in_slash++) {
            char path[9001];
            struct web_file file;
            memset(path, 'x', lengths[i]);
            path[0] = '/';
            if (ends_in_slash)
                path[lengths[i] - 1] = '/';
            path[lengths[i]] = '\0';
            assert_int_equal(find(f, path, &file), -ENOENT);
        }
}

static void directories_say_so(void **state)
{
    struct fixture *f = *state;
    struct web_file file;
    assert_int_equal(find(f, "/sub", &file), -EISDIR);
    assert_int_equal(find(f, "/bare", &file), -EISDIR);
    assert_int_equal(find(f, "/sub/deep", &file), -EISDIR);
    assert_int_equal(find(f, "/to-dir", &file), -EISDIR);
    assert_int_equal(find(f, "/to-outside-dir", &file), -ENOENT);
}

static void get_tag(struct fixture *f, const char *path, char tag[WEB_FILE_ETAG_LEN])
{
    struct web_file file;
    assert_int_equal(find(f, path, &file), 0);
    close(file.fd);
    memcpy(tag, file.etag, WEB_FILE_ETAG_LEN);
}

static void tags_tell_files_apart(void **state)
{
    struct fixture *f = *state;
    char before[WEB_FILE_ETAG_LEN], again[WEB_FILE_ETAG_LEN], other[WEB_FILE_ETAG_LEN], changed[WEB_FILE_ETAG_LEN];
    get_tag(f, "/index.html", before);
    get_tag(f, "/index.html", again);
    get_tag(f, "/sub/index.html", other);
    assert_string_equal(before, again);
    assert_string_not_equal(before, other);
    assert_int_equal(before[0], '"');
    assert_int_equal(before[strlen(before) - 1], '"');
    assert_true(strlen(before) > 2);
    const struct timespec times[] = { { .tv_sec = INT64_MAX / 2000000000, .tv_nsec = 999999999 },
                                      { .tv_sec = INT64_MAX / 2000000000, .tv_nsec = 999999999 } };
    assert_int_equal(utimensat(AT_FDCWD, f->dir.path, times, 0), 0);
    char path[128];
    snprintf(path, sizeof path, "%s/root/index.html", f->dir.path);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    get_tag(f, "/index.html", changed);
    assert_string_not_equal(before, changed);
    assert_int_equal(changed[strlen(changed) - 1], '"');
}

static size_t n_descriptors(void)
{
    size_t n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void what_is_refused_leaves_nothing_open(void **state)
{
    struct fixture *f = *state;
    struct web_file file;
    size_t before = n_descriptors();
    find(f, "/fifo", &file);
    find(f, "/sub", &file);
    find(f, "/nothing", &file);
    assert_int_equal(n_descriptors(), before);
}

static void a_root_must_be_a_directory(void **state)
{
    struct fixture *f = *state;
    struct web_root root;
    char path[128];
    snprintf(path, sizeof path, "%s/secret", f->dir.path);
    assert_int_equal(web_root_open(&root, path), -ENOTDIR);
    snprintf(path, sizeof path, "%s/nothing", f->dir.path);
    assert_int_equal(web_root_open(&root, path), -ENOENT);
}

static void a_root_must_be_open_to_us(void **state)
{
    struct fixture *f = *state;
    struct web_root root;
    bool is_root = geteuid() == 0;
    assert_int_equal(chmod(f->dir.path, 0), 0);
    assert_int_equal(is_root ? seteuid(65534) : 0, 0);
    int err = web_root_open(&root, f->dir.path);
    assert_int_equal(is_root ? seteuid(0) : 0, 0);
    assert_int_equal(chmod(f->dir.path, 0700), 0);
    assert_int_equal(err, -EACCES);
}

int main(void)
{
#define UNIT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        UNIT_TEST(files_are_found),
        UNIT_TEST(links_that_stay_inside_are_followed),
        UNIT_TEST(the_rest_is_not_there),
        UNIT_TEST(names_too_long_are_not_there),
        UNIT_TEST(directories_say_so),
        UNIT_TEST(tags_tell_files_apart),
        UNIT_TEST(what_is_refused_leaves_nothing_open),
        UNIT_TEST(a_root_must_be_a_directory),
        UNIT_TEST(a_root_must_be_open_to_us),
    };
    return cmocka_run_group_tests_name("web_root", tests, NULL, NULL);
}
