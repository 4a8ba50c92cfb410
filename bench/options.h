// SPDX-License-Identifier: MIT
// What one run of the load generator is asked to do.
#ifndef STROWGER_BENCH_OPTIONS_H
#define STROWGER_BENCH_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "dialect.h"

struct options {
    struct sockaddr_in server;
    pid_t server_pid; // whose time and memory are measured; 0: nobody's
    const struct dialect *dialect;
    const char *path; // of the WebSocket
    enum body body;
    uint32_t n_pairs;   // pairs: callers that talk, two by two
    uint32_t n_idle;    // callers that only hold a name, in processes of their own
    uint32_t n_members; // broadcast: of the one room
    uint32_t n_connects;
    uint32_t n_waves;     // idle: how often the crowd comes and goes
    uint32_t window;      // messages of one sender under way at a time
    uint32_t size;        // bytes of a message as sent
    uint32_t concurrency; // connections being opened at a time
    uint32_t first_id;    // of the names; generators that run together need different ones
    uint64_t n_messages;  // ends the run when so many were sent in all; 0: the time does
    double rate;          // pairs: messages a second in all, sent whether or not earlier ones came; 0: window by window
    double seconds, warmup;
    double settle; // idle: seconds to wait before memory is read
    bool is_one_way;
    bool wants_help;
};

// Reads the command line into O, over the defaults. Returns the word that is no option, the kind of run, or NULL; ends
// the program with status 2 when an option is unknown or its value is none. Starts the alarm that ends a run too long.
const char *options_parse(struct options *o, int argc, char **argv);

// Prints a line for each option.
void options_print(void);

#endif
