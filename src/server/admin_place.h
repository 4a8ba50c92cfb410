// SPDX-License-Identifier: MIT
// Where the admin listener is, as --admin says it: HOST:PORT, unix:PATH or off.
#ifndef STROWGER_SERVER_ADMIN_PLACE_H
#define STROWGER_SERVER_ADMIN_PLACE_H

#include <stdbool.h>

#include "server/listen.h"

// Where it is when nothing else is said and the port is free.
#define ADMIN_PLACE_DEFAULT "127.0.0.1:9888"

struct admin_place {
    bool is_off;
    const char *socket_path; // NULL: WHERE says it
    struct listen_place where;
};

// Reads TEXT, which must live as long as P; NULL is ADMIN_PLACE_DEFAULT. 0 or -EINVAL.
[[gnu::warn_unused_result]] int admin_place_parse(struct admin_place *p, const char *text);

#endif
