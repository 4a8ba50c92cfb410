// SPDX-License-Identifier: MIT
// Text from strangers as a terminal may be shown it; see shown.h.
#include "cli/shown.h"

// The length of the control character at P, of which LEN bytes are there, or 0: C0, DEL, C1, and those for directions.
static size_t control_len(const char *p, size_t len)
{
    unsigned char a = (unsigned char)p[0], b = len > 1 ? (unsigned char)p[1] : 0, c = len > 2 ? (unsigned char)p[2] : 0;
    if (a < 0x20 || a == 0x7f)
        return 1;
    if (a == 0xc2 && b >= 0x80 && b < 0xa0)
        return 2;
    bool is_direction = a == 0xe2 && ((b == 0x80 && ((c >= 0xaa && c <= 0xae) || c == 0x8e || c == 0x8f)) ||
                                      (b == 0x81 && c >= 0xa6 && c <= 0xa9));
    return is_direction ? 3 : 0;
}

int shown_put(struct span text, char out[SHOWN_LEN])
{
    size_t len = 0;
    int n_columns = 0;
    for (size_t i = 0; i < text.len && len < SHOWN_LEN - 1;) {
        size_t skipped = control_len(text.p + i, text.len - i);
        char c = skipped ? '?' : text.p[i];
        i += skipped ? skipped : 1;
        out[len++] = c;
        n_columns += ((unsigned char)c & 0xc0) != 0x80;
    }
    out[len] = '\0';
    return n_columns;
}
