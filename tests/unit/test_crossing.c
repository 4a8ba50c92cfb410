// SPDX-License-Identifier: MIT
// Calls of the login dialect between two workers, where what one end says is under way while the other speaks.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "transcript.h"

#define LEAVE "{'type':'leave'}"

// A of one worker and B of the other, logged in.
static void open_two(struct stage *t)
{
    stage_init(t, 2, "/=login", (struct dialect_opts){ 0 });
    static const char *const lines[] = { "A> {'type':'login','name':'A'}", "A< {'type':'login','success':true}",
                                         "B> {'type':'login','name':'B'}", "B< {'type':'login','success':true}", NULL };
    stage_play(t, lines);
}

// WHO says TEXT; it is not brought to the other yet.
static void says(struct stage *t, char who, const char *text)
{
    fake_says(&t->sessions[who - 'A'], false, text);
}

static void rings(struct stage *t, char who)
{
    says(t, who, who == 'A' ? "{'type':'offer','name':'B','offer':1}" : "{'type':'offer','name':'A','offer':1}");
}

static void closes(struct stage *t, char who)
{
    fake_end(&t->sessions[who - 'A']);
}

// All is brought, and nothing was heard but LINES.
#define HEARD(t, ...) heard((t), (const char *const[]){ __VA_ARGS__, NULL })
static void heard(struct stage *t, const char *const *lines)
{
    bus_local_settle(t->local);
    stage_play(t, lines);
}

#define A_RINGS "B< {'type':'offer','offer':1,'name':'A'}"
#define B_RINGS "A< {'type':'offer','offer':1,'name':'B'}"

static void a_leave_does_not_end_the_call_that_crosses_it(void **state)
{
    (void)state;
    for (int who_began = 0; who_began < 2; who_began++) {
        struct stage t;
        open_two(&t);
        rings(&t, who_began ? 'B' : 'A');
        HEARD(&t, who_began ? B_RINGS : A_RINGS);
        says(&t, 'A', LEAVE);
        rings(&t, 'B'); // which does not know yet
        HEARD(&t, B_RINGS, "B< " LEAVE);
        closes(&t, 'B');
        HEARD(&t, "A< " LEAVE); // for B's call had reached it
        says(&t, 'A', LEAVE);
        HEARD(&t, "A< {'type':'error','message':'You are not in a call'}");
        stage_fini(&t);
    }
}

static void a_leave_that_crosses_another_does_not_end_the_next_call(void **state)
{
    (void)state;
    for (int who_began = 0; who_began < 2; who_began++) {
        struct stage t;
        open_two(&t);
        rings(&t, who_began ? 'B' : 'A');
        HEARD(&t, who_began ? B_RINGS : A_RINGS);
        says(&t, 'B', LEAVE);
        says(&t, 'A', LEAVE);
        rings(&t, 'A'); // again, and B's leave is from before
        HEARD(&t, A_RINGS);
        closes(&t, 'A');
        HEARD(&t, "B< " LEAVE);
        stage_fini(&t);
    }
}

// The same two, whose offers to each other have crossed.
static void open_two_that_ring(struct stage *t)
{
    open_two(t);
    rings(t, 'A');
    rings(t, 'B');
    HEARD(t, B_RINGS, A_RINGS);
}

static void two_leaves_that_cross_are_one_end(void **state)
{
    (void)state;
    struct stage t;
    open_two_that_ring(&t);
    says(&t, 'A', LEAVE);
    says(&t, 'B', LEAVE);
    HEARD(&t, NULL);
    closes(&t, 'A');
    HEARD(&t, NULL);
    stage_fini(&t);
}

static void two_offers_that_cross_are_one_call(void **state)
{
    (void)state;
    struct stage t;
    open_two_that_ring(&t);
    says(&t, 'A', LEAVE);
    HEARD(&t, "B< " LEAVE);
    says(&t, 'B', LEAVE);
    HEARD(&t, "B< {'type':'error','message':'You are not in a call'}");
    stage_fini(&t);
}

static void an_offer_that_finds_its_callee_gone_leaves_no_call(void **state)
{
    (void)state;
    struct stage t;
    open_two(&t);
    rings(&t, 'A');
    HEARD(&t, A_RINGS);
    closes(&t, 'B');
    rings(&t, 'A'); // the name is free already
    HEARD(&t, "A< {'type':'error','message':'Nobody is logged in as: B'}", "A< " LEAVE);
    stage_fini(&t);

    open_two(&t);
    rings(&t, 'A');
    closes(&t, 'B');
    HEARD(&t, "A< {'type':'error','message':'Nobody is logged in as: B'}");
    says(&t, 'A', LEAVE);
    HEARD(&t, "A< {'type':'error','message':'You are not in a call'}");
    stage_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leave_does_not_end_the_call_that_crosses_it),
        cmocka_unit_test(a_leave_that_crosses_another_does_not_end_the_next_call),
        cmocka_unit_test(two_leaves_that_cross_are_one_end),
        cmocka_unit_test(two_offers_that_cross_are_one_call),
        cmocka_unit_test(an_offer_that_finds_its_callee_gone_leaves_no_call),
    };
    return cmocka_run_group_tests_name("crossing", tests, NULL, NULL);
}
