// SPDX-License-Identifier: MIT
// Somebody whom others can reach; see peer.h.
#include "switchboard/peer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/deadline.h"
#include "switchboard/realm.h"

struct call *peer_find_call(const struct peer *p, struct peer_ref other)
{
    struct call *call = p->calls;
    while (call && !peer_ref_equal(call->other, other))
        call = call->next;
    return call;
}

// Takes CALL, one of P's, off P's list.
static void unlink_call(struct peer *p, const struct call *call)
{
    struct call **at = &p->calls;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
}

static struct call *new_call(const struct peer *p, struct peer_ref other, int *err)
{
    size_t n = 0;
    for (const struct call *call = p->calls; call; call = call->next)
        n++;
    uint32_t max = p->realm->max_calls;
    bool has_room = !max || n < max;
    struct call *call = has_room ? malloc(sizeof *call) : NULL;
    *err = has_room ? -ENOMEM : -EMFILE;
    if (!call)
        return NULL;
    *call = (struct call){ .other = other };
    p->realm->traffic.n_call_ends++;
    return call;
}

int peer_add_call(struct peer *p, struct peer_ref other)
{
    int err = 0;
    struct call *call = peer_find_call(p, other);
    if (call)
        unlink_call(p, call);
    else
        call = new_call(p, other, &err);
    if (!call)
        return err;
    call->next = p->calls;
    p->calls = call;
    return 0;
}

enum { MAX_SINCE = (1 << 30) - 1 }; // 12 days

static uint32_t now_ms(const struct peer *p)
{
    const struct deadlines *d = p->realm->deadlines;
    return (uint32_t)d->clock->now_ms(d) & MAX_SINCE;
}

static uint32_t ms_since(const struct peer *p, const struct call *call)
{
    return (now_ms(p) - call->since) & MAX_SINCE;
}

static void note_setup(struct peer *p, const struct call *call, enum call_result result)
{
    histogram_add(&p->realm->traffic.setups[result], &traffic_setup_scale, ms_since(p, call), 1);
}

void peer_ring(struct peer *p, struct call *call)
{
    call->is_timed = true;
    call->is_answered = false;
    call->since = now_ms(p);
}

void peer_hear_answer(struct peer *p, struct call *call)
{
    if (!call->is_timed || call->is_answered)
        return;
    note_setup(p, call, CALL_ANSWERED);
    call->is_answered = true;
    call->since = now_ms(p);
}

void peer_remove_call(struct peer *p, struct call *call)
{
    if (call->is_timed && call->is_answered)
        histogram_add(&p->realm->traffic.calls, &traffic_call_scale, ms_since(p, call), 1);
    else if (call->is_timed)
        note_setup(p, call, CALL_UNANSWERED);
    unlink_call(p, call);
    p->realm->traffic.n_call_ends--;
    free(call);
}
