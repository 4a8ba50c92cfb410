// SPDX-License-Identifier: MIT
// The keys that session tickets are sealed with: drawn at random, replaced every hour, forgotten after two.
//
// A ticket is the client's to keep, so the server stores no sessions; who steals a key can read what was said under its
// tickets, and so a key lives no longer than its use. All workers share one set of keys: every function may be called
// from any thread.
#ifndef STROWGER_NET_TLS_TICKETS_H
#define STROWGER_NET_TLS_TICKETS_H

#include <pthread.h>
#include <stdint.h>

enum {
    TLS_TICKETS_PERIOD_MS = 60 * 60 * 1000, // how long a key seals new tickets; for as long again it opens its old ones
    TLS_TICKETS_NAME_LEN = 16,
    TLS_TICKETS_KEY_LEN = 32,
};

struct tls_ticket_key {
    uint8_t name[TLS_TICKETS_NAME_LEN];
    uint8_t cipher_key[TLS_TICKETS_KEY_LEN];
    uint8_t mac_key[TLS_TICKETS_KEY_LEN];
};

struct tls_tickets {
    pthread_mutex_t lock;
    struct tls_ticket_key present, previous;
    uint64_t present_since_ms;
};

// Draws T's first keys at NOW_MS, on a clock that only goes forward.
void tls_tickets_init(struct tls_tickets *t, uint64_t now_ms);

// Wipes the keys.
void tls_tickets_fini(struct tls_tickets *t);

// Copies the key to seal a new ticket with to KEY.
void tls_tickets_seal(struct tls_tickets *t, uint64_t now_ms, struct tls_ticket_key *key);

// Copies the key called NAME to KEY. 1 when it is the present one, 2 when it is the previous one and the ticket should
// be replaced, 0 when there is none of that name, or no more.
[[gnu::warn_unused_result]] int tls_tickets_find(struct tls_tickets *t, uint64_t now_ms, const uint8_t *name,
                                                 struct tls_ticket_key *key);

#endif
