// SPDX-License-Identifier: MIT
// What callers do, and what each of them must see; see stress.h.
#include <errno.h>

#include "../unit/chance.h"
#include "stress.h"

enum kind { KIND_DIRECT, KIND_LOST, KIND_JOIN, KIND_TALK, KIND_LEAVE };

// What each message says of its sender.
struct note {
    uint32_t n;           // to one: the number in this pair, or the name that it lost
    uint32_t event;       // to a room
    uint32_t room, stay;  // where the sender sits or last sat
    uint32_t n_published; // in that stay, this one included
    uint32_t has_left;    // that room
};

struct card {
    struct peer_ref ref;
    uint32_t stay;
};

static struct caller *caller_of(const struct peer *p)
{
    return CONTAINER_OF(p->session, struct caller, session);
}

static bool one_in(struct caller *c, size_t n)
{
    return chance_below(&c->worker->chance, n) == 0;
}

// R from C saying NOTE, in two parts.
static struct relay relay_of(const struct caller *c, enum kind kind, const struct note *note, struct span parts[2])
{
    parts[0] = (struct span){ (const char *)note, 5 };
    parts[1] = (struct span){ (const char *)note + 5, sizeof *note - 5 };
    return (struct relay){ .from = c->session.peer->ref, .kind = (int)kind, .parts = parts, .n_parts = 2 };
}

static struct note note_of(const struct relay *r)
{
    struct note note;
    CHECK(r->n_parts == 2 && r->parts[0].len == 5 && r->parts[1].len == sizeof note - 5, "the message changed");
    memcpy(&note, r->parts[0].p, 5);
    memcpy((char *)&note + 5, r->parts[1].p, sizeof note - 5);
    return note;
}

// ---- what arrives

// NULL when OTHER is somebody from the past: its slot is known to be another's by now.
static struct stream *stream_with(struct stream streams[][N_SLOTS], struct peer_ref other)
{
    CHECK(other.slot < N_SLOTS && other.worker < MAX_STRESS_WORKERS, "no such slot: %u", (unsigned)other.slot);
    struct stream *stream = &streams[other.worker][other.slot];
    if (stream->n && stream->generation > other.generation)
        return NULL;
    if (stream->n == 0 || stream->generation != other.generation)
        *stream = (struct stream){ .generation = other.generation };
    return stream;
}

static struct member *member_at(struct caller *c, struct peer_ref other)
{
    CHECK(other.slot < N_SLOTS && other.worker < MAX_STRESS_WORKERS, "no such slot: %u", (unsigned)other.slot);
    return &c->members[other.worker][other.slot];
}

static bool is_known(const struct member *m, struct peer_ref ref)
{
    return m->is_inside && m->generation == ref.generation;
}

static void hear_direct(struct caller *c, const struct relay *r, const struct note *note)
{
    struct stream *stream = stream_with(c->heard, r->from);
    CHECK(stream, "from somebody from the past");
    CHECK(note->n == stream->n + 1, "message %u comes after %u", note->n, stream->n);
    stream->n = note->n;
    c->worker->stats.n_arrived++;
    // What it said to the room before this must have come before, and what it said later not yet.
    const struct member *m = c->seat ? member_at(c, r->from) : NULL;
    if (!m || !is_known(m, r->from))
        return;
    CHECK(note->stay < m->stay || (note->stay == m->stay && !note->has_left), "nobody said that it had left");
    CHECK(!m->is_heard || note->stay == m->stay, "it was said before it joined");
    CHECK(!m->is_heard || note->n_published == m->n, "%u said to the room, %u heard", note->n_published, m->n);
}

static void hear_loss(struct caller *c, const struct note *note)
{
    CHECK(c->name == (int)note->n && !c->is_lost, "told of a name that it does not hold");
    c->is_lost = true;
    c->worker->stats.n_arrived++;
}

static void hear_join(struct member *m, const struct relay *r, const struct note *note)
{
    CHECK(!is_known(m, r->from), "it joined, but was inside already");
    *m = (struct member){ .is_inside = true, .is_heard = true, .generation = r->from.generation, .stay = note->stay };
}

static void hear_talk(struct member *m, const struct relay *r, const struct note *note)
{
    CHECK(is_known(m, r->from) && m->stay == note->stay, "it never joined");
    CHECK(!m->is_heard || note->n_published == m->n + 1, "message %u comes after %u", note->n_published, m->n);
    m->is_heard = true;
    m->n = note->n_published;
}

static void hear_room(struct caller *c, const struct relay *r, const struct note *note)
{
    CHECK(c->seat && c->room == (int)note->room, "a message of room %u for one who is not there", note->room);
    CHECK(!peer_ref_equal(r->from, c->session.peer->ref), "one's own");
    uint32_t finished_at = atomic_load(&c->worker->field->finished_at[note->event]);
    CHECK(!finished_at || finished_at >= c->join_began, "from before one came");
    order_note(&c->worker->order, c->last_event, note->event);
    c->last_event = note->event;
    c->worker->stats.n_heard++;
    struct member *m = member_at(c, r->from);
    if (r->kind == KIND_JOIN)
        hear_join(m, r, note);
    else
        hear_talk(m, r, note);
    if (r->kind == KIND_LEAVE)
        *m = (struct member){ 0 };
}

static void on_relay(struct peer *p, const struct relay *r)
{
    struct note note = note_of(r);
    if (r->kind == KIND_DIRECT)
        hear_direct(caller_of(p), r, &note);
    else if (r->kind == KIND_LOST)
        hear_loss(caller_of(p), &note);
    else
        hear_room(caller_of(p), r, &note);
}

static void on_undelivered(struct peer *p, const struct relay *r)
{
    CHECK(peer_ref_equal(p->ref, r->from), "returned to the wrong one");
    CHECK(r->kind == KIND_DIRECT || r->kind == KIND_LOST, "the message changed");
}

const struct peer_ops caller_peer_ops = { .on_relay = on_relay, .on_undelivered = on_undelivered };

// ---- names

static bool is_keyed(int name)
{
    return name >= N_NAMES;
}

static void own(struct caller *c)
{
    int before = atomic_exchange(&c->worker->field->owners[c->name], c->number);
    CHECK(before == 0, "the name %d is caller %d's and caller %d's", c->name, before, c->number);
}

static void disown(struct caller *c)
{
    if (is_keyed(c->name))
        return;
    int before = atomic_exchange(&c->worker->field->owners[c->name], 0);
    CHECK(before == c->number, "the name %d was caller %d's and caller %d's", c->name, before, c->number);
}

static struct span name_text(int name, char text[16])
{
    return (struct span){ text, (size_t)snprintf(text, 16, "caller %d", name) };
}

static void log_in(struct caller *c)
{
    char text[16];
    struct realm *realm = &c->worker->realm;
    int name = (int)chance_below(&c->worker->chance, N_NAMES), old = c->session.peer ? c->name : -1;
    if (name == old || (old >= 0 && is_keyed(old)))
        return;
    if (old >= 0)
        disown(c);
    int err = switchboard_claim(realm, &c->session, name_text(name, text));
    CHECK(err == 0 || err == -EEXIST, "error %d", err);
    if (err) {
        c->worker->stats.n_refused++;
        if (old >= 0)
            own(c);
        return;
    }
    c->name = name;
    c->is_lost = false;
    own(c);
    c->worker->stats.n_logins++;
    struct peer_ref found;
    CHECK(switchboard_find(realm, name_text(name, text), &found) && peer_ref_equal(found, c->session.peer->ref),
          "the name %d is not found", name);
}

// C takes a name that others know the key of as well, from whoever holds it.
static void take_over(struct caller *c)
{
    char text[16];
    struct peer_ref loser;
    struct stress_worker *w = c->worker;
    c->name = N_NAMES + (int)chance_below(&w->chance, N_KEYED);
    c->is_lost = false;
    struct name_claim want = { .name = name_text(c->name, text), .key = SPAN("key") };
    int err = switchboard_take_over(&w->realm, &c->session, &want, &loser);
    CHECK(err >= 0, "error %d", err);
    if (err == 0)
        return;
    struct span parts[2];
    struct note note = { .n = (uint32_t)c->name };
    struct relay r = relay_of(c, KIND_LOST, &note, parts);
    w->stats.n_taken_over++;
    w->stats.n_sent++;
    CHECK(switchboard_send(&w->switchboard, loser, &r), "the loser was there a moment ago");
}

static void come(struct caller *c)
{
    if (one_in(c, 3))
        take_over(c);
    else
        log_in(c);
}

// ---- messages to one

static void say(struct caller *c, struct peer_ref to)
{
    struct span parts[2];
    struct stream *stream = stream_with(c->said, to);
    if (!stream)
        return;
    struct note note = { .n = ++stream->n,
                         .room = (uint32_t)c->room,
                         .stay = c->stay,
                         .n_published = c->n_published,
                         .has_left = !c->seat };
    struct relay r = relay_of(c, KIND_DIRECT, &note, parts);
    c->worker->stats.n_sent++;
    if (!switchboard_send(&c->worker->switchboard, to, &r)) {
        CHECK(to.worker == c->session.peer->ref.worker, "nobody can know yet that it is gone");
        c->worker->stats.n_returned++;
    }
}

static void talk_to_one(struct caller *c)
{
    char text[16];
    struct peer_ref to;
    struct span name = name_text((int)chance_below(&c->worker->chance, N_NAMES + N_KEYED), text);
    if (switchboard_find(&c->worker->realm, name, &to))
        say(c, to);
}

// To somebody who, for all that C knows, sits in its room; it may be gone, for not everybody says goodbye.
static void talk_to_member(struct caller *c)
{
    size_t n_places = sizeof c->members / sizeof **c->members, begin = chance_below(&c->worker->chance, n_places);
    for (size_t i = 0; i < n_places; i++) {
        unsigned place = (unsigned)((begin + i) % n_places), slot = place % N_SLOTS;
        const struct member *m = &c->members[place / N_SLOTS][slot];
        if (m->is_inside) {
            say(c, (struct peer_ref){
                       .worker = (uint8_t)(place / N_SLOTS), .slot = slot & 0xffffff, .generation = m->generation });
            return;
        }
    }
}

// ---- rooms

static uint32_t new_event(struct caller *c)
{
    uint32_t event = atomic_fetch_add(&c->worker->field->n_events, 1);
    CHECK(event < MAX_EVENTS, "too many events between two pauses");
    return event;
}

// What C says to its room next.
static struct note next_note(struct caller *c)
{
    struct note note = {
        .event = new_event(c), .room = (uint32_t)c->room, .stay = c->stay, .n_published = ++c->n_published
    };
    order_note(&c->worker->order, c->last_event, note.event);
    return note;
}

static void finish_event(struct caller *c, uint32_t event)
{
    struct field *f = c->worker->field;
    atomic_store(&f->finished_at[event], atomic_load(&f->n_events));
}

// C has taken its seat; JOINED says beside whom.
static void meet_members(struct caller *c, const struct bus_joined *joined)
{
    struct card card;
    size_t n_cards = (joined->cards.len + 1) / (sizeof card + 1);
    CHECK(n_cards * (sizeof card + 1) == joined->cards.len + (n_cards > 0), "%zu bytes of cards", joined->cards.len);
    CHECK(joined->n_members == n_cards + 1, "%zu cards, %zu members", n_cards, joined->n_members);
    memset(c->members, 0, sizeof c->members);
    for (size_t i = 0; i < n_cards; i++) {
        memcpy(&card, joined->cards.p + i * (sizeof card + 1), sizeof card);
        struct member *m = member_at(c, card.ref);
        CHECK(!m->is_inside, "two cards of one");
        *m = (struct member){ .is_inside = true, .generation = card.ref.generation, .stay = card.stay };
    }
}

static void join_room(struct caller *c)
{
    struct field *f = c->worker->field;
    struct span parts[2];
    c->room = (int)chance_below(&c->worker->chance, N_ROOMS);
    c->stay++;
    c->join_began = atomic_load(&f->n_events);
    struct note note = { .event = new_event(c), .room = (uint32_t)c->room, .stay = c->stay };
    struct relay news = relay_of(c, KIND_JOIN, &note, parts);
    struct card card = { .ref = c->session.peer->ref, .stay = c->stay };
    char text[16];
    struct room_join want = { .name = name_text(c->room, text),
                              .capacity = (size_t)capacity_of(c->room),
                              .card = { (const char *)&card, sizeof card },
                              .news = &news,
                              .n_news = 1 };
    struct bus_joined joined;
    int err = room_join(c->session.peer, &want, &c->seat, &joined);
    CHECK(err == 0 || err == -ENOSPC, "error %d", err);
    if (err) {
        CHECK(joined.n_members == want.capacity, "full with %zu of %zu", joined.n_members, want.capacity);
        c->worker->stats.n_full++;
    } else {
        int n = atomic_fetch_add(&f->seats[c->room], 1);
        CHECK(n < capacity_of(c->room), "one too many in a room for %d", capacity_of(c->room));
        c->n_published = 0;
        c->last_event = note.event;
        c->worker->stats.n_joins++;
        meet_members(c, &joined);
        finish_event(c, note.event);
    }
    buf_fini(&joined.cards);
}

static void talk_to_room(struct caller *c)
{
    struct span parts[2];
    struct note note = next_note(c);
    struct relay r = relay_of(c, KIND_TALK, &note, parts);
    c->worker->stats.n_published++;
    room_publish(c->session.peer, c->seat, &r);
    finish_event(c, note.event);
}

static void leave_room(struct caller *c)
{
    struct span parts[2];
    struct note note = next_note(c);
    struct relay r = relay_of(c, KIND_LEAVE, &note, parts);
    struct seat *seat = c->seat;
    atomic_fetch_sub(&c->worker->field->seats[c->room], 1);
    c->seat = NULL;
    room_leave(c->session.peer, seat, &r);
    finish_event(c, note.event);
}

static void close_caller(struct caller *c)
{
    if (c->seat && one_in(c, 2))
        leave_room(c);
    if (c->seat)
        atomic_fetch_sub(&c->worker->field->seats[c->room], 1);
    c->seat = NULL;
    disown(c);
    switchboard_release(c->session.peer);
    memset(c->said, 0, sizeof c->said);
    memset(c->heard, 0, sizeof c->heard);
    c->worker->stats.n_closes++;
}

// ---- all of them

// What a caller does with what chance in a thousand: one who sits in no room, and one who does.
static const struct deed {
    size_t alone, inside;
    void (*act)(struct caller *c);
} deeds[] = {
    { 550, 200, talk_to_one }, { 0, 250, talk_to_member }, { 350, 0, join_room },    { 0, 380, talk_to_room },
    { 0, 120, leave_room },    { 60, 30, log_in },         { 40, 20, close_caller },
};

void callers_act(struct stress_worker *w)
{
    struct caller *c = &w->callers[chance_below(&w->chance, N_CALLERS)];
    size_t dice = chance_below(&w->chance, 1000);
    if (!c->session.peer || c->is_lost) {
        (c->session.peer ? close_caller : come)(c);
        return;
    }
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        size_t n = c->seat ? deeds[i].inside : deeds[i].alone;
        if (dice < n) {
            deeds[i].act(c);
            return;
        }
        dice -= n;
    }
}

void callers_init(struct stress_worker *w)
{
    static const struct session_ops no_carrier;
    for (int i = 0; i < N_CALLERS; i++) {
        struct caller *c = &w->callers[i];
        c->worker = w;
        c->session.ops = &no_carrier;
        c->number = (int)(w - w->field->workers) * N_CALLERS + i + 1;
        c->last_event = NO_EVENT;
    }
}

void callers_close(struct stress_worker *w)
{
    for (int i = 0; i < N_CALLERS; i++)
        if (w->callers[i].session.peer)
            close_caller(&w->callers[i]);
}

void callers_resume(struct stress_worker *w)
{
    for (int i = 0; i < N_CALLERS; i++) {
        w->callers[i].last_event = NO_EVENT;
        w->callers[i].join_began = 0;
    }
    w->order.pairs.len = 0;
}

// ONE knows of each other in its room, and has heard all it said.
static void check_pair(struct caller *one, const struct caller *other)
{
    if (!other->seat || other == one || other->room != one->room)
        return;
    const struct member *m = member_at(one, other->session.peer->ref);
    CHECK(is_known(m, other->session.peer->ref) && m->stay == other->stay, "a member unheard of");
    CHECK(!m->is_heard || m->n == other->n_published, "heard %u of %u", m->n, other->n_published);
}

static void check_room(struct field *f, int room)
{
    char text[16];
    int n = 0;
    for (int i = 0; i < f->n_workers; i++)
        for (int j = 0; j < N_CALLERS; j++)
            n += f->workers[i].callers[j].seat && f->workers[i].callers[j].room == room;
    size_t count = room_count(&f->workers[0].realm, name_text(room, text));
    CHECK((size_t)n == count && n == atomic_load(&f->seats[room]), "%d callers on %zu seats", n, count);
}

// Of those who took the name over, the last has it.
static void check_name(struct field *f, int name)
{
    char text[16];
    struct peer_ref found;
    const struct caller *owner = NULL;
    for (int i = 0; i < f->n_workers * N_CALLERS; i++) {
        const struct caller *c = &f->workers[i / N_CALLERS].callers[i % N_CALLERS];
        if (!c->session.peer || c->name != name || c->is_lost)
            continue;
        CHECK(!owner, "callers %d and %d hold one name", owner->number, c->number);
        owner = c;
    }
    bool is_found = switchboard_find(&f->workers[0].realm, name_text(name, text), &found);
    CHECK(is_found == (owner != NULL), "a name without an owner, or the other way round");
    CHECK(!owner || peer_ref_equal(found, owner->session.peer->ref), "a name leads to the wrong one");
}

void callers_check(struct field *f)
{
    for (int i = 0; i < f->n_workers * N_CALLERS; i++) {
        struct caller *one = &f->workers[i / N_CALLERS].callers[i % N_CALLERS];
        for (int j = 0; one->seat && j < f->n_workers * N_CALLERS; j++)
            check_pair(one, &f->workers[j / N_CALLERS].callers[j % N_CALLERS]);
    }
    for (int i = 0; i < N_ROOMS; i++)
        check_room(f, i);
    for (int i = 0; i < N_NAMES + N_KEYED; i++)
        check_name(f, i);
}
