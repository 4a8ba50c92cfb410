// SPDX-License-Identifier: MIT
// Reads a strict subset of TOML; see toml.h.
#include "proto/toml.h"

#include "base/utf8.h"

enum { NOTHING = -1 }; // what stands at the end

void toml_init(struct toml *t, char *text, size_t len)
{
    *t = (struct toml){ .at = text, .end = text, .line = 1, .column = 1 };
    utf8_state state = UTF8_START;
    for (size_t i = 0; i < len && state != UTF8_INVALID; i++) {
        state = utf8_check(state, text + i, 1);
        if (state == UTF8_START)
            t->end = text + i + 1;
    }
    t->is_cut = t->end != text + len;
}

// ---- characters

// The byte N behind the next one, or NOTHING.
static int peek(const struct toml *t, size_t n)
{
    return (size_t)(t->end - t->at) > n ? (unsigned char)t->at[n] : NOTHING;
}

// Goes one byte on.
static void skip(struct toml *t)
{
    unsigned char c = (unsigned char)*t->at++;
    if (c == '\n') {
        t->line++;
        t->column = 1;
    } else if (c < 0x80 || c > 0xbf) { // else it goes on with a character
        t->column++;
    }
}

static bool skip_if(struct toml *t, char c)
{
    bool is_there = peek(t, 0) == c;
    if (is_there)
        skip(t);
    return is_there;
}

static void skip_blanks(struct toml *t)
{
    while (peek(t, 0) == ' ' || peek(t, 0) == '\t')
        skip(t);
}

// What may stand in strings and comments.
static bool is_plain(int c)
{
    return c >= ' ' ? c != 0x7f : c == '\t';
}

// Blanks, a comment, and the end of the line. False when something else stands there.
static bool skip_line_end(struct toml *t)
{
    skip_blanks(t);
    if (skip_if(t, '#'))
        while (is_plain(peek(t, 0)))
            skip(t);
    if (peek(t, 0) == '\r' && peek(t, 1) == '\n')
        skip(t);
    return skip_if(t, '\n') || (peek(t, 0) == NOTHING && !t->is_cut);
}

static enum toml_kind complain(const struct toml *t, struct toml_item *item, const char *fault)
{
    item->line = t->line;
    item->column = t->column;
    item->fault = t->at == t->end && t->is_cut ? "this is not UTF-8" : fault;
    return TOML_FAULT;
}

static enum toml_kind finish_line(struct toml *t, struct toml_item *item, enum toml_kind kind)
{
    skip_blanks(t);
    struct toml before = *t;
    return skip_line_end(t) ? kind : complain(t->at == t->end ? t : &before, item, "only a comment may follow here");
}

static bool is_in_name(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static struct span read_name(struct toml *t)
{
    struct span name = { t->at, 0 };
    for (; is_in_name(peek(t, 0)); name.len++)
        skip(t);
    return name;
}

// ---- values

// The number of N hexadecimal digits, which are eaten; -1 when they are none.
static int64_t read_hex(struct toml *t, int n)
{
    int64_t value = 0;
    for (int i = 0; i < n; i++) {
        int c = peek(t, 0), digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        if (digit < 0 || digit > 15 || (digit > 9 && (c | 0x20) < 'a'))
            return -1;
        value = value * 16 + digit;
        skip(t);
    }
    return value;
}

// Writes CODE as UTF-8. Returns the end, or NULL for what is no character or ends a C string.
static char *put_character(char *out, int64_t code)
{
    if (code <= 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return NULL;
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    int n = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3; // bytes behind the first
    *out++ = (char)((0xf00 >> (n + 1) & 0xff) | code >> 6 * n);
    while (n--)
        *out++ = (char)(0x80 | (code >> 6 * n & 0x3f));
    return out;
}

// Reads what follows a backslash and writes what it means. Returns the end, or NULL when it means nothing.
static char *read_escape(struct toml *t, char *out)
{
    static const char letters[] = "btnfr\"\\", meanings[] = "\b\t\n\f\r\"\\";
    int c = peek(t, 0);
    const char *letter = c > 0 ? memchr(letters, c, sizeof letters - 1) : NULL;
    if (c != 'u' && c != 'U' && !letter)
        return NULL;
    skip(t);
    if (!letter)
        return put_character(out, read_hex(t, c == 'u' ? 4 : 8));
    *out = meanings[letter - letters];
    return out + 1;
}

static enum toml_kind read_string(struct toml *t, struct toml_item *item)
{
    char quote = *t->at;
    if (peek(t, 1) == quote && peek(t, 2) == quote)
        return complain(t, item, "a string stands on one line, in single quotes or double ones");
    skip(t);
    char *start = t->at, *out = start;
    while (peek(t, 0) != quote) {
        struct toml before = *t;
        if (!is_plain(peek(t, 0)))
            return complain(t, item, "the string does not end on its line, or holds a control character");
        if (quote == '"' && skip_if(t, '\\'))
            out = read_escape(t, out);
        else {
            *out++ = *t->at;
            skip(t);
        }
        if (!out)
            return complain(&before, item, "a backslash is written \\\\ in double quotes; or take single ones");
    }
    skip(t); // the quote, whose place the zero may need
    *out = '\0';
    item->text = (struct span){ start, (size_t)(out - start) };
    return TOML_STRING;
}

// Reads "8888" or "1_000" or "-1".
static enum toml_kind read_integer(struct toml *t, struct toml_item *item)
{
    static const char fault[] = "a number is made of digits; with a unit it is a string: \"64k\", \"30s\"";
    struct toml before = *t;
    bool is_negative = peek(t, 0) == '-', is_first = true;
    if (is_negative || peek(t, 0) == '+')
        skip(t);
    bool has_zero = peek(t, 0) == '0';
    do {
        int c = peek(t, 0);
        if (c < '0' || c > '9' || (has_zero && !is_first))
            return complain(&before, item, fault);
        if (__builtin_mul_overflow(item->number, 10, &item->number) ||
            __builtin_add_overflow(item->number, is_negative ? '0' - c : c - '0', &item->number))
            return complain(&before, item, "the number is too large");
        skip(t);
        is_first = false;
    } while (skip_if(t, '_') || (peek(t, 0) >= '0' && peek(t, 0) <= '9'));
    return is_in_name(peek(t, 0)) || peek(t, 0) == '.' || peek(t, 0) == ':' ? complain(&before, item, fault)
                                                                            : TOML_INTEGER;
}

static enum toml_kind read_word(struct toml *t, struct toml_item *item)
{
    struct toml before = *t;
    struct span word = read_name(t);
    item->number = span_equal(word, SPAN("true"));
    if (item->number || span_equal(word, SPAN("false")))
        return TOML_BOOLEAN;
    return complain(&before, item, "a value is a \"string\", a number, true, false or a list in brackets");
}

static enum toml_kind read_value(struct toml *t, struct toml_item *item)
{
    int c = peek(t, 0);
    item->value_column = t->column;
    enum toml_kind kind;
    if (c == '[') {
        skip(t);
        t->array = item->name;
        return TOML_ARRAY;
    }
    if (c == '"' || c == '\'')
        kind = read_string(t, item);
    else if ((c >= '0' && c <= '9') || c == '-' || c == '+')
        kind = read_integer(t, item);
    else
        kind = read_word(t, item);
    return kind == TOML_FAULT ? kind : finish_line(t, item, kind);
}

// ---- items

// Reads on inside of an array: a string and the comma behind it, or the array's end, which is TOML_END.
static enum toml_kind read_array_item(struct toml *t, struct toml_item *item)
{
    while (peek(t, 0) != NOTHING && skip_line_end(t)) // empty lines and comments
        ;
    item->name = t->array;
    item->line = t->line;
    item->column = item->value_column = t->column;
    if (skip_if(t, ']')) {
        t->array.p = NULL;
        return finish_line(t, item, TOML_END);
    }
    if (peek(t, 0) != '"' && peek(t, 0) != '\'')
        return complain(t, item, "in a list stand strings, with commas between them and ] behind");
    if (read_string(t, item) == TOML_FAULT)
        return TOML_FAULT;
    while (peek(t, 0) != NOTHING && skip_line_end(t))
        ;
    return skip_if(t, ',') || peek(t, 0) == ']' ? TOML_ITEM : complain(t, item, "here belongs a comma or ]");
}

static enum toml_kind read_section(struct toml *t, struct toml_item *item)
{
    static const char fault[] = "a section's name is a word in brackets, or two with a dot: [tls], [site.NAME]";
    skip(t);
    skip_blanks(t);
    item->name = read_name(t);
    skip_blanks(t);
    if (!item->name.len)
        return complain(t, item, fault);
    if (skip_if(t, '.')) {
        skip_blanks(t);
        item->below = read_name(t);
        skip_blanks(t);
        if (!item->below.len)
            return complain(t, item, fault);
    }
    return skip_if(t, ']') ? finish_line(t, item, TOML_SECTION) : complain(t, item, fault);
}

static enum toml_kind read_pair(struct toml *t, struct toml_item *item)
{
    item->name = read_name(t);
    skip_blanks(t);
    if (!item->name.len)
        return complain(t, item, "a line is NAME = VALUE, [SECTION], or a comment");
    if (peek(t, 0) == '.')
        return complain(t, item, "there is no dot in a name: write it below its [section]");
    if (!skip_if(t, '='))
        return complain(t, item, "here belongs = and a value");
    skip_blanks(t);
    return read_value(t, item);
}

enum toml_kind toml_next(struct toml *t, struct toml_item *item)
{
    *item = (struct toml_item){ .kind = TOML_END };
    if (t->array.p)
        item->kind = read_array_item(t, item);
    if (item->kind != TOML_END)
        return item->kind;
    while (peek(t, 0) != NOTHING && skip_line_end(t))
        ;
    *item = (struct toml_item){ .line = t->line, .column = t->column };
    if (peek(t, 0) == '[')
        item->kind = read_section(t, item);
    else if (peek(t, 0) != NOTHING || t->is_cut)
        item->kind = read_pair(t, item);
    else
        item->kind = TOML_END;
    return item->kind;
}
