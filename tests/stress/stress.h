// SPDX-License-Identifier: MIT
// Several workers' switchboards under random load, each message and each seat held against a model.
//
// Callers are sessions without sockets. They take names, move to others, talk to each other, sit in rooms that are too
// small for them, and go without a word. What is checked, and by what:
//
//   a name has one owner             an atomic table, written right after a claim and right before a release
//   a name that is taken over has   who loses it is told once, and at every pause at most one has not lost it, and is found
//   one owner, too
//   a room never holds too many      the same with counters
//   one sees another's messages in   each message carries its number in its pair: the next one is the only right one
//   the order sent, all and once     and at every pause, sent = arrived + returned
//   a room's members see one order   "this before that", noted by each, must have no circle (order.h)
//   a member hears all and only      each member knows who is inside from the cards, joins and leaves, and each message
//   what is said while it is inside  carries its number since its sender came
//   nothing is left at the end       all tables empty, all memory back
#ifndef STROWGER_TESTS_STRESS_H
#define STROWGER_TESTS_STRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "cluster/bus_local.h"
#include "net/worker.h"
#include "order.h"
#include "switchboard/room.h"
#include "switchboard/switchboard.h"

enum {
    MAX_STRESS_WORKERS = 8,
    N_CALLERS = 48, // a worker
    N_SLOTS = 64,   // a caller's ref has a slot below it
    N_NAMES = 220,  // that have one owner until it gives them back
    N_KEYED = 20,   // that can be taken over: the numbers behind
    N_ROOMS = 24,
    MAX_EVENTS = 1 << 20, // of rooms between two pauses
};

// Ends the program unless CONDITION holds.
#define CHECK(condition, ...)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, #condition);                                    \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

// What all workers share.
struct field {
    int n_workers;
    atomic_int owners[N_NAMES]; // the caller's number, or 0
    atomic_int seats[N_ROOMS];  // how many are taken
    atomic_uint n_events;       // of rooms, since the last pause
    atomic_uint *finished_at;   // by event: what n_events was when it had been published; 0: not yet
    pthread_barrier_t pause;
    struct stress_worker *workers;
};

// What one caller knows of another's messages, by the other's slot.
struct stream {
    uint32_t generation;
    uint32_t n;
};

// What one caller knows of another member of its room.
struct member {
    bool is_inside;
    bool is_heard; // else N is not known
    uint32_t generation, stay, n;
};

struct caller {
    struct session session;
    struct stress_worker *worker;
    int number;           // never 0
    int name;             // while session.peer is set
    bool is_lost;         // the name, to another
    struct seat *seat;    // or NULL
    int room;             // while seat is set
    uint32_t stay;        // how often it has taken a seat
    uint32_t n_published; // since then
    uint32_t join_began;  // what n_events was then
    uint32_t last_event;  // that it is known to come behind, or NO_EVENT
    struct stream said[MAX_STRESS_WORKERS][N_SLOTS], heard[MAX_STRESS_WORKERS][N_SLOTS];
    struct member members[MAX_STRESS_WORKERS][N_SLOTS];
};

struct stress_stats {
    uint64_t n_logins, n_refused, n_taken_over, n_sent, n_arrived, n_returned, n_joins, n_full, n_published, n_heard,
        n_closes;
};

struct stress_worker {
    struct field *field;
    uint64_t chance, n_operations;
    struct worker worker;
    struct bus_port port;
    struct switchboard switchboard;
    struct realm realm;
    const struct bus_handler *switchboard_handler; // which ours stands before
    struct order order;
    struct stress_stats stats;
    struct caller callers[N_CALLERS];
    pthread_t thread;
};

static inline int capacity_of(int room)
{
    return 2 + room % 7;
}

// What arrives for them.
extern const struct peer_ops caller_peer_ops;

// Makes the callers of W, which is otherwise ready.
void callers_init(struct stress_worker *w);

// Has one of W's callers do something.
void callers_act(struct stress_worker *w);

// Ends all callers of W.
void callers_close(struct stress_worker *w);

// Holds what all callers know to what is so, when all workers pause and nothing is under way.
void callers_check(struct field *f);

// Begins anew after a pause.
void callers_resume(struct stress_worker *w);

#endif
