// SPDX-License-Identifier: MIT
// How a subcommand asks a running server; see admin_client.h.
#include "cli/admin_client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/subcommand.h"

enum { TIMEOUT_MS = 5000, MAX_PLACE = 300, MAX_TARGET = 4096, READ_AT_ONCE = 16 * 1024 };

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
    *c = (struct admin_client){ .fd = -1 };
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

// ---- asking

static void put_place(const struct admin_place *p, char out[MAX_PLACE])
{
    if (p->socket_path)
        snprintf(out, MAX_PLACE, "unix:%s", p->socket_path);
    else
        snprintf(out, MAX_PLACE, "%s port %d", *p->where.host ? p->where.host : "localhost", p->where.port);
}

// The descriptor of a connection to ADDR, or -1.
static int dial(const struct sockaddr *addr, socklen_t len)
{
    int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, addr, len) == 0)
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
        return dial((struct sockaddr *)&addr, sizeof addr);
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
        fd = dial(a->ai_addr, a->ai_addrlen);
    freeaddrinfo(found);
    return fd;
}

static int fail(const struct admin_client *c, const char *reason)
{
    char place[MAX_PLACE];
    put_place(&c->place, place);
    fprintf(stderr, "strowger: no answer from the admin listener at %s: %s; --admin says where it is\n", place, reason);
    return EXIT_FAILED;
}

static int send_request(const struct admin_client *c, const char *target)
{
    char text[MAX_TARGET + 128];
    int len = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
    return len < (int)sizeof text && send(c->fd, text, (size_t)len, MSG_NOSIGNAL) == len ? 0 : -EIO;
}

// Waits up to MS for more of the answer. 1, 0 at its end, or a negative errno.
static int read_more(struct admin_client *c, int ms)
{
    struct pollfd p = { .fd = c->fd, .events = POLLIN };
    int n = poll(&p, 1, ms);
    if (n <= 0)
        return n == 0 || errno == EINTR ? -EAGAIN : -errno;
    if (buf_reserve(&c->in, READ_AT_ONCE) != 0)
        return -ENOMEM;
    ssize_t len = recv(c->fd, c->in.p + c->in.len, READ_AT_ONCE, 0);
    if (len <= 0)
        return len < 0 ? -errno : 0;
    c->in.len += (size_t)len;
    return 1;
}

int admin_client_next_line(struct admin_client *c, int ms, struct span *line)
{
    const char *end;
    while (!c->in.len || !(end = memchr(c->in.p + c->n_taken, '\n', c->in.len - c->n_taken))) {
        if (c->n_taken) {
            memmove(c->in.p, c->in.p + c->n_taken, c->in.len - c->n_taken);
            c->in.len -= c->n_taken;
            c->n_taken = 0;
        }
        int n = read_more(c, ms);
        if (n <= 0)
            return n;
    }
    *line = (struct span){ c->in.p + c->n_taken, (size_t)(end - c->in.p) - c->n_taken };
    c->n_taken += line->len + 1;
    if (line->len && line->p[line->len - 1] == '\r')
        line->len--;
    return 1;
}

// The status of the answer, which is then read up to its body, or what admin_client_next_line() returned instead.
static int read_head(struct admin_client *c)
{
    struct span line;
    char number[4] = "";
    int n = admin_client_next_line(c, TIMEOUT_MS, &line);
    if (n == 1 && span_has_prefix(line, SPAN("HTTP/1.1 ")) && line.len >= 12)
        memcpy(number, line.p + 9, 3);
    while (n == 1 && line.len)
        n = admin_client_next_line(c, TIMEOUT_MS, &line);
    return n == 1 ? (int)strtol(number, NULL, 10) : n;
}

static void hang_up(struct admin_client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    buf_fini(&c->in);
    c->n_taken = 0;
    c->fd = -1;
}

int admin_client_get(struct admin_client *c, const char *target)
{
    struct span line = SPAN("");
    hang_up(c);
    c->fd = c->place.socket_path ? dial_path(c) : dial_port(c);
    if (c->fd < 0)
        return fail(c, strerror(errno));
    int status = send_request(c, target) == 0 ? read_head(c) : 0;
    if (status == 200)
        return ADMIN_CLIENT_GO_ON;
    if (status < 100)
        return fail(c, status == -EAGAIN ? "it took too long" : "it does not speak HTTP as we do");
    if (status == 404)
        return fail(c, "something else answers there, such as the clients' port");
    int n = admin_client_next_line(c, TIMEOUT_MS, &line);
    fprintf(stderr, "strowger: the server says: %.*s (%d)\n", n == 1 ? (int)line.len : 0, line.p, status);
    return EXIT_FAILED;
}

void admin_client_fini(struct admin_client *c)
{
    hang_up(c);
    config_free(&c->settings);
}
