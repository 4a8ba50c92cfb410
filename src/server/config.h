// SPDX-License-Identifier: MIT
// Every setting there is, in one table: from it come the struct, the parsing of the command line, and --help.
#ifndef STROWGER_SERVER_CONFIG_H
#define STROWGER_SERVER_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

// X(field, letter, type, default, min, max, argument, help)
//   field     in struct config, and the flag's name with '-' for '_'
//   letter    of the short flag, or 0
//   type      NUMBER, SIZE (bytes, with k m g), DURATION (with ms s m h), MILLIS (the same, or milliseconds alone), SWITCH (on or off), FLAG (on when
//             it is there, without a value), LEVEL, TEXT, or LIST (repeatable)
//   default   as it would be written; NULL: none
//   min, max  of what has a number, in its own unit; of a TEXT's length in bytes
#define CONFIG_OPTIONS(X)                                                                                              \
    X(port, 'p', NUMBER, "8888", 0, 65535, "PORT", "listen on this port, TCP and UDP; 0 takes a free one")             \
    X(host, 'H', TEXT, NULL, 1, 255, "HOST", "listen on this address only, not on every one of this machine")          \
    X(listen, 0, LIST, NULL, 2, 300, "[tls:]HOST:PORT",                                                                \
      "listen there instead, with TLS or without; no HOST is every address; repeatable")                               \
    X(tls_cert, 0, LIST, NULL, 1, 4096, "FILE",                                                                        \
      "PEM file of a certificate and its chain; without --listen all is TLS")                                          \
    X(tls_key, 0, LIST, NULL, 1, 4096, "FILE", "its key; repeat both for ECDSA beside RSA. SIGHUP reads them again")   \
    X(dev, 0, FLAG, NULL, 0, 1, "", "make up a certificate and serve https beside http, on port 8443")                 \
    X(behind_proxy, 0, LIST, NULL, 2, 64, "CIDR",                                                                      \
      "believe proxies there who their client is: PROXY protocol, X-Forwarded-For, Forwarded; repeatable")             \
    X(handshake_timeout, 0, DURATION, "5s", 10, 86400000, "TIME",                                                      \
      "close a connection whose TLS handshake takes longer")                                                           \
    X(workers, 0, NUMBER, "0", 0, 64, "N", "serve with N threads; 0: one for each core that may be used")              \
    X(mount, 0, LIST, NULL, 1, 1024, "PATH=DIALECT", "speak DIALECT at PATH; repeatable, over the ones below")         \
    X(web_root, 0, TEXT, NULL, 1, 4096, "DIR", "serve this directory instead of the built-in page")                    \
    X(greeting, 0, TEXT, NULL, 1, 1024, "TEXT", "login dialect: send TEXT as the first message")                       \
    X(unknown_text, 0, TEXT, "Unrecognized command: ", 0, 1024, "TEXT",                                                \
      "login, join dialect: what stands before the type in the answer to an unknown one")                              \
    X(room_capacity, 0, NUMBER, "2", 1, 100000, "N", "rooms dialect: members of a room")                               \
    X(room_log, 0, SWITCH, "on", 0, 1, "on|off", "rooms dialect: tell clients what happens in `log` events")           \
    X(room_sentences, 0, SWITCH, "off", 0, 1, "on|off",                                                                \
      "rooms dialect: emit the tutorial's events named by sentences")                                                  \
    X(room_broadcast, 0, SWITCH, "off", 0, 1, "on|off", "rooms dialect: pass messages to everyone, not the room")      \
    X(room_event, 0, LIST, NULL, 3, 256, "THEIRS=OURS", "rooms dialect: what a page calls one of our events")          \
    X(peerjs_path, 0, TEXT, "/peerjs", 1, 256, "PATH", "PeerJS clients: the path that they are told")                  \
    X(peerjs_key, 'k', TEXT, "peerjs", 1, 256, "KEY", "PeerJS: the key that they must know")                           \
    X(alive_timeout, 0, MILLIS, "60s", 10, 86400000, "TIME", "PeerJS: close clients that send nothing for this long")  \
    X(expire_timeout, 't', MILLIS, "5s", 10, 86400000, "TIME", "PeerJS: how long messages wait for who is not there")  \
    X(concurrent_limit, 0, NUMBER, "5000", 1, 1 << 24, "N", "PeerJS: how many may be there at once")                   \
    X(allow_discovery, 0, FLAG, NULL, 0, 1, "", "PeerJS: tell everyone who asks which ids are there")                  \
    X(peerjs_leave, 0, SWITCH, "on", 0, 1, "on|off", "PeerJS: tell those a client talked to when it goes")             \
    X(max_topics, 0, NUMBER, "100", 1, 100000, "N", "topics dialect: how many one connection may subscribe to")        \
    X(max_subscribers, 0, NUMBER, "10000", 1, 1 << 24, "N", "topics dialect: how many one topic may have")             \
    X(namespace, 0, LIST, NULL, 2, 256, "NAME", "a Socket.IO namespace that there is beside /")                        \
    X(ping_interval, 0, DURATION, "25s", 10, 86400000, "TIME", "Engine.IO: time between heartbeats")                   \
    X(ping_timeout, 0, DURATION, "20s", 10, 86400000, "TIME", "Engine.IO: how long a heartbeat may go unanswered")     \
    X(max_payload, 0, SIZE, "1000000", 128, 1 << 30, "SIZE", "Engine.IO: refuse longer messages and request bodies")   \
    X(connect_timeout, 0, DURATION, "45s", 10, 86400000, "TIME", "Socket.IO: close clients that join no namespace")    \
    X(upgrade_timeout, 0, DURATION, "10s", 10, 86400000, "TIME", "Engine.IO: close WebSockets that do not upgrade")    \
    X(allow_origin, 0, LIST, NULL, 1, 256, "ORIGIN",                                                                   \
      "let only pages of this origin in: exact, https://*.example.org, null, *")                                       \
    X(max_message, 0, SIZE, "256k", 128, 1 << 30, "SIZE", "refuse longer WebSocket messages (close code 1009)")        \
    X(max_fragments, 0, NUMBER, "131072", 1, 1 << 30, "N", "refuse WebSocket messages of more fragments (1009)")       \
    X(ws_ping_interval, 0, DURATION, "25s", 10, 86400000, "TIME", "ping a WebSocket that has been silent this long")   \
    X(ws_ping_timeout, 0, DURATION, "10s", 10, 86400000, "TIME", "close it when it stays silent this long after that") \
    X(head_timeout, 0, DURATION, "10s", 10, 86400000, "TIME", "close a connection whose HTTP request takes longer")    \
    X(drain_time, 0, DURATION, "10s", 0, 3600000, "TIME",                                                              \
      "on SIGTERM, spread the closing of connections over this long; a second SIGTERM exits at once")                  \
    X(log_level, 0, LEVEL, "info", 0, LOG_TRACE, "LEVEL", "log error, warn, info, debug or trace, and what is graver")

struct config_list {
    size_t n;
    const char **items;
};

#define CONFIG_C_NUMBER   int64_t
#define CONFIG_C_SIZE     int64_t
#define CONFIG_C_DURATION int64_t
#define CONFIG_C_MILLIS   int64_t
#define CONFIG_C_SWITCH   int64_t
#define CONFIG_C_FLAG     int64_t
#define CONFIG_C_LEVEL    int64_t
#define CONFIG_C_TEXT     const char *
#define CONFIG_C_LIST     struct config_list

struct config {
#define CONFIG_MEMBER(field, letter, type, default_value, min, max, argument, help) CONFIG_C_##type field;
    CONFIG_OPTIONS(CONFIG_MEMBER)
#undef CONFIG_MEMBER
};

enum config_result {
    CONFIG_OK,
    CONFIG_HELP,    // --help was asked for
    CONFIG_VERSION, // --version was asked for
    CONFIG_USAGE,   // something is wrong with the command line
};

enum { CONFIG_ERROR_LEN = 512 };

// Fills C with the defaults and what ARGV says over them; texts point into ARGV or are constant. On CONFIG_USAGE, ERROR
// is one line saying what is wrong, without a line end.
[[gnu::warn_unused_result]] enum config_result config_parse(struct config *c, int argc, char **argv,
                                                            char error[CONFIG_ERROR_LEN]);

// Frees the lists of C.
void config_fini(struct config *c);

// Writes the help text for the options to stdout.
void config_print_options(void);

#endif
