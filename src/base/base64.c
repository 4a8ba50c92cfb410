// SPDX-License-Identifier: MIT
// Base64; see base64.h.
#include "base/base64.h"

#include <errno.h>
#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_put(struct buf *out, struct span bytes)
{
    if (bytes.len == 0)
        return 0;
    if (buf_reserve(out, base64_len(bytes.len)) != 0)
        return -ENOMEM;
    char *to = out->p + out->len;
    for (size_t at = 0; at < bytes.len; at += 3, to += 4) {
        size_t n = bytes.len - at < 3 ? bytes.len - at : 3;
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; i++)
            bits = bits << 8 | (i < n ? (uint8_t)bytes.p[at + i] : 0);
        to[0] = alphabet[bits >> 18];
        to[1] = alphabet[bits >> 12 & 63];
        to[2] = n > 1 ? alphabet[bits >> 6 & 63] : '=';
        to[3] = n > 2 ? alphabet[bits & 63] : '=';
    }
    out->len += base64_len(bytes.len);
    return 0;
}

static int sextet_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Writes the bytes of a whole group of four characters, the last N_PAD of which were padding. Returns how many, or
// -EINVAL.
static ssize_t put_group(char *out, uint32_t bits, unsigned n_pad)
{
    if (n_pad > 2 || bits & ((1u << 8 * n_pad) - 1))
        return -EINVAL;
    ssize_t n = 3 - (ssize_t)n_pad;
    for (ssize_t i = 0; i < n; i++)
        out[i] = (char)(bits >> (16 - 8 * i));
    return n;
}

ssize_t base64_decode(char *out, struct span text)
{
    uint32_t bits = 0;
    unsigned n_chars = 0, n_pad = 0; // of the present group
    ssize_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.p[i];
        if (c == '\r' || c == '\n')
            continue;
        int sextet = c == '=' ? 0 : sextet_of(c);
        n_pad += c == '=';
        if (sextet < 0 || (n_pad && c != '='))
            return -EINVAL;
        bits = bits << 6 | (uint32_t)sextet;
        if (++n_chars < 4)
            continue;
        // n_pad is never set back: after a padded group nothing but line breaks may follow.
        ssize_t n = put_group(out + len, bits, n_pad);
        if (n < 0)
            return n;
        len += n;
        bits = n_chars = 0;
    }
    return n_chars ? -EINVAL : len;
}
