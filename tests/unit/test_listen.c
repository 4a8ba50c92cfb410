// SPDX-License-Identifier: MIT
// Unit tests of server/listen.h and server/qr.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/listen.h"
#include "server/qr.h"

static void expect(const char *text, bool is_tls, const char *host, int port)
{
    struct listen_place l;
    assert_int_equal(listen_parse(&l, text), 0);
    assert_int_equal(l.is_tls, is_tls);
    assert_string_equal(l.host, host);
    assert_int_equal(l.port, port);
}

static void places_are_read(void **state)
{
    (void)state;
    expect(":80", false, "", 80);
    expect("*:80", false, "", 80);
    expect("tls::443", true, "", 443);
    expect("tls:*:443", true, "", 443);
    expect("127.0.0.1:0", false, "127.0.0.1", 0);
    expect("tls:localhost:65535", true, "localhost", 65535);
    expect("[::1]:8888", false, "::1", 8888);
    expect("tls:[2001:db8::1]:8443", true, "2001:db8::1", 8443);
}

static void what_is_no_place_is_refused(void **state)
{
    static const char *const wrong[] = { "",     "80",      "localhost", "localhost:", ":65536",     ":-1",
                                         ":8 0", ":080808", "::1:80",    "[::1]",      "[:1:80",     "[]:80",
                                         "tls:", "tls:443", "tls:[::1]", "a:b:80",     "http://x:80" };
    (void)state;
    struct listen_place l;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (listen_parse(&l, wrong[i]) != -EINVAL)
            fail_msg("%s", wrong[i]);
    char longer[LISTEN_HOST_LEN + 8];
    memset(longer, 'a', sizeof longer);
    memcpy(longer + LISTEN_HOST_LEN - 1, ":1", 3);
    assert_int_equal(listen_parse(&l, longer), 0);
    memcpy(longer + LISTEN_HOST_LEN - 1, "a:1", 4);
    assert_int_equal(listen_parse(&l, longer), -EINVAL);
}

static void urls_are_written(void **state)
{
    (void)state;
    struct listen_place l = { .bound_port = 8443, .is_tls = true };
    char url[LISTEN_URL_LEN];
    listen_put_url(&l, "192.0.2.7", url);
    assert_string_equal(url, "https://192.0.2.7:8443/");
    l.is_tls = false;
    listen_put_url(&l, "::1", url);
    assert_string_equal(url, "http://[::1]:8443/");
}

// A code of version 2 has 25 modules a side and 4 light ones around; its corners are the finders' dark frames.
static void a_url_becomes_a_code(void **state)
{
    (void)state;
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_int_equal(qr_print(out, "https://192.0.2.7:8443/"), 0);
    fclose(out);
    size_t n_lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        n_lines++;
    assert_int_equal(n_lines, (25 + 2 * 4 + 1) / 2);
    const char *third = text;
    for (int i = 0; i < 2; i++)
        third = strchr(third, '\n') + 1;
    const char *row = strchr(third, 'm') + 1;
    assert_memory_equal(row, "    \u2588\u2580\u2580\u2580\u2580\u2580\u2588 ", 4 + 7 * 3 + 1);
    free(text);
}

static void what_no_code_can_hold_is_refused(void **state)
{
    (void)state;
    char longer[4000];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    FILE *out = fopen("/dev/null", "w");
    assert_int_equal(qr_print(out, longer), -EINVAL);
    fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_read),
        cmocka_unit_test(what_is_no_place_is_refused),
        cmocka_unit_test(urls_are_written),
        cmocka_unit_test(a_url_becomes_a_code),
        cmocka_unit_test(what_no_code_can_hold_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
