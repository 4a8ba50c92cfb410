// SPDX-License-Identifier: MIT
// Places a test's input so that it ends exactly where its allocation ends: a sanitizer then sees one byte read too far.
#ifndef STROWGER_TESTS_AT_END_H
#define STROWGER_TESTS_AT_END_H

#include <stdlib.h>
#include <string.h>

// A copy of the LEN bytes at P, followed by nothing. The caller frees it. Ends the test program when memory is out.
static inline char *at_end(const void *p, size_t len)
{
    char *copy = malloc(len ? len : 1); // malloc(0) may be NULL
    if (!copy)
        abort();
    if (len)
        memcpy(copy, p, len);
    return copy;
}

#endif
