// SPDX-License-Identifier: MIT
// Writes the files it is given as the C source of server/assets.h's table; runs on the machine that builds.
//
// usage: embed PATH=FILE... > assets.c, to serve each FILE at PATH. The same files give the same output: paths are
// sorted, gzip carries no date, tags are hashes. A file without a known type is an error, so that nothing is left out
// silently. Comments at the beginning of a line of ours are for readers of the source and left out: a quarter of what a
// visitor would wait for.
#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "server/assets.h"

enum {
    TAG_BYTES = 16, // of the SHA-256 that make an entity tag: chance will not make two alike
    MAX_FILE = 16 << 20,
};

struct file {
    const char *path; // with a leading slash
    const char *type;
    char tag[2 * TAG_BYTES + 1];
    unsigned char *data, *gzip;
    size_t len, gzip_len; // gzip_len is 0 when compressing gains nothing
};

[[gnu::noreturn]] static void die(const char *path, const char *why)
{
    fprintf(stderr, "embed: %s: %s\n", path, why);
    exit(1);
}

static void *allocate(size_t len)
{
    void *p = malloc(len);
    if (!p)
        die("memory", strerror(ENOMEM));
    return p;
}

static void read_file(struct file *f, const char *name)
{
    FILE *in = fopen(name, "rb");
    if (!in)
        die(name, strerror(errno));
    f->data = allocate(MAX_FILE);
    f->len = fread(f->data, 1, MAX_FILE, in);
    if (ferror(in))
        die(name, strerror(errno));
    if (f->len == MAX_FILE)
        die(name, "larger than a page's file should be");
    fclose(in);
}

// What a comment starts with and what ends it, nothing for the end of the line; in files of these kinds.
static const struct comment {
    const char *start, *end, *kinds;
} comments[] = {
    { "//", "", ".js" },
    { "/*", "*/", ".js.css" },
    { "<!--", "-->", ".html.svg" },
};

static const struct comment *comment_at(const char *path, const unsigned char *p, size_t len)
{
    const char *kind = strrchr(path, '.');
    for (size_t i = 0; kind && i < sizeof comments / sizeof *comments; i++) {
        size_t n = strlen(comments[i].start);
        if (strstr(comments[i].kinds, kind) && n <= len && memcmp(p, comments[i].start, n) == 0)
            return &comments[i];
    }
    return NULL;
}

// What others have written stays as it came: their licences are comments.
static bool is_ours(const char *path)
{
    return strncmp(path, "/vendor/", 8) != 0 && strncmp(path, "/socket.io/", 11) != 0;
}

// Where the comment ends that LINE begins with, or goes on in when *OPEN says so: LINE itself without one.
static const unsigned char *after_comment(const char *path, const unsigned char *line, size_t len,
                                          const struct comment **open)
{
    size_t at = 0;
    while (!*open && at < len && line[at] == ' ')
        at++;
    const struct comment *c = *open ? *open : comment_at(path, line + at, len - at);
    size_t n = c ? strlen(c->end) : 0;
    *open = NULL;
    if (!c)
        return line;
    for (at = n ? at : len; at + n <= len; at++)
        if (memcmp(line + at, c->end, n) == 0)
            return line + at + n;
    *open = c;
    return line + len;
}

// Takes out the comments that a line begins with. Lines stay lines, so that a browser's messages name the right ones.
static void drop_comments(struct file *f)
{
    const struct comment *open = NULL; // that began in a line before
    size_t to = 0;
    for (size_t at = 0, len; at < f->len; at += len) {
        const unsigned char *line = f->data + at, *feed = memchr(line, '\n', f->len - at);
        len = feed ? (size_t)(feed - line) + 1 : f->len - at;
        const unsigned char *rest = after_comment(f->path, line, len - (feed != NULL), &open);
        size_t rest_len = len - (size_t)(rest - line);
        memmove(f->data + to, rest, rest_len);
        to += rest_len;
    }
    f->len = to;
}

static void hash_file(struct file *f)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (!EVP_Digest(f->data, f->len, digest, NULL, EVP_sha256(), NULL))
        die(f->path, "no SHA-256");
    for (size_t i = 0; i < TAG_BYTES; i++)
        snprintf(f->tag + 2 * i, 3, "%02x", digest[i]);
}

static void compress_file(struct file *f)
{
    enum { GZIP_WINDOW = 15 + 16, MEMORY = 9 };
    z_stream z = { .next_in = f->data, .avail_in = (uInt)f->len };
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        die(f->path, "zlib does not start");
    uLong room = deflateBound(&z, (uLong)f->len);
    f->gzip = allocate(room);
    z.next_out = f->gzip;
    z.avail_out = (uInt)room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        die(f->path, "zlib does not finish");
    f->gzip_len = z.total_out < f->len ? z.total_out : 0;
    deflateEnd(&z);
}

// A string literal compiles many times faster than a list of numbers. '?' is escaped for the sake of trigraphs.
static void print_bytes(const char *kind, size_t i, const unsigned char *p, size_t len)
{
    enum { PER_LINE = 100 };
    printf("static const unsigned char %s_%zu[] =", kind, i);
    for (size_t at = 0; at < len || at == 0; at += PER_LINE) {
        printf("\n    \"");
        for (size_t k = at; k < len && k < at + PER_LINE; k++) {
            if (p[k] < ' ' || p[k] > '~' || strchr("\"\\?", p[k]))
                printf("\\%03o", p[k]);
            else
                putchar(p[k]);
        }
        putchar('"');
    }
    printf(";\n");
}

static void print_entry(size_t i, const struct file *f)
{
    printf("    { \"%s\", \"%s\", \"\\\"%s\\\"\", data_%zu, %zu, ", f->path, f->type, f->tag, i, f->len);
    if (f->gzip_len)
        printf("\"\\\"%s-gzip\\\"\", gzip_%zu, %zu },\n", f->tag, i, f->gzip_len);
    else
        printf("NULL, NULL, 0 },\n");
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

// Makes F from ARG, PATH=FILE.
static void take_file(struct file *f, char *arg)
{
    char *equals = strchr(arg, '=');
    if (*arg != '/' || !equals)
        die(arg, "not of the form /PATH=FILE");
    *equals = '\0';
    f->path = arg;
    f->type = asset_type(f->path);
    if (!f->type || strpbrk(f->path, "\"\\"))
        die(f->path, "no known type, or a name that does not belong into a URL");
    read_file(f, equals + 1);
    if (is_ours(f->path))
        drop_comments(f);
    hash_file(f);
    compress_file(f);
}

int main(int argc, char **argv)
{
    size_t n = (size_t)argc - 1;
    struct file *files = allocate((n + 1) * sizeof(*files));
    for (size_t i = 0; i < n; i++)
        take_file(&files[i], argv[i + 1]);
    qsort(files, n, sizeof(*files), compare_paths);

    printf("// Made by tools/embed.c.\n#include \"server/assets.h\"\n\n");
    for (size_t i = 0; i < n; i++) {
        print_bytes("data", i, files[i].data, files[i].len);
        if (files[i].gzip_len)
            print_bytes("gzip", i, files[i].gzip, files[i].gzip_len);
    }
    printf("\nconst struct asset assets[] = {\n");
    for (size_t i = 0; i < n; i++)
        print_entry(i, &files[i]);
    printf("    { NULL, NULL, NULL, NULL, 0, NULL, NULL, 0 },\n};\n\nconst size_t n_assets = %zu;\n", n);
    for (size_t i = 0; i < n; i++) {
        free(files[i].data);
        free(files[i].gzip);
    }
    free(files);
    return fflush(stdout) == 0 ? 0 : 1;
}
