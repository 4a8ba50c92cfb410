// SPDX-License-Identifier: MIT
// Conversations in the join dialect (dialect/join.c), byte for byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include "transcript.h"

// A joins as the number 1 and alone, B as 2 to A.
#define A_JOINS "A> {'type':'join','id':1,'nick':'a'}", "A< {'type':'joined','payload':{'id':1,'peers':[]}}"
#define B_JOINS                                                                                                        \
    "B> {'type':'join','id':2,'nick':'b'}", "B< {'type':'joined','payload':{'id':2,'peers':[{'id':1,'nick':'a'}]}}",   \
        "A< {'type':'join','payload':{'id':2,'nick':'b'}}"
#define ERROR(who, text) who "< {'type':'error','message':'" text "'}"

static void three_meet_and_part(void **state)
{
    (void)state;
    PLAY("join", A_JOINS, B_JOINS, "C> {'type':'join','id':'3','nick':'c'}",
         "C< {'type':'joined','payload':{'id':'3','peers':[{'id':1,'nick':'a'},{'id':2,'nick':'b'}]}}",
         "A< {'type':'join','payload':{'id':'3','nick':'c'}}", "B< {'type':'join','payload':{'id':'3','nick':'c'}}",
         "A> {'type':'leave'}", "B< {'type':'leave','payload':{'id':1,'nick':'a'}}",
         "C< {'type':'leave','payload':{'id':1,'nick':'a'}}", //
         "B.", "C< {'type':'leave','payload':{'id':2,'nick':'b'}}", "A.", "C.");
}

static void offers_go_to_all_others(void **state)
{
    (void)state;
    PLAY("join", A_JOINS, B_JOINS, "C> {'type':'join','id':3}",
         "C< {'type':'joined','payload':{'id':3,'peers':[{'id':1,'nick':'a'},{'id':2,'nick':'b'}]}}",
         "A< {'type':'join','payload':{'id':3}}", "B< {'type':'join','payload':{'id':3}}",
         "B> {'type':'offer','payload':{'sdp':'v=0'}}", "A< {'type':'offer','payload':{'sdp':'v=0'},'id':2,'nick':'b'}",
         "C< {'type':'offer','payload':{'sdp':'v=0'},'id':2,'nick':'b'}", //
         "C> {'type':'offer','sdp':1}", "A< {'type':'offer','sdp':1,'id':3}", "B< {'type':'offer','sdp':1,'id':3}");
}

static void answers_go_to_their_receiver(void **state)
{
    (void)state;
    PLAY("join", A_JOINS, B_JOINS, "C> {'type':'join','id':'1'}",
         "C< {'type':'joined','payload':{'id':'1','peers':[{'id':1,'nick':'a'},{'id':2,'nick':'b'}]}}",
         "A< {'type':'join','payload':{'id':'1'}}", "B< {'type':'join','payload':{'id':'1'}}",
         "B> {'type':'answer','receiverId':1,'answer':'x'}",
         "A< {'type':'answer','receiverId':1,'answer':'x','id':2,'nick':'b'}",
         "B> {'type':'answer','receiverId':'1','answer':'x'}", // the string is somebody else
         "C< {'type':'answer','receiverId':'1','answer':'x','id':2,'nick':'b'}",
         "B> {'type':'answer','receiverId':7,'answer':'x'}", ERROR("B", "Nobody in this room has the receiverId: 7"),
         "B> {'type':'answer','answer':'x'}", ERROR("B", "Nobody in this room has the receiverId: undefined"),
         "B> {'type':'answer','receiverId':null}", ERROR("B", "Nobody in this room has the receiverId: null"),
         "B> {'type':'answer','receiverId':2}", "B< {'type':'answer','receiverId':2,'id':2,'nick':'b'}");
}

static void candidates_go_to_one_or_to_all(void **state)
{
    (void)state;
    PLAY("join", A_JOINS, B_JOINS, "C> {'type':'join','id':3}",
         "C< {'type':'joined','payload':{'id':3,'peers':[{'id':1,'nick':'a'},{'id':2,'nick':'b'}]}}",
         "A< {'type':'join','payload':{'id':3}}", "B< {'type':'join','payload':{'id':3}}",
         "C> {'type':'icecandidate','receiverId':1,'c':'x'}",
         "A< {'type':'icecandidate','receiverId':1,'c':'x','id':3}", "C> {'type':'icecandidate','c':'x'}",
         "A< {'type':'icecandidate','c':'x','id':3}",
         "B< {'type':'icecandidate','c':'x','id':3}", //
         "C> {'type':'icecandidate','receiverId':null}", "A< {'type':'icecandidate','receiverId':null,'id':3}",
         "B< {'type':'icecandidate','receiverId':null,'id':3}", //
         "C> {'type':'icecandidate','receiverId':'1'}", ERROR("C", "Nobody in this room has the receiverId: 1"));
}

// Whatever else is in a message stays as it was, in its place; whose it is, only we say.
static void what_is_relayed_is_stamped(void **state)
{
    (void)state;
    PLAY("join", A_JOINS, B_JOINS, //
         "B> {'id':99,'type':'offer','nick':'king','x':[1, {'id':5}],'y':1e2}",
         "A< {'id':2,'type':'offer','nick':'b','x':[1, {'id':5}],'y':1e2}",
         "B> { 'nick' : null , 'type' : 'offer' , '\\u0069d' : {'a':[]} , 'id':3,'nick':4 }",
         "A< {'nick':'b','type':'offer','id':2}", "B> {'z':1,'type':'offer','z':2}",
         "A< {'z':1,'type':'offer','z':2,'id':2,'nick':'b'}",             //
         "B.", "A< {'type':'leave','payload':{'id':2,'nick':'b'}}", "A.", //
         "C> {'type':'join','id':3}", "C< {'type':'joined','payload':{'id':3,'peers':[]}}", "D> {'type':'join','id':4}",
         "D< {'type':'joined','payload':{'id':4,'peers':[{'id':3}]}}", "C< {'type':'join','payload':{'id':4}}",
         "D> {'nick':'stolen','type':'offer','id':3}", "C< {'type':'offer','id':4}");
}

static void an_id_is_held_by_one(void **state)
{
    (void)state;
    PLAY("join", A_JOINS, "B> {'type':'join','id':1,'nick':'thief'}", ERROR("B", "This id is taken: 1"),
         "B> {'type':'offer'}", ERROR("B", "Join first; nothing was sent of type: offer"), // it stays unjoined
         B_JOINS, "A.", "B< {'type':'leave','payload':{'id':1,'nick':'a'}}",               //
         "C> {'type':'join','id':1}", "C< {'type':'joined','payload':{'id':1,'peers':[{'id':2,'nick':'b'}]}}",
         "B< {'type':'join','payload':{'id':1}}");
}

// JavaScript holds them equal, so they are the same id; what was written is what the others see.
static void numbers_are_ids_by_value(void **state)
{
    (void)state;
    PLAY("join", "A> {'type':'join','id':1e2}", "A< {'type':'joined','payload':{'id':1e2,'peers':[]}}",
         "B> {'type':'join','id':100}", ERROR("B", "This id is taken: 100"), "B> {'type':'join','id':100.0}",
         ERROR("B", "This id is taken: 100.0"), "B> {'type':'join','id':-0}",
         "B< {'type':'joined','payload':{'id':-0,'peers':[{'id':1e2}]}}", "A< {'type':'join','payload':{'id':-0}}",
         "C> {'type':'join','id':0}", ERROR("C", "This id is taken: 0"), //
         "B> {'type':'answer','receiverId':100}", "A< {'type':'answer','receiverId':100,'id':-0}",
         "C> {'type':'join','id':0.30000000000000004}",
         "C< {'type':'joined','payload':{'id':0.30000000000000004,'peers':[{'id':1e2},{'id':-0}]}}",
         "A< {'type':'join','payload':{'id':0.30000000000000004}}",
         "B< {'type':'join','payload':{'id':0.30000000000000004}}", //
         "C> {'type':'answer','receiverId':0.3}", ERROR("C", "Nobody in this room has the receiverId: 0.3"));
}

static void ids_and_nicks_are_checked(void **state)
{
    (void)state;
#define BAD_ID(shown)   ERROR("A", "An id is a number or a string of 1 to 256 bytes, not: " shown)
#define BAD_NICK(shown) ERROR("A", "A nick is a string of at most 4 KiB, not: " shown)
#define BAD_ROOM(shown) ERROR("A", "A room is a string of 1 to 256 bytes, not: " shown)
    PLAY("join", "A> {'type':'join'}", BAD_ID("undefined"), "A> {'type':'join','id':''}", BAD_ID(""),
         "A> {'type':'join','id':null}", BAD_ID("null"), "A> {'type':'join','id':true}", BAD_ID("true"),
         "A> {'type':'join','id':[1]}", BAD_ID("[1]"), "A> {'type':'join','id':{'id':1}}", BAD_ID("{\\\"id\\\":1}"),
         "A> {'type':'join','id':10000000000000000000000000000000000000000000000000000000000000000}",
         BAD_ID("10000000000000000000000000000000000000000000000000000000000000000"),
         "A> {'type':'join','id':1,'nick':5}", BAD_NICK("5"), "A> {'type':'join','id':1,'room':''}", BAD_ROOM(""),
         "A> {'type':'join','id':1,'room':7}", BAD_ROOM("7"), "A> {'type':'join','id':1,'nick':''}",
         "A< {'type':'joined','payload':{'id':1,'peers':[]}}");
}

static void ids_may_be_any_text(void **state)
{
    (void)state;
    PLAY("join", "A> {'type':'join','id':'__proto__','nick':'\u738b\\n'}",
         "A< {'type':'joined','payload':{'id':'__proto__','peers':[]}}", "B> {'type':'join','id':'n1'}",
         "B< {'type':'joined','payload':{'id':'n1','peers':[{'id':'__proto__','nick':'\u738b\\n'}]}}",
         "A< {'type':'join','payload':{'id':'n1'}}", "C> {'type':'join','id':1}", // not the n1 of above
         "C< {'type':'joined','payload':{'id':1,'peers':[{'id':'__proto__','nick':'\u738b\\n'},{'id':'n1'}]}}",
         "A< {'type':'join','payload':{'id':1}}", "B< {'type':'join','payload':{'id':1}}",
         "C> {'type':'answer','receiverId':'\\u005f_proto__'}",
         "A< {'type':'answer','receiverId':'\\u005f_proto__','id':1}");
}

static void rooms_are_apart(void **state)
{
    (void)state;
    PLAY("join", "A> {'type':'join','id':1,'room':'x'}", "A< {'type':'joined','payload':{'id':1,'peers':[]}}",
         "B> {'type':'join','id':1,'room':'y'}", "B< {'type':'joined','payload':{'id':1,'peers':[]}}", // also a 1
         "C> {'type':'join','id':1}", "C< {'type':'joined','payload':{'id':1,'peers':[]}}",
         "D> {'type':'join','id':2,'room':'x'}", "D< {'type':'joined','payload':{'id':2,'peers':[{'id':1}]}}",
         "A< {'type':'join','payload':{'id':2}}", //
         "B> {'type':'offer'}", "C> {'type':'offer'}", "B> {'type':'icecandidate'}",
         "B> {'type':'answer','receiverId':2}", ERROR("B", "Nobody in this room has the receiverId: 2"),
         "C> {'type':'answer','receiverId':2}", ERROR("C", "Nobody in this room has the receiverId: 2"), //
         "D> {'type':'offer'}", "A< {'type':'offer','id':2}", "B.", "C.");
}

static void joining_again_moves(void **state)
{
    (void)state;
    PLAY("join", A_JOINS, B_JOINS, "B> {'type':'join','id':7,'room':'y'}",
         "A< {'type':'leave','payload':{'id':2,'nick':'b'}}",
         "B< {'type':'joined','payload':{'id':7,'peers':[]}}", //
         "A> {'type':'offer'}", "B> {'type':'offer'}",         // they hear each other no more
         "C> {'type':'join','id':2}", "C< {'type':'joined','payload':{'id':2,'peers':[{'id':1,'nick':'a'}]}}",
         "A< {'type':'join','payload':{'id':2}}", "B> {'type':'join','id':2}", ERROR("B", "This id is taken: 2"),
         "D> {'type':'join','id':8,'room':'y'}", // and a failed move changes nothing
         "D< {'type':'joined','payload':{'id':8,'peers':[{'id':7}]}}", "B< {'type':'join','payload':{'id':8}}");
}

static void the_unjoined_hear_and_send_nothing(void **state)
{
    (void)state;
    PLAY("join", "B:", A_JOINS, "A> {'type':'offer'}", //
         "B> {'type':'offer'}", ERROR("B", "Join first; nothing was sent of type: offer"),
         "B> {'type':'answer','receiverId':1}", ERROR("B", "Join first; nothing was sent of type: answer"),
         "B> {'type':'icecandidate'}", ERROR("B", "Join first; nothing was sent of type: icecandidate"),
         "B> {'type':'leave'}", ERROR("B", "You have not joined"), "B.");
}

static void one_leaves_once_and_may_return(void **state)
{
    (void)state;
    PLAY("join", A_JOINS, B_JOINS, "B> {'type':'leave','id':1}", "A< {'type':'leave','payload':{'id':2,'nick':'b'}}",
         "B> {'type':'leave'}", ERROR("B", "You have not joined"), "A> {'type':'offer'}", B_JOINS,
         "B> {'type':'leave'}", "A< {'type':'leave','payload':{'id':2,'nick':'b'}}",
         "B."); // the close is no second leave
}

static void errors_are_told(void **state)
{
    (void)state;
    PLAY("join", "A> {'type':'dance'}", ERROR("A", "Unrecognized command: dance"), "A> {", //
         ERROR("A", "This message is not JSON"), "A> 5", ERROR("A", "This message is JSON, but not an object"),
         "A> {'id':1}", ERROR("A", "This message has no \\\"type\\\""), "A~ \xff",
         ERROR("A", "This message is not JSON"), "A~ {'type':'join','id':1}",
         "A< {'type':'joined','payload':{'id':1,'peers':[]}}");
    play_with("join", (struct dialect_opts){ .unknown_text = SPAN("No ") },
              (const char *const[]){ "A> {'type':'x'}", ERROR("A", "No x"), NULL });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_meet_and_part),
        cmocka_unit_test(offers_go_to_all_others),
        cmocka_unit_test(answers_go_to_their_receiver),
        cmocka_unit_test(candidates_go_to_one_or_to_all),
        cmocka_unit_test(what_is_relayed_is_stamped),
        cmocka_unit_test(an_id_is_held_by_one),
        cmocka_unit_test(numbers_are_ids_by_value),
        cmocka_unit_test(ids_and_nicks_are_checked),
        cmocka_unit_test(ids_may_be_any_text),
        cmocka_unit_test(rooms_are_apart),
        cmocka_unit_test(joining_again_moves),
        cmocka_unit_test(the_unjoined_hear_and_send_nothing),
        cmocka_unit_test(one_leaves_once_and_may_return),
        cmocka_unit_test(errors_are_told),
    };
    return cmocka_run_group_tests_name("join", tests, NULL, NULL);
}
