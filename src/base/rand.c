// SPDX-License-Identifier: MIT
// Unguessable bytes from the kernel; see rand.h.
#include "base/rand.h"

#include <stdlib.h>
#include <sys/random.h>

void rand_fill(void *p, size_t len)
{
    char *at = p;
    while (len) {
        ssize_t n = getrandom(at, len < 256 ? len : 256, 0);
        if (n < 0)
            continue; // EINTR before the pool was ready, the only error these arguments allow
        at += n;
        len -= (size_t)n;
    }
}
