// SPDX-License-Identifier: MIT
// A secret in a file; see secret_file.h.
#include "host/secret_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
    int fd = private_file_open(path, true, error);
    if (fd < 0)
        return fd;
    struct secret text;
    ssize_t len = read(fd, text.bytes, sizeof text.bytes);
    close(fd);
    if (len < 0) {
        snprintf(error, SECRET_ERROR_LEN, "%s", strerror(errno));
        return -EIO;
    }
    text.len = (size_t)len;
    int err = take_line(&text, error);
    if (!err)
        *secret = text;
    return err;
}
