// SPDX-License-Identifier: MIT
// Files that nobody else may read; see private_file.h.
#include "base/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_LEN = 1 << 20 };

static bool is_systemd_credential(const char *path)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    size_t len = directory ? strlen(directory) : 0;
    return len && strncmp(path, directory, len) == 0 && path[len] == '/' && !strstr(path + len, "/..");
}

static bool is_our_group(gid_t gid)
{
    return gid == getegid() || group_member(gid);
}

// Whether somebody but FILE's owner can read or change it.
static bool is_exposed(const struct stat *file)
{
    bool is_own = file->st_uid == geteuid() || (file->st_uid == 0 && !is_our_group(file->st_gid));
    mode_t refused = is_own ? 077 : 037;
    return (file->st_mode & refused) != 0;
}

static int complain(char error[PRIVATE_FILE_ERROR_LEN], const char *what)
{
    snprintf(error, PRIVATE_FILE_ERROR_LEN, "%s", what);
    return -EINVAL;
}

// The checks are of what was opened as FD, not of what may have taken its place.
static int check(int fd, const char *path, bool is_secret, char error[PRIVATE_FILE_ERROR_LEN])
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        complain(error, strerror(errno));
        return -EIO;
    }
    if (!S_ISREG(st.st_mode))
        return complain(error, "no regular file");
    if (st.st_size > MAX_LEN)
        return complain(error, "larger than a key or certificate can be");
    if (!is_secret || !is_exposed(&st) || is_systemd_credential(path))
        return 0;
    snprintf(error, PRIVATE_FILE_ERROR_LEN, "others than its owner may read or change it (mode %03o); chmod 600 it",
             (unsigned)st.st_mode & 0777);
    return -EINVAL;
}

int private_file_open(const char *path, bool is_secret, char error[PRIVATE_FILE_ERROR_LEN])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        complain(error, strerror(errno));
        return -EIO;
    }
    int err = check(fd, path, is_secret, error);
    if (!err)
        return fd;
    close(fd);
    return err;
}
