// SPDX-License-Identifier: MIT
// Somebody whom others can reach; see peer.h.
#include "switchboard/peer.h"

#include <errno.h>
#include <stdlib.h>

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

void peer_remove_call(struct peer *p, struct call *call)
{
    unlink_call(p, call);
    p->realm->traffic.n_call_ends--;
    free(call);
}
