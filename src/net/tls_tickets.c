// SPDX-License-Identifier: MIT
// The keys of session tickets; see tls_tickets.h.
#include "net/tls_tickets.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base/rand.h"

void tls_tickets_init(struct tls_tickets *t, uint64_t now_ms)
{
    pthread_mutex_init(&t->lock, NULL);
    // Random names of no ticket, too: the previous key is as good as any, and nobody can know it.
    rand_fill(&t->present, sizeof t->present);
    rand_fill(&t->previous, sizeof t->previous);
    t->present_since_ms = now_ms;
}

void tls_tickets_fini(struct tls_tickets *t)
{
    pthread_mutex_destroy(&t->lock);
    OPENSSL_cleanse(t, sizeof *t);
}

// Done when a key is asked for rather than by a timer: then it also holds after the machine has slept.
static void rotate(struct tls_tickets *t, uint64_t now_ms)
{
    uint64_t age_ms = now_ms - t->present_since_ms;
    if (age_ms < TLS_TICKETS_PERIOD_MS)
        return;
    t->previous = t->present;
    rand_fill(&t->present, sizeof t->present);
    if (age_ms >= 2 * TLS_TICKETS_PERIOD_MS)
        rand_fill(&t->previous, sizeof t->previous);
    t->present_since_ms = now_ms;
}

void tls_tickets_seal(struct tls_tickets *t, uint64_t now_ms, struct tls_ticket_key *key)
{
    pthread_mutex_lock(&t->lock);
    rotate(t, now_ms);
    *key = t->present;
    pthread_mutex_unlock(&t->lock);
}

int tls_tickets_find(struct tls_tickets *t, uint64_t now_ms, const uint8_t *name, struct tls_ticket_key *key)
{
    int found = 0;
    pthread_mutex_lock(&t->lock);
    rotate(t, now_ms);
    if (memcmp(name, t->present.name, TLS_TICKETS_NAME_LEN) == 0)
        found = 1;
    else if (memcmp(name, t->previous.name, TLS_TICKETS_NAME_LEN) == 0)
        found = 2;
    if (found)
        *key = found == 1 ? t->present : t->previous;
    pthread_mutex_unlock(&t->lock);
    return found;
}
