// SPDX-License-Identifier: MIT
// A directory served to browsers; see web_root.h.
#include "server/web_root.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int web_root_open(struct web_root *root, const char *dir)
{
    char inside[PATH_MAX];
    if (snprintf(inside, sizeof inside, "%s/.", dir) >= (int)sizeof inside)
        return -ENAMETOOLONG;
    root->fd = open(inside, O_PATH | O_DIRECTORY | O_CLOEXEC); // the dot is found by who may look for files there
    return root->fd >= 0 ? 0 : -errno;
}

void web_root_close(struct web_root *root)
{
    close(root->fd);
}

static bool has_hidden_part(struct span path)
{
    for (size_t i = 0; i + 1 < path.len; i++)
        if (path.p[i] == '/' && path.p[i + 1] == '.')
            return true;
    return false;
}

// The kernel itself keeps the path beneath the root, whatever is renamed or linked meanwhile (openat2(2)).
static int open_beneath(const struct web_root *root, const char *path)
{
    struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    long fd = syscall(SYS_openat2, root->fd, path, &how, sizeof how);
    return fd >= 0 ? (int)fd : -errno;
}

// What is not found, not permitted and not inside look the same from outside.
static int hide(int err)
{
    switch (err) {
    case -EXDEV:
    case -ELOOP:
    case -EACCES:
    case -ENOTDIR:
    case -ENAMETOOLONG:
    case -ENXIO:
        return -ENOENT;
    default:
        return err;
    }
}

static int describe(struct web_file *file)
{
    struct stat st;
    if (fstat(file->fd, &st) != 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    if (!S_ISREG(st.st_mode))
        return -ENOENT;
    file->len = (uint64_t)st.st_size;
    snprintf(file->etag, sizeof file->etag, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 ".%lx\"", (uint64_t)st.st_ino,
             (uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec, (unsigned long)st.st_mtim.tv_nsec);
    return 0;
}

int web_root_find(const struct web_root *root, struct span path, struct web_file *file)
{
    char name[PATH_MAX];
    if (has_hidden_part(path))
        return -ENOENT;
    bool is_directory = path.p[path.len - 1] == '/';
    int len = snprintf(name, sizeof name, "%.*s%s", (int)path.len - 1, path.p + 1, is_directory ? "index.html" : "");
    if (len < 0 || (size_t)len >= sizeof name)
        return -ENOENT;
    file->fd = open_beneath(root, name);
    if (file->fd < 0)
        return hide(file->fd);
    int err = describe(file);
    if (err)
        close(file->fd);
    return err;
}
