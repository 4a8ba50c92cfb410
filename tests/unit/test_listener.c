// SPDX-License-Identifier: MIT
// Unit tests of net/listener.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/log.h"
#include "loopback.h"
#include "net/listener.h"
#include "net/sock.h"

enum { MAX_FDS = 300 };

struct fixture {
    struct loopback loopback;
    struct listener listener;
    int fds[MAX_FDS];
    int n;
};

static void on_accept(struct listener *l, int fd)
{
    struct fixture *f = l->user;
    assert_in_range(f->n, 0, MAX_FDS - 1);
    f->fds[f->n++] = fd;
}

static struct fixture *open_at(const char *host)
{
    static struct fixture f;
    struct sockaddr_storage addr;
    f = (struct fixture){ .listener = { .on_accept = on_accept, .user = &f } };
    loopback_init(&f.loopback);
    assert_int_equal(sock_resolve(host, 0, &addr, 1), 1);
    int fd = sock_bind((struct sockaddr *)&addr, SOCK_STREAM, false);
    assert_true(fd >= 0);
    assert_int_equal(listener_open(&f.listener, &f.loopback.worker.loop, &f.loopback.worker.clock.deadlines, fd), 0);
    f.listener.on_accept = on_accept;
    f.listener.user = &f;
    assert_int_equal(listener_start(&f.listener), 0);
    return &f;
}

static void end(struct fixture *f)
{
    listener_close(&f->listener);
    loopback_fini(&f->loopback);
    while (f->n)
        close(f->fds[--f->n]);
}

// A non-blocking connection attempt to F at HOST.
static int dial(const struct fixture *f, const char *host)
{
    struct sockaddr_storage addr;
    assert_int_equal(sock_resolve(host, listener_port(&f->listener), &addr, 1), 1);
    int fd = socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    int err = connect(fd, (struct sockaddr *)&addr, sock_len((struct sockaddr *)&addr));
    assert_true(err == 0 || errno == EINPROGRESS);
    return fd;
}

static void connections_are_handed_over(void **state)
{
    (void)state;
    struct fixture *f = open_at("127.0.0.1");
    int on = 0;
    socklen_t len = sizeof on;
    assert_in_range(listener_port(&f->listener), 1, 65535);
    int fd = dial(f, "127.0.0.1");
    RUN_UNTIL(&f->loopback, f->n == 1);
    assert_true(fcntl(f->fds[0], F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(f->fds[0], F_GETFD) & FD_CLOEXEC);
    assert_int_equal(getsockopt(f->fds[0], IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
    assert_int_equal(on, 1);
    close(fd);
    end(f);
}

static void every_address_means_both_families(void **state)
{
    (void)state;
    struct fixture *f = open_at(NULL);
    int fds[] = { dial(f, "127.0.0.1"), dial(f, "::1"), dial(f, "127.0.0.9") };
    RUN_UNTIL(&f->loopback, f->n == 3);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    end(f);
}

// More than are accepted in one turn.
static void a_crowd_gets_in(void **state)
{
    (void)state;
    enum { N = 200 };
    struct fixture *f = open_at("127.0.0.1");
    int fds[N];
    for (int i = 0; i < N; i++)
        fds[i] = dial(f, "127.0.0.1");
    RUN_UNTIL(&f->loopback, f->n == N);
    for (int i = 0; i < N; i++)
        close(fds[i]);
    end(f);
}

static void a_taken_port_is_an_error(void **state)
{
    (void)state;
    struct fixture *f = open_at("127.0.0.1");
    struct listener second, third;
    struct sockaddr_storage addr;
    struct worker *w = &f->loopback.worker;
    // Two may be bound to a port while neither listens.
    assert_int_equal(sock_resolve("127.0.0.1", 0, &addr, 1), 1);
    int fd = sock_bind((struct sockaddr *)&addr, SOCK_STREAM, false);
    sock_set_port((struct sockaddr *)&addr, sock_bound_port(fd));
    int other = sock_bind((struct sockaddr *)&addr, SOCK_STREAM, false);
    assert_int_equal(listener_open(&second, &w->loop, &w->clock.deadlines, fd), 0);
    assert_int_equal(listener_open(&third, &w->loop, &w->clock.deadlines, other), 0);
    assert_int_equal(listener_start(&second), 0);
    assert_int_equal(listener_start(&third), -EADDRINUSE);
    listener_close(&second);
    listener_close(&third);
    end(f);
}

static void nobody_gets_in_after_closing(void **state)
{
    (void)state;
    struct fixture *f = open_at("127.0.0.1");
    struct sockaddr_storage addr;
    assert_int_equal(sock_resolve("127.0.0.1", listener_port(&f->listener), &addr, 1), 1);
    listener_close(&f->listener);
    loopback_settle(&f->loopback);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(struct sockaddr_in)), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);
    loopback_fini(&f->loopback);
    assert_int_equal(f->n, 0);
}

// Takes every descriptor the process may have but SPARE. Returns how many it took.
static int use_up_descriptors(int *taken, int max, int spare)
{
    int n = 0;
    while (n < max && (taken[n] = dup(0)) >= 0)
        n++;
    assert_int_equal(errno, EMFILE);
    while (spare--)
        close(taken[--n]);
    return n;
}

// In a process of its own, whose limit it lowers: 0, or the line where it went wrong (below 256, to be an exit status).
static int run_out_of_descriptors(void)
{
    enum { LIMIT = 64, WAITING = 3 };
    struct fixture *f = open_at("127.0.0.1");
    int fds[WAITING], taken[LIMIT];
    log_set_level(LOG_ERROR);
    for (int i = 0; i < WAITING; i++)
        fds[i] = dial(f, "127.0.0.1");
    struct rlimit limit = { .rlim_cur = LIMIT, .rlim_max = LIMIT };
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return __LINE__;
    int n_taken = use_up_descriptors(taken, LIMIT, 1);
    RUN_UNTIL(&f->loopback, f->listener.is_paused);
    if (f->n != 1) // the one descriptor that was left
        return __LINE__;
    if (uv_is_active((uv_handle_t *)&f->listener.poll)) // it would spin
        return __LINE__;
    uint64_t paused_at = uv_now(&f->loopback.worker.loop);
    RUN_UNTIL(&f->loopback,
              uv_now(&f->loopback.worker.loop) > paused_at + 2 * LISTENER_RETRY_MS); // it tries again, in vain
    if (f->n != 1 || !f->listener.is_paused || uv_is_active((uv_handle_t *)&f->listener.poll))
        return __LINE__;
    for (int i = 0; i < WAITING; i++) // one more than is needed to see that nobody waits any more
        close(taken[--n_taken]);
    RUN_UNTIL(&f->loopback, f->n == WAITING); // who waited was not lost
    if (f->listener.is_paused)
        return __LINE__;
    for (int i = 0; i < WAITING; i++)
        close(fds[i]);
    end(f);
    return 0;
}

static void without_descriptors_it_pauses_and_resumes(void **state)
{
    (void)state;
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(run_out_of_descriptors());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_are_handed_over),
        cmocka_unit_test(every_address_means_both_families),
        cmocka_unit_test(a_crowd_gets_in),
        cmocka_unit_test(a_taken_port_is_an_error),
        cmocka_unit_test(nobody_gets_in_after_closing),
        cmocka_unit_test(without_descriptors_it_pauses_and_resumes),
    };
    return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
