// SPDX-License-Identifier: MIT
// Unit tests of server/places.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "server/places.h"

static char error[CONFIG_ERROR_LEN];
static const char *some[] = { "some.pem" };

static void a_site_without_places_has_its_port(void **state)
{
    (void)state;
    struct config c[] = { { .port = 8888, .host = "127.0.0.1" }, { .port = 9090, .host = "::1" } };
    struct places p;
    assert_int_equal(places_find(&p, c, 2, error), 0);
    assert_int_equal(p.n, 2);
    assert_int_equal(p.n_addrs, 2);
    for (size_t i = 0; i < p.n; i++) {
        assert_int_equal(p.list[i].site, i);
        assert_int_equal(p.list[i].where.port, c[i].port);
        assert_string_equal(p.list[i].where.host, c[i].host);
        assert_false(p.list[i].where.is_tls);
    }
    places_fini(&p);
    c[0].tls_cert = (struct config_list){ 1, some };
    assert_int_equal(places_find(&p, c, 1, error), 0);
    assert_int_equal(p.n, 1);
    assert_true(p.list[0].where.is_tls);
    places_fini(&p);
}

static void dev_puts_https_beside_the_first_site(void **state)
{
    (void)state;
    struct config c[] = { { .port = 8888, .dev = true }, { .port = 9090, .dev = true } };
    static const struct {
        int port;
        bool is_tls;
    } expected[] = { { 8888, false }, { 8443, true }, { 9090, false } };
    struct places p;
    assert_int_equal(places_find(&p, c, 2, error), 0);
    assert_int_equal(p.n, 3);
    for (size_t i = 0; i < p.n; i++) {
        assert_int_equal(p.list[i].where.port, expected[i].port);
        assert_int_equal(p.list[i].where.is_tls, expected[i].is_tls);
    }
    places_fini(&p);
    c[0].port = 0;
    assert_int_equal(places_find(&p, c, 1, error), 0);
    assert_int_equal(p.list[1].where.port, 0);
    places_fini(&p);
}

static void listed_places_are_there_instead(void **state)
{
    (void)state;
    const char *items[] = { "127.0.0.1:80", "tls:[::1]:443" };
    struct config c = { .port = 8888, .listen = { 2, items }, .tls_cert = { 1, some } };
    struct places p;
    assert_int_equal(places_find(&p, &c, 1, error), 0);
    assert_int_equal(p.n, 2);
    assert_int_equal(p.list[0].where.port, 80);
    assert_int_equal(p.list[1].where.port, 443);
    assert_true(p.list[1].where.is_tls);
    places_fini(&p);
}

// Has the two sites LISTEN refused with -EINVAL, in words that have TEXT in them.
static void refuse(const char *text, const char *listen, const char *other, bool has_certificate)
{
    struct config c[] = { { .listen = { 1, &listen } }, { .listen = { 1, &other } } };
    for (size_t i = 0; i < 2 && has_certificate; i++)
        c[i].tls_cert = (struct config_list){ 1, some };
    struct places p;
    assert_int_equal(places_find(&p, c, 2, error), -EINVAL);
    assert_non_null(strstr(error, text));
    places_fini(&p);
}

static void what_can_never_work_is_refused(void **state)
{
    (void)state;
    refuse("'127.0.0.1:8888' is listened at twice", "127.0.0.1:8888", "127.0.0.1:8888", false);
    refuse("':8888' is listened at twice", "*:8888", ":8888", false);
    refuse("[tls:]HOST:PORT", "127.0.0.1", ":0", false);
    refuse("[tls:]HOST:PORT", ":0", "::1:80", false);
    refuse("needs --tls-cert", ":0", "tls::0", false);
    refuse("no --listen tls:", "127.0.0.1:0", "127.0.0.1:0", true);
    const char *plain[] = { "127.0.0.1:0" }, *secure[] = { "tls:127.0.0.1:0" };
    struct config c[] = { { .listen = { 1, plain }, .tls_cert = { 1, some } },
                          { .listen = { 1, secure }, .tls_cert = { 1, some } } };
    struct places p;
    assert_int_equal(places_find(&p, c, 2, error), 0); // one site may be plain beside another
    places_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_site_without_places_has_its_port),
        cmocka_unit_test(dev_puts_https_beside_the_first_site),
        cmocka_unit_test(listed_places_are_there_instead),
        cmocka_unit_test(what_can_never_work_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
