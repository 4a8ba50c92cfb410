// SPDX-License-Identifier: MIT
// Plays the files of the directories that are named through a fuzz target, in builds that have no fuzzer: what was found
// once is tried with every build.
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int play(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return 0;
    // Its own allocation, so that a sanitizer sees one byte read too far.
    size_t size = (size_t)st.st_size;
    uint8_t *data = malloc(size);
    if ((size && !data) || read(fd, data, size) != (ssize_t)size) {
        perror("can't read an input");
        exit(EXIT_FAILURE);
    }
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

static int play_directory(const char *path)
{
    struct dirent **entries;
    int n_played = 0, n = scandir(path, &entries, NULL, alphasort);
    int at = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (n < 0 || at < 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    for (int i = 0; i < n; i++) {
        int fd = openat(at, entries[i]->d_name, O_RDONLY | O_CLOEXEC);
        n_played += fd < 0 ? 0 : play(fd);
        if (fd >= 0)
            close(fd);
        free(entries[i]);
    }
    free(entries);
    close(at);
    return n_played;
}

int main(int argc, char **argv)
{
    int n = 0;
    for (int i = 1; i < argc; i++)
        n += play_directory(argv[i]);
    printf("%d inputs\n", n);
    return n ? EXIT_SUCCESS : EXIT_FAILURE;
}
