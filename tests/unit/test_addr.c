// SPDX-License-Identifier: MIT
// Unit tests of base/addr.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "at_end.h"
#include "base/addr.h"

static int parse(struct addr *a, const char *text)
{
    char *copy = at_end(text, strlen(text));
    int err = addr_parse(a, (struct span){ copy, strlen(text) });
    free(copy);
    return err;
}

static int parse_prefix(struct addr_prefix *p, const char *text)
{
    char *copy = at_end(text, strlen(text));
    int err = addr_parse_prefix(p, (struct span){ copy, strlen(text) });
    free(copy);
    return err;
}

static void addresses_are_read_and_written(void **state)
{
    static const char *const same[] = { "0.0.0.0", "192.0.2.7",    "255.255.255.255",
                                        "::1",     "2001:db8::20", "fe80::1:2:3:4" };
    (void)state;
    struct addr a;
    char text[ADDR_TEXT_LEN];
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_int_equal(parse(&a, same[i]), 0);
        addr_format(&a, text);
        assert_string_equal(text, same[i]);
        assert_int_equal(addr_is_ipv4(&a), !strchr(same[i], ':'));
    }
    assert_int_equal(parse(&a, "::ffff:192.0.2.7"), 0);
    addr_format(&a, text);
    assert_string_equal(text, "192.0.2.7");
    assert_int_equal(parse(&a, "2001:0DB8:0:0:0:0:0:20"), 0);
    addr_format(&a, text);
    assert_string_equal(text, "2001:db8::20");
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",           "1",
        "1.2.3",      "1.2.3.4.5",
        "256.1.1.1",  "01.2.3.4",
        " 1.2.3.4",   "1.2.3.4 ",
        "1.2.3.4:80", "[::1]",
        "::1%lo",     ":",
        ":::",        "1:2:3:4:5:6:7:8:9",
        "g::",        "unknown",
        "1.2.3.4/8",  "0x1.2.3.4",
        "localhost",  "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd",
    };
    (void)state;
    struct addr a = { { 1 } }, before = a;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(parse(&a, wrong[i]), -EINVAL);
    assert_int_equal(addr_parse(&a, SPAN("1.2.3.4\0x")), -EINVAL);
    assert_int_equal(addr_parse(&a, (struct span){ 0 }), -EINVAL);
    assert_true(addr_is_equal(&a, &before));
}

struct match {
    const char *prefix, *addr;
    bool is_in;
};

static void prefixes_hold_what_they_should(void **state)
{
    static const struct match cases[] = {
        { "10.0.0.0/8", "10.255.0.1", true },
        { "10.0.0.0/8", "11.0.0.0", false },
        { "10.99.99.99/8", "10.1.1.1", true },
        { "192.0.2.7", "192.0.2.7", true },
        { "192.0.2.7", "192.0.2.6", false },
        { "192.0.2.0/31", "192.0.2.1", true },
        { "192.0.2.0/31", "192.0.2.2", false },
        { "172.16.0.0/12", "172.31.255.255", true },
        { "172.16.0.0/12", "172.32.0.0", false },
        { "0.0.0.0/0", "203.0.113.9", true },
        { "0.0.0.0/0", "2001:db8::1", false },
        { "::/0", "2001:db8::1", true },
        { "::/0", "203.0.113.9", false },
        { "::1", "::1", true },
        { "2001:db8::/32", "2001:db8:ffff::", true },
        { "2001:db8::/33", "2001:db8:ffff::", false },
        { "2001:db8::/127", "2001:db8::1", true },
        { "2001:db8::/127", "2001:db8::2", false },
        { "::ffff:192.0.2.0/120", "192.0.2.255", true },
        { "::ffff:c000:200/120", "192.0.2.255", true },
        { "::ffff:c000:200/120", "192.0.3.0", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct addr_prefix p;
        struct addr a;
        if (parse_prefix(&p, cases[i].prefix) != 0)
            fail_msg("%s", cases[i].prefix);
        assert_int_equal(parse(&a, cases[i].addr), 0);
        if (addr_is_in(&a, &p) != cases[i].is_in)
            fail_msg("%s in %s", cases[i].addr, cases[i].prefix);
    }
}

static void what_is_no_prefix_is_refused(void **state)
{
    static const char *const wrong[] = { "",
                                         "/",
                                         "/8",
                                         "10.0.0.0/",
                                         "10.0.0.0/33",
                                         "::/129",
                                         "10.0.0.0/8x",
                                         "10.0.0.0/+8",
                                         "10.0.0.0/08",
                                         "10.0.0.0/-1",
                                         "10.0.0.0/ 8",
                                         "::/0128",
                                         "10/8",
                                         "10.0.0.0//8",
                                         "10.0.0.0/8/8" };
    (void)state;
    struct addr_prefix p;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (parse_prefix(&p, wrong[i]) != -EINVAL)
            fail_msg("%s", wrong[i]);
}

static void lists_are_searched(void **state)
{
    (void)state;
    struct addr_prefix list[2];
    struct addr in, out;
    assert_int_equal(parse_prefix(&list[0], "10.0.0.0/8"), 0);
    assert_int_equal(parse_prefix(&list[1], "::1"), 0);
    assert_int_equal(parse(&in, "::1"), 0);
    assert_int_equal(parse(&out, "::2"), 0);
    assert_true(addr_is_in_any(&in, list, 2));
    assert_false(addr_is_in_any(&in, list, 1));
    assert_false(addr_is_in_any(&out, list, 2));
    assert_false(addr_is_in_any(&in, NULL, 0));
}

static void socket_addresses_are_understood(void **state)
{
    (void)state;
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000207) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    struct sockaddr other = { .sa_family = AF_UNIX };
    struct addr a, expected;
    a = addr_of_sockaddr((struct sockaddr *)&in);
    assert_int_equal(parse(&expected, "192.0.2.7"), 0);
    assert_true(addr_is_equal(&a, &expected));
    a = addr_of_sockaddr((struct sockaddr *)&in6);
    assert_int_equal(parse(&expected, "::1"), 0);
    assert_true(addr_is_equal(&a, &expected));
    a = addr_of_sockaddr(&other);
    assert_true(addr_is_unknown(&a));
    assert_false(addr_is_unknown(&expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_written),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(prefixes_hold_what_they_should),
        cmocka_unit_test(what_is_no_prefix_is_refused),
        cmocka_unit_test(lists_are_searched),
        cmocka_unit_test(socket_addresses_are_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
