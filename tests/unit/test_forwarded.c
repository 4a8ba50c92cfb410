// SPDX-License-Identifier: MIT
// Unit tests of proto/forwarded.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "at_end.h"
#include "proto/forwarded.h"

// The client of a request with FIELDS that came from the proxy 10.0.0.1; 10.0.0.0/8 and 2001:db8:1::/48 are proxies.
static void expect(const char *fields, const char *client)
{
    char head[1024], got[ADDR_TEXT_LEN];
    struct http_request r;
    struct addr peer, found;
    struct addr_prefix proxies[2];
    int len = snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", fields);
    char *copy = at_end(head, (size_t)len);
    assert_int_equal(http_parse_request(copy, (size_t)len, &r), len);
    assert_int_equal(addr_parse(&peer, SPAN("10.0.0.1")), 0);
    assert_int_equal(addr_parse_prefix(&proxies[0], SPAN("10.0.0.0/8")), 0);
    assert_int_equal(addr_parse_prefix(&proxies[1], SPAN("2001:db8:1::/48")), 0);
    found = forwarded_find_client(&r, &peer, proxies, 2);
    free(copy);
    addr_format(&found, got);
    if (strcmp(got, client) != 0)
        fail_msg("%s: %s", fields, got);
}

static void nothing_said_is_the_peer(void **state)
{
    (void)state;
    expect("", "10.0.0.1");
    expect("X-Forwarded-For:\r\n", "10.0.0.1");
    expect("Forwarded:\r\n", "10.0.0.1");
    expect("X-Forwarded: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n", "10.0.0.1");
}

static void the_last_that_is_no_proxy_counts(void **state)
{
    (void)state;
    expect("X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7");
    expect("x-forwarded-for:192.0.2.7\r\n", "192.0.2.7");
    expect("X-Forwarded-For: 203.0.113.66, 192.0.2.7\r\n", "192.0.2.7");
    expect("X-Forwarded-For: 203.0.113.66,192.0.2.7 ,10.1.1.1,\t10.2.2.2\r\n", "192.0.2.7");
    expect("X-Forwarded-For: 203.0.113.66\r\nX-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7");
    expect("X-Forwarded-For: 203.0.113.66, 192.0.2.7\r\nX-Forwarded-For: 10.1.1.1\r\n", "192.0.2.7");
    expect("X-Forwarded-For: 10.3.3.3, 10.2.2.2\r\n", "10.3.3.3");
    expect("X-Forwarded-For: 192.0.2.7, 2001:db8:1::5\r\n", "192.0.2.7");
}

static void what_is_no_address_ends_the_search(void **state)
{
    (void)state;
    expect("X-Forwarded-For: unknown\r\n", "10.0.0.1");
    expect("X-Forwarded-For: 203.0.113.66, unknown\r\n", "10.0.0.1");
    expect("X-Forwarded-For: 203.0.113.66, unknown, 10.2.2.2\r\n", "10.2.2.2");
    expect("X-Forwarded-For: 203.0.113.66,\r\n", "10.0.0.1");
    expect("X-Forwarded-For: 203.0.113.66, ,10.2.2.2\r\n", "10.2.2.2");
    expect("Forwarded: for=203.0.113.66, for=_hidden\r\n", "10.0.0.1");
    expect("Forwarded: for=203.0.113.66, proto=https\r\n", "10.0.0.1");
    expect("Forwarded: for=203.0.113.66, for=\r\n", "10.0.0.1");
    expect("Forwarded: for=203.0.113.66, for=\"\r\n", "10.0.0.1");
}

static void ports_and_brackets_are_dropped(void **state)
{
    (void)state;
    expect("X-Forwarded-For: 192.0.2.7:4711\r\n", "192.0.2.7");
    expect("X-Forwarded-For: 2001:db8::20\r\n", "2001:db8::20");
    expect("X-Forwarded-For: [2001:db8::20]\r\n", "2001:db8::20");
    expect("X-Forwarded-For: [2001:db8::20]:4711\r\n", "2001:db8::20");
    expect("X-Forwarded-For: [2001:db8::20\r\n", "10.0.0.1");
    expect("X-Forwarded-For: ::ffff:192.0.2.7\r\n", "192.0.2.7");
}

// RFC 7239 section 4 and 7.1.
static void forwarded_is_read(void **state)
{
    (void)state;
    expect("Forwarded: for=192.0.2.7\r\n", "192.0.2.7");
    expect("Forwarded: For=\"[2001:db8:cafe::17]:4711\"\r\n", "2001:db8:cafe::17");
    expect("Forwarded: for=192.0.2.7;proto=http;by=203.0.113.43\r\n", "192.0.2.7");
    expect("Forwarded: by=203.0.113.43; proto=http ;for=\"192.0.2.7:80\"\r\n", "192.0.2.7");
    expect("Forwarded: for=203.0.113.66, for=192.0.2.7, for=10.1.1.1;by=_x\r\n", "192.0.2.7");
    expect("Forwarded: for=\"a, for=203.0.113.66\"\r\n", "10.0.0.1");
    expect("Forwarded: for=\"unclosed, for=192.0.2.7\r\n", "192.0.2.7"); // the proxy's own is what stands last
}

// A proxy that knows one of the fields passes the other on as the client made it up.
static void two_stories_are_none(void **state)
{
    (void)state;
    expect("X-Forwarded-For: 192.0.2.7\r\nForwarded: for=192.0.2.7\r\n", "192.0.2.7");
    expect("X-Forwarded-For: 192.0.2.7\r\nForwarded: for=203.0.113.66\r\n", "10.0.0.1");
    expect("X-Forwarded-For: 192.0.2.7\r\nForwarded: for=unknown\r\n", "10.0.0.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_is_the_peer),
        cmocka_unit_test(the_last_that_is_no_proxy_counts),
        cmocka_unit_test(what_is_no_address_ends_the_search),
        cmocka_unit_test(ports_and_brackets_are_dropped),
        cmocka_unit_test(forwarded_is_read),
        cmocka_unit_test(two_stories_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
