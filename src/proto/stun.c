// SPDX-License-Identifier: MIT
// The stateless STUN Binding responder; see stun.h.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |0 0|        message type       |   length behind this head     |
//   +---------------------------------------------------------------+
//   |                   magic cookie 0x2112A442                     |
//   +---------------------------------------------------------------+
//   |                transaction id (96 bits)                       |
//   +---------------------------------------------------------------+
//
// and then attributes: type and length of 16 bits each, value, padding to 4 bytes.
#include "proto/stun.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

enum { BINDING_REQUEST = 0x0001, BINDING_SUCCESS = 0x0101, BINDING_ERROR = 0x0111 };

enum attribute {
    ERROR_CODE = 0x0009,
    MESSAGE_INTEGRITY = 0x0008,
    UNKNOWN_ATTRIBUTES = 0x000a,
    XOR_MAPPED_ADDRESS = 0x0020,
    FINGERPRINT = 0x8028,
};

enum { ATTRIBUTE_HEAD = 4, FINGERPRINT_LEN = 8, COOKIE_AT = 4, FAMILY_IPV4 = 1, FAMILY_IPV6 = 2 };

static const uint8_t cookie[4] = { 0x21, 0x12, 0xa4, 0x42 };

// What a request holds that matters to its answer.
struct request {
    const uint8_t *p;
    size_t len;
    uint16_t unknown[STUN_MAX_UNKNOWN];
    size_t n_unknown;
    bool has_fingerprint;
};

struct reply {
    uint8_t *p;
    size_t len;
};

static uint16_t get_16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get_32(const uint8_t *p)
{
    return (uint32_t)get_16(p) << 16 | get_16(p + 2);
}

static void put_16(struct reply *r, unsigned v)
{
    r->p[r->len++] = (uint8_t)(v >> 8);
    r->p[r->len++] = (uint8_t)v;
}

static void put_32(struct reply *r, uint32_t v)
{
    put_16(r, v >> 16);
    put_16(r, v & 0xffff);
}

static void put_bytes(struct reply *r, const void *p, size_t len)
{
    memcpy(r->p + r->len, p, len);
    r->len += len;
}

uint32_t stun_fingerprint(const uint8_t *p, size_t len)
{
    return (uint32_t)crc32(0, p, (uInt)len) ^ UINT32_C(0x5354554e);
}

// Whether the attribute TYPE must be understood for an answer and is not. Understood are RFC 8489's own and those of ICE
// (RFC 8445), most of which a Binding server has nothing to do for.
static bool is_unknown(uint16_t type)
{
    static const uint16_t known[] = {
        0x0001, // MAPPED-ADDRESS
        0x0006, // USERNAME
        0x0008, // MESSAGE-INTEGRITY
        0x0009, // ERROR-CODE
        0x000a, // UNKNOWN-ATTRIBUTES
        0x0014, // REALM
        0x0015, // NONCE
        0x001c, // MESSAGE-INTEGRITY-SHA256
        0x001d, // PASSWORD-ALGORITHM
        0x001e, // USERHASH
        0x0020, // XOR-MAPPED-ADDRESS
        0x0024, // PRIORITY
        0x0025, // USE-CANDIDATE
    };
    if (type >= 0x8000) // comprehension-optional
        return false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i] == type)
            return false;
    return true;
}

// Whether the attribute at R->p[AT] is a FINGERPRINT as it must be: the last, and right (section 14.7).
static bool is_right_fingerprint(const struct request *r, size_t at)
{
    return at + FINGERPRINT_LEN == r->len && get_32(r->p + at + ATTRIBUTE_HEAD) == stun_fingerprint(r->p, at);
}

// Walks over the attributes of R. 0 or minus a stun_drop.
static int read_attributes(struct request *r)
{
    bool is_sealed = false;
    for (size_t at = STUN_HEAD_LEN; at < r->len;) {
        uint16_t type = get_16(r->p + at), value_len = get_16(r->p + at + 2);
        size_t padded = ATTRIBUTE_HEAD + (value_len + (size_t)3) / 4 * 4;
        if (padded > r->len - at)
            return -STUN_BAD_LENGTH;
        if (type == FINGERPRINT) {
            if (!is_right_fingerprint(r, at))
                return -STUN_BAD_FINGERPRINT;
            r->has_fingerprint = true;
        }
        // What follows MESSAGE-INTEGRITY is not protected by it and must be ignored (section 14.5).
        if (!is_sealed && r->n_unknown < STUN_MAX_UNKNOWN && is_unknown(type))
            r->unknown[r->n_unknown++] = type;
        is_sealed = is_sealed || type == MESSAGE_INTEGRITY;
        at += padded;
    }
    return 0;
}

// Reads R, whose bytes are set. 0 or minus a stun_drop.
static int read_request(struct request *r)
{
    if (r->len < STUN_HEAD_LEN || (r->p[0] & 0xc0) != 0 || memcmp(r->p + COOKIE_AT, cookie, sizeof cookie) != 0)
        return -STUN_NOT_STUN;
    if (r->len % 4 != 0 || get_16(r->p + 2) != r->len - STUN_HEAD_LEN)
        return -STUN_BAD_LENGTH;
    if (get_16(r->p) != BINDING_REQUEST)
        return -STUN_NOT_A_REQUEST;
    return read_attributes(r);
}

// The address is XORed with the cookie and the transaction id, so that no NAT on the way rewrites it (section 14.2).
static void put_xor_mapped_address(struct reply *r, const struct sockaddr *from)
{
    uint8_t address[16];
    size_t n = sizeof address;
    in_port_t port;
    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        port = in.sin_port;
        n = sizeof in.sin_addr;
        memcpy(address, &in.sin_addr, n);
    } else {
        struct sockaddr_in6 in6;
        memcpy(&in6, from, sizeof in6);
        port = in6.sin6_port;
        memcpy(address, &in6.sin6_addr, n);
        if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
            n = sizeof(struct in_addr);
            memmove(address, address + 12, n);
        }
    }
    put_16(r, XOR_MAPPED_ADDRESS);
    put_16(r, (unsigned)(4 + n));
    put_16(r, n == 4 ? FAMILY_IPV4 : FAMILY_IPV6);
    put_16(r, (unsigned)(ntohs(port) ^ get_16(cookie)));
    for (size_t i = 0; i < n; i++)
        address[i] ^= r->p[COOKIE_AT + i];
    put_bytes(r, address, n);
}

static void put_unknown_attributes(struct reply *r, const struct request *request)
{
    put_16(r, ERROR_CODE);
    put_16(r, 4);
    put_32(r, 4 << 8 | 20); // 420, without a phrase that would only make the answer longer
    put_16(r, UNKNOWN_ATTRIBUTES);
    put_16(r, (unsigned)(2 * request->n_unknown));
    for (size_t i = 0; i < request->n_unknown; i++)
        put_16(r, request->unknown[i]);
    if (request->n_unknown % 2 != 0)
        put_16(r, 0);
}

static void put_fingerprint(struct reply *r)
{
    uint32_t v = stun_fingerprint(r->p, r->len);
    put_16(r, FINGERPRINT);
    put_16(r, 4);
    put_32(r, v);
}

static void set_length(struct reply *r, size_t len)
{
    struct reply field = { r->p + 2, 0 };
    put_16(&field, (unsigned)(len - STUN_HEAD_LEN));
}

ssize_t stun_reply(const uint8_t *p, size_t len, const struct sockaddr *from, uint8_t out[STUN_MAX_REPLY])
{
    struct request request = { .p = p, .len = len };
    struct reply r = { .p = out };
    int drop = read_request(&request);
    if (drop < 0)
        return drop;
    put_16(&r, request.n_unknown ? BINDING_ERROR : BINDING_SUCCESS);
    put_16(&r, 0);
    put_bytes(&r, p + COOKIE_AT, STUN_HEAD_LEN - COOKIE_AT);
    if (request.n_unknown)
        put_unknown_attributes(&r, &request);
    else
        put_xor_mapped_address(&r, from);
    set_length(&r, r.len + (request.has_fingerprint ? FINGERPRINT_LEN : 0));
    if (request.has_fingerprint)
        put_fingerprint(&r);
    return (ssize_t)r.len;
}
