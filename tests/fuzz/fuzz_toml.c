// SPDX-License-Identifier: MIT
// Fuzzes the reader of configuration files.
//
// The input is a file. What is read points into it, in the order in which it stands there.
#include <stdlib.h>

#include "base/utf8.h"
#include "proto/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static void check_name(struct span name, const char *text, size_t size)
{
    must(name.len && name.p >= text && name.p + name.len <= text + size);
    for (size_t i = 0; i < name.len; i++)
        must(name.p[i] > ' ' && name.p[i] < 0x7f);
}

static void check_item(const struct toml_item *item, const char *text, size_t size)
{
    if (item->kind == TOML_FAULT) {
        must(item->fault != NULL);
        return;
    }
    check_name(item->name, text, size);
    if (item->below.p)
        check_name(item->below, text, size);
    if (item->kind != TOML_STRING && item->kind != TOML_ITEM)
        return;
    must(item->text.p > text && item->text.p + item->text.len < text + size);
    must(strlen(item->text.p) == item->text.len && utf8_is_valid(item->text.p, item->text.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size ? size : 1);
    must(text != NULL);
    if (size)
        memcpy(text, data, size);
    struct toml t;
    struct toml_item item;
    unsigned line = 1, column = 0;
    toml_init(&t, text, size);
    while (toml_next(&t, &item) != TOML_END) {
        must(item.line > line || (item.line == line && item.column > column));
        check_item(&item, text, size);
        if (item.kind == TOML_FAULT)
            break;
        line = item.line;
        column = item.column;
    }
    free(text);
    return 0;
}
