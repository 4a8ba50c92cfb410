// SPDX-License-Identifier: MIT
// Every setting there is, in one table: from it come the struct, the flags, the environment, the file and all that is said
// about them, on --help, in the manual and in docs/options.md.
#ifndef STROWGER_CONFIG_OPTIONS_H
#define STROWGER_CONFIG_OPTIONS_H

// S(section, title), in the order in which they are shown.
#define CONFIG_SECTIONS(S)                                                                                             \
    S(FILES, "Configuration")                                                                                          \
    S(LISTENING, "Listening")                                                                                          \
    S(TLS, "TLS and proxies")                                                                                          \
    S(PAGES, "Paths and pages")                                                                                        \
    S(ROOMS, "Dialect rooms")                                                                                          \
    S(PEERJS, "Dialect peerjs")                                                                                        \
    S(ENGINEIO, "Engine.IO and Socket.IO")                                                                             \
    S(ICE, "STUN and TURN servers")                                                                                    \
    S(LIMITS, "Limits")                                                                                                \
    S(RUNNING, "Running")

// X(field, letter, type, default, min, max, section, traits, argument, help)
//   field     in struct config, the flag's name with '-' for '_', and the key in a file
//   letter    of the short flag, or 0
//   type      NUMBER, SIZE (bytes, with k m g), DURATION (with ms s m h), MILLIS (the same, or milliseconds alone), SWITCH
//             (on or off), FLAG (on when it is there, without a value), CHOICE (the number of a word among those that
//             the argument lists), TEXT, or LIST (repeatable)
//   default   as it would be written; NULL: none
//   min, max  of what has a number, in its own unit; of a TEXT's length in bytes
//   section   of CONFIG_SECTIONS, whose rows stand together
//   traits    SITE: each site may have its own; PLACE: and one of these it must have, for itself; RESTART: SIGHUP does not
//             change it; LATER: nor for connections and sessions that there are; SECRET: never shown; CALLER: not in a
//             file; PATH: of a file, and relative to the file that says it; or 0
//   argument  what stands for the value where the option is explained
//   help      one sentence without capital and full stop
#define CONFIG_OPTIONS(X)                                                                                              \
    X(config, 'c', TEXT, NULL, 1, 4096, FILES, CALLER | RESTART, "FILE",                                               \
      "read settings from FILE; the environment and flags count before it")                                            \
    X(port, 'p', NUMBER, "8888", 0, 65535, LISTENING, PLACE | RESTART, "PORT",                                         \
      "listen on this port, TCP and UDP; 0 takes a free one")                                                          \
    X(host, 'H', TEXT, NULL, 1, 255, LISTENING, SITE | RESTART, "HOST",                                                \
      "listen on this address only, not on every one of this machine")                                                 \
    X(listen, 0, LIST, NULL, 2, 300, LISTENING, PLACE | RESTART, "[tls:]HOST:PORT",                                    \
      "listen there instead, with TLS or without; no HOST is every address; repeatable")                               \
    X(tls_cert, 0, LIST, NULL, 1, 4096, TLS, PATH | LATER, "FILE",                                                     \
      "PEM file of a certificate and its chain; without --listen all is TLS")                                          \
    X(tls_key, 0, LIST, NULL, 1, 4096, TLS, PATH | LATER, "FILE", "its key; repeat both for ECDSA beside RSA")         \
    X(dev, 0, FLAG, NULL, 0, 1, TLS, RESTART, "", "make up a certificate and serve https beside http, on port 8443")   \
    X(behind_proxy, 0, LIST, NULL, 2, 64, TLS, LATER, "CIDR",                                                          \
      "believe proxies there who their client is: PROXY protocol, X-Forwarded-For, Forwarded; repeatable")             \
    X(handshake_timeout, 0, DURATION, "5s", 10, 86400000, TLS, LATER, "TIME",                                          \
      "close a connection whose TLS handshake takes longer")                                                           \
    X(mount, 0, LIST, NULL, 1, 1024, PAGES, SITE | RESTART, "PATH=DIALECT",                                            \
      "speak DIALECT at PATH; repeatable, over the ones below")                                                        \
    X(web_root, 0, TEXT, NULL, 1, 4096, PAGES, SITE | PATH, "DIR",                                                     \
      "serve this directory instead of the built-in page")                                                             \
    X(greeting, 0, TEXT, NULL, 1, 1024, PAGES, SITE | LATER, "TEXT", "login dialect: send TEXT as the first message")  \
    X(unknown_text, 0, TEXT, "Unrecognized command: ", 0, 1024, PAGES, SITE, "TEXT",                                   \
      "login, join dialect: what stands before the type in the answer to an unknown one")                              \
    X(allow_origin, 0, LIST, NULL, 1, 256, PAGES, SITE | LATER, "ORIGIN",                                              \
      "let only pages of this origin in: exact, https://*.example.org, null, *; repeatable")                           \
    X(room_capacity, 0, NUMBER, "2", 1, 100000, ROOMS, SITE, "N", "members of a room")                                 \
    X(room_log, 0, SWITCH, "on", 0, 1, ROOMS, SITE, "on|off", "tell clients what happens in `log` events")             \
    X(room_sentences, 0, SWITCH, "off", 0, 1, ROOMS, SITE | RESTART, "on|off",                                         \
      "emit the tutorial's events named by sentences")                                                                 \
    X(room_broadcast, 0, SWITCH, "off", 0, 1, ROOMS, SITE | RESTART, "on|off",                                         \
      "pass messages to everyone, not the room")                                                                       \
    X(room_event, 0, LIST, NULL, 3, 256, ROOMS, SITE, "THEIRS=OURS",                                                   \
      "what a page calls one of our events; repeatable")                                                               \
    X(peerjs_path, 0, TEXT, "/peerjs", 1, 256, PEERJS, SITE | RESTART, "PATH", "the path that clients are told")       \
    X(peerjs_key, 'k', TEXT, "peerjs", 1, 256, PEERJS, SITE | SECRET | RESTART, "KEY",                                 \
      "the key that clients must know")                                                                                \
    X(alive_timeout, 0, MILLIS, "60s", 10, 86400000, PEERJS, SITE, "TIME",                                             \
      "close clients that send nothing for this long")                                                                 \
    X(expire_timeout, 't', MILLIS, "5s", 10, 86400000, PEERJS, SITE, "TIME",                                           \
      "how long messages wait for who is not there")                                                                   \
    X(concurrent_limit, 0, NUMBER, "5000", 1, 1 << 24, PEERJS, SITE, "N", "how many may be there at once")             \
    X(allow_discovery, 0, FLAG, NULL, 0, 1, PEERJS, SITE, "", "tell everyone who asks which ids are there")            \
    X(peerjs_leave, 0, SWITCH, "on", 0, 1, PEERJS, SITE, "on|off", "tell those a client talked to when it goes")       \
    X(namespace, 0, LIST, NULL, 2, 256, ENGINEIO, SITE | RESTART, "NAME",                                              \
      "a Socket.IO namespace that there is beside /; repeatable")                                                      \
    X(ping_interval, 0, DURATION, "25s", 10, 86400000, ENGINEIO, LATER, "TIME", "Engine.IO: time between heartbeats")  \
    X(ping_timeout, 0, DURATION, "20s", 10, 86400000, ENGINEIO, LATER, "TIME",                                         \
      "Engine.IO: how long a heartbeat may go unanswered")                                                             \
    X(max_payload, 0, SIZE, "1000000", 128, 1 << 30, ENGINEIO, 0, "SIZE",                                              \
      "Engine.IO: refuse longer messages and request bodies")                                                          \
    X(connect_timeout, 0, DURATION, "45s", 10, 86400000, ENGINEIO, LATER, "TIME",                                      \
      "Socket.IO: close clients that join no namespace")                                                               \
    X(upgrade_timeout, 0, DURATION, "10s", 10, 86400000, ENGINEIO, LATER, "TIME",                                      \
      "Engine.IO: close WebSockets that do not upgrade")                                                               \
    X(stun, 0, LIST, NULL, 1, 300, ICE, SITE, "URL",                                                                   \
      "tell clients of this STUN server, not of our own port; repeatable")                                             \
    X(turn_url, 0, LIST, NULL, 1, 300, ICE, SITE, "URL", "tell clients of this TURN server; repeatable")               \
    X(turn_secret_file, 0, TEXT, NULL, 1, 4096, ICE, SITE | PATH, "FILE",                                              \
      "its static-auth-secret, for credentials that expire")                                                           \
    X(turn_ttl, 0, DURATION, "4h", 10000, 604800000, ICE, SITE, "TIME", "how long these are good")                     \
    X(max_connections, 0, NUMBER, "0", 0, 1 << 24, LIMITS, 0, "N",                                                     \
      "refuse connections beyond so many (503); 0: as many as there are descriptors for")                              \
    X(max_connections_per_address, 0, NUMBER, "4096", 0, 1 << 24, LIMITS, 0, "N",                                      \
      "refuse connections of one address, or IPv6 /64, beyond so many (429); 0: none")                                 \
    X(connection_rate, 0, TEXT, "500:5000", 1, 64, LIMITS, 0, "RATE[:BURST]",                                          \
      "refuse connections of one address beyond so many a second, and at once (429); 0: none")                         \
    X(max_nameless, 0, NUMBER, "1000", 0, 1 << 24, LIMITS, 0, "N",                                                     \
      "refuse sessions of one address beyond so many that have no name or room yet (429); 0: none")                    \
    X(stun_rate, 0, TEXT, "200:1000", 1, 64, LIMITS, 0, "RATE[:BURST]",                                                \
      "answer no more STUN requests of one IPv4 /24 or IPv6 /56 than so many a second, and at once; 0: all")           \
    X(ice_rate, 0, TEXT, "10:500", 1, 64, LIMITS, 0, "RATE[:BURST]",                                                   \
      "tell those of one IPv4 /24 or IPv6 /56 of ICE servers no more often a second, and at once; 0: always")          \
    X(trust_loopback, 0, SWITCH, "on", 0, 1, LIMITS, 0, "on|off",                                                      \
      "hold this machine's own addresses to none of the limits of one address")                                        \
    X(message_rate, 0, TEXT, "1000:10000", 1, 64, LIMITS, 0, "RATE[:BURST]",                                           \
      "hold back a connection that sends more messages a second, and at once; 0: none")                                \
    X(byte_rate, 0, TEXT, "16m:64m", 1, 64, LIMITS, 0, "RATE[:BURST]",                                                 \
      "hold back a connection that sends more bytes a second, and at once; 0: none")                                   \
    X(join_rate, 0, TEXT, "50:500", 1, 64, LIMITS, 0, "RATE[:BURST]",                                                  \
      "hold back a connection that joins more rooms a second, and at once; 0: none")                                   \
    X(failed_login_rate, 0, TEXT, "5:50", 1, 64, LIMITS, 0, "RATE[:BURST]",                                            \
      "hold back a connection that asks for taken names more often a second, and at once; 0: none")                    \
    X(address_rate_factor, 0, NUMBER, "10", 0, 100000, LIMITS, 0, "N",                                                 \
      "let all connections of one address together have so many times what one has; 0: without limit")                 \
    X(rate_patience, 0, DURATION, "30s", 10, 86400000, LIMITS, 0, "TIME",                                              \
      "end a connection that had to be held back without a pause for so long (close code 1008)")                       \
    X(no_rate_limits, 0, FLAG, NULL, 0, 1, LIMITS, 0, "", "measure nothing of the rates above")                        \
    X(max_rooms, 0, NUMBER, "100", 1, 100000, LIMITS, SITE, "N", "how many rooms or topics one session may be in")     \
    X(max_members, 0, NUMBER, "20000", 1, 1 << 24, LIMITS, SITE, "N",                                                  \
      "how many may be in one room or topic; rooms dialect: see --room-capacity")                                      \
    X(max_calls, 0, NUMBER, "1024", 1, 4096, LIMITS, SITE, "N",                                                        \
      "how many calls one may be in, ring and be rung by, all together")                                               \
    X(stall_timeout, 0, DURATION, "10s", 10, 86400000, LIMITS, 0, "TIME",                                              \
      "end a connection whose client takes nothing of what waits for it for so long (1013)")                           \
    X(max_queued, 0, SIZE, "256m", 0, 1L << 40, LIMITS, 0, "SIZE",                                                     \
      "end the slowest when more than so much waits for all, to be sent or to be whole (1013); 0: any amount")         \
    X(max_message, 0, SIZE, "256k", 128, 1 << 30, LIMITS, 0, "SIZE",                                                   \
      "refuse longer WebSocket messages (close code 1009)")                                                            \
    X(max_fragments, 0, NUMBER, "1024", 1, 1 << 30, LIMITS, 0, "N",                                                    \
      "refuse WebSocket messages of more fragments (1009)")                                                            \
    X(message_timeout, 0, DURATION, "30s", 10, 86400000, LIMITS, 0, "TIME",                                            \
      "close a WebSocket whose message takes longer from its first byte to its last (1008)")                           \
    X(max_controls, 0, NUMBER, "100", 1, 65535, LIMITS, 0, "N",                                                        \
      "close a WebSocket that sends more pings and pongs than this in a second (1008)")                                \
    X(ws_ping_interval, 0, DURATION, "25s", 10, 86400000, LIMITS, 0, "TIME",                                           \
      "ping a WebSocket that has been silent this long")                                                               \
    X(ws_ping_timeout, 0, DURATION, "10s", 10, 86400000, LIMITS, 0, "TIME",                                            \
      "close it when it stays silent this long after that")                                                            \
    X(login_timeout, 0, DURATION, "0ms", 0, 86400000, LIMITS, LATER, "TIME",                                           \
      "close a session that has no name or room by then (1008); 0ms: never")                                           \
    X(head_timeout, 0, DURATION, "10s", 10, 86400000, LIMITS, LATER, "TIME",                                           \
      "close a connection whose HTTP request takes longer")                                                            \
    X(workers, 0, NUMBER, "0", 0, 64, RUNNING, RESTART, "N",                                                           \
      "serve with N threads; 0: one for each core that may be used")                                                   \
    X(drain_time, 0, DURATION, "10s", 0, 3600000, RUNNING, 0, "TIME",                                                  \
      "on SIGTERM, spread the closing of connections over this long; a second SIGTERM exits at once")                  \
    X(hand_over, 0, TEXT, NULL, 1, 107, RUNNING, PATH | RESTART, "PATH",                                               \
      "take the sockets over from who listens at PATH, and give them to who comes there next, without a gap")          \
    X(user, 0, TEXT, NULL, 1, 64, RUNNING, RESTART, "USER",                                                            \
      "become this user when started as root, once all ports are open; nobody when nothing is said")                   \
    X(admin, 0, TEXT, NULL, 1, 300, RUNNING, RESTART, "ADDRESS",                                                       \
      "answer operators at HOST:PORT or unix:PATH, or off; 127.0.0.1:9888 when nothing is said and it is free")        \
    X(log_rate, 0, TEXT, "200:1000", 1, 64, RUNNING, 0, "RATE[:BURST]",                                                \
      "leave out what a worker logs beyond so many records a second, and at once, but errors; 0: nothing")             \
    X(log_level, 0, CHOICE, "info", 0, LOG_TRACE, RUNNING, 0, "error|warn|info|debug|trace",                           \
      "log what is that grave, and graver")                                                                            \
    X(log_format, 0, CHOICE, "text", 0, LOG_JSON, RUNNING, 0, "text|json",                                             \
      "write each record of the log as words or as a JSON object; one line, on stderr")

#endif
