// SPDX-License-Identifier: MIT
// The IPv4 addresses of this machine that others can reach.
#ifndef STROWGER_HOST_OWN_ADDRESSES_H
#define STROWGER_HOST_OWN_ADDRESSES_H

#include "base/span.h"

enum { OWN_ADDRESSES_MAX = 16, OWN_ADDRESSES_TEXT_LEN = 16 };

struct own_addresses {
    size_t n;
    struct span spans[OWN_ADDRESSES_MAX]; // of texts: A must stay where it is
    char texts[OWN_ADDRESSES_MAX][OWN_ADDRESSES_TEXT_LEN];
};

// Fills A; when the system does not tell, it is empty.
void own_addresses_find(struct own_addresses *a);

#endif
