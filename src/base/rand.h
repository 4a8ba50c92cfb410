// SPDX-License-Identifier: MIT
// Unguessable bytes from the kernel.
#ifndef STROWGER_BASE_RAND_H
#define STROWGER_BASE_RAND_H

#include <stddef.h>

// Fills LEN bytes at P. Never fails once the system is up: getrandom(2) can't for lengths to 256, longer ones are split.
void rand_fill(void *p, size_t len);

#endif
