// SPDX-License-Identifier: MIT
// STUN Binding (RFC 8489) for a stateless responder: one datagram in, at most one datagram out.
//
// Requests are answered with XOR-MAPPED-ADDRESS alone (and FINGERPRINT when the request had one); credentials are ignored,
// as an open Binding server may. RFC 3489's form without the magic cookie and RFC 5780's attributes are not supported.
#ifndef STROWGER_PROTO_STUN_H
#define STROWGER_PROTO_STUN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

enum {
    STUN_HEAD_LEN = 20,
    STUN_MAX_REPLY = 128, // no reply is ever longer
    STUN_MAX_UNKNOWN = 8, // unknown attributes listed in a 420 reply
};

// Why a datagram got no reply.
enum stun_drop {
    STUN_NOT_STUN = 1,    // too short, first two bits set, no magic cookie
    STUN_BAD_LENGTH,      // length field not a multiple of 4, not the datagram's, or an attribute past the end
    STUN_NOT_A_REQUEST,   // an indication, a response, or a method other than Binding
    STUN_BAD_FINGERPRINT, // FINGERPRINT wrong or not last
};

// Answers the datagram of LEN bytes at P that came from FROM (AF_INET or AF_INET6; an IPv4-mapped address counts as IPv4).
// Writes the reply, a success or a 420 error, into OUT and returns its length, or minus a stun_drop when silence is the
// answer.
[[gnu::warn_unused_result]] ssize_t stun_reply(const uint8_t *p, size_t len, const struct sockaddr *from,
                                               uint8_t out[STUN_MAX_REPLY]);

// The value of FINGERPRINT for a message whose LEN bytes at P stand before that attribute, with the length field already
// counting it (section 14.7).
uint32_t stun_fingerprint(const uint8_t *p, size_t len);

#endif
