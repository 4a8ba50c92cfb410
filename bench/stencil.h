// SPDX-License-Identifier: MIT
// Messages made once and numbered: a text in which only the digits of a sequence number change from copy to copy.
//
// What is sent is a whole masked frame, so that a copy costs one memcpy and ten digits; what is expected is the plain
// text that the server should make of it.
#ifndef STROWGER_BENCH_STENCIL_H
#define STROWGER_BENCH_STENCIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

// Stands for the number in the texts that stencils are made of; must occur exactly once.
#define STENCIL_MARK "##########"

enum { STENCIL_DIGITS = sizeof STENCIL_MARK - 1 };

struct stencil {
    char *p;
    size_t len;
    size_t number_at;          // where the digits begin
    char mask[STENCIL_DIGITS]; // what they are masked with; zero in a plain text
};

// What a receiver counted. A late message is taken for one of those missing so far.
struct tally {
    uint64_t n_received; // whole and with a number never seen before
    uint64_t next;       // the number that should come now
    uint64_t n_missing, n_duplicated, n_reordered, n_corrupt;
};

// Makes the plain text T a stencil. False when the mark is not in it.
bool stencil_init_plain(struct stencil *s, const struct text *t);

// Makes T a client's masked text frame. False when the mark is not in it.
bool stencil_init_frame(struct stencil *s, const struct text *t);

void stencil_fini(struct stencil *s);

// Appends the copy number N.
void stencil_put(const struct stencil *s, uint64_t n, struct text *out);

// Compares the LEN bytes at P with the copy that T expects next, and counts what it finds. True when it was new.
bool stencil_check(const struct stencil *s, struct tally *t, const char *p, size_t len);

// Appends a masked frame with FIN set. The mask is one of many that browsers might choose, always the same.
void frame_put(struct text *out, int opcode, const void *payload, size_t len);

#endif
