// SPDX-License-Identifier: MIT
// A growing text for the load generator; out of memory ends the program, which is a tool and serves nobody.
#ifndef STROWGER_BENCH_TEXT_H
#define STROWGER_BENCH_TEXT_H

#include <stddef.h>

// Zero-initialised is empty. P has no closing zero.
struct text {
    char *p;
    size_t len, cap;
};

void text_fini(struct text *t);

// Makes room for MORE bytes behind the present ones.
void text_reserve(struct text *t, size_t more);

void text_put(struct text *t, const void *p, size_t len);

[[gnu::format(printf, 2, 3)]] void text_printf(struct text *t, const char *format, ...);

#endif
