// SPDX-License-Identifier: MIT
// Takes the mask off a WebSocket payload (RFC 6455 section 5.3): every byte that a client sends passes here.
#ifndef STROWGER_PROTO_WS_MASK_H
#define STROWGER_PROTO_WS_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WS_KEY_LEN = 4 };

// Unmasks the LEN bytes at P where they lie, KEY[0] being for the first. Returns whether one of them is now above 127.
bool ws_mask_remove(char *p, size_t len, const uint8_t key[WS_KEY_LEN]);

// Turns KEY by the N bytes that used it, so that KEY[0] is for the next one.
void ws_mask_turn(uint8_t key[WS_KEY_LEN], size_t n);

#endif
