// SPDX-License-Identifier: MIT
// The PROXY protocol; see proxy_protocol.h.
#include "net/proxy_protocol.h"

#include <errno.h>
#include <netinet/in.h>

enum {
    MAX_LINE = 107, // of version 1, its CRLF included
    HEAD_2 = 16,    // of version 2, up to the addresses
    LOCAL = 0x20,   // version 2 and command in one byte
    PROXY = 0x21,
    TCP4 = 0x11, // family and transport in one byte
    TCP6 = 0x21,
    LEN_TCP4 = 12, // addresses and ports
    LEN_TCP6 = 36,
};

static const struct span signature_1 = { "PROXY ", 6 }, signature_2 = { "\r\n\r\n\0\r\nQUIT\n", 12 };

// Whether P begins with S (1), may do so once more has come (0), or does not (-1).
static int compare(const char *p, size_t len, struct span s)
{
    size_t n = len < s.len ? len : s.len;
    if (memcmp(p, s.p, n) != 0)
        return -1;
    return n == s.len;
}

// Takes the word before the next blank, or the rest, off S.
static struct span next_word(struct span *s)
{
    const char *blank = s->len ? memchr(s->p, ' ', s->len) : NULL;
    struct span word = { s->p, blank ? (size_t)(blank - s->p) : s->len };
    size_t eaten = word.len + (blank != NULL);
    s->p += eaten;
    s->len -= eaten;
    return word;
}

static bool is_port(struct span s)
{
    unsigned port = 0;
    if (!s.len || s.len > 5 || (s.len > 1 && s.p[0] == '0'))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        port = port * 10 + (unsigned)(s.p[i] - '0');
    }
    return port <= 65535;
}

// Reads what stands between "PROXY " and CRLF. 0 or -EINVAL.
static int parse_line(struct span line, struct addr *client)
{
    struct span family = next_word(&line);
    if (span_equal(family, SPAN("UNKNOWN")))
        return 0; // whatever follows is to be ignored
    bool is_ipv4 = span_equal(family, SPAN("TCP4"));
    struct addr source, destination;
    if ((!is_ipv4 && !span_equal(family, SPAN("TCP6"))) || addr_parse(&source, next_word(&line)) != 0 ||
        addr_parse(&destination, next_word(&line)) != 0 || !is_port(next_word(&line)) || !is_port(line))
        return -EINVAL;
    // An IPv4 client on an IPv6 socket of the proxy's is told as TCP6 with a mapped address.
    if (is_ipv4 && !addr_is_ipv4(&source))
        return -EINVAL;
    *client = source;
    return 0;
}

static ssize_t parse_1(const char *p, size_t len, struct addr *client)
{
    size_t max = len < MAX_LINE ? len : MAX_LINE;
    const char *end = memchr(p, '\n', max);
    if (!end)
        return max < MAX_LINE ? 0 : -EINVAL;
    size_t line_len = (size_t)(end - p);
    if (end[-1] != '\r')
        return -EINVAL;
    struct span line = { p + signature_1.len, line_len - 1 - signature_1.len };
    return parse_line(line, client) == 0 ? (ssize_t)line_len + 1 : -EINVAL;
}

// Reads the LEN bytes of addresses at P, of which FAMILY says what they are. 0 or -EINVAL.
static int parse_addresses(unsigned char family, const char *p, size_t len, struct addr *client)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    if (family == TCP4 && len >= LEN_TCP4) {
        memcpy(&in.sin_addr, p, sizeof in.sin_addr);
        *client = addr_of_sockaddr((struct sockaddr *)&in);
    } else if (family == TCP6 && len >= LEN_TCP6) {
        memcpy(client->ip, p, sizeof client->ip);
    } else if (family == TCP4 || family == TCP6) {
        return -EINVAL;
    }
    return 0; // another family says nothing of use, and is to be taken as if unspecified
}

static ssize_t parse_2(const char *p, size_t len, struct addr *client)
{
    if (len < HEAD_2)
        return 0;
    const unsigned char *head = (const unsigned char *)p;
    size_t rest = (size_t)(head[14] << 8 | head[15]);
    if ((head[12] != LOCAL && head[12] != PROXY) || HEAD_2 + rest > PROXY_PROTOCOL_MAX)
        return -EINVAL;
    if (len < HEAD_2 + rest)
        return 0;
    if (head[12] == PROXY && parse_addresses(head[13], p + HEAD_2, rest, client) != 0)
        return -EINVAL;
    return (ssize_t)(HEAD_2 + rest);
}

ssize_t proxy_protocol_parse(const char *p, size_t len, struct addr *client)
{
    int is_1 = compare(p, len, signature_1), is_2 = compare(p, len, signature_2);
    if (is_1 > 0)
        return parse_1(p, len, client);
    if (is_2 > 0)
        return parse_2(p, len, client);
    return is_1 == 0 || is_2 == 0 ? 0 : -ENOENT;
}
