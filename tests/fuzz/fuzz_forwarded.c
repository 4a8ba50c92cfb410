// SPDX-License-Identifier: MIT
// Fuzzes addresses, prefixes, and the fields that proxies tell their clients in.
//
// The input is the text of one field's value, read as X-Forwarded-For, as Forwarded, as both, and as an address.
#include <stdlib.h>

#include "proto/forwarded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static struct addr address(struct span text)
{
    struct addr a = { 0 };
    must(addr_parse(&a, text) == 0);
    return a;
}

// An address that was read is written, and read again as the same.
static void check_address(struct span text)
{
    char written[ADDR_TEXT_LEN];
    struct addr a, again;
    struct addr_prefix prefix;
    if (addr_parse_prefix(&prefix, text) == 0) {
        must(prefix.n_bits >= 0 && prefix.n_bits <= 128);
        must(addr_is_in(&prefix.addr, &prefix) || (addr_is_ipv4(&prefix.addr) && prefix.n_bits < 96));
    }
    if (addr_parse(&a, text) != 0)
        return;
    addr_format(&a, written);
    again = address(span_of(written));
    must(addr_is_equal(&a, &again));
}

static struct addr find(const char *first_name, const char *second_name, struct span value)
{
    struct addr peer = address(SPAN("10.0.0.1"));
    struct addr_prefix proxies = { peer, 104 };
    struct http_request r = { .n_fields = 2,
                              .fields = { { span_of(first_name), value }, { span_of(second_name), value } } };
    return forwarded_find_client(&r, &peer, &proxies, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    must(copy != NULL);
    if (size)
        memcpy(copy, data, size);
    struct span value = { copy, size };
    struct addr peer = address(SPAN("10.0.0.1"));
    struct addr old = find("X-Forwarded-For", "X-Forwarded-For", value), new = find("Forwarded", "Forwarded", value);
    struct addr both = find("X-Forwarded-For", "Forwarded", value);
    must(addr_is_equal(&both, &peer) || (addr_is_equal(&both, &old) && addr_is_equal(&both, &new)));
    check_address(value);
    free(copy);
    return 0;
}
