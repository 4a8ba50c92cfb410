// SPDX-License-Identifier: MIT
// strowger, a WebRTC signaling server: command line in, exit status out.
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/log.h"
#include "cli/configured.h"
#include "cli/help.h"
#include "cli/subcommand.h"
#include "config/config.h"
#include "dialect/dialect.h"
#include "server/server.h"

static void print_help(const struct subcommand *none)
{
    (void)none;
    puts("strowger: a WebRTC signaling server\n"
         "\n"
         "usage: strowger [OPTION]...\n"
         "       strowger SUBCOMMAND [OPTION]...\n"
         "\n"
         "Listens for HTTP and WebSocket on TCP, and for STUN on UDP, and logs the\n"
         "address to open. To begin with:\n"
         "\n"
         "  strowger                      http on port 8888\n"
         "  strowger --dev                https too, for cameras of other machines\n"
         "  strowger --tls-cert FILE --tls-key FILE --port 443\n"
         "  strowger --config FILE        `strowger reference sample` prints one\n"
         "  strowger check --config FILE  what is wrong with it");
    help_put_options(stdout);
    subcommand_print_list();
    puts("\nDialects:");
    const struct dialect *d;
    for (size_t i = 0; (d = dialect_at(i)); i++)
        help_put_item(stdout, d->name, d->summary);
    printf("\nMounted by default:");
    for (size_t i = 0; site_default_mounts[i]; i++)
        printf(" %s", site_default_mounts[i]);
    puts("\n(\"/\" takes every path that no other mount claims)");
}

// A SIGHUP that comes while this starts waits until it is watched for, rather than end it.
static void put_off_hangup(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int serve(struct config_set *set)
{
    static struct server server;
    char error[SERVER_ERROR_LEN];
    log_find_journal();
    log_set_level((enum log_level)set->sites[0].log_level);
    log_set_format((enum log_format)set->sites[0].log_format);
    int err = server_start(&server, set, error);
    if (err) {
        subcommand_complain(NULL, error);
        return err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
    }
    server_run(&server);
    server_stop(&server);
    return EXIT_OK;
}

// STATUS, or that of a failure when what was printed did not all get out, onto a full disk say.
static int finish(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    subcommand_complain(NULL, "not all could be written to stdout");
    return EXIT_FAILED;
}

static int run(int argc, char **argv)
{
    const struct subcommand *subcommand = argc > 1 ? subcommand_find(argv[1]) : NULL;
    if (subcommand)
        return subcommand->run(argc - 1, argv + 1);
    if (argc > 1 && argv[1][0] != '-') {
        subcommand_complain_unknown(argv[1]);
        return EXIT_USAGE;
    }
    put_off_hangup();
    return configured_run(NULL, argc, argv, serve, print_help);
}

int main(int argc, char **argv)
{
    return finish(run(argc, argv));
}
