// SPDX-License-Identifier: MIT
// Unit tests of host/inherited.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/inherited.h"
#include "net/sock.h"
#include "scratch_dir.h"

static struct sockaddr_storage address(const char *host, int port)
{
    struct sockaddr_storage addr;
    assert_int_equal(sock_resolve(host, port, &addr, 1), 1);
    return addr;
}

#define AT(host, port) ((struct sockaddr *)(struct sockaddr_storage[]){ address(host, port) })

static int bound(const char *host, int port, int type, bool is_shared)
{
    int fd = sock_bind(AT(host, port), type, is_shared);
    assert_true(fd >= 0);
    return fd;
}

static uint64_t cookie(int fd)
{
    uint64_t value = 0;
    socklen_t len = sizeof value;
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &value, &len), 0);
    return value;
}

// Opens number I of N at HOST and PORT, and returns which socket that is.
static uint64_t opened(struct inherited *in, const char *host, int port, size_t i, size_t n)
{
    int fd = inherited_open(in, AT(host, port), SOCK_STREAM, i, n);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    uint64_t c = cookie(fd);
    close(fd);
    return c;
}

static void each_station_takes_one(void **state)
{
    (void)state;
    struct inherited in = { 0 };
    int first = bound("127.0.0.1", 0, SOCK_STREAM, true), port = sock_bound_port(first);
    int second = bound("127.0.0.1", port, SOCK_STREAM, true);
    uint64_t a = cookie(first), b = cookie(second);
    assert_int_equal(inherited_add(&in, first), 0);
    assert_int_equal(inherited_add(&in, second), 0);
    assert_int_equal(opened(&in, "127.0.0.1", port, 0, 3), a);
    assert_int_equal(opened(&in, "127.0.0.1", port, 1, 3), b);
    uint64_t c = opened(&in, "127.0.0.1", port, 2, 3); // a new one beside them
    assert_true(c != a && c != b);
    assert_int_equal(inherited_open(&in, AT("127.0.0.1", port), SOCK_STREAM, 3, 3), -ENOENT);
    assert_int_equal(inherited_open(&in, AT("127.0.0.1", port), SOCK_STREAM, 2, 1), -ENOENT);
    inherited_reset(&in);
    assert_int_equal(opened(&in, "127.0.0.1", port, 0, 1), a);
    assert_int_equal(opened(&in, "127.0.0.1", port, 1, 1), b); // one station has both
    assert_true(in.list[0].is_used && in.list[1].is_used);
    inherited_fini(&in);
}

// A station has room for each once.
static void no_two_places_take_the_same(void **state)
{
    (void)state;
    struct inherited in = { 0 };
    int first = bound("127.0.0.1", 0, SOCK_STREAM, true), port = sock_bound_port(first);
    int second = bound("127.0.0.1", port, SOCK_STREAM, true);
    uint64_t a = cookie(first), b = cookie(second);
    assert_int_equal(inherited_add(&in, first), 0);
    assert_int_equal(inherited_add(&in, second), 0);
    assert_int_equal(opened(&in, "0.0.0.0", port, 0, 1), a);
    assert_int_equal(opened(&in, "0.0.0.0", port, 1, 1), b);
    opened(&in, "127.0.0.1", port, 0, 1); // whatever that is, it is the only one
    assert_int_equal(inherited_open(&in, AT("127.0.0.1", port), SOCK_STREAM, 1, 1), -ENOENT);
    inherited_fini(&in);
}

static void what_is_not_to_be_shared_is_listened_to_by_all(void **state)
{
    (void)state;
    struct inherited in = { 0 };
    int fd = bound("127.0.0.1", 0, SOCK_STREAM, false), port = sock_bound_port(fd);
    uint64_t a = cookie(fd);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(inherited_add(&in, fd), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(opened(&in, "127.0.0.1", port, i, 3), a);
    inherited_fini(&in);
}

static bool has_ipv6(void)
{
    int fd = sock_bind(AT("::1", 0), SOCK_STREAM, false);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void a_place_takes_what_is_at_its_address(void **state)
{
    (void)state;
    struct inherited in = { 0 };
    int fd = bound("127.0.0.2", 0, SOCK_STREAM, false), port = sock_bound_port(fd);
    assert_int_equal(inherited_add(&in, fd), 0);
    assert_true(inherited_has(&in, AT("127.0.0.2", port), SOCK_STREAM));
    assert_false(inherited_has(&in, AT("127.0.0.2", port), SOCK_DGRAM));
    assert_false(inherited_has(&in, AT("127.0.0.2", port - 1), SOCK_STREAM));
    assert_false(inherited_has(&in, AT("127.0.0.1", port), SOCK_STREAM));
    assert_false(inherited_has(&in, AT("::1", port), SOCK_STREAM));
    assert_true(inherited_has(&in, AT("0.0.0.0", port), SOCK_STREAM)); // every address is this one too
    assert_true(inherited_has(&in, AT("::", port), SOCK_STREAM));
    assert_false(in.list[0].is_used);
    inherited_fini(&in);
}

static void a_place_for_both_families_takes_either(void **state)
{
    (void)state;
    if (!has_ipv6())
        skip();
    struct inherited in = { 0 };
    int ipv6 = bound("::1", 0, SOCK_STREAM, false), any = bound("::", 0, SOCK_STREAM, false);
    int ipv6_port = sock_bound_port(ipv6), any_port = sock_bound_port(any);
    assert_int_equal(inherited_add(&in, ipv6), 0);
    assert_int_equal(inherited_add(&in, any), 0);
    assert_true(inherited_has(&in, AT("::", ipv6_port), SOCK_STREAM));
    assert_false(inherited_has(&in, AT("0.0.0.0", ipv6_port), SOCK_STREAM)); // another place may be there
    assert_true(inherited_has(&in, AT("0.0.0.0", any_port), SOCK_STREAM));   // as a supervisor binds it for both
    inherited_fini(&in);
}

static void any_port_is_one_that_nobody_else_uses(void **state)
{
    (void)state;
    struct inherited in = { 0 };
    int first = bound("127.0.0.1", 0, SOCK_STREAM, false), second = bound("127.0.0.1", 0, SOCK_STREAM, false);
    uint64_t a = cookie(first), b = cookie(second);
    assert_int_equal(inherited_add(&in, first), 0);
    assert_int_equal(inherited_add(&in, second), 0);
    assert_int_equal(opened(&in, "127.0.0.1", 0, 0, 1), a);
    assert_int_equal(opened(&in, "127.0.0.1", 0, 0, 1), b);
    assert_false(inherited_has(&in, AT("127.0.0.1", 0), SOCK_STREAM));
    inherited_reset(&in);
    assert_int_equal(opened(&in, "127.0.0.1", 0, 0, 1), a);
    inherited_fini(&in);
}

static void the_same_socket_counts_once(void **state)
{
    (void)state;
    struct inherited in = { 0 };
    int fd = bound("127.0.0.1", 0, SOCK_DGRAM, false), other = dup(fd);
    assert_int_equal(inherited_add(&in, fd), 0);
    assert_int_equal(inherited_add(&in, other), 0);
    assert_int_equal(in.n, 1);
    assert_int_equal(fcntl(other, F_GETFD), -1);
    inherited_fini(&in);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void what_is_not_for_listening_is_refused(void **state)
{
    (void)state;
    struct inherited in = { 0 };
    int pair[2] = { -1, -1 }, listening = bound("127.0.0.1", 0, SOCK_STREAM, false);
    assert_int_equal(listen(listening, 1), 0);
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(connection, AT("127.0.0.1", sock_bound_port(listening)), sizeof(struct sockaddr_in)), 0);
    assert_int_equal(inherited_add(&in, connection), -EINVAL);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(inherited_add(&in, pair[0]), -EINVAL);
    close(pair[1]);
    assert_int_equal(inherited_add(&in, open("/dev/null", O_RDONLY)), -ENOTSOCK);
    assert_int_equal(in.n, 0);
    close(listening);
    inherited_fini(&in);
}

static int from_environment(struct inherited *in, const char *pid, const char *fds, char error[INHERITED_ERROR_LEN])
{
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", fds, 1);
    int err = inherited_from_environment(in, error);
    assert_null(getenv("LISTEN_PID"));
    assert_null(getenv("LISTEN_FDS"));
    return err;
}

static void the_environment_says_how_many(void **state)
{
    (void)state;
    struct inherited in = { 0 };
    char error[INHERITED_ERROR_LEN], own[16];
    snprintf(own, sizeof own, "%d", getpid());
    int fd = bound("127.0.0.1", 0, SOCK_STREAM, false);
    assert_true(dup2(fd, 3) == 3);
    if (fd != 3)
        close(fd);
    assert_int_equal(inherited_from_environment(&in, error), 0);
    assert_int_equal(from_environment(&in, "1", "1", error), 0); // for somebody else
    assert_int_equal(in.n, 0);
    static const char *const wrong[] = { "", "x", "-1", "1x", "99999" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(from_environment(&in, own, wrong[i], error), -EINVAL);
    assert_int_equal(from_environment(&in, own, "1", error), 0);
    assert_int_equal(in.n, 1);
    assert_int_equal(in.list->fd, 3);
    assert_true(fcntl(3, F_GETFD) & FD_CLOEXEC);
    inherited_fini(&in);
    assert_int_equal(from_environment(&in, own, "1", error), -EINVAL); // 3 is nothing now
    assert_string_equal(error, "descriptor 3 of LISTEN_FDS: Bad file descriptor");
}

// Whether that in the file system at PATH is somebody's who goes on holding it.
static bool is_held(struct inherited *in, const char *path)
{
    bool held = false;
    int fd = inherited_open_path(in, path, &held);
    assert_true(fd >= 0);
    close(fd);
    return held;
}

static void what_a_supervisor_hands_down_stays_its_own(void **state)
{
    (void)state;
    struct inherited in = { 0 };
    struct scratch_dir dir;
    char error[INHERITED_ERROR_LEN], number[16], path[3][80];
    int fds[2];
    scratch_dir_init(&dir, (struct scratch_entry[]){ { 0 } });
    for (int i = 0; i < 3; i++)
        snprintf(path[i], sizeof path[i], "%s/%d", dir.path, i);
    for (int i = 0; i < 2; i++)
        assert_true((fds[i] = sock_bind_path(path[i], SOCK_STREAM)) >= 0);
    assert_int_equal(dup2(fds[0], 3), 3);
    snprintf(number, sizeof number, "%d", getpid());
    assert_int_equal(from_environment(&in, number, "1", error), 0);
    assert_int_equal(inherited_add(&in, fcntl(fds[1], F_DUPFD_CLOEXEC, 10)), 0); // as a predecessor hands it over
    assert_true(is_held(&in, path[0]));
    assert_false(is_held(&in, path[1]));
    assert_false(is_held(&in, path[2])); // made just now
    inherited_fini(&in);
    for (int i = 0; i < 2; i++)
        if (fds[i] != 3)
            close(fds[i]);
    scratch_dir_fini(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_station_takes_one),
        cmocka_unit_test(no_two_places_take_the_same),
        cmocka_unit_test(what_is_not_to_be_shared_is_listened_to_by_all),
        cmocka_unit_test(a_place_takes_what_is_at_its_address),
        cmocka_unit_test(a_place_for_both_families_takes_either),
        cmocka_unit_test(any_port_is_one_that_nobody_else_uses),
        cmocka_unit_test(the_same_socket_counts_once),
        cmocka_unit_test(what_is_not_for_listening_is_refused),
        cmocka_unit_test(the_environment_says_how_many),
        cmocka_unit_test(what_a_supervisor_hands_down_stays_its_own),
    };
    return cmocka_run_group_tests_name("inherited", tests, NULL, NULL);
}
