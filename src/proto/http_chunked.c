// SPDX-License-Identifier: MIT
// Chunked bodies of HTTP/1.1 (RFC 9112 section 7.1); see http.h.
//
//   size in hex [;extension] CRLF  size bytes of data CRLF   ... again and again, then
//   0 [;extension] CRLF  trailer lines, each with CRLF  CRLF
//
// Every byte outside the data goes through the function of the present state, which names the next state or refuses. What
// extensions and trailers say is dropped.
#include "proto/http.h"

enum {
    MAX_SIZE_LINE = 256, // with the extensions that nobody sends
    MAX_TRAILERS = 4096, // all trailer lines together
};

enum state {
    SIZE_FIRST,    // the first digit of a size
    SIZE,          // its further digits
    SIZE_BLANK,    // blanks before an extension
    EXTENSION,     // to the end of the line
    SIZE_LF,       // its LF
    DATA,          // chunk_left bytes
    DATA_CR,       // behind them
    DATA_LF,       //
    TRAILER_FIRST, // the first byte of a trailer line, or of the empty line that ends the body
    TRAILER_NAME,  // to the colon
    TRAILER_VALUE, // to the end of the line
    TRAILER_LF,    // its LF
    END_LF,        // the LF of the empty line
    DONE,
};

static int hex_value(char c)
{
    char lower = ascii_lower(c);
    if (c >= '0' && c <= '9')
        return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool is_text(char c)
{
    return (unsigned char)c >= 0x20 ? c != 0x7f : c == '\t';
}

// tchar (RFC 9110 5.6.2)
static bool is_name(char c)
{
    return c > 0x20 && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

static int add_digit(struct http_chunked *c, char b)
{
    int digit = hex_value(b);
    if (digit < 0)
        return -400;
    if (c->chunk_left >> 60 != 0)
        return -413;
    c->chunk_left = c->chunk_left << 4 | (unsigned)digit;
    return SIZE;
}

static int on_size(struct http_chunked *c, char b)
{
    if (b == '\r')
        return SIZE_LF;
    if (b == ';')
        return EXTENSION;
    return b == ' ' || b == '\t' ? SIZE_BLANK : add_digit(c, b);
}

static int on_size_blank(struct http_chunked *c, char b)
{
    (void)c;
    if (b == ';')
        return EXTENSION;
    return b == ' ' || b == '\t' ? SIZE_BLANK : -400;
}

static int on_extension(struct http_chunked *c, char b)
{
    (void)c;
    if (b == '\r')
        return SIZE_LF;
    return is_text(b) ? EXTENSION : -400;
}

static int on_size_lf(struct http_chunked *c, char b)
{
    c->line_len = 0;
    if (b != '\n')
        return -400;
    return c->chunk_left > 0 ? DATA : TRAILER_FIRST;
}

static int on_data_cr(struct http_chunked *c, char b)
{
    (void)c;
    return b == '\r' ? DATA_LF : -400;
}

static int on_data_lf(struct http_chunked *c, char b)
{
    c->line_len = 0;
    return b == '\n' ? SIZE_FIRST : -400;
}

static int on_trailer_first(struct http_chunked *c, char b)
{
    (void)c;
    if (b == '\r')
        return END_LF;
    return is_name(b) ? TRAILER_NAME : -400;
}

static int on_trailer_name(struct http_chunked *c, char b)
{
    (void)c;
    if (b == ':')
        return TRAILER_VALUE;
    return is_name(b) ? TRAILER_NAME : -400;
}

static int on_trailer_value(struct http_chunked *c, char b)
{
    (void)c;
    if (b == '\r')
        return TRAILER_LF;
    return is_text(b) ? TRAILER_VALUE : -400;
}

static int on_trailer_lf(struct http_chunked *c, char b)
{
    (void)c;
    return b == '\n' ? TRAILER_FIRST : -400;
}

static int on_end_lf(struct http_chunked *c, char b)
{
    (void)c;
    return b == '\n' ? DONE : -400;
}

// Gives one byte outside the data to the present state. 0, or minus a status.
static int step(struct http_chunked *c, char b)
{
    static int (*const on[])(struct http_chunked * c, char b) = {
        [SIZE_FIRST] = add_digit,         [SIZE] = on_size,
        [SIZE_BLANK] = on_size_blank,     [EXTENSION] = on_extension,
        [SIZE_LF] = on_size_lf,           [DATA_CR] = on_data_cr,
        [DATA_LF] = on_data_lf,           [TRAILER_FIRST] = on_trailer_first,
        [TRAILER_NAME] = on_trailer_name, [TRAILER_VALUE] = on_trailer_value,
        [TRAILER_LF] = on_trailer_lf,     [END_LF] = on_end_lf,
    };
    bool is_trailer = c->state >= TRAILER_FIRST;
    if (c->line_len == (is_trailer ? MAX_TRAILERS : MAX_SIZE_LINE))
        return is_trailer ? -431 : -400;
    c->line_len++;
    int next = on[c->state](c, b);
    if (next < 0)
        return next;
    c->state = (uint8_t)next;
    c->is_done = next == DONE;
    return 0;
}

ssize_t http_chunked_parse(struct http_chunked *c, const char *p, size_t len, struct span *data)
{
    size_t eaten = 0;
    *data = (struct span){ 0 };
    while (eaten < len && c->state != DATA && !c->is_done) {
        int rc = step(c, p[eaten]);
        if (rc < 0)
            return rc;
        eaten++;
    }
    if (eaten == len || c->state != DATA)
        return (ssize_t)eaten;
    size_t n = len - eaten < c->chunk_left ? len - eaten : (size_t)c->chunk_left;
    *data = (struct span){ p + eaten, n };
    c->chunk_left -= n;
    if (c->chunk_left == 0)
        c->state = DATA_CR;
    return (ssize_t)(eaten + n);
}
