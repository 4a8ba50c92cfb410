// SPDX-License-Identifier: MIT
// How a subcommand asks a running server; see admin_client.h.
#include "cli/admin_client.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/subcommand.h"

enum { TIMEOUT_S = 5, MAX_PLACE = 300 };

// ---- the command line

static const struct admin_flag *find_flag(const struct admin_usage *u, const char *name)
{
    for (size_t i = 0; i < u->n_flags; i++)
        if (strcmp(u->flags[i].name, name) == 0)
            return &u->flags[i];
    return NULL;
}

// Takes U's own flags out of ARGV. Returns how many arguments are left, or -1 after saying what is wrong.
static int take_flags(int argc, char **argv, const struct admin_usage *u)
{
    int n = 0;
    for (int i = 0; i < argc; i++) {
        const struct admin_flag *flag = i ? find_flag(u, argv[i]) : NULL;
        if (!flag) {
            argv[n++] = argv[i];
        } else if (flag->is_there) {
            *flag->is_there = true;
        } else if (i + 1 < argc) {
            *flag->value = argv[++i];
        } else {
            fprintf(stderr, "strowger %s: %s needs a value: %s\n", u->name, flag->name, flag->argument);
            return -1;
        }
    }
    return n;
}

static void print_help(const struct admin_usage *u)
{
    printf("usage: strowger %s [OPTION]...\n\n%s\n\noptions:\n", u->name, u->summary);
    for (size_t i = 0; i < u->n_flags; i++)
        printf("  %s %-*s %s\n", u->flags[i].name, (int)(14 - strlen(u->flags[i].name)), u->flags[i].argument,
               u->flags[i].help);
    printf("  --admin ADDRESS where the server's admin listener is: HOST:PORT or unix:PATH [" ADMIN_PLACE_DEFAULT "]\n"
           "\nAny other option of the server's may stand there too, so that both can be started alike.\n");
}

int admin_client_init(struct admin_client *c, int argc, char **argv, const struct admin_usage *u)
{
    *c = (struct admin_client){ .timeout_s = TIMEOUT_S };
    int n = take_flags(argc, argv, u);
    if (n < 0)
        return EXIT_USAGE;
    enum config_result result =
        config_read(&c->settings, n, argv, (struct fault_sink){ subcommand_complain, (void *)u->name });
    if (result == CONFIG_HELP) {
        print_help(u);
        return EXIT_OK;
    }
    if (result == CONFIG_VERSION)
        subcommand_complain((void *)u->name, "--version stands alone");
    if (result != CONFIG_OK)
        return result == CONFIG_WRONG ? EXIT_FAILED : EXIT_USAGE;
    const char *admin = c->settings.sites[0].admin;
    if (admin_place_parse(&c->place, admin) == 0 && !c->place.is_off)
        return ADMIN_CLIENT_GO_ON;
    fprintf(stderr, "strowger %s: --admin needs HOST:PORT or unix:PATH here, not '%s'\n", u->name, admin);
    return EXIT_USAGE;
}

void admin_client_fini(struct admin_client *c)
{
    if (c->answer)
        fclose(c->answer);
    config_free(&c->settings);
}

// ---- asking

static void put_place(const struct admin_place *p, char out[MAX_PLACE])
{
    if (p->socket_path)
        snprintf(out, MAX_PLACE, "unix:%s", p->socket_path);
    else
        snprintf(out, MAX_PLACE, "%s port %d", *p->where.host ? p->where.host : "localhost", p->where.port);
}

// The descriptor of a connection to ADDR, or -1.
static int dial(const struct sockaddr *addr, socklen_t len, int timeout_s)
{
    struct timeval limit = { .tv_sec = timeout_s };
    int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 && connect(fd, addr, len) == 0)
        return fd;
    int err = errno;
    if (fd >= 0)
        close(fd);
    errno = err;
    return -1;
}

static int dial_path(const struct admin_client *c)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    if (snprintf(addr.sun_path, sizeof addr.sun_path, "%s", c->place.socket_path) < (int)sizeof addr.sun_path)
        return dial((struct sockaddr *)&addr, sizeof addr, c->timeout_s);
    errno = ENAMETOOLONG;
    return -1;
}

static int dial_port(const struct admin_client *c)
{
    const struct listen_place *where = &c->place.where;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
    char port[16];
    int fd = -1;
    snprintf(port, sizeof port, "%d", where->port);
    errno = EADDRNOTAVAIL;
    if (getaddrinfo(*where->host ? where->host : NULL, port, &hints, &found) != 0)
        return -1;
    for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next)
        fd = dial(a->ai_addr, a->ai_addrlen, c->timeout_s);
    freeaddrinfo(found);
    return fd;
}

// The status of the answer in F, which is then read up to its body; 0 when there is none.
static int read_head(FILE *f)
{
    char line[1024];
    int status = 0;
    if (!fgets(line, sizeof line, f) || sscanf(line, "HTTP/1.1 %d", &status) != 1)
        return 0;
    while (fgets(line, sizeof line, f))
        if (strcmp(line, "\r\n") == 0)
            return status;
    return 0;
}

static int fail(const struct admin_client *c, const char *reason)
{
    char place[MAX_PLACE];
    put_place(&c->place, place);
    fprintf(stderr, "strowger: no answer from the admin listener at %s: %s; --admin says where it is\n", place, reason);
    return EXIT_FAILED;
}

int admin_client_get(struct admin_client *c, const char *target)
{
    if (c->answer)
        fclose(c->answer);
    int fd = c->place.socket_path ? dial_path(c) : dial_port(c);
    c->answer = fd < 0 ? NULL : fdopen(fd, "r+");
    if (!c->answer)
        return fail(c, strerror(errno));
    fprintf(c->answer, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
    fflush(c->answer);
    errno = 0;
    int status = read_head(c->answer);
    if (!status)
        return fail(c, errno == EAGAIN ? "it took too long" : "it does not speak HTTP as we do");
    if (status == 200)
        return ADMIN_CLIENT_GO_ON;
    char reason[256];
    if (!fgets(reason, sizeof reason, c->answer))
        snprintf(reason, sizeof reason, "status %d\n", status);
    fprintf(stderr, "strowger: the server says: %s", reason);
    return EXIT_FAILED;
}
