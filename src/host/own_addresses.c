// SPDX-License-Identifier: MIT
// The IPv4 addresses of this machine; see own_addresses.h.
#include "host/own_addresses.h"

#include <uv.h>

void own_addresses_find(struct own_addresses *a)
{
    a->n = 0;
    uv_interface_address_t *found;
    int n;
    if (uv_interface_addresses(&found, &n) != 0)
        return;
    for (int i = 0; i < n && a->n < OWN_ADDRESSES_MAX; i++)
        if (!found[i].is_internal && found[i].address.address4.sin_family == AF_INET) {
            uv_ip4_name(&found[i].address.address4, a->texts[a->n], OWN_ADDRESSES_TEXT_LEN);
            a->spans[a->n] = span_of(a->texts[a->n]);
            a->n++;
        }
    uv_free_interface_addresses(found, n);
}
