// SPDX-License-Identifier: MIT
// The login dialect: peers log in by name and call each other by name (the tutorials 000, 001 and 003).
//
//     A> {"type":"login","name":"A"}                     A< {"type":"login","success":true}
//     A> {"type":"offer","name":"B","offer":X}           B< {"type":"offer","offer":X,"name":"A"}
//     B> {"type":"answer","name":"A","answer":Y}         A< {"type":"answer","answer":Y}
//     A> {"type":"candidate","name":"B","candidate":Z}   B< {"type":"candidate","candidate":Z}
//     A> {"type":"leave","name":"B"}                     B< {"type":"leave"}
//
// An offer begins a call: both ends note it, and only they can end it, by `leave` or by going away. The payloads X, Y, Z
// leave byte for byte as they came. The sender's name is the server's to say, never the client's.
#include <errno.h>

#include "base/buf.h"
#include "dialect/command.h"
#include "dialect/dialect.h"
#include "switchboard/peer.h"
#include "switchboard/switchboard.h"
#include "switchboard/watch.h"

enum field { TYPE, NAME, CANDIDATE, OFFER, ANSWER, N_FIELDS }; // the most frequent first

// What a relay means to the peer that gets it.
enum kind { RELAY_OFFER, RELAY_MESSAGE, RELAY_LEAVE };

struct command {
    struct span type;
    void (*handle)(struct session *s, const struct command *command, struct json_field *fields);
    enum message_type counted_as;
    enum field payload;    // for what is relayed
    struct span beginning; // of the relayed message, up to the payload's value
};

static const struct span nothing;

// Between two workers a leave can cross an offer. So each offer has a number, its mark, and a leave says in its own the
// last that its sender had heard: then both ends agree on whether a call still stands.

static bool hear_offer(struct peer *p, const struct relay *r)
{
    if (peer_add_call(p, r->from) != 0)
        return false; // rung by too many at once: like a phone that is switched off
    peer_latest_call(p)->last_heard = r->mark;
    return true;
}

static bool hear_leave(struct peer *p, const struct relay *r)
{
    struct call *call = peer_find_call(p, r->from);
    if (!call)
        return false;
    bool is_older = !r->mark || (int32_t)(r->mark - call->first_offer) < 0;
    if (!call->last_heard && is_older)
        return false; // from a call that P had left as well, and then it began this one
    if (!call->last_offer || call->last_offer == r->mark) {
        peer_remove_call(p, call);
    } else { // the last offer will be heard after the end of the call before it, and begins another
        call->first_offer = call->last_offer;
        call->last_heard = 0;
    }
    return true;
}

static void hear_answer(struct peer *p, const struct relay *r)
{
    struct call *call = peer_find_call(p, r->from);
    if (call)
        peer_hear_answer(p, call);
}

static void on_relay(struct peer *p, const struct relay *r)
{
    if (r->type == MESSAGE_ANSWER)
        hear_answer(p, r);
    if (r->kind == RELAY_OFFER && !hear_offer(p, r))
        return;
    if (r->kind == RELAY_LEAVE && !hear_leave(p, r))
        return;
    session_send(p->session, r->parts, r->n_parts);
}

static void complain_absent(struct session *s, enum message_fault fault, struct span name)
{
    command_error(s, fault, SPAN("Nobody is logged in as: "), name);
}

// The target went while the message was on its way to another worker.
static void on_undelivered(struct peer *p, const struct relay *r)
{
    if (r->kind == RELAY_LEAVE)
        return;
    struct call *call = peer_find_call(p, r->to);
    if (call)
        peer_remove_call(p, call);
    complain_absent(p->session, FAULT_LATE, r->to_name);
}

static const struct peer_ops peer_ops = { .on_relay = on_relay, .on_undelivered = on_undelivered };

static void login(struct session *s, const struct command *command, struct json_field *fields)
{
    (void)command;
    char decoded[COMMAND_MAX_NAME];
    struct span name = json_string_text(&fields[NAME].value, decoded, COMMAND_MAX_NAME);
    bool success = name.len && switchboard_claim(s->mount->realm, s, name) == 0;
    session_send_text(s, success ? SPAN("{\"type\":\"login\",\"success\":true}")
                                 : SPAN("{\"type\":\"login\",\"success\":false}"));
}

struct target {
    struct peer_ref ref;
    struct span name;
    char decoded[COMMAND_MAX_NAME]; // where the name is when it came with escapes
};

// Finds whom FIELDS name, for COMMAND. False when there is nobody: the sender has been told.
static bool find_target(struct session *s, const struct command *command, const struct json_field *fields,
                        struct target *target)
{
    char quote[COMMAND_MAX_QUOTE];
    const struct json_value *value = &fields[NAME].value;
    if (!s->peer) {
        command_error(s, FAULT_REFUSED, SPAN("Log in first; nothing was sent to: "), command_quote(value, quote));
        return false;
    }
    target->name = json_string_text(value, target->decoded, COMMAND_MAX_NAME);
    // Nearly every message is for whom the last one was for.
    target->ref = s->last_found;
    if (switchboard_is_called(s->mount->realm, target->ref, target->name))
        return true;
    if (target->name.len && switchboard_find(s->mount->realm, target->name, &target->ref)) {
        s->last_found = target->ref;
        return true;
    }
    watch_absence(s->peer, command->counted_as, target->name);
    complain_absent(s, FAULT_ABSENT, command_quote(value, quote));
    return false;
}

static void send_relay(struct session *s, const struct relay *r)
{
    if (!switchboard_send(s->mount->realm->switchboard, r->to, r) && r->kind != RELAY_LEAVE)
        complain_absent(s, FAULT_ABSENT, r->to_name);
}

// A payload that is absent is left out with its key, as JSON.stringify leaves out what is undefined.
static struct span beginning_of(const struct command *command, const struct json_value *payload)
{
    struct span all = command->beginning;
    if (payload->type == JSON_ABSENT)
        all.len = SPAN("{\"type\":\"\"").len + command->type.len;
    return all;
}

static void relay(struct session *s, const struct command *command, struct json_field *fields)
{
    struct target target;
    if (!find_target(s, command, fields, &target))
        return;
    const struct json_value *payload = &fields[command->payload].value;
    struct span parts[] = { beginning_of(command, payload), payload->raw, SPAN("}") };
    send_relay(s, &(struct relay){ .from = s->peer->ref,
                                   .to = target.ref,
                                   .to_name = target.name,
                                   .kind = RELAY_MESSAGE,
                                   .type = command->counted_as,
                                   .parts = parts,
                                   .n_parts = 3 });
}

// Numbers the offer that is about to leave in the latest call.
static uint32_t number_offer(struct session *s)
{
    struct call *call = peer_latest_call(s->peer);
    call->last_offer = ++s->mount->realm->n_numbered;
    if (!call->first_offer) {
        call->first_offer = call->last_offer;
        peer_ring(s->peer, call);
    }
    return call->last_offer;
}

static void offer(struct session *s, const struct command *command, struct json_field *fields)
{
    struct target target;
    if (!find_target(s, command, fields, &target))
        return;
    struct buf text = { 0 };
    struct span sender = command_escape(peer_name(s->peer), &text);
    if (!sender.len || peer_add_call(s->peer, target.ref) != 0) {
        command_error(s, FAULT_REFUSED, SPAN("Too many calls at once"), nothing);
    } else {
        const struct json_value *payload = &fields[command->payload].value;
        struct span parts[] = { beginning_of(command, payload), payload->raw, SPAN(",\"name\":\""), sender,
                                SPAN("\"}") };
        send_relay(s, &(struct relay){ .from = s->peer->ref,
                                       .to = target.ref,
                                       .to_name = target.name,
                                       .kind = RELAY_OFFER,
                                       .type = MESSAGE_OFFER,
                                       .mark = number_offer(s),
                                       .parts = parts,
                                       .n_parts = 5 });
    }
    buf_fini(&text);
}

static void send_leave(struct session *s, struct call *call)
{
    struct span leave = SPAN("{\"type\":\"leave\"}");
    struct relay r = { .from = s->peer->ref,
                       .to = call->other,
                       .kind = RELAY_LEAVE,
                       .type = MESSAGE_LEAVE,
                       .mark = call->last_heard,
                       .parts = &leave,
                       .n_parts = 1 };
    // A call with oneself has one end: it must still be there when the message arrives.
    if (!peer_ref_equal(r.to, r.from))
        peer_remove_call(s->peer, call);
    send_relay(s, &r);
}

static void leave_named(struct session *s, const struct command *command, const struct json_field *fields)
{
    struct target target;
    if (!find_target(s, command, fields, &target))
        return;
    struct call *call = peer_find_call(s->peer, target.ref);
    char quote[COMMAND_MAX_QUOTE];
    if (call)
        send_leave(s, call);
    else
        command_error(s, FAULT_REFUSED, SPAN("You are not in a call with: "),
                      command_quote(&fields[NAME].value, quote));
}

static void leave(struct session *s, const struct command *command, struct json_field *fields)
{
    if (fields[NAME].value.type != JSON_ABSENT) {
        leave_named(s, command, fields);
        return;
    }
    struct call *call = s->peer ? peer_latest_call(s->peer) : NULL;
    if (call)
        send_leave(s, call);
    else
        command_error(s, FAULT_REFUSED, SPAN("You are not in a call"), nothing);
}

static const struct command commands[] = {
    { SPAN("candidate"), relay, MESSAGE_CANDIDATE, CANDIDATE, SPAN("{\"type\":\"candidate\",\"candidate\":") },
    { SPAN("offer"), offer, MESSAGE_OFFER, OFFER, SPAN("{\"type\":\"offer\",\"offer\":") },
    { SPAN("answer"), relay, MESSAGE_ANSWER, ANSWER, SPAN("{\"type\":\"answer\",\"answer\":") },
    { SPAN("leave"), leave, MESSAGE_LEAVE, TYPE, SPAN("") },
    { SPAN("login"), login, MESSAGE_JOIN, TYPE, SPAN("") },
};

static void on_text(struct session *s, struct span text)
{
    struct json_field fields[N_FIELDS] = {
        [TYPE] = { .key = SPAN("type") },           [NAME] = { .key = SPAN("name") },
        [OFFER] = { .key = SPAN("offer") },         [ANSWER] = { .key = SPAN("answer") },
        [CANDIDATE] = { .key = SPAN("candidate") },
    };
    if (!command_parse(s, text, fields, N_FIELDS))
        return;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (json_string_is(&fields[TYPE].value, commands[i].type)) {
            traffic_hear(&s->mount->realm->traffic, commands[i].counted_as, text.len);
            commands[i].handle(s, &commands[i], fields);
            return;
        }
    traffic_hear(&s->mount->realm->traffic, MESSAGE_OTHER, text.len);
    char quote[COMMAND_MAX_QUOTE];
    command_error(s, FAULT_UNKNOWN, s->mount->opts->unknown_text, command_quote(&fields[TYPE].value, quote));
}

static void on_open(struct session *s, struct span intro)
{
    (void)intro;
    if (s->mount->opts->greeting.len)
        session_send_text(s, s->mount->opts->greeting);
}

static void on_close(struct session *s, enum ending why)
{
    if (!s->peer)
        return;
    struct call *call;
    while ((call = peer_latest_call(s->peer)))
        if (why == ENDING_SHUTDOWN || peer_ref_equal(call->other, s->peer->ref))
            peer_remove_call(s->peer, call); // nobody is to hear of it, or left to
        else
            send_leave(s, call);
    switchboard_release(s->peer);
}

const struct dialect dialect_login = {
    .name = "login",
    .summary = "log in by name, call by name (JSON over WebSocket)",
    .peer_ops = &peer_ops,
    .on_open = on_open,
    .on_text = on_text,
    .on_binary = dialect_binary_as_text,
    .on_close = on_close,
};
