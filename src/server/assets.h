// SPDX-License-Identifier: MIT
// The files of web/, and the client library of Socket.IO, compiled into the program.
//
// The table is written by tools/embed.c at build time and lies in read-only memory; nothing here is ever freed. It knows
// nothing of requests: that "/" means "/index.html" and who gets which coding is the server's decision.
#ifndef STROWGER_SERVER_ASSETS_H
#define STROWGER_SERVER_ASSETS_H

#include <stddef.h>
#include <string.h>

struct asset {
    const char *path; // as in a request target: "/app.js", "/icons/phone.svg"
    const char *type; // Content-Type, with its charset for texts
    const char *etag; // strong entity tag of the plain bytes, in its quotes: a hash of the content
    const unsigned char *data;
    size_t len;
    const char *gzip_etag;     // another tag for the same file compressed (RFC 9110 section 8.8.3.3)
    const unsigned char *gzip; // a gzip stream of the same bytes; NULL when that would not be shorter
    size_t gzip_len;
};

// Ordered by path as strcmp() orders, each path once: made for bsearch().
extern const struct asset assets[];
extern const size_t n_assets;

// The Content-Type of a file called PATH by its extension, or NULL when that isn't in the list.
static inline const char *asset_type(const char *path)
{
    static const struct {
        const char *extension, *type;
    } types[] = {
        { ".html", "text/html; charset=utf-8" },
        { ".css", "text/css; charset=utf-8" },
        { ".js", "text/javascript; charset=utf-8" },
        { ".mjs", "text/javascript; charset=utf-8" },
        { ".txt", "text/plain; charset=utf-8" },
        { ".json", "application/json" },
        { ".map", "application/json" },
        { ".webmanifest", "application/manifest+json" },
        { ".wasm", "application/wasm" },
        { ".svg", "image/svg+xml" },
        { ".png", "image/png" },
        { ".jpg", "image/jpeg" },
        { ".jpeg", "image/jpeg" },
        { ".gif", "image/gif" },
        { ".webp", "image/webp" },
        { ".ico", "image/x-icon" },
        { ".woff2", "font/woff2" },
        { ".mp3", "audio/mpeg" },
        { ".ogg", "audio/ogg" },
        { ".wav", "audio/wav" },
        { ".mp4", "video/mp4" },
        { ".webm", "video/webm" },
    };
    const char *extension = strrchr(path, '.');
    for (size_t i = 0; extension && i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(extension, types[i].extension) == 0)
            return types[i].type;
    return NULL;
}

#endif
