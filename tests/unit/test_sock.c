// SPDX-License-Identifier: MIT
// Unit tests of net/sock.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "net/sock.h"

enum { MAX = 16 };

static struct sockaddr *generic(struct sockaddr_storage *addr)
{
    return (struct sockaddr *)addr;
}

// The one address that HOST, numeric, is; the text it gives back is TEXT.
static struct sockaddr_storage resolve_one(const char *host, int port, const char *text)
{
    struct sockaddr_storage addrs[MAX];
    char out[SOCK_TEXT_LEN];
    assert_int_equal(sock_resolve(host, port, addrs, MAX), 1);
    sock_format(generic(&addrs[0]), out);
    assert_string_equal(out, text);
    assert_int_equal(sock_port(generic(&addrs[0])), port);
    return addrs[0];
}

static void numeric_hosts_are_what_they_say(void **state)
{
    (void)state;
    struct sockaddr_storage addr = resolve_one("127.0.0.1", 80, "127.0.0.1:80");
    assert_int_equal(sock_len(generic(&addr)), sizeof(struct sockaddr_in));
    assert_false(sock_is_wildcard(generic(&addr)));
    addr = resolve_one("::1", 65535, "[::1]:65535");
    assert_int_equal(sock_len(generic(&addr)), sizeof(struct sockaddr_in6));
    assert_false(sock_is_wildcard(generic(&addr)));
    addr = resolve_one("0.0.0.0", 0, "0.0.0.0:0");
    assert_true(sock_is_wildcard(generic(&addr)));
    addr = resolve_one("::", 1, "[::]:1");
    assert_true(sock_is_wildcard(generic(&addr)));
    resolve_one("::ffff:127.0.0.2", 5, "127.0.0.2:5");
    resolve_one("2001:db8:1111:2222:3333:4444:5555:6666", 65535, "[2001:db8:1111:2222:3333:4444:5555:6666]:65535");
}

static void ports_can_be_set(void **state)
{
    (void)state;
    struct sockaddr_storage addr = resolve_one("127.0.0.1", 1, "127.0.0.1:1");
    sock_set_port(generic(&addr), 256);
    assert_int_equal(sock_port(generic(&addr)), 256);
    addr = resolve_one("::1", 1, "[::1]:1");
    sock_set_port(generic(&addr), 65534);
    assert_int_equal(sock_port(generic(&addr)), 65534);
}

static void no_host_is_every_address(void **state)
{
    (void)state;
    struct sockaddr_storage addrs[MAX];
    assert_int_equal(sock_resolve(NULL, 4, addrs, MAX), 1);
    assert_true(sock_is_wildcard(generic(&addrs[0])));
    assert_int_equal(sock_port(generic(&addrs[0])), 4);
    assert_int_equal(sock_resolve(NULL, 4, addrs, 0), 0);
}

static void localhost_is_on_this_machine(void **state)
{
    (void)state;
    struct sockaddr_storage addrs[MAX];
    int n = sock_resolve("localhost", 7, addrs, MAX);
    assert_in_range(n, 1, MAX);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(&addrs[i], &addrs[j], sock_len(generic(&addrs[i]))); // each is bound once
}

static void what_is_no_host_is_an_error(void **state)
{
    (void)state;
    struct sockaddr_storage addrs[MAX];
    int err = sock_resolve("256.0.0.1.", 1, addrs, MAX);
    assert_true(err < 0);
    assert_true(strlen(gai_strerror(err)) > 0);
    assert_true(sock_resolve("", 1, addrs, MAX) <= 0);
    assert_true(sock_resolve("a b", 1, addrs, MAX) < 0);
}

static void a_bound_socket_knows_its_port(void **state)
{
    (void)state;
    static const char *const hosts[] = { "127.0.0.1", "::1" };
    for (int i = 0; i < 4; i++) {
        struct sockaddr_storage addrs[MAX];
        int type = i % 2 ? SOCK_DGRAM : SOCK_STREAM;
        assert_int_equal(sock_resolve(hosts[i / 2], 0, addrs, MAX), 1);
        int fd = sock_bind(generic(&addrs[0]), type, false);
        assert_true(fd >= 0);
        int port = sock_bound_port(fd);
        assert_in_range(port, 1, 65535);
        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        assert_int_equal(listen(fd, 1), type == SOCK_STREAM ? 0 : -1);
        sock_set_port(generic(&addrs[0]), port);
        assert_int_equal(sock_bind(generic(&addrs[0]), type, false), -EADDRINUSE); // also for datagrams
        close(fd);
    }
    assert_int_equal(sock_bound_port(-1), -EBADF);
}

// One IPv6 socket for both families when every address is meant, and IPv6 alone when one is.
static void only_the_wildcard_takes_both_families(void **state)
{
    (void)state;
    struct sockaddr_storage addrs[MAX];
    int v6_only = -1;
    socklen_t len = sizeof v6_only;
    assert_int_equal(sock_resolve("::", 0, addrs, MAX), 1);
    int fd = sock_bind(generic(&addrs[0]), SOCK_STREAM, false);
    assert_int_equal(getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, &len), 0);
    assert_int_equal(v6_only, 0);
    close(fd);
    assert_int_equal(sock_resolve("::1", 0, addrs, MAX), 1);
    fd = sock_bind(generic(&addrs[0]), SOCK_STREAM, false);
    assert_int_equal(getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, &len), 0);
    assert_int_equal(v6_only, 1);
    close(fd);
}

static void an_address_of_another_machine_is_refused(void **state)
{
    (void)state;
    struct sockaddr_storage addr = resolve_one("192.0.2.1", 0, "192.0.2.1:0");
    assert_int_equal(sock_bind(generic(&addr), SOCK_STREAM, false), -EADDRNOTAVAIL);
}

enum { PROBES = 8000 };

static void *probe(void *addr)
{
    for (int i = 0; i < PROBES; i++)
        assert_int_equal(sock_probe(addr, SOCK_STREAM), 0);
    return NULL;
}

// Whether somebody took the connection to ADDR at once, as it is done on one machine.
static bool can_connect(const struct sockaddr *addr)
{
    int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct tcp_info info;
    socklen_t len = sizeof info;
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, addr, sock_len(addr)), -1);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    close(fd);
    return info.tcpi_state == TCP_ESTABLISHED;
}

// Nobody connects to HOST's address of this machine LOCAL, while it is found out whether HOST is free.
static void assert_deaf(const char *host, const char *local)
{
    struct sockaddr_storage addr, to;
    assert_int_equal(sock_resolve(host, 0, &addr, 1), 1);
    assert_int_equal(sock_resolve(local, 0, &to, 1), 1);
    int fd = sock_bind(generic(&addr), SOCK_STREAM, false);
    if (fd < 0 && addr.ss_family == AF_INET6)
        return; // this machine has none
    sock_set_port(generic(&addr), sock_bound_port(fd));
    sock_set_port(generic(&to), sock_bound_port(fd));
    close(fd);
    pthread_t prober;
    assert_int_equal(pthread_create(&prober, NULL, probe, &addr), 0);
    size_t n = 0;
    while (pthread_tryjoin_np(prober, NULL) == EBUSY)
        n += can_connect(generic(&to));
    assert_int_equal(n, 0);
}

static void nobody_connects_to_a_probe(void **state)
{
    (void)state;
    assert_deaf("127.0.0.1", "127.0.0.1");
    assert_deaf("::1", "::1");
    assert_deaf("::", "::1");
    assert_deaf("::", "127.0.0.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numeric_hosts_are_what_they_say),
        cmocka_unit_test(ports_can_be_set),
        cmocka_unit_test(no_host_is_every_address),
        cmocka_unit_test(localhost_is_on_this_machine),
        cmocka_unit_test(what_is_no_host_is_an_error),
        cmocka_unit_test(a_bound_socket_knows_its_port),
        cmocka_unit_test(only_the_wildcard_takes_both_families),
        cmocka_unit_test(an_address_of_another_machine_is_refused),
        cmocka_unit_test(nobody_connects_to_a_probe),
    };
    return cmocka_run_group_tests_name("sock", tests, NULL, NULL);
}
