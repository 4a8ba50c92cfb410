// SPDX-License-Identifier: MIT
// Unit tests of host/secret_file.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "host/secret_file.h"
#include "scratch_dir.h"

static struct scratch_dir dir;

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", dir.path, name);
    return path;
}

static int setup(void **state)
{
    (void)state;
    static char longest[SECRET_MAX_LEN], too_long[SECRET_MAX_LEN + 1];
    memset(longest, 'x', sizeof longest - 1);
    memset(too_long, 'x', sizeof too_long - 1);
    const struct scratch_entry entries[] = {
        { "bare", SCRATCH_FILE, "sesame" },    { "line", SCRATCH_FILE, "sesame\n" },
        { "two", SCRATCH_FILE, "new\nold\n" }, { "dos", SCRATCH_FILE, "sesame\r\n" },
        { "blank", SCRATCH_FILE, "\nx\n" },    { "empty", SCRATCH_FILE, "" },
        { "longest", SCRATCH_FILE, longest },  { "too long", SCRATCH_FILE, too_long },
        { "fifo", SCRATCH_FIFO, NULL },        { "dir", SCRATCH_DIR, NULL },
        { NULL, SCRATCH_FILE, NULL },
    };
    scratch_dir_init(&dir, entries);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unsetenv("CREDENTIALS_DIRECTORY");
    scratch_dir_fini(&dir);
    return 0;
}

static void the_first_line_is_the_secret(void **state)
{
    (void)state;
    static const char *const secrets[][2] = {
        { "bare", "sesame" }, { "line", "sesame" }, { "two", "new" }, { "dos", "sesame" }
    };
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        struct secret s;
        char error[SECRET_ERROR_LEN];
        assert_int_equal(secret_file_read(&s, path_of(secrets[i][0]), error), 0);
        assert_true(span_equal(secret_span(&s), span_of(secrets[i][1])));
    }
    struct secret s;
    char error[SECRET_ERROR_LEN];
    assert_int_equal(secret_file_read(&s, path_of("longest"), error), 0);
    assert_int_equal(s.len, SECRET_MAX_LEN - 1);
}

static void assert_refused(const char *name, int err, const char *reason)
{
    struct secret s = { .len = 3, .bytes = "old" };
    char error[SECRET_ERROR_LEN];
    assert_int_equal(secret_file_read(&s, path_of(name), error), err);
    assert_non_null(strstr(error, reason));
    assert_true(span_equal(secret_span(&s), SPAN("old")));
}

static void what_is_no_secret_is_refused(void **state)
{
    (void)state;
    assert_refused("nothing", -EIO, "No such file");
    assert_refused("blank", -EINVAL, "empty");
    assert_refused("empty", -EINVAL, "empty");
    assert_refused("too long", -EINVAL, "longer than");
    assert_refused("dir", -EINVAL, "no regular file");
    assert_refused("fifo", -EINVAL, "no regular file"); // without waiting for who would write into it
}

static void others_must_not_get_at_it(void **state)
{
    (void)state;
    static const mode_t open[] = { 0640, 0604, 0620, 0602, 0644, 0601 };
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        assert_int_equal(chmod(path_of("line"), open[i]), 0);
        assert_refused("line", -EINVAL, "chmod 600");
    }
    struct secret s;
    char error[SECRET_ERROR_LEN];
    assert_int_equal(chmod(path_of("line"), 0400), 0);
    assert_int_equal(secret_file_read(&s, path_of("line"), error), 0);
}

static void systemd_sees_to_its_own(void **state)
{
    (void)state;
    struct secret s;
    char error[SECRET_ERROR_LEN];
    assert_int_equal(chmod(path_of("line"), 0440), 0);
    setenv("CREDENTIALS_DIRECTORY", "/run/credentials/strowger.service", 1);
    assert_refused("line", -EINVAL, "chmod 600");
    setenv("CREDENTIALS_DIRECTORY", dir.path, 1);
    assert_int_equal(secret_file_read(&s, path_of("line"), error), 0);
    assert_refused("dir/../line", -EINVAL, "chmod 600"); // may lead anywhere
}

int main(void)
{
#define UNIT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        UNIT_TEST(the_first_line_is_the_secret),
        UNIT_TEST(what_is_no_secret_is_refused),
        UNIT_TEST(others_must_not_get_at_it),
        UNIT_TEST(systemd_sees_to_its_own),
    };
    return cmocka_run_group_tests_name("secret_file", tests, NULL, NULL);
}
