// SPDX-License-Identifier: MIT
// Preloaded into the program: fails one of its requests for memory, the one that a test has asked for.
//
// The file that FAIL_ALLOC names holds a number, which every request counts down; the one that finds a 1 there fails. At 0
// all is well. What glibc itself maps, for its heap or for threads, is not counted.
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static atomic_int *left;

__attribute__((constructor)) static void find_file(void)
{
    const char *path = getenv("FAIL_ALLOC");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *p = (void *)syscall(SYS_mmap, NULL, sizeof *left, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    left = p == MAP_FAILED ? NULL : p;
    close(fd);
}

static bool must_fail(void)
{
    int n = left ? atomic_load(left) : 0;
    while (n > 0 && !atomic_compare_exchange_weak(left, &n, n - 1))
        ;
    if (n == 1)
        errno = ENOMEM;
    return n == 1;
}

void *malloc(size_t size)
{
    return must_fail() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return must_fail() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    return must_fail() ? NULL : __libc_realloc(p, size);
}

void *mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
    if (fd < 0 && must_fail())
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, len, prot, flags, fd, offset);
}
