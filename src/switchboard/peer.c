// SPDX-License-Identifier: MIT
// Someone with a name; see peer.h.
#include "switchboard/peer.h"

#include <errno.h>
#include <stdlib.h>

#include "switchboard/realm.h"

static struct call *call_of(struct list *node)
{
    return CONTAINER_OF(node, struct call, in_peer);
}

struct call *peer_find_call(const struct peer *p, struct peer_ref other)
{
    LIST_EACH(&p->calls, node)
    if (peer_ref_equal(call_of(node)->other, other))
        return call_of(node);
    return NULL;
}

struct call *peer_latest_call(const struct peer *p)
{
    return list_is_empty(&p->calls) ? NULL : call_of(p->calls.next);
}

int peer_add_call(struct peer *p, struct peer_ref other)
{
    struct call *call = peer_find_call(p, other);
    if (call) {
        list_remove(&call->in_peer);
        list_prepend(&p->calls, &call->in_peer);
        return 0;
    }
    if (p->n_calls >= PEER_MAX_CALLS)
        return -EMFILE;
    call = malloc(sizeof *call);
    if (!call)
        return -ENOMEM;
    *call = (struct call){ .other = other };
    list_prepend(&p->calls, &call->in_peer);
    p->n_calls++;
    p->realm->traffic.n_call_ends++;
    return 0;
}

void peer_remove_call(struct peer *p, struct call *call)
{
    list_remove(&call->in_peer);
    p->n_calls--;
    p->realm->traffic.n_call_ends--;
    free(call);
}
