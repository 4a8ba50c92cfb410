// SPDX-License-Identifier: MIT
// IP addresses and prefixes; see addr.h.
#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

enum { IPV4_AT = 12, IPV4_BITS = 96 };

static const uint8_t ipv4_prefix[IPV4_AT] = { [10] = 0xff, [11] = 0xff };

int addr_parse(struct addr *a, struct span text)
{
    char copy[ADDR_TEXT_LEN];
    if (text.len >= sizeof copy || memchr(text.p ? text.p : "", 0, text.len))
        return -EINVAL;
    if (text.len)
        memcpy(copy, text.p, text.len);
    copy[text.len] = 0;
    struct addr parsed;
    memcpy(parsed.ip, ipv4_prefix, IPV4_AT);
    if (inet_pton(AF_INET, copy, parsed.ip + IPV4_AT) != 1 && inet_pton(AF_INET6, copy, parsed.ip) != 1)
        return -EINVAL;
    *a = parsed;
    return 0;
}

// Reads TEXT, one to three digits. Returns their value, or -EINVAL.
static int parse_bits(struct span text)
{
    int bits = 0;
    if (!text.len || text.len > 3 || (text.len > 1 && text.p[0] == '0'))
        return -EINVAL;
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return -EINVAL;
        bits = bits * 10 + (text.p[i] - '0');
    }
    return bits;
}

int addr_parse_prefix(struct addr_prefix *prefix, struct span text)
{
    const char *slash = text.len ? memchr(text.p, '/', text.len) : NULL;
    size_t addr_len = slash ? (size_t)(slash - text.p) : text.len;
    struct addr_prefix parsed = { .n_bits = 128 };
    if (addr_parse(&parsed.addr, (struct span){ text.p, addr_len }) != 0)
        return -EINVAL;
    if (slash) {
        int bits = parse_bits((struct span){ slash + 1, text.len - addr_len - 1 });
        // ::ffff:192.0.2.0/120 already counts from the front; only the dotted form counts its own 32 bits.
        bool is_dotted = !memchr(text.p, ':', addr_len);
        if (bits < 0 || bits > (is_dotted ? 32 : 128))
            return -EINVAL;
        parsed.n_bits = is_dotted ? IPV4_BITS + bits : bits;
    }
    *prefix = parsed;
    return 0;
}

struct addr addr_of_sockaddr(const struct sockaddr *sa)
{
    struct addr a = { 0 };
    if (sa->sa_family == AF_INET6) {
        memcpy(a.ip, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, sizeof a.ip);
    } else if (sa->sa_family == AF_INET) {
        memcpy(a.ip, ipv4_prefix, IPV4_AT);
        memcpy(a.ip + IPV4_AT, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, sizeof a.ip - IPV4_AT);
    }
    return a;
}

void addr_format(const struct addr *a, char out[ADDR_TEXT_LEN])
{
    if (addr_is_ipv4(a))
        inet_ntop(AF_INET, a->ip + IPV4_AT, out, ADDR_TEXT_LEN);
    else
        inet_ntop(AF_INET6, a->ip, out, ADDR_TEXT_LEN);
}

bool addr_is_ipv4(const struct addr *a)
{
    return memcmp(a->ip, ipv4_prefix, IPV4_AT) == 0;
}

bool addr_is_unknown(const struct addr *a)
{
    static const struct addr unknown;
    return addr_is_equal(a, &unknown);
}

bool addr_is_loopback(const struct addr *a)
{
    static const struct addr ipv6 = { .ip = { [15] = 1 } };
    return addr_is_ipv4(a) ? a->ip[IPV4_AT] == 127 : addr_is_equal(a, &ipv6);
}

bool addr_is_equal(const struct addr *a, const struct addr *b)
{
    return memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool addr_is_in(const struct addr *a, const struct addr_prefix *prefix)
{
    if (addr_is_ipv4(a) && prefix->n_bits < IPV4_BITS)
        return false;
    size_t n_bytes = (size_t)prefix->n_bits / 8;
    unsigned left = (unsigned)prefix->n_bits % 8;
    if (memcmp(a->ip, prefix->addr.ip, n_bytes) != 0)
        return false;
    return !left || (a->ip[n_bytes] ^ prefix->addr.ip[n_bytes]) >> (8 - left) == 0;
}

bool addr_is_in_any(const struct addr *a, const struct addr_prefix *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (addr_is_in(a, &list[i]))
            return true;
    return false;
}
