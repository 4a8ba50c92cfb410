// SPDX-License-Identifier: MIT
// Unit tests of net/udp.h, with askers on loopback addresses of both families.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdio.h>

#include "loopback.h"
#include "net/sock.h"
#include "net/udp.h"

struct fixture {
    struct loopback loopback;
    struct udp udp;
    int port;
    size_t n_asked, last_len;
    char from[SOCK_TEXT_LEN];
};

// Answers "x..." with "yx..." cut to what fits, and anything else with silence.
static ssize_t on_datagram(struct udp *u, const uint8_t *p, size_t len, const struct sockaddr *from, uint8_t *out)
{
    struct fixture *f = u->user;
    f->n_asked++;
    f->last_len = len;
    sock_format(from, f->from);
    if (!len || p[0] != 'x')
        return len ? -1 : 0;
    size_t n = len < UDP_MAX_REPLY ? len : UDP_MAX_REPLY - 1;
    out[0] = 'y';
    memcpy(out + 1, p, n);
    return (ssize_t)n + 1;
}

static struct sockaddr_storage address(const char *host, int port)
{
    struct sockaddr_storage addr;
    assert_int_equal(sock_resolve(host, port, &addr, 1), 1);
    return addr;
}

static struct fixture *open_at(const char *host)
{
    static struct fixture f;
    f = (struct fixture){ .udp = { .on_datagram = on_datagram, .user = &f } };
    loopback_init(&f.loopback);
    struct sockaddr_storage addr = address(host, 0);
    int fd = sock_bind((struct sockaddr *)&addr, SOCK_DGRAM, false);
    assert_true(fd >= 0);
    assert_int_equal(udp_open(&f.udp, &f.loopback.worker.loop, fd), 0);
    f.port = sock_bound_port(f.udp.fd);
    return &f;
}

static void end(struct fixture *f)
{
    udp_close(&f->udp);
    loopback_fini(&f->loopback);
}

// A connected socket at HOST for asking TO: the kernel lets only answers from there through.
static void asker_init(struct far_end *asker, struct fixture *f, const char *host, const char *to)
{
    struct sockaddr_storage own = address(host, 0), other = address(to, f->port);
    int fd = sock_bind((struct sockaddr *)&own, SOCK_DGRAM, false);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&other, sock_len((struct sockaddr *)&other)), 0);
    far_end_init(asker, &f->loopback, fd);
}

static void assert_answers(const char *at, const char *host, const char *to)
{
    struct fixture *f = open_at(at);
    struct far_end asker;
    asker_init(&asker, f, host, to);
    far_end_send_text(&asker, "xyz");
    RUN_UNTIL(&f->loopback, far_end_has(&asker, "yxyz"));
    char wanted[SOCK_TEXT_LEN];
    snprintf(wanted, sizeof wanted, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, sock_bound_port(asker.fd));
    assert_string_equal(f->from, wanted);
    end(f);
    far_end_fini(&asker);
}

static void the_answer_leaves_from_the_address_asked(void **state)
{
    (void)state;
    assert_answers("127.0.0.1", "127.0.0.1", "127.0.0.1");
    assert_answers("127.0.0.2", "127.0.0.1", "127.0.0.2");
    assert_answers("0.0.0.0", "127.0.0.1", "127.0.0.1");
    assert_answers("0.0.0.0", "127.0.0.1", "127.0.0.2");
    assert_answers("0.0.0.0", "127.0.0.3", "127.0.0.2");
    assert_answers("::1", "::1", "::1");
    assert_answers("::", "::1", "::1");
    assert_answers("::", "127.0.0.1", "127.0.0.1"); // mapped
    assert_answers("::", "127.0.0.1", "127.0.0.2");
    assert_answers("::", "127.0.0.3", "127.0.0.2");
}

static void silence_is_kept_and_others_answered(void **state)
{
    (void)state;
    struct fixture *f = open_at("127.0.0.1");
    struct far_end a, b;
    asker_init(&a, f, "127.0.0.1", "127.0.0.1");
    asker_init(&b, f, "127.0.0.1", "127.0.0.1");
    for (int i = 0; i < 20; i++) {
        far_end_send_text(&a, "quiet");
        far_end_send_text(&b, i % 2 ? "x" : "quiet");
        far_end_send(&a, (struct span){ "", 0 });
    }
    RUN_UNTIL(&f->loopback, b.in.len == 20);
    assert_int_equal(f->n_asked, 60);
    assert_int_equal(a.n_reads, 0);
    assert_int_equal(b.n_reads, 10);
    end(f);
    far_end_fini(&a);
    far_end_fini(&b);
}

// More than a turn takes, from several at once: each gets its own.
static void many_are_answered_each_with_its_own(void **state)
{
    (void)state;
    enum { ASKERS = 10, EACH = 15 };
    struct fixture *f = open_at("::");
    struct far_end askers[ASKERS];
    for (int i = 0; i < ASKERS; i++) {
        char host[16];
        snprintf(host, sizeof host, "127.0.0.%d", i + 1);
        asker_init(&askers[i], f, i % 3 ? host : "::1", i % 3 ? "127.0.0.77" : "::1");
    }
    for (int n = 0; n < EACH; n++)
        for (int i = 0; i < ASKERS; i++) {
            char text[] = { 'x', (char)('a' + i) };
            far_end_send(&askers[i], (struct span){ text, 2 });
        }
    for (int i = 0; i < ASKERS; i++) {
        RUN_UNTIL(&f->loopback, askers[i].in.len == EACH * 3);
        for (int n = 0; n < EACH; n++)
            assert_memory_equal(askers[i].in.p + 3 * n, ((char[]){ 'y', 'x', (char)('a' + i) }), 3);
    }
    end(f);
    for (int i = 0; i < ASKERS; i++)
        far_end_fini(&askers[i]);
}

static void long_datagrams_are_cut(void **state)
{
    (void)state;
    struct fixture *f = open_at("127.0.0.1");
    struct far_end asker;
    char text[4000];
    memset(text, 'x', sizeof text);
    asker_init(&asker, f, "127.0.0.1", "127.0.0.1");
    far_end_send(&asker, (struct span){ text, UDP_MAX_DATAGRAM });
    RUN_UNTIL(&f->loopback, asker.in.len == UDP_MAX_REPLY);
    assert_int_equal(f->last_len, UDP_MAX_DATAGRAM);
    far_end_send(&asker, (struct span){ text, sizeof text });
    RUN_UNTIL(&f->loopback, asker.in.len == 2 * UDP_MAX_REPLY);
    assert_int_equal(f->last_len, UDP_MAX_DATAGRAM);
    end(f);
    far_end_fini(&asker);
}

// The answer to one who hung up comes back as an error; that must not end the service.
static void who_is_gone_does_no_harm(void **state)
{
    (void)state;
    struct fixture *f = open_at("::");
    struct far_end gone, asker;
    for (int i = 0; i < 5; i++) {
        asker_init(&gone, f, i % 2 ? "::1" : "127.0.0.1", i % 2 ? "::1" : "127.0.0.1");
        far_end_send_text(&gone, "x");
        far_end_close(&gone, false);
        loopback_settle(&f->loopback);
        far_end_fini(&gone);
    }
    assert_int_equal(f->n_asked, 5);
    asker_init(&asker, f, "127.0.0.1", "127.0.0.1");
    far_end_send_text(&asker, "x");
    RUN_UNTIL(&f->loopback, far_end_has(&asker, "yx"));
    end(f);
    far_end_fini(&asker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_leaves_from_the_address_asked),
        cmocka_unit_test(silence_is_kept_and_others_answered),
        cmocka_unit_test(many_are_answered_each_with_its_own),
        cmocka_unit_test(long_datagrams_are_cut),
        cmocka_unit_test(who_is_gone_does_no_harm),
    };
    return cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}
