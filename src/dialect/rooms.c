// SPDX-License-Identifier: MIT
// The rooms dialect: two clients of Socket.IO meet in a room and pass messages (the tutorial 002 and Google's codelab).
//
//     A> create or join, "r"      A< created, "r", ID-A
//     B> create or join, "r"      A< join, "r"             B< joined, "r", ID-B      A, B< ready, "r"
//     C> create or join, "r"      C< full, "r"
//     A> message, X               B< message, X
//     A> bye, or goes             B< bye, "r"
//
// A client may sit in several rooms; a message goes to all of them. What the tutorial tells its clients in `log` events is
// told too. A page that calls the events otherwise is served by renaming them (rooms_opts.renames).
#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "dialect/dialect.h"
#include "switchboard/peer.h"
#include "switchboard/room.h"
#include "switchboard/switchboard.h"

enum { MAX_ROOM = 256 }; // bytes of a room's name

static const struct span nothing;

// A relay's parts are the event's name, its arguments, and its attachments.
static void on_relay(struct peer *p, const struct relay *r)
{
    struct session_event e = {
        .name = r->parts[0], .args = r->parts[1], .attachments = r->parts + 2, .n_attachments = r->n_parts - 2
    };
    p->session->ops->emit(p->session, &e);
}

static struct span label(const struct peer *p)
{
    return p->session->ops->id(p->session);
}

static const struct peer_ops peer_ops = { .on_relay = on_relay, .label = label };

// What OURS, a JSON string, is called at this mount, as a JSON string made in TEXT when it is renamed.
static struct span their_name(const struct session *s, struct span ours, struct buf *text)
{
    const struct rooms_opts *opts = &s->mount->opts->rooms;
    struct span plain = { ours.p + 1, ours.len - 2 };
    for (size_t i = 0; i < opts->n_renames; i++) {
        const char *rename = opts->renames[i], *equals = strchr(rename, '=');
        text->len = 0;
        if (span_equal(span_of(equals + 1), plain) &&
            json_put_string(text, (struct span){ rename, (size_t)(equals - rename) }) == 0)
            return buf_span(text);
    }
    return ours;
}

static void emit(struct session *s, struct span name, struct span args)
{
    struct buf renamed = { 0 };
    struct session_event e = { .name = their_name(s, name, &renamed), .args = args };
    s->ops->emit(s, &e);
    buf_fini(&renamed);
}

// ---- the tutorial's running commentary

// Emits ["log",[">>> Message from server: ",ITEMS]], where ITEMS are JSON.
static void log_items(struct session *s, struct span items)
{
    struct buf args = { 0 };
    if (buf_put_span(&args, SPAN("[\">>> Message from server: \",")) == 0 && buf_put_span(&args, items) == 0 &&
        buf_put_span(&args, SPAN("]")) == 0)
        emit(s, SPAN("\"log\""), buf_span(&args));
    buf_fini(&args);
}

static void log_sentence(struct session *s, struct span before, struct span room, struct span after)
{
    if (!s->mount->opts->rooms.has_log)
        return;
    struct buf sentence = { 0 }, json = { 0 };
    if (buf_put_span(&sentence, before) == 0 && buf_put_span(&sentence, room) == 0 &&
        buf_put_span(&sentence, after) == 0 && json_put_string(&json, buf_span(&sentence)) == 0)
        log_items(s, buf_span(&json));
    buf_fini(&sentence);
    buf_fini(&json);
}

static void log_request(struct session *s, struct span room, size_t n_members)
{
    char after[48];
    int len = snprintf(after, sizeof after, " has %zu client(s)", n_members);
    log_sentence(s, SPAN("Room "), room, (struct span){ after, (size_t)len });
    log_sentence(s, SPAN("Request to create or join room "), room, nothing);
}

// Appends to OUT a JSON string: BEFORE, then "client ID joined room ROOM".
static int put_joined_sentence(struct buf *out, struct span before, struct span id, struct span room)
{
    struct buf sentence = { 0 };
    struct span parts[] = { before, SPAN("client "), id, SPAN(" joined room "), room };
    int err = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !err; i++)
        err = buf_put_span(&sentence, parts[i]);
    err = err ? err : json_put_string(out, buf_span(&sentence));
    buf_fini(&sentence);
    return err;
}

// ---- everyone at the mount, for what the tutorial tells the whole world

// A room that no client can name, with everyone in it; only there when an option needs it.
static const struct span lobby_name;

static bool is_lobby(const struct session *s, const struct seat *seat)
{
    return room_name(s->peer, seat).len == 0;
}

static void publish_to_all(const struct session *s, const struct relay *r)
{
    for (const struct seat *seat = s->peer->seats; seat; seat = seat->next)
        if (is_lobby(s, seat))
            room_publish(s->peer, seat, r);
}

// The tutorial's last two emits: events whose name is a sentence.
static void emit_sentences(struct session *s, struct span room)
{
    if (!s->mount->opts->rooms.has_sentences)
        return;
    struct span id = s->ops->id(s);
    struct buf own = { 0 }, others = { 0 };
    if (put_joined_sentence(&own, SPAN("emit(): "), id, room) == 0 &&
        put_joined_sentence(&others, SPAN("broadcast(): "), id, room) == 0) {
        struct session_event e = { .name = buf_span(&own) };
        struct span parts[] = { buf_span(&others), nothing };
        struct relay r = { .from = s->peer->ref, .parts = parts, .n_parts = 2 };
        s->ops->emit(s, &e);
        publish_to_all(s, &r);
    }
    buf_fini(&own);
    buf_fini(&others);
}

// ---- coming

// Appends ROOM and, with HAS_ID, the client's id, as arguments.
static int put_room_args(struct buf *args, const struct session *s, struct span room, bool has_id)
{
    int err = json_put_string(args, room);
    if (err || !has_id)
        return err;
    return buf_put_span(args, SPAN(",")) || json_put_string(args, s->ops->id(s)) ? -ENOMEM : 0;
}

// What joining and leaving tell: relays of events, their names as this mount calls them.
struct news {
    struct buf name;
    struct span parts[2];
    struct relay relay;
};

static void make_news(struct news *n, const struct session *s, enum message_type type, struct span name,
                      struct span args)
{
    n->name = (struct buf){ 0 };
    n->parts[0] = their_name(s, name, &n->name);
    n->parts[1] = args;
    n->relay = (struct relay){ .from = s->peer->ref, .type = type, .parts = n->parts, .n_parts = 2 };
}

static int take_seat(struct session *s, struct span room, struct span args, size_t *n_members)
{
    struct news join, ready;
    struct seat *seat;
    struct bus_joined joined;
    make_news(&join, s, MESSAGE_JOIN, SPAN("\"join\""), args);
    make_news(&ready, s, MESSAGE_NONE, SPAN("\"ready\""), args);
    struct relay both[] = { join.relay, ready.relay };
    const struct dialect_opts *opts = s->mount->opts;
    struct room_join want = {
        .name = room, .capacity = opts->rooms.capacity, .max_seats = opts->max_rooms, .news = both, .n_news = 2
    };
    int err = room_join(s->peer, &want, &seat, &joined);
    // Who asks again for its own room takes no second seat and hears what it heard the first time.
    *n_members = err == 0 ? joined.n_members : err == -EALREADY ? room_count(s->mount->realm, room) : 0;
    buf_fini(&join.name);
    buf_fini(&ready.name);
    return err;
}

static void enter(struct session *s, struct span room)
{
    struct buf args = { 0 }, id_args = { 0 };
    size_t n_members;
    log_request(s, room, room_count(s->mount->realm, room));
    if (put_room_args(&args, s, room, false) == 0 && put_room_args(&id_args, s, room, true) == 0) {
        int err = take_seat(s, room, buf_span(&args), &n_members);
        if (n_members == 0)
            emit(s, SPAN("\"full\""), buf_span(&args));
        else
            emit(s, n_members == 1 ? SPAN("\"created\"") : SPAN("\"joined\""), buf_span(&id_args));
        if (n_members > 1 && err == 0)
            emit(s, SPAN("\"ready\""), buf_span(&args));
        if (err == 0)
            emit_sentences(s, room);
    }
    buf_fini(&args);
    buf_fini(&id_args);
}

static void create_or_join(struct session *s, const struct dialect_event *e)
{
    char decoded[MAX_ROOM];
    struct span room = { 0 };
    if (e->n_args)
        room = json_string_text(&e->args[0], decoded, MAX_ROOM);
    if (room.len) // only strings name rooms
        enter(s, room);
}

// ---- talking and leaving

static void message(struct session *s, const struct dialect_event *e)
{
    enum { MAX_PARTS = 2 + 16 };
    struct span parts[MAX_PARTS] = { e->name.raw, e->args_raw };
    size_t n = e->n_attachments < MAX_PARTS - 2 ? e->n_attachments : MAX_PARTS - 2;
    for (size_t i = 0; i < n; i++)
        parts[2 + i] = e->attachments[i];
    struct relay r = { .from = s->peer->ref, .type = MESSAGE_MESSAGE, .parts = parts, .n_parts = 2 + n };
    if (s->mount->opts->rooms.has_log && e->args_raw.len && !n) {
        struct buf items = { 0 };
        if (buf_put_span(&items, SPAN("\"Got message:\",")) == 0 && buf_put_span(&items, e->args[0].raw) == 0)
            log_items(s, buf_span(&items));
        buf_fini(&items);
    }
    bool is_broadcast = s->mount->opts->rooms.is_broadcast;
    for (const struct seat *seat = s->peer->seats; seat; seat = seat->next)
        if (is_lobby(s, seat) == is_broadcast)
            room_publish(s->peer, seat, &r);
}

static void leave_room(const struct session *s, struct seat *seat)
{
    struct buf args = { 0 };
    struct news bye;
    bool is_told = put_room_args(&args, s, room_name(s->peer, seat), false) == 0;
    make_news(&bye, s, MESSAGE_LEAVE, SPAN("\"bye\""), buf_span(&args));
    room_leave(s->peer, seat, is_told ? &bye.relay : NULL);
    buf_fini(&bye.name);
    buf_fini(&args);
}

static void leave_rooms(const struct session *s)
{
    for (struct seat *seat = s->peer->seats, *next; seat; seat = next) {
        next = seat->next;
        if (!is_lobby(s, seat))
            leave_room(s, seat);
    }
}

static void bye(struct session *s, const struct dialect_event *e)
{
    (void)e;
    leave_rooms(s);
}

static void ipaddr(struct session *s, const struct dialect_event *e)
{
    (void)e;
    const struct rooms_opts *opts = &s->mount->opts->rooms;
    for (size_t i = 0; i < opts->n_addresses; i++) {
        struct buf args = { 0 };
        if (json_put_string(&args, opts->addresses[i]) == 0)
            emit(s, SPAN("\"ipaddr\""), buf_span(&args));
        buf_fini(&args);
    }
}

static const struct verb {
    struct span name;
    enum message_type counted_as;
    void (*handle)(struct session *s, const struct dialect_event *e);
} verbs[] = {
    { SPAN("message"), MESSAGE_MESSAGE, message },
    { SPAN("create or join"), MESSAGE_JOIN, create_or_join },
    { SPAN("bye"), MESSAGE_LEAVE, bye },
    { SPAN("ipaddr"), MESSAGE_OTHER, ipaddr },
};

static const struct verb *find_verb(struct span name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (span_equal(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

// The verb that an event called NAME means at this mount: by its new name first.
static const struct verb *verb_of(const struct session *s, const struct json_value *name)
{
    const struct rooms_opts *opts = &s->mount->opts->rooms;
    for (size_t i = 0; i < opts->n_renames; i++) {
        const char *equals = strchr(opts->renames[i], '=');
        if (json_string_is(name, (struct span){ opts->renames[i], (size_t)(equals - opts->renames[i]) }))
            return find_verb(span_of(equals + 1));
    }
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (json_string_is(name, verbs[i].name))
            return &verbs[i];
    return NULL;
}

static void on_event(struct session *s, const struct dialect_event *e)
{
    const struct verb *verb = s->peer ? verb_of(s, &e->name) : NULL;
    traffic_hear(&s->mount->realm->traffic, verb ? verb->counted_as : MESSAGE_OTHER, e->args_raw.len);
    if (verb)
        verb->handle(s, e);
    else
        s->mount->realm->traffic.faults[FAULT_UNKNOWN]++;
    if (e->wants_ack) {
        struct session_event empty = { 0 };
        s->ops->acknowledge(s, e->ack_id, &empty);
    }
}

static void on_open(struct session *s, struct span auth)
{
    (void)auth;
    const struct rooms_opts *opts = &s->mount->opts->rooms;
    int err = switchboard_enter(s->mount->realm, s);
    if (!err && (opts->is_broadcast || opts->has_sentences)) {
        struct seat *seat;
        struct bus_joined joined;
        struct room_join want = { .name = lobby_name, .capacity = ROOM_UNLIMITED };
        err = room_join(s->peer, &want, &seat, &joined);
    }
    if (err)
        s->ops->close(s, 0); // for want of memory
}

static void on_close(struct session *s, enum ending why)
{
    if (!s->peer)
        return;
    if (why != ENDING_SHUTDOWN)
        leave_rooms(s);
    switchboard_release(s->peer);
}

const struct dialect dialect_rooms = {
    .name = "rooms",
    .summary = "two meet in a room and pass messages (Socket.IO)",
    .carrier = CARRIER_SOCKETIO,
    .peer_ops = &peer_ops,
    .has_rooms = true,
    .on_open = on_open,
    .on_event = on_event,
    .on_close = on_close,
};
