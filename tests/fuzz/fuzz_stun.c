// SPDX-License-Identifier: MIT
// Fuzzes the STUN responder: whatever it answers is short, well formed and belongs to the request.
//
// The input's first byte chooses the sender's address; the others are the datagram.
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static struct sockaddr_storage sender(uint8_t choice)
{
    struct sockaddr_storage from = { 0 };
    struct sockaddr_in *in = (struct sockaddr_in *)&from;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&from;
    if (choice % 3 == 0) {
        in->sin_family = AF_INET;
        in->sin_port = htons(choice * 251);
        in->sin_addr.s_addr = htonl(0x7f000000u + choice);
        return from;
    }
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(choice * 251);
    memset(&in6->sin6_addr, choice, 16);
    if (choice % 3 == 1)
        memcpy(&in6->sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
    return from;
}

static void check_reply(const uint8_t *request, const uint8_t *reply, size_t len)
{
    must(len >= STUN_HEAD_LEN + 12 && len <= STUN_MAX_REPLY && len % 4 == 0);
    must((size_t)(reply[2] << 8 | reply[3]) == len - STUN_HEAD_LEN);
    must(reply[0] == 1 && (reply[1] == 0x01 || reply[1] == 0x11));
    must(memcmp(reply + 4, request + 4, 16) == 0);
    size_t at = STUN_HEAD_LEN;
    while (at < len) {
        must(len - at >= 4);
        size_t value_len = (size_t)(reply[at + 2] << 8 | reply[at + 3]);
        if (reply[at] == 0x80 && reply[at + 1] == 0x28) {
            uint32_t v = stun_fingerprint(reply, at);
            const uint8_t wanted[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
            must(value_len == 4 && at + 8 == len && memcmp(reply + at + 4, wanted, 4) == 0);
        }
        at += 4 + (value_len + 3) / 4 * 4;
    }
    must(at == len);
    // Never an answer that would itself be answered.
    uint8_t out[STUN_MAX_REPLY];
    struct sockaddr_storage from = sender(0);
    must(stun_reply(reply, len, (struct sockaddr *)&from, out) == -STUN_NOT_A_REQUEST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct sockaddr_storage from = sender(data[0]);
    uint8_t *copy = malloc(size - 1), *out = malloc(STUN_MAX_REPLY);
    must(out && (copy || size == 1));
    if (size > 1)
        memcpy(copy, data + 1, size - 1);
    ssize_t n = stun_reply(copy, size - 1, (struct sockaddr *)&from, out);
    must(n != 0 && n >= -STUN_BAD_FINGERPRINT);
    if (n > 0)
        check_reply(copy, out, (size_t)n);
    free(copy);
    free(out);
    return 0;
}
