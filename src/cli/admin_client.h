// SPDX-License-Identifier: MIT
// How a subcommand asks a running server, at the admin listener that the server's own settings name.
#ifndef STROWGER_CLI_ADMIN_CLIENT_H
#define STROWGER_CLI_ADMIN_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "config/config.h"
#include "server/admin_place.h"

// A flag of a subcommand's own.
struct admin_flag {
    const char *name;     // "--json"
    bool *is_there;       // for one without a value, else NULL
    const char **value;   // for one with a value, else NULL
    const char *argument; // what stands for that in the help, or ""
    const char *help;
};

// What there is to say of a subcommand.
struct admin_usage {
    const char *name, *summary;
    const struct admin_flag *flags;
    size_t n_flags;
};

struct admin_client {
    struct config_set settings;
    struct admin_place place;
    int fd;         // of the connection that the answer comes over, or -1
    struct buf in;  // what has come of it
    size_t n_taken; // bytes of that which were taken
};

enum { ADMIN_CLIENT_GO_ON = -1 };

// Reads the command line of the subcommand that U describes: its own flags, and any of the server's options, of which
// --admin counts. ADMIN_CLIENT_GO_ON, or the exit status to end with after all was said; admin_client_fini() is due in any
// case.
[[gnu::warn_unused_result]] int admin_client_init(struct admin_client *c, int argc, char **argv,
                                                  const struct admin_usage *u);

// Asks for TARGET, whose answer can then be read. ADMIN_CLIENT_GO_ON, or the exit status to end with after saying why.
[[gnu::warn_unused_result]] int admin_client_get(struct admin_client *c, const char *target);

// Waits up to MS milliseconds for the answer's next line. 1 with *LINE it, without its end and valid until the next call,
// 0 when the answer has ended, -EAGAIN when nothing came, or another negative errno.
[[gnu::warn_unused_result]] int admin_client_next_line(struct admin_client *c, int ms, struct span *line);

// Closes and frees what C holds.
void admin_client_fini(struct admin_client *c);

#endif
