// SPDX-License-Identifier: MIT
// `strowger health`: whether a running server is well, for a container's HEALTHCHECK.
#include <stdio.h>

#include "cli/admin_client.h"
#include "cli/subcommand.h"

static int run(int argc, char **argv)
{
    static const struct admin_usage usage = {
        .name = "health", .summary = "Asks a running server whether all of its workers answer: exit status 0, or 1."
    };
    struct admin_client client;
    int status = admin_client_init(&client, argc, argv, &usage);
    if (status == ADMIN_CLIENT_GO_ON)
        status = admin_client_get(&client, "/healthz");
    if (status == ADMIN_CLIENT_GO_ON) {
        puts("ok");
        status = EXIT_OK;
    }
    admin_client_fini(&client);
    return status;
}

const struct subcommand subcommand_health = {
    .name = "health",
    .summary = "ask a running server whether it is well: exit status 0, or 1",
    .run = run,
};
