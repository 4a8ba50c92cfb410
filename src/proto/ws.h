// SPDX-License-Identifier: MIT
// WebSocket (RFC 6455) as a codec: bytes in, pieces of frames out; frame heads and handshake values made.
//
// The parser unmasks in place, checks everything that section 5 forbids and the UTF-8 of texts as it streams, and keeps
// no payload: the caller gathers pieces if it wants whole messages. It speaks for a server: frames from the client must
// be masked, ours are not.
#ifndef STROWGER_PROTO_WS_H
#define STROWGER_PROTO_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/span.h"
#include "base/utf8.h"

enum ws_opcode { WS_CONTINUATION = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

// Close codes (RFC 6455 section 7.4 and the IANA registry).
enum ws_close_code {
    WS_CLOSE_NORMAL = 1000,
    WS_CLOSE_GOING_AWAY = 1001,
    WS_CLOSE_PROTOCOL_ERROR = 1002,
    WS_CLOSE_UNSUPPORTED = 1003,
    WS_CLOSE_NO_STATUS = 1005, // never on the wire: "no code was given"
    WS_CLOSE_ABNORMAL = 1006,  // never on the wire: "no close frame came"
    WS_CLOSE_INVALID_DATA = 1007,
    WS_CLOSE_POLICY = 1008,
    WS_CLOSE_TOO_BIG = 1009,
    WS_CLOSE_INTERNAL_ERROR = 1011,
    WS_CLOSE_TRY_AGAIN_LATER = 1013,
};

enum {
    WS_MAX_HEAD = 14,        // the longest frame head, with mask key
    WS_MAX_CONTROL = 125,    // the longest control payload (section 5.5)
    WS_MAX_REASON = 123,     // the longest close reason
    WS_ACCEPT_LEN = 28,      // Sec-WebSocket-Accept
    WS_MAX_SERVER_HEAD = 10, // the longest head that ws_put_head writes
};

struct ws_limits {
    uint64_t max_message;   // payload bytes of one message, all its fragments together; above: 1009
    uint32_t max_fragments; // frames of one message; above: 1009
};

// The parser's state between two reads; zero-initialised is the start of a connection.
struct ws_parser {
    uint64_t frame_left;  // payload bytes of the current frame still to come
    uint64_t message_len; // payload bytes of the current message promised so far
    uint32_t n_fragments; // frames of the current message so far
    utf8_state utf8;      // of the current text message
    uint8_t key[4];       // turned so that key[0] is for the next byte
    uint8_t head[WS_MAX_HEAD];
    uint8_t head_len;       // bytes of an unfinished head held in head[]
    uint8_t opcode;         // of the current frame, as sent
    uint8_t message_opcode; // WS_TEXT or WS_BINARY while a message is unfinished, else 0
    bool in_payload;
    bool is_fin;
    bool is_first; // no piece of the current message or control frame was given yet
};

// What a call of ws_parse() found: a piece of a payload, unmasked where it lay.
struct ws_piece {
    struct span data;      // may be empty
    enum ws_opcode opcode; // WS_TEXT or WS_BINARY (also for continuation frames), or a control opcode
    bool is_first;         // the first piece of a message, or of a control frame
    bool is_last;          // the last piece of a message, or of a control frame
};

// Reads on in the LEN bytes at P, which it may change, until one piece is found or the bytes end. Returns how many bytes
// it ate, with *HAS_PIECE saying whether *PIECE was filled in, or minus the close code to fail the connection with.
// Without a piece all bytes were eaten. A whole message in P comes as one piece with is_first and is_last; a frame of
// empty payload comes as a piece too unless it is an empty fragment that neither begins nor ends its message. A text's
// last piece is only given when its UTF-8 is whole. After an error the parser must not be called again.
[[gnu::warn_unused_result]] ssize_t ws_parse(struct ws_parser *w, const struct ws_limits *limits, char *p, size_t len,
                                             struct ws_piece *piece, bool *has_piece);

// Whether W is between two messages: nothing was begun that is not whole.
static inline bool ws_is_at_rest(const struct ws_parser *w)
{
    return !w->head_len && !w->in_payload && !w->message_opcode;
}

// Writes the head of an unmasked frame with FIN set for LEN payload bytes. Returns its length, 2, 4 or 10.
size_t ws_put_head(uint8_t out[WS_MAX_SERVER_HEAD], enum ws_opcode opcode, uint64_t len);

// Reads a close frame's whole payload (section 5.5.1). Returns the code, WS_CLOSE_NO_STATUS when there is none, or minus
// the code to answer with: 1002 for one byte or a code that must not be sent, 1007 for a reason that is not UTF-8.
// *REASON (may be NULL) points into PAYLOAD.
[[gnu::warn_unused_result]] int ws_parse_close(struct span payload, struct span *reason);

// Writes a close frame's payload: CODE, then REASON cut at a character to WS_MAX_REASON bytes. Returns its length.
// WS_CLOSE_NO_STATUS gives an empty payload.
size_t ws_put_close(uint8_t out[WS_MAX_CONTROL], int code, struct span reason);

// Whether KEY can be a Sec-WebSocket-Key: base64 of 16 bytes (section 4.1).
bool ws_is_key(struct span key);

// Writes Sec-WebSocket-Accept for KEY (section 4.2.2), without a closing zero.
void ws_put_accept(char out[WS_ACCEPT_LEN], struct span key);

#endif
