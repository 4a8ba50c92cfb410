// SPDX-License-Identifier: MIT
// A URL as a QR code on a terminal, for a telephone's camera.
#ifndef STROWGER_SERVER_QR_H
#define STROWGER_SERVER_QR_H

#include <stdio.h>

// Writes URL to OUT, dark on light whatever the terminal's colours, two rows of modules a line. 0, or -EINVAL when it
// is too long.
[[gnu::warn_unused_result]] int qr_print(FILE *out, const char *url);

#endif
