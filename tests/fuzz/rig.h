// SPDX-License-Identifier: MIT
// The whole server inside a fuzz target: started like the program, turned by hand, its clock and its chance made ours.
//
// Two workers share this one thread, so that what crosses workers is reached too. uv_now(), uv_async_send() and rand_fill()
// are the rig's own, which the linker prefers to those of the libraries: time passes only when a script says so, the same
// script always meets the same session ids and keys, and a worker that was called is turned without libuv's loop.
#ifndef STROWGER_TESTS_RIG_H
#define STROWGER_TESTS_RIG_H

#include <stdint.h>

#include "wire.h"

// Starts the server, with the N options at ARGV, which must live on, unless it is there; gives it the chance it had at first.
void rig_begin(int n, char **argv);

// Stops it if it has had its share of scripts. Nobody must be connected, and then nothing must be left of anybody.
void rig_end(void);

// Turns those workers that have something to do once. Whether any had.
bool rig_turn(void);

// Lets MS milliseconds pass.
void rig_pass(uint64_t ms);

// Asks N connections of each worker to end, as when the server drains.
void rig_shed(size_t n);

// Has what passes told, as `strowger tail` asks for it, or no more. Each line must be JSON.
void rig_tail(bool is_on);

// Connects to endpoint number ENDPOINT of worker number WORKER from ADDRESS.
struct wire *rig_connect(int worker, int endpoint, const char *address);

// Whether nobody is connected any more and no session is left.
bool rig_is_empty(void);

#endif
