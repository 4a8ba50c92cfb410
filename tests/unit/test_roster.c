// SPDX-License-Identifier: MIT
// Unit tests of switchboard/roster.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "chance.h"
#include "switchboard/roster.h"

enum { WORKER = 3, CROWD = 3 * ROSTER_BLOCK + 5 };

static struct roster roster;

static int setup(void **state)
{
    (void)state;
    roster_init(&roster, WORKER);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(roster.block_pool.n_in_use, 0);
    roster_fini(&roster);
    return 0;
}

static struct peer *enter(void)
{
    struct peer *peer = roster_enter(&roster);
    assert_non_null(peer);
    assert_int_equal(peer->ref.worker, WORKER);
    assert_null(peer->name);
    assert_null(peer->calls);
    assert_null(peer->seats);
    assert_ptr_equal(roster_find(&roster, peer->ref), peer);
    return peer;
}

static void who_has_left_is_not_found(void **state)
{
    (void)state;
    struct peer *a = enter(), *b = enter();
    struct peer_ref gone = a->ref;
    roster_leave(&roster, a);
    assert_null(roster_find(&roster, gone));
    struct peer *c = enter();
    assert_int_equal(c->ref.slot, gone.slot);
    assert_null(roster_find(&roster, gone)); // whose slot is another's now
    roster_leave(&roster, b);
    roster_leave(&roster, c);
    assert_null(roster_find(&roster, gone)); // nor in a block that is gone
    struct peer *d = enter();
    assert_int_equal(d->ref.slot, gone.slot);
    assert_null(roster_find(&roster, gone));
    roster_leave(&roster, d);
}

static void refs_of_nobody_find_nobody(void **state)
{
    (void)state;
    const struct peer_ref nobody = PEER_REF_NOBODY;
    assert_null(roster_find(&roster, nobody));
    assert_null(roster_find(&roster, (struct peer_ref){ .worker = WORKER }));
    struct peer *a = enter();
    assert_null(roster_find(&roster, nobody));
    assert_null(roster_find(&roster, (struct peer_ref){ .worker = WORKER, .slot = 0xffffff }));
    for (uint32_t slot = 1; slot < ROSTER_BLOCK; slot++) // free places
        assert_null(roster_find(&roster, (struct peer_ref){ .worker = WORKER, .slot = slot & 0xffffff }));
    struct peer_ref elsewhere = a->ref;
    elsewhere.worker++;
    assert_null(roster_find(&roster, elsewhere));
    roster_leave(&roster, a);
}

// Holds that all of PEERS that are there are found, and nobody at another's place.
static void assert_all_found(struct peer *const peers[CROWD])
{
    for (int i = 0; i < CROWD; i++)
        if (peers[i])
            assert_ptr_equal(roster_find(&roster, peers[i]->ref), peers[i]);
}

static void a_crowd_comes_and_goes(void **state)
{
    (void)state;
    struct peer *peers[CROWD] = { NULL };
    uint64_t chance = 1;
    for (int turn = 0; turn < 20000; turn++) {
        // Now most come, now most go, so that blocks fill and empty.
        size_t i = chance_below(&chance, CROWD), n_odds = turn / 2000 % 2 ? 8 : 2;
        bool is_coming = chance_below(&chance, 10) < n_odds;
        if (is_coming && !peers[i]) {
            peers[i] = enter();
        } else if (!is_coming && peers[i]) {
            struct peer_ref gone = peers[i]->ref;
            roster_leave(&roster, peers[i]);
            peers[i] = NULL;
            assert_null(roster_find(&roster, gone));
        }
        if (turn % 500 == 0)
            assert_all_found(peers);
    }
    for (int i = 0; i < CROWD; i++)
        if (peers[i])
            roster_leave(&roster, peers[i]);
}

static void slots_are_used_again(void **state)
{
    (void)state;
    struct peer *peers[CROWD];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < CROWD; i++)
            peers[i] = enter();
        for (int i = 0; i < CROWD; i++) {
            assert_in_range(peers[i]->ref.slot, 0, 4 * ROSTER_BLOCK - 1);
            roster_leave(&roster, peers[i]);
        }
        assert_int_equal(roster.block_pool.n_in_use, 0);
    }
}

int main(void)
{
#define UNIT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        UNIT_TEST(who_has_left_is_not_found),
        UNIT_TEST(refs_of_nobody_find_nobody),
        UNIT_TEST(a_crowd_comes_and_goes),
        UNIT_TEST(slots_are_used_again),
    };
    return cmocka_run_group_tests_name("roster", tests, NULL, NULL);
}
