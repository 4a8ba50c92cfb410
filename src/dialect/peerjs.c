// SPDX-License-Identifier: MIT
// The peerjs dialect: what PeerJS clients say to their server, by WebSocket.
//
//     A comes with ?key=peerjs&id=A&token=T                A< {"type":"OPEN"}
//     A> {"type":"OFFER","dst":"B","payload":X}            B< {"type":"OFFER","src":"A","dst":"B","payload":X}
//     A> {"type":"OFFER","dst":"N","payload":X}            5 s later, unless N came: A< {"type":"EXPIRE","src":"N","dst":"A"}
//     B goes                                               A< {"type":"LEAVE","src":"B","dst":"A"}
//     A> {"type":"HEARTBEAT"}                              nothing, but A is alive
//
// ANSWER and CANDIDATE go the same way as OFFER; LEAVE and EXPIRE too, but they are not kept for who is not there. The
// payload leaves byte for byte as it came. A client that comes back with its id and token while its last connection still
// seems to live takes its place: that one is closed, and hands over what it knew.
#include "dialect/peerjs.h"

#include <errno.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "dialect/command.h"
#include "proto/uri.h"
#include "proto/ws.h"
#include "switchboard/room.h"
#include "switchboard/switchboard.h"
#include "switchboard/watch.h"

enum field { TYPE, DST, PAYLOAD, N_FIELDS };

struct command {
    struct span type;
    enum message_type counted_as;
    enum peerjs_kind kind;
    struct span beginning; // of the relayed message, up to the sender
};

static const struct span nothing;

static struct switchboard *switchboard_of(const struct session *s)
{
    return s->mount->realm->switchboard;
}

// ---- partners, who are told when the other goes

static void add_partner(struct peer *p, struct peer_ref other)
{
    if (peer_ref_equal(p->ref, other))
        return;
    int err = peer_add_call(p, other);
    (void)err; // who has more partners than that has to notice by itself that one went
}

static void forget_partner(struct peer *p, struct peer_ref other)
{
    struct call *call = peer_find_call(p, other);
    if (call)
        peer_remove_call(p, call);
}

static void say_goodbye(struct peer *p)
{
    struct buf text = { 0 };
    struct span id = command_escape(peer_name(p), &text);
    struct relay r = { .from = p->ref, .kind = PEERJS_GONE, .parts = &id, .n_parts = 1 };
    struct call *call;
    while ((call = peer_latest_call(p))) {
        switchboard_send(switchboard_of(p->session), call->other, &r);
        peer_remove_call(p, call);
    }
    buf_fini(&text);
}

// ---- what peers hear

static void hear_message(struct peer *p, const struct relay *r)
{
    session_send(p->session, r->parts, r->n_parts);
}

// Tells PARTNER that P is now what EVICTED was.
static void tell_moved(struct peer *p, struct peer_ref evicted, struct peer_ref partner)
{
    struct span before = { (const char *)&evicted, sizeof evicted };
    struct relay moved = { .from = p->ref, .to = partner, .kind = PEERJS_MOVED, .parts = &before, .n_parts = 1 };
    switchboard_send(switchboard_of(p->session), partner, &moved);
}

static void hear_call(struct peer *p, const struct relay *r)
{
    add_partner(p, r->from);
    if (!peer_ref_equal(r->to, p->ref)) // which forwarded it
        tell_moved(p, r->to, r->from);
    hear_message(p, r);
}

static void hear_leave(struct peer *p, const struct relay *r)
{
    forget_partner(p, r->from);
    hear_message(p, r);
}

static void hear_gone(struct peer *p, const struct relay *r)
{
    forget_partner(p, r->from);
    struct buf text = { 0 };
    struct span parts[] = { SPAN("{\"type\":\"LEAVE\",\"src\":\""), r->parts[0], SPAN("\",\"dst\":\""),
                            command_escape(peer_name(p), &text), SPAN("\"}") };
    session_send(p->session, parts, 5);
    buf_fini(&text);
}

static void hear_arrived(struct peer *p, const struct relay *r)
{
    struct mail *mail = peerjs_find_mail(p->session, r->parts[0]);
    if (mail)
        peerjs_send_mail(mail, r->from);
}

static void hear_evicted(struct peer *p, const struct relay *r)
{
    struct buf refs = { 0 };
    int err = 0;
    struct call *call;
    while ((call = peer_latest_call(p))) {
        err = err ? err : buf_put(&refs, &call->other, sizeof call->other);
        peer_remove_call(p, call);
    }
    struct span partners = buf_span(&refs);
    struct relay answer = { .from = p->ref, .kind = PEERJS_PARTNERS, .parts = &partners, .n_parts = 1 };
    switchboard_send(switchboard_of(p->session), r->from, &answer);
    buf_fini(&refs);
    peerjs_forward_mail(p->session, r->from);
    struct peerjs_outbox *o = peerjs_outbox(p->session);
    if (o) { // else what is still on its way is lost
        o->is_evicted = true;
        o->successor = r->from;
    }
    p->session->ops->close(p->session, WS_CLOSE_NO_STATUS);
}

static void hear_partners(struct peer *p, const struct relay *r)
{
    struct span refs = r->parts[0];
    for (size_t i = 0; i + sizeof(struct peer_ref) <= refs.len; i += sizeof(struct peer_ref)) {
        struct peer_ref partner;
        memcpy(&partner, refs.p + i, sizeof partner);
        add_partner(p, partner);
        tell_moved(p, r->from, partner);
    }
}

static void hear_mail(struct peer *p, const struct relay *r)
{
    peerjs_keep_mail(p->session, r);
}

static void hear_moved(struct peer *p, const struct relay *r)
{
    struct peer_ref before;
    memcpy(&before, r->parts[0].p, sizeof before);
    forget_partner(p, before);
    add_partner(p, r->from);
}

static void on_relay(struct peer *p, const struct relay *r)
{
    static void (*const hear[])(struct peer * p, const struct relay *r) = {
        [PEERJS_CALL] = hear_call,         [PEERJS_NOTE] = hear_message, [PEERJS_LEAVE] = hear_leave,
        [PEERJS_GONE] = hear_gone,         [PEERJS_MAIL] = hear_mail,    [PEERJS_ARRIVED] = hear_arrived,
        [PEERJS_PARTNERS] = hear_partners, [PEERJS_MOVED] = hear_moved,  [PEERJS_EVICTED] = hear_evicted,
    };
    const struct peerjs_outbox *o = p->session->user;
    if (o && o->is_evicted) // it was on its way when the name went
        switchboard_send(switchboard_of(p->session), o->successor, r);
    else
        hear[r->kind](p, r);
}

static void on_undelivered(struct peer *p, const struct relay *r)
{
    const struct peerjs_outbox *o = p->session->user;
    struct relay mail = *r;
    mail.kind = PEERJS_MAIL;
    mail.mark = 0; // which counts at this worker alone
    if (r->kind == PEERJS_CALL || r->kind == PEERJS_MOVED)
        forget_partner(p, r->to);
    if (r->kind == PEERJS_CALL && o && o->is_evicted)
        switchboard_send(switchboard_of(p->session), o->successor, &mail);
    else if (r->kind == PEERJS_CALL)
        peerjs_keep_mail(p->session, r);
}

static const struct peer_ops peer_ops = { .on_relay = on_relay, .on_undelivered = on_undelivered };

// ---- what clients say

static void send_relay(struct peer *p, struct relay *r)
{
    bool is_there = switchboard_find(p->realm, r->to_name, &r->to);
    struct mail *mail = peerjs_find_mail(p->session, r->to_name);
    if (is_there && mail)
        peerjs_send_mail(mail, r->to); // what came first goes first
    if (is_there && switchboard_send(p->realm->switchboard, r->to, r)) {
        if (r->kind == PEERJS_CALL)
            add_partner(p, r->to);
        else if (r->kind == PEERJS_LEAVE)
            forget_partner(p, r->to);
    } else if (r->kind == PEERJS_CALL) {
        watch_absence(p, r->type, r->to_name);
        peerjs_keep_mail(p->session, r);
    }
}

static void relay(struct peer *p, const struct command *command, const struct json_field *fields, struct span name)
{
    struct buf text = { 0 };
    const struct json_value *payload = &fields[PAYLOAD].value;
    struct span parts[] = { command->beginning,
                            command_escape(peer_name(p), &text),
                            SPAN("\",\"dst\":"),
                            fields[DST].value.raw,
                            payload->type == JSON_ABSENT ? nothing : SPAN(",\"payload\":"),
                            payload->raw,
                            SPAN("}") };
    struct relay r = { .from = p->ref,
                       .to_name = name,
                       .kind = command->kind,
                       .type = command->counted_as,
                       .mark = ++p->realm->n_numbered,
                       .parts = parts,
                       .n_parts = 7 };
    send_relay(p, &r);
    buf_fini(&text);
}

// The client gives its id back but stays connected.
static void leave(struct peer *p)
{
    struct session *s = p->session;
    say_goodbye(p);
    peerjs_drop_mail(s);
    switchboard_release(p);
}

static const struct command commands[] = {
    { SPAN("CANDIDATE"), MESSAGE_CANDIDATE, PEERJS_CALL, SPAN("{\"type\":\"CANDIDATE\",\"src\":\"") },
    { SPAN("OFFER"), MESSAGE_OFFER, PEERJS_CALL, SPAN("{\"type\":\"OFFER\",\"src\":\"") },
    { SPAN("ANSWER"), MESSAGE_ANSWER, PEERJS_CALL, SPAN("{\"type\":\"ANSWER\",\"src\":\"") },
    { SPAN("LEAVE"), MESSAGE_LEAVE, PEERJS_LEAVE, SPAN("{\"type\":\"LEAVE\",\"src\":\"") },
    { SPAN("EXPIRE"), MESSAGE_OTHER, PEERJS_NOTE, SPAN("{\"type\":\"EXPIRE\",\"src\":\"") },
};

static const struct command *find_command(const struct json_value *type)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (json_string_is(type, commands[i].type))
            return &commands[i];
    return NULL;
}

// Whatever is no message of the protocol is passed over in silence, as its clients expect; a HEARTBEAT has nothing to say
// but that it came.
static void on_text(struct session *s, struct span text)
{
    struct json_field fields[N_FIELDS] = {
        [TYPE] = { .key = SPAN("type") }, [DST] = { .key = SPAN("dst") }, [PAYLOAD] = { .key = SPAN("payload") }
    };
    struct traffic *traffic = &s->mount->realm->traffic;
    if (!s->peer || json_parse_object(text, fields, N_FIELDS) != JSON_OK) {
        traffic->faults[s->peer ? FAULT_MALFORMED : FAULT_REFUSED]++;
        return;
    }
    const struct command *command = find_command(&fields[TYPE].value);
    char decoded[COMMAND_MAX_NAME];
    struct span name = json_string_text(&fields[DST].value, decoded, COMMAND_MAX_NAME);
    traffic_hear(traffic, command ? command->counted_as : MESSAGE_OTHER, text.len);
    if (command && name.len)
        relay(s->peer, command, fields, name);
    else if (command && command->kind == PEERJS_LEAVE && fields[DST].value.type == JSON_ABSENT)
        leave(s->peer);
}

// ---- coming and going

struct intro {
    struct span id, token, key;
    char id_text[COMMAND_MAX_NAME], token_text[COMMAND_MAX_NAME], key_text[COMMAND_MAX_NAME];
};

// False when there is something, but nothing that can be taken.
static bool read_param(struct span query, struct span name, char out[COMMAND_MAX_NAME], struct span *value)
{
    ssize_t len = uri_decode_param(uri_find_param(query, name), out, COMMAND_MAX_NAME);
    *value = (struct span){ out, len > 0 ? (size_t)len : 0 };
    return len >= 0 && utf8_is_valid(out, value->len);
}

// Reads QUERY. Returns what is wrong with it, or nothing.
static struct span read_intro(struct intro *intro, struct span query, struct span key)
{
    if (!read_param(query, SPAN("id"), intro->id_text, &intro->id) ||
        !read_param(query, SPAN("token"), intro->token_text, &intro->token) ||
        !read_param(query, SPAN("key"), intro->key_text, &intro->key))
        return SPAN("The id, token, or key is no text of at most 256 bytes");
    if (!intro->id.len || !intro->token.len || !intro->key.len)
        return SPAN("No id, token, or key supplied to websocket server");
    return span_equal_secret(intro->key, key) ? nothing : SPAN("Invalid key provided");
}

static void refuse(struct session *s, struct span type, struct span reason)
{
    struct span parts[] = { SPAN("{\"type\":\""), type, SPAN("\",\"payload\":{\"msg\":\""), reason, SPAN("\"}}") };
    session_send(s, parts, 5);
    s->ops->close(s, WS_CLOSE_NO_STATUS);
}

// The client has its name; LOSER is who lost it, if anyone.
static void let_in(struct session *s, struct span id, const struct peer_ref *loser)
{
    session_send_text(s, SPAN("{\"type\":\"OPEN\"}"));
    struct relay evicted = { .from = s->peer->ref, .kind = PEERJS_EVICTED };
    if (loser)
        switchboard_send(switchboard_of(s), *loser, &evicted);
    struct relay arrived = { .from = s->peer->ref, .kind = PEERJS_ARRIVED, .parts = &id, .n_parts = 1 };
    room_publish_to(s->mount->realm, id, &arrived);
}

static void on_open(struct session *s, struct span query)
{
    const struct peerjs_opts *opts = &s->mount->opts->peerjs;
    struct intro intro;
    struct span complaint = read_intro(&intro, query, opts->key);
    if (complaint.len) {
        refuse(s, SPAN("ERROR"), complaint);
        return;
    }
    struct peer_ref loser;
    struct name_claim want = { intro.id, intro.token };
    int err = switchboard_take_over(s->mount->realm, s, &want, &loser);
    if (err == -EEXIST) {
        refuse(s, SPAN("ID-TAKEN"), SPAN("ID is taken"));
    } else if (err < 0) {
        s->ops->close(s, WS_CLOSE_TRY_AGAIN_LATER);
    } else if (err == 0 && switchboard_names(s->mount->realm, NULL, NULL) > opts->max_peers) {
        switchboard_release(s->peer);
        s->mount->realm->traffic.n_turned_away++;
        refuse(s, SPAN("ERROR"), SPAN("Server has reached its concurrent user limit"));
    } else {
        let_in(s, intro.id, err ? &loser : NULL);
    }
}

static void on_close(struct session *s, enum ending why)
{
    if (s->peer) {
        if (s->mount->opts->peerjs.has_leave && why != ENDING_SHUTDOWN)
            say_goodbye(s->peer);
        peerjs_drop_mail(s);
        switchboard_release(s->peer);
    }
    free(s->user);
}

const struct dialect dialect_peerjs = {
    .name = "peerjs",
    .summary = "clients of PeerJS (WebSocket and HTTP)",
    .peer_ops = &peer_ops,
    .has_heartbeat = true,
    .on_open = on_open,
    .on_text = on_text,
    .on_binary = dialect_binary_as_text,
    .on_close = on_close,
    .on_http = peerjs_on_http,
};
