// SPDX-License-Identifier: MIT
// A secret in a file; see secret_file.h.
#include "host/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_systemd_credential(const char *path)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    size_t len = directory ? strlen(directory) : 0;
    return len && strncmp(path, directory, len) == 0 && path[len] == '/' && !strstr(path + len, "/..");
}

static int check_file(int fd, const char *path, char error[SECRET_ERROR_LEN])
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        snprintf(error, SECRET_ERROR_LEN, "%s", strerror(errno));
        return -EIO;
    }
    if (!S_ISREG(st.st_mode)) {
        snprintf(error, SECRET_ERROR_LEN, "this is no file");
        return -EINVAL;
    }
    if (!(st.st_mode & 077) || is_systemd_credential(path))
        return 0;
    snprintf(error, SECRET_ERROR_LEN, "others than its owner can get at it (mode %03o); chmod 600 mends that",
             (unsigned)st.st_mode & 0777);
    return -EINVAL;
}

// Cuts TEXT after its first line, whose end counts not as a part of it.
static int take_line(struct secret *text, char error[SECRET_ERROR_LEN])
{
    const char *end = memchr(text->bytes, '\n', text->len);
    if (!end && text->len == sizeof text->bytes) {
        snprintf(error, SECRET_ERROR_LEN, "its first line is longer than %d bytes", SECRET_MAX_LEN - 1);
        return -EINVAL;
    }
    text->len = end ? (size_t)(end - text->bytes) : text->len;
    if (text->len && text->bytes[text->len - 1] == '\r')
        text->len--;
    if (text->len && !memchr(text->bytes, '\0', text->len))
        return 0;
    snprintf(error, SECRET_ERROR_LEN, "its first line must be the secret, and is %s", text->len ? "no text" : "empty");
    return -EINVAL;
}

int secret_file_read(struct secret *secret, const char *path, char error[SECRET_ERROR_LEN])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        snprintf(error, SECRET_ERROR_LEN, "%s", strerror(errno));
        return -EIO;
    }
    struct secret text;
    int err = check_file(fd, path, error);
    ssize_t len = err ? 0 : read(fd, text.bytes, sizeof text.bytes);
    close(fd);
    if (len < 0) {
        snprintf(error, SECRET_ERROR_LEN, "%s", strerror(errno));
        return -EIO;
    }
    text.len = (size_t)len;
    err = err ? err : take_line(&text, error);
    if (!err)
        *secret = text;
    return err;
}
