// SPDX-License-Identifier: MIT
// Idle callers in processes of their own; see crowd.h.
#include "crowd.h"

#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caller.h"

enum { SPARE_DESCRIPTORS = 64 };

static uint32_t callers_per_process(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= 2 * SPARE_DESCRIPTORS)
        errx(1, "too few file descriptors");
    return (uint32_t)limit.rlim_cur - SPARE_DESCRIPTORS;
}

// The life of one of the crowd's processes.
[[gnu::noreturn]] static void live(const struct options *o, uint32_t n, uint32_t first_id, int fd)
{
    static const struct caller_ops ops = { 0 };
    struct party party;
    struct caller *callers = calloc(n, sizeof *callers);
    if (!callers)
        err(1, "crowd");
    party_init(&party, o, &ops, NULL);
    party_open_all(&party, callers, n, first_id);
    if (party.n_broken == 0 && write(fd, "+", 1) != 1)
        err(1, "crowd");
    party_watch(&party, fd);
    while (party.n_broken == 0 && !party_turn(&party, -1))
        continue;
    party_close_all(&party, callers, n);
    if (party.n_broken > 0)
        warnx("crowd: %s", party.first_broken);
    _exit(party.n_broken > 0);
}

static void start_part(struct crowd *c, const struct options *o, uint32_t n, uint32_t first_id)
{
    int fds[2];
    pid_t parent = getpid();
    if (c->n_parts == CROWD_MAX_PROCESSES || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
        err(1, "crowd");
    pid_t pid = fork();
    if (pid < 0)
        err(1, "fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        for (uint32_t i = 0; i < c->n_parts; i++)
            close(c->parts[i].fd);
        close(fds[0]);
        live(o, n, first_id, fds[1]);
    }
    close(fds[1]);
    c->parts[c->n_parts].fd = fds[0];
    c->parts[c->n_parts++].pid = pid;
}

bool crowd_start(struct crowd *c, const struct options *o, uint32_t first_id)
{
    uint32_t most = callers_per_process();
    bool is_complete = true;
    *c = (struct crowd){ 0 };
    for (uint32_t n = 0; n < o->n_idle; n += most)
        start_part(c, o, o->n_idle - n < most ? o->n_idle - n : most, first_id + n);
    for (uint32_t i = 0; i < c->n_parts; i++) {
        char byte;
        is_complete &= read(c->parts[i].fd, &byte, 1) == 1;
    }
    return is_complete;
}

bool crowd_end(struct crowd *c)
{
    bool is_well = true;
    for (uint32_t i = 0; i < c->n_parts; i++)
        shutdown(c->parts[i].fd, SHUT_RDWR);
    for (uint32_t i = 0; i < c->n_parts; i++) {
        int status = 0;
        close(c->parts[i].fd);
        is_well &= waitpid(c->parts[i].pid, &status, 0) > 0 && status == 0;
    }
    c->n_parts = 0;
    return is_well;
}
