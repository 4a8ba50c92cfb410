// SPDX-License-Identifier: MIT
// Where the sites are to be found: what the settings say about listening, and the addresses that this means.
#ifndef STROWGER_SERVER_PLACES_H
#define STROWGER_SERVER_PLACES_H

#include <sys/socket.h>

#include "config/config.h"
#include "server/listen.h"

enum { PLACE_MAX_ADDRS = 16 };

struct place {
    struct listen_place where;
    struct config_claim claim; // of the site that is there: what it says of this place
    size_t site;               // its number
    struct sockaddr_storage addrs[PLACE_MAX_ADDRS];
    int n_addrs;
};

struct places {
    struct place *list;
    size_t n;
    size_t n_addrs; // of all of them
};

// Fills P with the places of N sites, whose settings must live as long. 0, or with ERROR one line that says what is wrong
// what config_fault() said, or -EIO for a host that is not found; places_fini() is due in any case.
[[gnu::warn_unused_result]] int places_find(struct places *p, const struct config *sites, size_t n,
                                            char error[CONFIG_ERROR_LEN]);

void places_fini(struct places *p);

// Writes P's name to OUT, to be read behind the setting that says it: "'tls::443'", "8888 of all addresses". Returns OUT.
enum { PLACE_NAME_LEN = 320 };
const char *place_put_name(const struct place *p, char out[PLACE_NAME_LEN]);

#endif
