// SPDX-License-Identifier: MIT
// A directory of a test's own, filled from a table and removed with all that is in it.
//
// Include it after cmocka.h.
#ifndef STROWGER_TESTS_SCRATCH_DIR_H
#define STROWGER_TESTS_SCRATCH_DIR_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch_dir {
    char path[64];
};

enum scratch_kind { SCRATCH_FILE, SCRATCH_DIR, SCRATCH_LINK, SCRATCH_FIFO };

// What is to be there: NAME, and a file's content or a link's target. Ends with a NULL name.
struct scratch_entry {
    const char *name;
    enum scratch_kind kind;
    const char *content;
};

static inline void scratch_dir_init(struct scratch_dir *d, const struct scratch_entry *entries)
{
    strcpy(d->path, "/tmp/strowger-test-XXXXXX");
    assert_non_null(mkdtemp(d->path));
    int dir = open(d->path, O_PATH | O_DIRECTORY);
    for (const struct scratch_entry *e = entries; e->name; e++) {
        if (e->kind == SCRATCH_DIR) {
            assert_int_equal(mkdirat(dir, e->name, 0700), 0);
        } else if (e->kind == SCRATCH_LINK) {
            assert_int_equal(symlinkat(e->content, dir, e->name), 0);
        } else if (e->kind == SCRATCH_FIFO) {
            assert_int_equal(mkfifoat(dir, e->name, 0600), 0);
        } else {
            int fd = openat(dir, e->name, O_WRONLY | O_CREAT | O_EXCL, 0600);
            assert_int_equal(write(fd, e->content, strlen(e->content)), strlen(e->content));
            close(fd);
        }
    }
    close(dir);
}

static inline int scratch_dir_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline void scratch_dir_fini(struct scratch_dir *d)
{
    assert_int_equal(nftw(d->path, scratch_dir_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
