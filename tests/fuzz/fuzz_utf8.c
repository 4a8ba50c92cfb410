// SPDX-License-Identifier: MIT
// Fuzzes base/utf8.h: the verdict is the reference's, however the text is split. Input: where to split, then the text.
#include <stdlib.h>

#include "../unit/utf8_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

// No byte more is needed to see that a text is invalid than the first one that makes it so.
static void check_prefixes(const char *text, size_t len)
{
    utf8_state state = UTF8_START;
    for (size_t i = 0; i < len; i++) {
        state = utf8_check(state, text + i, 1);
        if (len <= 256)
            must(verdict_of(state) == reference_utf8(text, i + 1));
    }
    must(state == utf8_check(UTF8_START, text, len));
}

static void check_cut(const char *text, size_t len)
{
    size_t cut = utf8_cut(text, len);
    must(cut <= len && len - cut <= 3);
    if (reference_utf8(text, len) != REFERENCE_INVALID)
        must(utf8_is_valid(text, cut) && (cut == len || !utf8_is_valid(text, cut + 1)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    const size_t len = size - 1, split = len ? data[0] % (len + 1) : 0;
    enum reference_verdict expected = reference_utf8(text, len);
    must(verdict_of(utf8_check(UTF8_START, text, len)) == expected);
    must(verdict_of(utf8_check(utf8_check(UTF8_START, text, split), text + split, len - split)) == expected);
    must(utf8_is_valid(text, len) == (expected == REFERENCE_WHOLE));
    check_prefixes(text, len);
    check_cut(text, len);
    return 0;
}
