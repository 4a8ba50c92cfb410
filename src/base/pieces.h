// SPDX-License-Identifier: MIT
// A long row of bytes that comes piece by piece: it grows without ever moving, and is made one at its end.
//
// What strangers begin and do not end must not cost more than they sent. A growing buf doubles and, moving, leaves holes that
// nobody fits into; here bytes stay where they were put, in chunks of at least a sixteenth of all before. Zero-initialised
// is empty and holds no memory; pieces_fini() makes it so again.
#ifndef STROWGER_BASE_PIECES_H
#define STROWGER_BASE_PIECES_H

#include "base/span.h"

struct pieces_chunk;

struct pieces {
    struct pieces_chunk *last; // of a ring
    size_t len;                // bytes in all chunks
};

// Frees the bytes; P is empty and usable afterwards.
void pieces_fini(struct pieces *p);

// Appends S. 0, or -ENOMEM with P unchanged.
[[gnu::warn_unused_result]] int pieces_put(struct pieces *p, struct span s);

// Has *WHOLE be all of P, in one row, which may be written to and lives until P changes. 0, or -ENOMEM with P unchanged.
[[gnu::warn_unused_result]] int pieces_join(struct pieces *p, struct span *whole);

#endif
