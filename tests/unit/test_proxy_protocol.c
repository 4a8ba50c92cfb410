// SPDX-License-Identifier: MIT
// Unit tests of net/proxy_protocol.h: each header cut at every byte, and those that are wrong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "at_end.h"
#include "net/proxy_protocol.h"

#define SIGNATURE      "\r\n\r\n\0\r\nQUIT\n"
#define TCP4_ADDRESSES "\xc0\x00\x02\x07\xc6\x33\x64\x01\x04\xd2\x01\xbb"

static ssize_t parse(struct span s, char client[ADDR_TEXT_LEN])
{
    struct addr a;
    assert_int_equal(addr_parse(&a, SPAN("127.0.0.1")), 0); // the proxy's own
    char *copy = at_end(s.p, s.len);
    ssize_t n = proxy_protocol_parse(copy, s.len, &a);
    free(copy);
    addr_format(&a, client);
    return n;
}

// HEADER, whole and in front of other bytes, tells CLIENT; any part of it is incomplete.
static void expect(struct span header, const char *client)
{
    char got[ADDR_TEXT_LEN], longer[PROXY_PROTOCOL_MAX + 8];
    for (size_t len = 0; len < header.len; len++)
        assert_int_equal(parse((struct span){ header.p, len }, got), 0);
    assert_int_equal(parse(header, got), header.len);
    assert_string_equal(got, client);
    memcpy(longer, header.p, header.len);
    memcpy(longer + header.len, "GET /\r\n", 7);
    assert_int_equal(parse((struct span){ longer, header.len + 7 }, got), header.len);
    assert_string_equal(got, client);
}

static void expect_refusal(struct span header, int err)
{
    char got[ADDR_TEXT_LEN];
    if (parse(header, got) != err)
        fail_msg("%.*s", (int)header.len, header.p);
    assert_string_equal(got, "127.0.0.1");
}

static void version_1_is_read(void **state)
{
    (void)state;
    expect(SPAN("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"), "192.0.2.7");
    expect(SPAN("PROXY TCP4 0.0.0.1 255.255.255.255 0 65535\r\n"), "0.0.0.1");
    expect(SPAN("PROXY TCP6 2001:db8::7 ::1 56324 443\r\n"), "2001:db8::7");
    expect(SPAN("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
                "65535\r\n"),
           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    expect(SPAN("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n"), "192.0.2.7");
    expect(SPAN("PROXY UNKNOWN\r\n"), "127.0.0.1");
    expect(SPAN("PROXY UNKNOWN ffff::1 ::2 3 4 and more\r\n"), "127.0.0.1");
}

static void version_1_is_strict(void **state)
{
    static const char *const wrong[] = {
        "PROXY \r\n",
        "PROXY  TCP4 192.0.2.7 198.51.100.1 56324 443\r\n",
        "PROXY TCP4 192.0.2.7\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 \r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 1\r\n",
        "PROXY TCP4 192.0.2.7  198.51.100.1 56324 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 01 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 -1 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 1 \r\n",
        "PROXY TCP4 2001:db8::7 ::1 56324 443\r\n",
        "PROXY TCP5 192.0.2.7 198.51.100.1 56324 443\r\n",
        "PROXY tcp4 192.0.2.7 198.51.100.1 56324 443\r\n",
        "PROXY UDP4 192.0.2.7 198.51.100.1 56324 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\n",
        "PROXY TCP4 192.0.2.7\n",
        "PROXY \n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_refusal(span_of(wrong[i]), -EINVAL);
    expect_refusal(SPAN("PROXY TCP4 192.0.2.7\0 198.51.100.1 1 2\r\n"), -EINVAL);
}

static void version_1_has_an_end(void **state)
{
    (void)state;
    char line[200] = "PROXY UNKNOWN ", got[ADDR_TEXT_LEN];
    memset(line + 14, 'x', sizeof line - 14);
    assert_int_equal(parse((struct span){ line, 106 }, got), 0);
    assert_int_equal(parse((struct span){ line, 107 }, got), -EINVAL);
    memcpy(line + 105, "\r\n", 2);
    assert_int_equal(parse((struct span){ line, sizeof line }, got), 107);
}

static void version_2_is_read(void **state)
{
    (void)state;
    expect(SPAN(SIGNATURE "\x21\x11\0\x0c" TCP4_ADDRESSES), "192.0.2.7");
    expect(SPAN(SIGNATURE "\x21\x11\0\x0f" TCP4_ADDRESSES "\x04\0\0"), "192.0.2.7"); // PP2_TYPE_NOOP
    expect(SPAN(SIGNATURE "\x21\x21\0\x24"
                          "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
                          "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"
                          "\x04\xd2\x01\xbb"),
           "2001:db8::7");
    expect(SPAN(SIGNATURE "\x20\0\0\0"), "127.0.0.1");                    // LOCAL: a health check
    expect(SPAN(SIGNATURE "\x20\x11\0\x0c" TCP4_ADDRESSES), "127.0.0.1"); // whatever it says
    expect(SPAN(SIGNATURE "\x21\0\0\0"), "127.0.0.1");                    // unspecified
    expect(SPAN(SIGNATURE "\x21\x12\0\x0c" TCP4_ADDRESSES), "127.0.0.1"); // over UDP, which this is not
    expect(SPAN(SIGNATURE "\x21\x31\0\x04"
                          "abcd"),
           "127.0.0.1"); // a UNIX socket
}

static void version_2_is_strict(void **state)
{
    (void)state;
    expect_refusal(SPAN(SIGNATURE "\x11\x11\0\x0c" TCP4_ADDRESSES), -EINVAL); // version 1 in it
    expect_refusal(SPAN(SIGNATURE "\x31\x11\0\x0c" TCP4_ADDRESSES), -EINVAL);
    expect_refusal(SPAN(SIGNATURE "\x22\x11\0\x0c" TCP4_ADDRESSES), -EINVAL); // an unknown command
    expect_refusal(SPAN(SIGNATURE "\x21\x11\0\x0b" TCP4_ADDRESSES), -EINVAL); // too short for its addresses
    expect_refusal(SPAN(SIGNATURE "\x21\x21\0\x0c" TCP4_ADDRESSES), -EINVAL);
    expect_refusal(SPAN(SIGNATURE "\x21\x11\x07\xf1"), -EINVAL); // longer than PROXY_PROTOCOL_MAX
    expect_refusal(SPAN(SIGNATURE "\x21\x11\x07\xf0"), 0);
}

static void other_beginnings_are_no_header(void **state)
{
    static const char *const others[] = { "GET / HTTP/1.1", "\x16\x03\x01", "PROX ",     "PRI * HTTP/2.0",
                                          "\r\n\r\nG",      "\n",           "proxy TCP4" };
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        expect_refusal(span_of(others[i]), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_1_is_read),    cmocka_unit_test(version_1_is_strict),
        cmocka_unit_test(version_1_has_an_end), cmocka_unit_test(version_2_is_read),
        cmocka_unit_test(version_2_is_strict),  cmocka_unit_test(other_beginnings_are_no_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
