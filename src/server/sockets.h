// SPDX-License-Identifier: MIT
// Opens the sockets of all places, and shares them out among the stations.
#ifndef STROWGER_SERVER_SOCKETS_H
#define STROWGER_SERVER_SOCKETS_H

#include "host/inherited.h"
#include "server/places.h"
#include "server/station.h"

// Who is to listen, and with what is there already.
struct sockets {
    struct inherited *inherited;
    struct station *stations;
    size_t n_stations;
};

// Has K's stations listen at PLACES with inherited sockets and new ones; a place with port 0 learns its port. 0, or -EIO with
// one line in ERROR and nothing left open.
[[gnu::warn_unused_result]] int sockets_open(const struct sockets *k, struct places *places,
                                             char error[CONFIG_ERROR_LEN]);

#endif
