// SPDX-License-Identifier: MIT
// Unit tests of switchboard/peer.h: the list of calls.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <errno.h>

#include "switchboard/peer.h"
#include "switchboard/realm.h"

enum { MAX_CALLS = 100 };

static struct realm realm = { .max_calls = MAX_CALLS };

static struct peer_ref ref(uint32_t slot, uint32_t generation)
{
    return (struct peer_ref){ .worker = 1, .slot = slot & 0xffffff, .generation = generation };
}

static size_t count_calls(const struct peer *p)
{
    size_t n = 0;
    for (const struct call *call = p->calls; call; call = call->next)
        n++;
    return n;
}

static void end_all(struct peer *p)
{
    struct call *call;
    while ((call = peer_latest_call(p)))
        peer_remove_call(p, call);
    assert_int_equal(realm.traffic.n_call_ends, 0);
}

static void the_latest_call_is_first(void **state)
{
    (void)state;
    struct peer p = { .realm = &realm };
    assert_null(peer_latest_call(&p));
    assert_null(peer_find_call(&p, ref(0, 0)));
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(peer_add_call(&p, ref(i, 0)), 0);
    assert_int_equal(peer_latest_call(&p)->other.slot, 2);
    assert_int_equal(peer_add_call(&p, ref(0, 0)), 0); // again, and so the latest
    assert_int_equal(count_calls(&p), 3);
    assert_int_equal(peer_latest_call(&p)->other.slot, 0);
    peer_remove_call(&p, peer_latest_call(&p));
    assert_int_equal(peer_latest_call(&p)->other.slot, 2);
    assert_null(peer_find_call(&p, ref(0, 0)));
    assert_int_equal(peer_find_call(&p, ref(1, 0))->other.slot, 1);
    end_all(&p);
}

static void refs_differ_in_every_part(void **state)
{
    (void)state;
    struct peer p = { .realm = &realm };
    struct peer_ref at_another_worker = ref(5, 7);
    at_another_worker.worker = 2;
    assert_int_equal(peer_add_call(&p, ref(5, 7)), 0);
    assert_null(peer_find_call(&p, ref(5, 8))); // the slot's next peer is somebody else
    assert_null(peer_find_call(&p, ref(6, 7)));
    assert_null(peer_find_call(&p, at_another_worker));
    assert_non_null(peer_find_call(&p, ref(5, 7)));
    end_all(&p);
}

static void calls_are_limited(void **state)
{
    (void)state;
    struct peer p = { .realm = &realm };
    for (uint32_t i = 0; i < MAX_CALLS; i++)
        assert_int_equal(peer_add_call(&p, ref(i, 0)), 0);
    assert_int_equal(peer_add_call(&p, ref(MAX_CALLS, 0)), -EMFILE);
    assert_int_equal(peer_add_call(&p, ref(0, 0)), 0); // that one is there already
    peer_remove_call(&p, peer_find_call(&p, ref(17, 0)));
    assert_int_equal(peer_add_call(&p, ref(MAX_CALLS, 0)), 0);
    assert_int_equal(count_calls(&p), MAX_CALLS);
    end_all(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_call_is_first),
        cmocka_unit_test(refs_differ_in_every_part),
        cmocka_unit_test(calls_are_limited),
    };
    return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
