// SPDX-License-Identifier: MIT
// STUN Binding: the answers, byte for byte, and everything that gets none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "at_end.h"
#include "base/span.h"
#include "proto/stun.h"

// RFC 5769, section 2.1: a request with SOFTWARE, PRIORITY, ICE-CONTROLLED, USERNAME, MESSAGE-INTEGRITY and FINGERPRINT.
static const uint8_t rfc_request[108] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87,
    0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c,
    0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f,
    0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76,
    0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e,
    0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
};

// Sections 2.2 and 2.3: the values of XOR-MAPPED-ADDRESS for the transaction of 2.1, and the FINGERPRINTs.
static const uint8_t rfc_mapped_ipv4[8] = { 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43 };
static const uint8_t rfc_mapped_ipv6[20] = { 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3,
                                             0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9 };
static const uint8_t rfc_response_ipv4[80] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9,
    0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96,
};

// Section 2.4: long-term credentials, no FINGERPRINT.
static const uint8_t rfc_request_long_term[116] = {
    0x00, 0x01, 0x00, 0x60, 0x21, 0x12, 0xa4, 0x42, 0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72, 0xc0, 0x29,
    0xda, 0x41, 0x2e, 0x00, 0x06, 0x00, 0x12, 0xe3, 0x83, 0x9e, 0xe3, 0x83, 0x88, 0xe3, 0x83, 0xaa, 0xe3,
    0x83, 0x83, 0xe3, 0x82, 0xaf, 0xe3, 0x82, 0xb9, 0x00, 0x00, 0x00, 0x15, 0x00, 0x1c, 0x66, 0x2f, 0x2f,
    0x34, 0x39, 0x39, 0x6b, 0x39, 0x35, 0x34, 0x64, 0x36, 0x4f, 0x4c, 0x33, 0x34, 0x6f, 0x4c, 0x39, 0x46,
    0x53, 0x54, 0x76, 0x79, 0x36, 0x34, 0x73, 0x41, 0x00, 0x14, 0x00, 0x0b, 0x65, 0x78, 0x61, 0x6d, 0x70,
    0x6c, 0x65, 0x2e, 0x6f, 0x72, 0x67, 0x00, 0x00, 0x08, 0x00, 0x14, 0xf6, 0x70, 0x24, 0x65, 0x6d, 0xd6,
    0x4a, 0x3e, 0x02, 0xb8, 0xe0, 0x71, 0x2e, 0x85, 0xc9, 0xa2, 0x8c, 0xa8, 0x96, 0x66,
};

// An address in either family; section 2.2's port.
static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage from = { 0 };
    struct sockaddr_in *in = (struct sockaddr_in *)&from;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&from;
    if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons(32853);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(32853);
    }
    return from;
}

static ssize_t reply_to(const void *p, size_t len, const char *from, uint8_t out[STUN_MAX_REPLY])
{
    struct sockaddr_storage a = address(from);
    char *copy = at_end(p, len);
    ssize_t n = stun_reply((const uint8_t *)copy, len, (struct sockaddr *)&a, out);
    free(copy);
    return n;
}

// A request made up of a head and the attributes given.
struct message {
    uint8_t p[512];
    size_t len;
};

static struct message request(struct span attributes)
{
    static const uint8_t head[STUN_HEAD_LEN] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1,  2,
                                                 3, 4, 5, 6, 7,    8,    9,    10,   11, 12 };
    struct message m = { .len = sizeof head + attributes.len };
    memcpy(m.p, head, sizeof head);
    if (attributes.len)
        memcpy(m.p + sizeof head, attributes.p, attributes.len);
    m.p[2] = (uint8_t)(attributes.len >> 8);
    m.p[3] = (uint8_t)attributes.len;
    return m;
}

static void add_fingerprint(struct message *m)
{
    m->p[3] = (uint8_t)(m->p[3] + 8);
    uint32_t v = stun_fingerprint(m->p, m->len);
    const uint8_t attribute[8] = { 0x80,      0x28, 0, 4, (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                                   (uint8_t)v };
    memcpy(m->p + m->len, attribute, sizeof attribute);
    m->len += sizeof attribute;
}

static void a_fingerprint_is_the_rfcs(void **state)
{
    (void)state;
    assert_int_equal(stun_fingerprint(rfc_request, 100), 0xe57a3bcf);
    assert_int_equal(stun_fingerprint(rfc_response_ipv4, 72), 0xc07d4c96);
}

static void check_success(const uint8_t *reply, const uint8_t *asked, const uint8_t *mapped, size_t mapped_len)
{
    assert_int_equal(reply[0] << 8 | reply[1], 0x0101);
    assert_memory_equal(reply + 4, asked + 4, 16);
    const uint8_t head[4] = { 0x00, 0x20, 0x00, (uint8_t)mapped_len };
    assert_memory_equal(reply + 20, head, 4);
    assert_memory_equal(reply + 24, mapped, mapped_len);
}

static void the_request_of_rfc_5769_gets_its_response(void **state)
{
    (void)state;
    uint8_t out[STUN_MAX_REPLY];
    assert_int_equal(reply_to(rfc_request, sizeof rfc_request, "192.0.2.1", out), 40);
    check_success(out, rfc_request, rfc_mapped_ipv4, sizeof rfc_mapped_ipv4);
    assert_int_equal(out[3], 20);
    // The request had a FINGERPRINT, so the reply ends in one.
    assert_memory_equal(out + 32, "\x80\x28\0\4", 4);
    uint32_t v = stun_fingerprint(out, 32);
    assert_int_equal((uint32_t)out[36] << 24 | out[37] << 16 | out[38] << 8 | out[39], v);
    assert_int_equal(reply_to(rfc_request, sizeof rfc_request, "::ffff:192.0.2.1", out), 40);
    check_success(out, rfc_request, rfc_mapped_ipv4, sizeof rfc_mapped_ipv4);
    assert_int_equal(reply_to(rfc_request, sizeof rfc_request, "2001:db8:1234:5678:11:2233:4455:6677", out), 52);
    check_success(out, rfc_request, rfc_mapped_ipv6, sizeof rfc_mapped_ipv6);
    assert_int_equal(reply_to(rfc_request_long_term, sizeof rfc_request_long_term, "192.0.2.1", out), 32);
    assert_int_equal(out[1], 0x01);
}

// Chromium's request is a bare head.
static void a_request_without_attributes_is_answered(void **state)
{
    (void)state;
    uint8_t out[STUN_MAX_REPLY];
    struct message m = request(SPAN(""));
    assert_int_equal(reply_to(m.p, m.len, "127.0.0.1", out), 32);
    check_success(out, m.p, (const uint8_t *)"\0\1\xa1\x47\x5e\x12\xa4\x43", 8);
    assert_int_equal(out[3], 12);
    assert_int_equal(reply_to(m.p, m.len, "::1", out), 44);
    check_success(out, m.p, (const uint8_t *)"\0\2\xa1\x47\x21\x12\xa4\x42\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0d", 20);
    assert_int_equal(out[3], 24);
}

static void check_420(struct span attributes, struct span listed)
{
    uint8_t out[STUN_MAX_REPLY];
    struct message m = request(attributes);
    size_t padded = (listed.len + 3) / 4 * 4;
    assert_int_equal(reply_to(m.p, m.len, "127.0.0.1", out), 32 + padded);
    assert_memory_equal(out, "\x01\x11\0", 3);
    assert_int_equal(out[3], 12 + padded);
    assert_memory_equal(out + 4, m.p + 4, 16);
    assert_memory_equal(out + 20, "\0\x09\0\4\0\0\4\x14\0\x0a\0", 11);
    assert_int_equal(out[31], listed.len);
    assert_memory_equal(out + 32, listed.p, listed.len);
    add_fingerprint(&m);
    assert_int_equal(reply_to(m.p, m.len, "::1", out), 40 + padded);
    uint32_t v = stun_fingerprint(out, 32 + padded);
    const uint8_t *f = out + 32 + padded;
    assert_int_equal(out[3], 20 + padded);
    assert_memory_equal(f, "\x80\x28\0\4", 4);
    assert_int_equal((uint32_t)f[4] << 24 | f[5] << 16 | f[6] << 8 | f[7], v);
}

static void unknown_attributes_are_named_in_a_420(void **state)
{
    (void)state;
    check_420(SPAN("\x7f\1\0\4abcd"), SPAN("\x7f\1"));
    check_420(SPAN("\0\3\0\4\0\0\0\6"), SPAN("\0\3"));     // CHANGE-REQUEST
    check_420(SPAN("\0\x26\0\3abc\0"), SPAN("\0\x26"));    // PADDING
    check_420(SPAN("\0\x27\0\4\1\2\0\0"), SPAN("\0\x27")); // RESPONSE-PORT
    check_420(SPAN("\0\2\0\0\x80\x22\0\1s\0\0\0\0\5\0\0"), SPAN("\0\2\0\5"));
    check_420(SPAN("\x10\1\0\0\x10\2\0\0\x10\3\0\0\x10\4\0\0\x10\5\0\0\x10\6\0\0\x10\7\0\0\x10\x08\0\0\x10\x09\0\0"),
              SPAN("\x10\1\x10\2\x10\3\x10\4\x10\5\x10\6\x10\7\x10\x08"));
}

static void check_answered(struct span attributes)
{
    uint8_t out[STUN_MAX_REPLY];
    struct message m = request(attributes);
    assert_int_equal(reply_to(m.p, m.len, "127.0.0.1", out), 32);
    assert_memory_equal(out, "\1\1", 2);
}

static void attributes_that_need_no_understanding_are_ignored(void **state)
{
    (void)state;
    check_answered(SPAN("\xff\1\0\4abcd")); // comprehension-optional
    check_answered(SPAN("\x80\x22\0\1s\0\0\0"));
    check_answered(SPAN("\0\6\0\1u\0\0\0\0\x14\0\0\0\x15\0\0\0\x1d\0\4\0\1\0\0\0\x1e\0\0"));
    check_answered(SPAN("\0\x24\0\4\1\2\3\4\0\x25\0\0"));
    check_answered(SPAN("\0\1\0\0\0\x20\0\0\0\x09\0\0\0\x0a\0\0"));
    check_answered(SPAN("\0\x1c\0\4abcd"));
    check_answered(SPAN("\0\x08\0\4abcd\x7f\1\0\0")); // unknown, but behind MESSAGE-INTEGRITY
}

static void check_dropped(const void *p, size_t len, enum stun_drop why)
{
    uint8_t out[STUN_MAX_REPLY];
    assert_int_equal(reply_to(p, len, "127.0.0.1", out), -(int)why);
}

static void check_head_dropped(size_t at, uint8_t value, enum stun_drop why)
{
    struct message m = request(SPAN("\x80\x22\0\4text"));
    m.p[at] = value;
    check_dropped(m.p, m.len, why);
}

static void what_is_no_binding_request_is_dropped(void **state)
{
    (void)state;
    check_dropped("", 0, STUN_NOT_STUN);
    check_dropped(rfc_request, 19, STUN_NOT_STUN);
    check_head_dropped(0, 0xc0, STUN_NOT_STUN);
    check_head_dropped(0, 0x40, STUN_NOT_STUN);
    check_head_dropped(0, 0x80, STUN_NOT_STUN);
    for (size_t i = 4; i < 8; i++)
        check_head_dropped(i, 0x11, STUN_NOT_STUN);
    check_head_dropped(2, 1, STUN_BAD_LENGTH);
    check_head_dropped(3, 0, STUN_BAD_LENGTH);
    check_head_dropped(3, 4, STUN_BAD_LENGTH);
    check_head_dropped(3, 12, STUN_BAD_LENGTH);
    check_head_dropped(23, 5, STUN_BAD_LENGTH);
    check_head_dropped(22, 0xff, STUN_BAD_LENGTH);
    check_head_dropped(1, 0x11, STUN_NOT_A_REQUEST); // an indication
    check_head_dropped(0, 0x01, STUN_NOT_A_REQUEST); // a success
    check_head_dropped(1, 0x03, STUN_NOT_A_REQUEST); // TURN's Allocate
    check_dropped(rfc_response_ipv4, sizeof rfc_response_ipv4, STUN_NOT_A_REQUEST);
    struct message m = request(SPAN("abc"));
    check_dropped(m.p, m.len, STUN_BAD_LENGTH);
}

static void a_request_cut_anywhere_is_dropped(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof rfc_request; len++)
        check_dropped(rfc_request, len, len < STUN_HEAD_LEN ? STUN_NOT_STUN : STUN_BAD_LENGTH);
    // The same with a length field that agrees: now the attributes are cut.
    for (size_t len = STUN_HEAD_LEN; len < sizeof rfc_request; len += 4) {
        struct message m = request((struct span){ (const char *)rfc_request + STUN_HEAD_LEN, len - STUN_HEAD_LEN });
        uint8_t out[STUN_MAX_REPLY];
        bool is_between = len == 20 || len == 40 || len == 48 || len == 60 || len == 76 || len == 100;
        assert_int_equal(reply_to(m.p, m.len, "127.0.0.1", out), is_between ? 32 : -STUN_BAD_LENGTH);
    }
}

static void a_flipped_bit_is_noticed_by_the_fingerprint(void **state)
{
    (void)state;
    uint8_t copy[sizeof rfc_request];
    size_t n_answered = 0;
    for (size_t bit = 0; bit < 8 * sizeof copy; bit++) {
        uint8_t out[STUN_MAX_REPLY];
        memcpy(copy, rfc_request, sizeof copy);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ssize_t n = reply_to(copy, sizeof copy, "192.0.2.1", out);
        // What goes unnoticed hides FINGERPRINT itself: by another type, or in the attribute before it. None is mirrored.
        assert_true(n < 0 || n == 32);
        n_answered += n == 32;
    }
    assert_true(n_answered < 20);
    struct message m = request(SPAN("\x80\x28\0\0"));
    check_dropped(m.p, m.len, STUN_BAD_FINGERPRINT);
    m = request(SPAN(""));
    add_fingerprint(&m);
    add_fingerprint(&m);
    check_dropped(m.p, m.len, STUN_BAD_FINGERPRINT);
}

// What is unknown makes the longest answers for the shortest requests, and so does an attribute without a value.
static void no_answer_outgrows_its_question(void **state)
{
    (void)state;
    for (int n = 0; n < 3 * STUN_MAX_UNKNOWN; n++)
        for (int type = 0x7f00; type <= 0xff00; type += 0x8000)
            for (int has_fingerprint = 0; has_fingerprint <= 1; has_fingerprint++) {
                char attributes[3 * STUN_MAX_UNKNOWN * 4] = "";
                uint8_t out[STUN_MAX_REPLY];
                for (int i = 0; i < n; i++) {
                    attributes[4 * i] = (char)(type >> 8);
                    attributes[4 * i + 1] = (char)i;
                }
                struct message m = request((struct span){ attributes, (size_t)n * 4 });
                if (has_fingerprint)
                    add_fingerprint(&m);
                ssize_t len = reply_to(m.p, m.len, "192.0.2.1", out);
                assert_in_range(len, 1, m.len * 16 / 10);
                assert_in_range(reply_to(m.p, m.len, "2001:db8::1", out), 1, m.len * 22 / 10);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fingerprint_is_the_rfcs),
        cmocka_unit_test(the_request_of_rfc_5769_gets_its_response),
        cmocka_unit_test(a_request_without_attributes_is_answered),
        cmocka_unit_test(unknown_attributes_are_named_in_a_420),
        cmocka_unit_test(attributes_that_need_no_understanding_are_ignored),
        cmocka_unit_test(what_is_no_binding_request_is_dropped),
        cmocka_unit_test(a_request_cut_anywhere_is_dropped),
        cmocka_unit_test(a_flipped_bit_is_noticed_by_the_fingerprint),
        cmocka_unit_test(no_answer_outgrows_its_question),
    };
    return cmocka_run_group_tests_name("stun", tests, NULL, NULL);
}
