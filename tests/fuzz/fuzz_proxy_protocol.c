// SPDX-License-Identifier: MIT
// Fuzzes the PROXY protocol: more bytes never change what a header's beginning said, and its length is within bounds.
#include <errno.h>
#include <stdlib.h>

#include "net/proxy_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

// The first LEN bytes of DATA, which end where their allocation ends.
static ssize_t parse(const uint8_t *data, size_t len, struct addr *client)
{
    char *copy = malloc(len ? len : 1);
    must(copy != NULL);
    if (len)
        memcpy(copy, data, len);
    *client = (struct addr){ { 1 } };
    ssize_t n = proxy_protocol_parse(copy, len, client);
    free(copy);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct addr client, again, untouched = { { 1 } };
    ssize_t n = parse(data, size, &client);
    must(n >= 0 || n == -ENOENT || n == -EINVAL);
    must(n <= 0 || ((size_t)n <= size && n <= PROXY_PROTOCOL_MAX));
    must(n > 0 || addr_is_equal(&client, &untouched));
    must(n != 0 || size < PROXY_PROTOCOL_MAX);
    // A prefix says the same, or that it can't say yet.
    size_t cut = size ? data[size - 1] % size : 0;
    ssize_t less = parse(data, cut, &again);
    must(less == 0 || less == n);
    must(less <= 0 || addr_is_equal(&client, &again));
    return 0;
}
