// SPDX-License-Identifier: MIT
// The join dialect: peers join a room under an id, offers go to everybody, answers to one (the tutorial 004, completed).
//
//     B> {"type":"join","id":2,"nick":"b"}     B< {"type":"joined","payload":{"id":2,"peers":[{"id":1,"nick":"a"}]}}
//                                              A< {"type":"join","payload":{"id":2,"nick":"b"}}
//     B> {"type":"offer","payload":X}          A< {"type":"offer","payload":X,"id":2,"nick":"b"}
//     A> {"type":"answer","receiverId":2,...}  B< {"type":"answer","receiverId":2,...,"id":1,"nick":"a"}
//     B closes                                 A< {"type":"leave","payload":{"id":2,"nick":"b"}}
//
// `room` in a join names the room; without it all share one. What is relayed keeps its members, the unknown ones too, but
// for `id` and `nick`, which are always the sender's. An id may be a string or a number and stays what it was.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "dialect/command.h"
#include "dialect/dialect.h"
#include "switchboard/peer.h"
#include "switchboard/room.h"
#include "switchboard/switchboard.h"
#include "switchboard/watch.h"

enum {
    N_STAMPS = 2,    // id and nick
    MAX_NICK = 4096, // bytes as it stands in a message; everyone in the room is told it
    MAX_NUMBER = 64, // bytes of a number that is an id
    // A peer's name in the realm: the room's length in two bytes, the room, 's' or 'n', the id.
    MAX_KEY = 2 + COMMAND_MAX_NAME + 1 + COMMAND_MAX_NAME,
};

struct key {
    size_t len;
    char p[MAX_KEY];
};

struct command;

static const struct span nothing;

static void on_relay(struct peer *p, const struct relay *r)
{
    session_send(p->session, r->parts, r->n_parts);
}

static void complain_absent(struct session *s, enum message_fault fault, struct span receiver)
{
    command_error(s, fault, SPAN("Nobody in this room has the receiverId: "), receiver);
}

// The receiver went while the message was on its way to another worker.
static void on_undelivered(struct peer *p, const struct relay *r)
{
    complain_absent(p->session, FAULT_LATE, r->to_name);
}

// The id alone, of the name that make_key() made.
static struct span label(const struct peer *p)
{
    struct span name = peer_name(p);
    if (!name.p)
        return name;
    size_t skipped = 2 + ((size_t)(unsigned char)name.p[0] << 8 | (unsigned char)name.p[1]) + 1;
    return (struct span){ name.p + skipped, name.len - skipped };
}

static const struct peer_ops peer_ops = { .on_relay = on_relay, .on_undelivered = on_undelivered, .label = label };

static struct span key_span(const struct key *key)
{
    return (struct span){ key->p, key->len };
}

static void key_put(struct key *key, struct span s)
{
    if (s.len)
        memcpy(key->p + key->len, s.p, s.len);
    key->len += s.len;
}

// Numbers that JavaScript holds equal are the same id, however they are written.
static bool key_put_number(struct key *key, struct span raw)
{
    char text[MAX_NUMBER + 1], canonical[32];
    if (raw.len > MAX_NUMBER)
        return false;
    memcpy(text, raw.p, raw.len);
    text[raw.len] = '\0';
    double number = strtod(text, NULL);
    int len = snprintf(canonical, sizeof canonical, "n%.17g", number == 0 ? 0.0 : number);
    key_put(key, (struct span){ canonical, (size_t)len });
    return true;
}

// Makes the KEY under which ID in ROOM is known. False when ID is neither a number nor a short string that is not empty.
static bool make_key(struct key *key, struct span room, const struct json_value *id)
{
    char decoded[COMMAND_MAX_NAME];
    char room_len[2] = { (char)(room.len >> 8), (char)room.len };
    key->len = 0;
    key_put(key, (struct span){ room_len, sizeof room_len });
    key_put(key, room);
    if (id->type == JSON_NUMBER)
        return key_put_number(key, id->raw);
    struct span name = json_string_text(id, decoded, COMMAND_MAX_NAME);
    if (!name.len)
        return false;
    key_put(key, SPAN("s"));
    key_put(key, name);
    return true;
}

static struct seat *seat_of(const struct session *s)
{
    return s->peer ? s->peer->seats : NULL;
}

// What is told of the member with CARD when it comes or goes, as TYPE says.
#define NEWS_PARTS 3
static struct relay news_of(struct span parts[NEWS_PARTS], const struct session *s, enum message_type type,
                            struct span card)
{
    parts[0] =
        type == MESSAGE_JOIN ? SPAN("{\"type\":\"join\",\"payload\":") : SPAN("{\"type\":\"leave\",\"payload\":");
    parts[1] = card;
    parts[2] = SPAN("}");
    return (struct relay){ .from = s->peer->ref, .type = type, .parts = parts, .n_parts = NEWS_PARTS };
}

static void leave_room(const struct session *s, struct seat *seat)
{
    struct span parts[NEWS_PARTS];
    struct relay news = news_of(parts, s, MESSAGE_LEAVE, seat_card(seat));
    room_leave(s->peer, seat, &news);
}

static void welcome(struct session *s, struct span id, struct span others)
{
    struct span parts[] = { SPAN("{\"type\":\"joined\",\"payload\":{\"id\":"), id, SPAN(",\"peers\":["), others,
                            SPAN("]}}") };
    session_send(s, parts, 5);
}

// The member's card: {"id":ID} or {"id":ID,"nick":NICK}, both raw. 0 or -ENOMEM.
static int put_card(struct buf *card, struct span id, const struct json_value *nick)
{
    bool has_nick = nick->type == JSON_STRING;
    struct span parts[] = { SPAN("{\"id\":"), id, has_nick ? SPAN(",\"nick\":") : nothing,
                            has_nick ? nick->raw : nothing, SPAN("}") };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (buf_put_span(card, parts[i]) != 0)
            return -ENOMEM;
    return 0;
}

static int take_seat(struct session *s, struct span room, struct span card, struct span id)
{
    struct seat *seat;
    struct bus_joined joined;
    struct span parts[NEWS_PARTS];
    struct relay news = news_of(parts, s, MESSAGE_JOIN, card);
    struct room_join want = {
        .name = room, .capacity = s->mount->opts->max_members, .card = card, .news = &news, .n_news = 1
    };
    int err = room_join(s->peer, &want, &seat, &joined);
    if (err == 0)
        welcome(s, id, buf_span(&joined.cards));
    buf_fini(&joined.cards);
    return err;
}

static void enter(struct session *s, struct span room, const struct json_value *id, const struct json_value *nick)
{
    struct seat *seat = seat_of(s);
    struct buf card = { 0 };
    if (seat)
        leave_room(s, seat);
    if (put_card(&card, id->raw, nick) != 0 || take_seat(s, room, buf_span(&card), id->raw) != 0) {
        switchboard_release(s->peer);
        command_error(s, FAULT_REFUSED, SPAN("There is no room for you now"), nothing);
    }
    buf_fini(&card);
}

enum join_field { JOIN_TYPE, JOIN_ID, JOIN_NICK, JOIN_ROOM, N_JOIN_FIELDS };

static void join(struct session *s, const struct command *command, struct span text, const struct json_value *receiver)
{
    (void)command;
    (void)receiver;
    struct json_field fields[N_JOIN_FIELDS] = { [JOIN_TYPE] = { .key = SPAN("type") },
                                                [JOIN_ID] = { .key = SPAN("id") },
                                                [JOIN_NICK] = { .key = SPAN("nick") },
                                                [JOIN_ROOM] = { .key = SPAN("room") } };
    if (!command_parse(s, text, fields, N_JOIN_FIELDS))
        return;
    const struct json_value *id = &fields[JOIN_ID].value, *nick = &fields[JOIN_NICK].value;
    const struct json_value *room = &fields[JOIN_ROOM].value;
    char decoded[COMMAND_MAX_NAME], quote[COMMAND_MAX_QUOTE];
    struct key key;
    struct span room_name = json_string_text(room, decoded, COMMAND_MAX_NAME);
    if (room->type != JSON_ABSENT && !room_name.len)
        command_error(s, FAULT_REFUSED, SPAN("A room is a string of 1 to 256 bytes, not: "),
                      command_quote(room, quote));
    else if (!make_key(&key, room_name, id))
        command_error(s, FAULT_REFUSED, SPAN("An id is a number or a string of 1 to 256 bytes, not: "),
                      command_quote(id, quote));
    else if (nick->type != JSON_ABSENT && (nick->type != JSON_STRING || nick->raw.len > MAX_NICK))
        command_error(s, FAULT_REFUSED, SPAN("A nick is a string of at most 4 KiB, not: "), command_quote(nick, quote));
    else if (switchboard_claim(s->mount->realm, s, key_span(&key)) != 0)
        command_error(s, FAULT_REFUSED, SPAN("This id is taken: "), command_quote(id, quote));
    else
        enter(s, room_name, id, nick);
}

// A member that is always the sender's: its value is absent when the sender has none.
struct stamp {
    struct json_field field;
    bool is_done;
};

static struct stamp *find_stamp(struct stamp *stamps, const struct json_value *key)
{
    for (size_t i = 0; i < N_STAMPS; i++)
        if (json_string_is(key, stamps[i].field.key))
            return &stamps[i];
    return NULL;
}

static int put_member(struct buf *out, struct span key, struct span value)
{
    struct span parts[] = { out->len == 1 ? nothing : SPAN(","), key, SPAN(":"), value };
    for (size_t i = 0; i < 4; i++)
        if (buf_put_span(out, parts[i]) != 0)
            return -ENOMEM;
    return 0;
}

static int put_stamp(struct buf *out, struct stamp *stamp)
{
    if (stamp->is_done || stamp->field.value.type == JSON_ABSENT)
        return 0;
    stamp->is_done = true;
    char key[8];
    int len = snprintf(key, sizeof key, "\"%.*s\"", (int)stamp->field.key.len, stamp->field.key.p);
    return put_member(out, (struct span){ key, (size_t)len }, stamp->field.value.raw);
}

// Appends TEXT, an object, to OUT with its members `id` and `nick` replaced by those of CARD, or added.
static int put_stamped(struct buf *out, struct span text, struct span card)
{
    struct json_field own[N_STAMPS] = { { .key = SPAN("id") }, { .key = SPAN("nick") } };
    struct stamp stamps[N_STAMPS];
    struct json_member member;
    size_t pos = 0;
    if (json_parse_object(card, own, N_STAMPS) != JSON_OK || buf_put_span(out, SPAN("{")) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < N_STAMPS; i++)
        stamps[i] = (struct stamp){ .field = own[i] };
    while (json_next(text, &pos, &member)) {
        struct stamp *stamp = find_stamp(stamps, &member.key);
        int err = stamp ? put_stamp(out, stamp) : put_member(out, member.key.raw, member.value.raw);
        if (err)
            return err;
    }
    return put_stamp(out, &stamps[0]) || put_stamp(out, &stamps[1]) || buf_put_span(out, SPAN("}")) ? -ENOMEM : 0;
}

static void relay_to_all(struct session *s, const struct relay *r, const struct json_value *receiver)
{
    (void)receiver;
    room_publish(s->peer, s->peer->seats, r);
}

static void relay_to_one(struct session *s, const struct relay *r, const struct json_value *receiver)
{
    struct key key;
    struct peer_ref target;
    char quote[COMMAND_MAX_QUOTE];
    struct realm *realm = s->mount->realm;
    struct relay addressed = *r;
    addressed.to_name = command_quote(receiver, quote);
    bool is_there = make_key(&key, room_name(s->peer, s->peer->seats), receiver) &&
                    switchboard_find(realm, key_span(&key), &target);
    if (!is_there)
        watch_absence(s->peer, r->type, addressed.to_name);
    if (!is_there || !switchboard_send(realm->switchboard, target, &addressed))
        complain_absent(s, FAULT_ABSENT, addressed.to_name);
}

static void relay_to_one_or_all(struct session *s, const struct relay *r, const struct json_value *receiver)
{
    if (receiver->type == JSON_ABSENT || receiver->type == JSON_NULL)
        relay_to_all(s, r, receiver);
    else
        relay_to_one(s, r, receiver);
}

struct command {
    struct span type;
    enum message_type counted_as;
    void (*handle)(struct session *s, const struct command *command, struct span text,
                   const struct json_value *receiver);
    void (*deliver)(struct session *s, const struct relay *r, const struct json_value *receiver); // for what is relayed
};

static void relay(struct session *s, const struct command *command, struct span text, const struct json_value *receiver)
{
    struct seat *seat = seat_of(s);
    if (!seat) {
        command_error(s, FAULT_REFUSED, SPAN("Join first; nothing was sent of type: "), command->type);
        return;
    }
    struct json_value root;
    struct buf out = { 0 };
    if (json_parse(text, &root) == JSON_OK && put_stamped(&out, root.raw, seat_card(seat)) == 0) {
        struct span part = buf_span(&out);
        struct relay r = { .from = s->peer->ref, .type = command->counted_as, .parts = &part, .n_parts = 1 };
        command->deliver(s, &r, receiver);
    }
    buf_fini(&out);
}

static void on_close(struct session *s, enum ending why)
{
    struct seat *seat = seat_of(s);
    if (seat && why != ENDING_SHUTDOWN)
        leave_room(s, seat);
    if (s->peer)
        switchboard_release(s->peer);
}

static void leave(struct session *s, const struct command *command, struct span text, const struct json_value *receiver)
{
    (void)command;
    (void)text;
    (void)receiver;
    if (seat_of(s))
        on_close(s, ENDING_ASKED); // of the dialect's session nothing is left, but the client may join again
    else
        command_error(s, FAULT_REFUSED, SPAN("You have not joined"), nothing);
}

static const struct command commands[] = {
    { SPAN("icecandidate"), MESSAGE_CANDIDATE, relay, relay_to_one_or_all },
    { SPAN("offer"), MESSAGE_OFFER, relay, relay_to_all },
    { SPAN("answer"), MESSAGE_ANSWER, relay, relay_to_one },
    { SPAN("join"), MESSAGE_JOIN, join, NULL },
    { SPAN("leave"), MESSAGE_LEAVE, leave, NULL },
};

enum field { TYPE, RECEIVER, N_FIELDS };

static void on_text(struct session *s, struct span text)
{
    struct json_field fields[N_FIELDS] = {
        [TYPE] = { .key = SPAN("type") }, [RECEIVER] = { .key = SPAN("receiverId") }
    };
    if (!command_parse(s, text, fields, N_FIELDS))
        return;
    const struct json_value *type = &fields[TYPE].value;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (json_string_is(type, commands[i].type)) {
            traffic_hear(&s->mount->realm->traffic, commands[i].counted_as, text.len);
            commands[i].handle(s, &commands[i], text, &fields[RECEIVER].value);
            return;
        }
    char quote[COMMAND_MAX_QUOTE];
    traffic_hear(&s->mount->realm->traffic, MESSAGE_OTHER, text.len);
    command_error(s, FAULT_UNKNOWN, s->mount->opts->unknown_text, command_quote(type, quote));
}

const struct dialect dialect_join = {
    .name = "join",
    .summary = "join a room under an id; offers go to all, answers to one (JSON over WebSocket)",
    .peer_ops = &peer_ops,
    .has_rooms = true,
    .on_text = on_text,
    .on_binary = dialect_binary_as_text,
    .on_close = on_close,
};
