// SPDX-License-Identifier: MIT
// A URL as a QR code; see qr.h.
#include "server/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdbool.h>

enum { QUIET = 4 }; // modules left light around the code (ISO/IEC 18004 section 6.3.8)

static bool is_dark(const QRcode *code, int row, int column)
{
    bool is_inside = row >= 0 && row < code->width && column >= 0 && column < code->width;
    return is_inside && code->data[row * code->width + column] & 1;
}

static void print_line(FILE *out, const QRcode *code, int row)
{
    static const char *const halves[2][2] = { { " ", "\u2584" }, { "\u2580", "\u2588" } }; // [upper][lower]
    fputs("\033[38;5;16;48;5;231m", out); // black on white of the 256 colours, which no theme changes
    for (int column = -QUIET; column < code->width + QUIET; column++)
        fputs(halves[is_dark(code, row, column)][is_dark(code, row + 1, column)], out);
    fputs("\033[0m\n", out);
}

int qr_print(FILE *out, const char *url)
{
    QRcode *code = QRcode_encodeString(url, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    if (!code)
        return -EINVAL;
    for (int row = -QUIET; row < code->width + QUIET; row += 2)
        print_line(out, code, row);
    QRcode_free(code);
    return 0;
}
