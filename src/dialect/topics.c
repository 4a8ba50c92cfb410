// SPDX-License-Identifier: MIT
// The topics dialect: who subscribes to a topic hears what is published there (y-webrtc, and Trystero's ws-relay).
//
//     A> {"type":"subscribe","topics":["t","u"]}
//     B> {"type":"publish","topic":"t","data":X}           A< {"type":"publish","topic":"t","data":X,"clients":1}
//     A> {"type":"unsubscribe","topics":["t"]}
//     A> {"type":"ping"}                                   A< {"type":"pong"}
//
// That is y-webrtc's way, where all of a message is passed on, and with it how many hear it. Trystero's says one topic at a
// time, and passes on a payload:
//
//     A> {"type":"subscribe","topic":"t"}
//     B> {"type":"publish","topic":"t","payload":X}        A< {"topic":"t","payload":X}
//
// A publisher that is subscribed hears itself; it need not be. Each topic is a room.
#include <errno.h>
#include <stdio.h>

#include "dialect/command.h"
#include "dialect/dialect.h"
#include "switchboard/peer.h"
#include "switchboard/room.h"
#include "switchboard/switchboard.h"

enum { MAX_TOPIC = 1024 }; // bytes of a topic's name

enum field { TYPE, TOPICS, TOPIC, PAYLOAD, N_FIELDS };

// A session's user once it has said `topics`: then its messages are y-webrtc's, whatever is in them.
static const char y_webrtc[] = "y-webrtc";

static void on_relay(struct peer *p, const struct relay *r)
{
    session_send(p->session, r->parts, r->n_parts);
}

static const struct peer_ops peer_ops = { .on_relay = on_relay };

static bool subscribe(struct session *s, struct span topic)
{
    const struct dialect_opts *opts = s->mount->opts;
    struct room_join want = { .name = topic, .capacity = opts->max_members, .max_seats = opts->max_rooms };
    struct bus_joined joined;
    struct seat *seat;
    if (!s->peer && switchboard_enter(s->mount->realm, s) != 0)
        return false; // for want of memory
    int err = room_join(s->peer, &want, &seat, &joined);
    if (!err || err == -EALREADY)
        return true;
    command_error(s, FAULT_REFUSED,
                  err == -EMFILE ? SPAN("Too many topics; not subscribed to: ")
                                 : SPAN("Too many subscribers; not subscribed to: "),
                  topic);
    return false;
}

static bool unsubscribe(struct session *s, struct span topic)
{
    struct seat *seat = s->peer ? room_find_seat(s->peer, topic) : NULL;
    if (seat)
        room_leave(s->peer, seat, NULL);
    else
        session_note(s, SESSION_ASKS_FOR_SEAT); // to look in vain costs as much as to join
    return true;
}

// Does what CHANGE does for each topic that FIELDS name, until it can't.
static void change_each(struct session *s, const struct json_field *fields,
                        bool (*change)(struct session *s, struct span topic))
{
    char decoded[MAX_TOPIC];
    const struct json_value *list = &fields[TOPICS].value;
    if (list->type != JSON_ARRAY) {
        struct span topic = json_string_text(&fields[TOPIC].value, decoded, MAX_TOPIC);
        if (topic.len)
            change(s, topic);
        return;
    }
    s->user = (void *)y_webrtc;
    struct json_member item;
    size_t pos = 0;
    bool is_fine = true;
    while (is_fine && json_next(list->raw, &pos, &item)) {
        struct span topic = json_string_text(&item.value, decoded, MAX_TOPIC);
        is_fine = !topic.len || change(s, topic);
    }
}

static void on_subscribe(struct session *s, struct span text, const struct json_field *fields)
{
    (void)text;
    change_each(s, fields, subscribe);
}

static void on_unsubscribe(struct session *s, struct span text, const struct json_field *fields)
{
    (void)text;
    change_each(s, fields, unsubscribe);
}

static void publish(const struct session *s, struct span topic, const struct span *parts, size_t n)
{
    struct relay r = { .from = PEER_REF_NOBODY, .type = MESSAGE_MESSAGE, .parts = parts, .n_parts = n };
    room_publish_to(s->mount->realm, topic, &r);
}

static void on_publish(struct session *s, struct span text, const struct json_field *fields)
{
    char decoded[MAX_TOPIC], clients[32];
    struct span topic = json_string_text(&fields[TOPIC].value, decoded, MAX_TOPIC);
    size_t n = topic.len ? room_count(s->mount->realm, topic) : 0;
    if (!n)
        return;
    const struct json_value *payload = &fields[PAYLOAD].value;
    if (payload->type != JSON_ABSENT && s->user != y_webrtc) {
        struct span parts[] = { SPAN("{\"topic\":"), fields[TOPIC].value.raw, SPAN(",\"payload\":"), payload->raw,
                                SPAN("}") };
        publish(s, topic, parts, 5);
        return;
    }
    size_t end = text.len;
    while (text.p[end - 1] != '}') // blanks
        end--;
    int len = snprintf(clients, sizeof clients, ",\"clients\":%zu}", n);
    struct span parts[] = { { text.p, end - 1 }, { clients, (size_t)len } };
    publish(s, topic, parts, 2);
}

static void on_ping(struct session *s, struct span text, const struct json_field *fields)
{
    (void)text;
    (void)fields;
    session_send_text(s, SPAN("{\"type\":\"pong\"}"));
}

static const struct {
    struct span type;
    enum message_type counted_as;
    void (*handle)(struct session *s, struct span text, const struct json_field *fields);
} commands[] = {
    { SPAN("publish"), MESSAGE_MESSAGE, on_publish },
    { SPAN("subscribe"), MESSAGE_JOIN, on_subscribe },
    { SPAN("unsubscribe"), MESSAGE_LEAVE, on_unsubscribe },
    { SPAN("ping"), MESSAGE_OTHER, on_ping },
};

// What is no message of the protocol is passed over in silence, as its clients expect.
static void on_text(struct session *s, struct span text)
{
    struct json_field fields[N_FIELDS] = { [TYPE] = { .key = SPAN("type") },
                                           [TOPICS] = { .key = SPAN("topics") },
                                           [TOPIC] = { .key = SPAN("topic") },
                                           [PAYLOAD] = { .key = SPAN("payload") } };
    struct traffic *traffic = &s->mount->realm->traffic;
    if (json_parse_object(text, fields, N_FIELDS) != JSON_OK) {
        traffic->faults[FAULT_MALFORMED]++;
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (json_string_is(&fields[TYPE].value, commands[i].type)) {
            traffic_hear(traffic, commands[i].counted_as, text.len);
            commands[i].handle(s, text, fields);
            return;
        }
    traffic_hear(traffic, MESSAGE_OTHER, text.len);
    traffic->faults[FAULT_UNKNOWN]++;
}

static void on_close(struct session *s, enum ending why)
{
    (void)why;
    if (s->peer)
        switchboard_release(s->peer);
}

static int on_http(const struct mount *m, struct span path, struct dialect_page *page)
{
    (void)m;
    (void)path;
    page->type = SPAN("text/plain");
    return buf_put_span(&page->body, SPAN("okay")) == 0 ? 200 : 503;
}

const struct dialect dialect_topics = {
    .name = "topics",
    .summary = "publish and subscribe: y-webrtc, Trystero's ws-relay",
    .peer_ops = &peer_ops,
    .has_rooms = true,
    .on_text = on_text,
    .on_binary = dialect_binary_as_text,
    .on_close = on_close,
    .on_http = on_http,
};
