// SPDX-License-Identifier: MIT
// The bus inside one process; see bus_local.h.
//
// Locks: a shard's may be held while an inbox's is taken, never the other way round, and never two of a kind.
#include "cluster/bus_local.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum { N_SHARDS = 32 };

struct shard {
    pthread_mutex_t lock;
    struct map names; // struct bus_name
    struct map rooms; // struct bus_room
};

struct bus_local {
    int n_workers;
    uint32_t n_realms;
    struct inbox *inboxes;
    struct shard shards[]; // N_SHARDS a realm
};

// Many rooms hold one or two: so each byte counts. The shard is that of the name.
struct bus_room {
    struct map_node node;
    struct list seats;      // struct bus_seat, in the order of joining
    uint64_t n_joined : 40; // all that ever did; enough for 34 years of a thousand a second
    uint64_t n_seats : 24;
    uint32_t n_letters; // that are on their way and point here
    uint16_t name_len;
    char name[];
};

enum { MAX_SEATS = (1 << 24) - 1 };

// A relay on its way to another worker, or waiting behind what came first.
struct letter {
    struct bus_errand errand;
    struct bus_room *room; // for all its members on the worker but the sender, else NULL
    struct shard *shard;   // of the room
    uint64_t n_joined;     // those who had joined the room when it was written
    struct peer_ref to;
    struct relay relay; // its spans point below
    struct span parts[];
};

// ---- the directory

static struct span name_key(const struct map_node *node)
{
    const struct bus_name *name = CONTAINER_OF(node, const struct bus_name, node);
    return (struct span){ name->text, name->len };
}

static struct span room_key(const struct map_node *node)
{
    const struct bus_room *room = CONTAINER_OF(node, const struct bus_room, node);
    return (struct span){ room->name, room->name_len };
}

static struct span room_name(const struct bus_seat *seat)
{
    return room_key(&seat->room->node);
}

static struct bus_local *local_of(struct bus *b)
{
    return ((struct bus_port *)b)->local;
}

// Which shard doesn't matter as long as it is the same for one name: a stranger who aims at one only makes some wait.
static struct shard *shard_of(struct bus_local *l, uint32_t realm, struct span name)
{
    size_t n = name.len;
    if (n)
        n += (unsigned char)name.p[0] + 7u * (unsigned char)name.p[n / 2] + 31u * (unsigned char)name.p[n - 1];
    return &l->shards[realm * N_SHARDS + n % N_SHARDS];
}

static struct span secret_of(const struct bus_name *name)
{
    return (struct span){ name->text + name->len, name->key_len };
}

// Puts NAME into the directory. One that is there under the same key is put out: 1 then, with *LOSER its holder.
static int claim_locked(struct shard *shard, struct bus_name *name, struct peer_ref *loser)
{
    struct map_node *node = map_find(&shard->names, name_key(&name->node));
    if (!node)
        return map_insert(&shard->names, &name->node);
    struct bus_name *old = CONTAINER_OF(node, struct bus_name, node);
    if (!loser || !name->key_len || !span_equal_secret(secret_of(old), secret_of(name)))
        return -EEXIST;
    map_remove(&shard->names, node);
    old->is_lost = true;
    *loser = old->ref;
    int err = map_insert(&shard->names, &name->node); // has buckets already, so it can't fail
    return err ? err : 1;
}

static int take_over(struct bus *b, uint32_t realm, struct bus_name *name, struct peer_ref *loser)
{
    struct shard *shard = shard_of(local_of(b), realm, name_key(&name->node));
    pthread_mutex_lock(&shard->lock);
    int err = claim_locked(shard, name, loser);
    pthread_mutex_unlock(&shard->lock);
    return err;
}

static int claim(struct bus *b, uint32_t realm, struct bus_name *name)
{
    return take_over(b, realm, name, NULL);
}

static void release(struct bus *b, uint32_t realm, struct bus_name *name)
{
    struct shard *shard = shard_of(local_of(b), realm, name_key(&name->node));
    pthread_mutex_lock(&shard->lock);
    if (!name->is_lost)
        map_remove(&shard->names, &name->node);
    pthread_mutex_unlock(&shard->lock);
}

static size_t names(struct bus *b, uint32_t realm, void (*visit)(void *user, struct span name), void *user)
{
    size_t n = 0;
    for (size_t i = 0; i < N_SHARDS; i++) {
        struct shard *shard = &local_of(b)->shards[realm * N_SHARDS + i];
        pthread_mutex_lock(&shard->lock);
        n += shard->names.n;
        for (const struct map_node *node = NULL; visit && (node = map_next(&shard->names, node));)
            visit(user, name_key(node));
        pthread_mutex_unlock(&shard->lock);
    }
    return n;
}

static size_t rooms(struct bus *b, uint32_t realm, void (*visit)(void *user, struct span name, size_t n), void *user)
{
    size_t n = 0;
    for (size_t i = 0; i < N_SHARDS; i++) {
        struct shard *shard = &local_of(b)->shards[realm * N_SHARDS + i];
        pthread_mutex_lock(&shard->lock);
        n += shard->rooms.n;
        for (const struct map_node *node = NULL; visit && (node = map_next(&shard->rooms, node));)
            visit(user, room_key(node), CONTAINER_OF(node, const struct bus_room, node)->n_seats);
        pthread_mutex_unlock(&shard->lock);
    }
    return n;
}

static bool find(struct bus *b, uint32_t realm, struct span name, struct peer_ref *ref)
{
    struct shard *shard = shard_of(local_of(b), realm, name);
    pthread_mutex_lock(&shard->lock);
    struct map_node *node = map_find(&shard->names, name);
    if (node)
        *ref = CONTAINER_OF(node, struct bus_name, node)->ref;
    pthread_mutex_unlock(&shard->lock);
    return node != NULL;
}

// ---- inboxes

static void wake_others(struct turn_task *t)
{
    struct bus_port *p = CONTAINER_OF(t, struct bus_port, wakeup);
    for (int i = 0; p->to_wake; i++, p->to_wake >>= 1)
        if (p->to_wake & 1)
            uv_async_send(&p->local->inboxes[i].port->wake);
}

void bus_port_post(struct bus_port *p, int i, struct bus_errand *e)
{
    inbox_put(&p->local->inboxes[i], e, p->turn->heard_at);
    if (i == p->bus.worker) {
        turn_put_off(p->turn, &p->drain);
    } else {
        p->to_wake |= UINT64_C(1) << i;
        turn_put_off(p->turn, &p->wakeup);
    }
}

static void drain(struct bus_port *p)
{
    for (struct bus_errand *next, *e = inbox_take(p->inbox, &p->turn->heard_at); e; e = next) {
        next = e->next;
        e->run(e, p);
        inbox_done(p->inbox);
    }
}

static void on_wake(uv_async_t *async)
{
    drain(CONTAINER_OF(async, struct bus_port, wake));
}

static void on_drain_due(struct turn_task *t)
{
    drain(CONTAINER_OF(t, struct bus_port, drain));
}

// ---- letters

static void run_letter(struct bus_errand *e, struct bus_port *p);

static char *put_text(char *at, struct span *copy, struct span s)
{
    *copy = (struct span){ at, s.len };
    if (s.len)
        memcpy(at, s.p, s.len);
    return at + s.len;
}

static struct letter *write_letter(const struct relay *r)
{
    size_t len = r->to_name.len;
    for (size_t i = 0; i < r->n_parts; i++)
        len += r->parts[i].len;
    struct letter *letter = malloc(sizeof *letter + r->n_parts * sizeof *letter->parts + len);
    if (!letter)
        return NULL;
    *letter = (struct letter){ .errand = { .run = run_letter }, .relay = *r };
    char *at = (char *)(letter->parts + r->n_parts);
    at = put_text(at, &letter->relay.to_name, r->to_name);
    for (size_t i = 0; i < r->n_parts; i++)
        at = put_text(at, &letter->parts[i], r->parts[i]);
    letter->relay.parts = letter->parts;
    return letter;
}

static bool deliver(struct bus_port *p, struct peer_ref to, const struct relay *r)
{
    p->turn->n_relayed++;
    return p->bus.handler->deliver(p->bus.user, to, r);
}

static bool is_here(const struct bus_port *p, struct peer_ref ref)
{
    return ref.worker == p->bus.worker;
}

static bool send_relay(struct bus *b, struct peer_ref to, const struct relay *r)
{
    struct bus_port *p = (struct bus_port *)b;
    if (is_here(p, to) && !inbox_has_waiting(p->inbox))
        return deliver(p, to, r);
    struct letter *letter = write_letter(r);
    if (!letter)
        return false;
    letter->to = to;
    bus_port_post(p, to.worker, &letter->errand);
    return true;
}

// ---- rooms

static struct bus_room *new_room(struct shard *shard, struct span name)
{
    struct bus_room *room = name.len <= BUS_MAX_NAME ? malloc(offsetof(struct bus_room, name) + name.len) : NULL;
    if (!room)
        return NULL;
    room->n_joined = room->n_seats = room->n_letters = 0;
    room->name_len = (uint16_t)name.len;
    list_init(&room->seats);
    if (name.len)
        memcpy(room->name, name.p, name.len);
    if (map_insert(&shard->rooms, &room->node) == 0)
        return room;
    free(room);
    return NULL;
}

static struct bus_room *find_room(struct shard *shard, struct span name)
{
    struct map_node *node = map_find(&shard->rooms, name);
    return node ? CONTAINER_OF(node, struct bus_room, node) : NULL;
}

static void free_room_if_unused(struct shard *shard, struct bus_room *room)
{
    if (room->n_seats || room->n_letters)
        return;
    map_remove(&shard->rooms, &room->node);
    free(room);
}

// Gathers in p->refs those of the first N_JOINED members of ROOM who are here, but EXCEPT. Returns a bit for each other
// worker that has some. With the shard's lock held.
static uint64_t gather_members(struct bus_port *p, const struct bus_room *room, uint64_t n_joined,
                               struct peer_ref except)
{
    uint64_t others = 0;
    p->refs.len = 0;
    LIST_EACH(&room->seats, node)
    {
        const struct bus_seat *seat = CONTAINER_OF(node, struct bus_seat, in_room);
        if (seat->number > n_joined || peer_ref_equal(seat->ref, except))
            continue;
        if (!is_here(p, seat->ref))
            others |= UINT64_C(1) << seat->ref.worker;
        else if (buf_put(&p->refs, &seat->ref, sizeof seat->ref) != 0)
            break; // no memory to tell the rest: they miss a message rather than everyone the server
    }
    return others;
}

// Delivers R to those gathered. They may cause further gathering meanwhile.
static void deliver_gathered(struct bus_port *p, const struct relay *r)
{
    struct buf refs = p->refs;
    p->refs = (struct buf){ 0 };
    for (size_t i = 0; i + sizeof(struct peer_ref) <= refs.len; i += sizeof(struct peer_ref)) {
        struct peer_ref ref;
        memcpy(&ref, refs.p + i, sizeof ref);
        deliver(p, ref, r);
    }
    buf_fini(&p->refs);
    p->refs = refs;
}

static void post_to_room(struct bus_port *p, int worker, struct shard *shard, struct bus_room *room,
                         const struct relay *r)
{
    struct letter *letter = write_letter(r);
    if (!letter)
        return;
    letter->room = room;
    letter->shard = shard;
    letter->n_joined = room->n_joined;
    room->n_letters++;
    bus_port_post(p, worker, &letter->errand);
}

// Publishes R to ROOM. With the shard's lock held; true when those gathered are to be delivered to
// after it is given back.
static bool publish_locked(struct bus_port *p, struct shard *shard, struct bus_room *room, const struct relay *r)
{
    uint64_t others = gather_members(p, room, room->n_joined, r->from);
    for (int i = 0; others; i++, others >>= 1)
        if (others & 1)
            post_to_room(p, i, shard, room, r);
    if (!p->refs.len)
        return false;
    if (!inbox_has_waiting(p->inbox))
        return true;
    post_to_room(p, p->bus.worker, shard, room, r);
    return false;
}

static void publish(struct bus *b, uint32_t realm, const struct bus_seat *seat, const struct relay *r)
{
    struct bus_port *p = (struct bus_port *)b;
    struct shard *shard = shard_of(p->local, realm, room_name(seat));
    pthread_mutex_lock(&shard->lock);
    bool is_direct = publish_locked(p, shard, seat->room, r);
    pthread_mutex_unlock(&shard->lock);
    if (is_direct)
        deliver_gathered(p, r);
}

static void publish_to(struct bus *b, uint32_t realm, struct span name, const struct relay *r)
{
    struct bus_port *p = (struct bus_port *)b;
    struct shard *shard = shard_of(p->local, realm, name);
    pthread_mutex_lock(&shard->lock);
    struct bus_room *room = find_room(shard, name);
    bool is_direct = room && publish_locked(p, shard, room, r);
    pthread_mutex_unlock(&shard->lock);
    if (is_direct)
        deliver_gathered(p, r);
}

static int put_cards(struct buf *cards, const struct bus_room *room)
{
    LIST_EACH(&room->seats, node)
    {
        const struct bus_seat *seat = CONTAINER_OF(node, struct bus_seat, in_room);
        if (!seat->card_len)
            continue;
        if (cards->len + seat->card_len > BUS_MAX_CARDS)
            return -ENOSPC;
        if ((cards->len && buf_put_span(cards, SPAN(",")) != 0) || buf_put_span(cards, bus_seat_card(seat)) != 0)
            return -ENOMEM;
    }
    return 0;
}

static int join_locked(struct bus_room *room, struct bus_seat *seat, const struct bus_join *want,
                       struct bus_joined *joined)
{
    joined->n_members = room->n_seats;
    size_t capacity = want->capacity && want->capacity < MAX_SEATS ? want->capacity : MAX_SEATS;
    if (room->n_seats >= capacity)
        return -ENOSPC;
    int err = seat->card_len ? put_cards(&joined->cards, room) : 0;
    if (err)
        return err;
    joined->n_members++;
    seat->room = room;
    room->n_seats++;
    return 0;
}

static int join(struct bus *b, struct bus_seat *seat, const struct bus_join *want, struct bus_joined *joined)
{
    struct bus_port *p = (struct bus_port *)b;
    struct shard *shard = shard_of(p->local, want->realm, want->name);
    bool is_direct[BUS_MAX_NEWS] = { false };
    pthread_mutex_lock(&shard->lock);
    struct bus_room *room = find_room(shard, want->name);
    if (!room)
        room = new_room(shard, want->name);
    int err = room ? join_locked(room, seat, want, joined) : -ENOMEM;
    if (err && room)
        free_room_if_unused(shard, room);
    for (size_t i = 0; !err && i < want->n_news; i++)
        is_direct[i] = publish_locked(p, shard, room, &want->news[i]);
    if (!err) {
        seat->number = ++room->n_joined;
        list_append(&room->seats, &seat->in_room);
    }
    pthread_mutex_unlock(&shard->lock);
    // All news went to the same members, who are still gathered.
    for (size_t i = 0; !err && i < want->n_news; i++)
        if (is_direct[i])
            deliver_gathered(p, &want->news[i]);
    return err;
}

static void leave(struct bus *b, uint32_t realm, struct bus_seat *seat, const struct relay *news)
{
    struct bus_port *p = (struct bus_port *)b;
    struct bus_room *room = seat->room;
    struct shard *shard = shard_of(p->local, realm, room_name(seat));
    pthread_mutex_lock(&shard->lock);
    bool is_direct = news && publish_locked(p, shard, room, news);
    list_remove(&seat->in_room);
    room->n_seats--;
    free_room_if_unused(shard, room);
    pthread_mutex_unlock(&shard->lock);
    if (is_direct)
        deliver_gathered(p, news);
}

static size_t count(struct bus *b, uint32_t realm, struct span name)
{
    struct shard *shard = shard_of(local_of(b), realm, name);
    pthread_mutex_lock(&shard->lock);
    const struct bus_room *room = find_room(shard, name);
    size_t n = room ? room->n_seats : 0;
    pthread_mutex_unlock(&shard->lock);
    return n;
}

// ---- arrival

static void arrive_in_room(struct bus_port *p, struct letter *letter)
{
    struct bus_room *room = letter->room;
    struct shard *shard = letter->shard;
    pthread_mutex_lock(&shard->lock);
    gather_members(p, room, letter->n_joined, letter->relay.from);
    room->n_letters--;
    free_room_if_unused(shard, room);
    pthread_mutex_unlock(&shard->lock);
    deliver_gathered(p, &letter->relay);
}

static void run_return(struct bus_errand *e, struct bus_port *p)
{
    struct letter *letter = CONTAINER_OF(e, struct letter, errand);
    p->bus.handler->undelivered(p->bus.user, &letter->relay);
    free(letter);
}

static void run_letter(struct bus_errand *e, struct bus_port *p)
{
    struct letter *letter = CONTAINER_OF(e, struct letter, errand);
    if (letter->room) {
        arrive_in_room(p, letter);
    } else if (!deliver(p, letter->to, &letter->relay)) {
        letter->errand.run = run_return;
        bus_port_post(p, letter->relay.from.worker, &letter->errand);
        return;
    }
    free(letter);
}

// ---- beginning and end

static const struct bus_ops bus_ops = {
    .claim = claim,
    .take_over = take_over,
    .names = names,
    .rooms = rooms,
    .release = release,
    .find = find,
    .send = send_relay,
    .join = join,
    .leave = leave,
    .publish = publish,
    .publish_to = publish_to,
    .room_name = room_name,
    .count = count,
};

struct bus_local *bus_local_new(int n_workers, uint32_t n_realms)
{
    size_t n_shards = (size_t)n_realms * N_SHARDS;
    struct bus_local *l = calloc(1, sizeof *l + n_shards * sizeof *l->shards);
    struct inbox *inboxes = calloc((size_t)n_workers, sizeof *inboxes);
    if (!l || !inboxes) {
        free(l);
        free(inboxes);
        return NULL;
    }
    l->n_workers = n_workers;
    l->n_realms = n_realms;
    l->inboxes = inboxes;
    for (int i = 0; i < n_workers; i++)
        inbox_init(&inboxes[i]);
    for (size_t i = 0; i < n_shards; i++) {
        pthread_mutex_init(&l->shards[i].lock, NULL);
        map_init(&l->shards[i].names, name_key);
        map_init(&l->shards[i].rooms, room_key);
    }
    return l;
}

int bus_local_n_workers(const struct bus_local *l)
{
    return l->n_workers;
}

void bus_local_free(struct bus_local *l)
{
    for (int i = 0; i < l->n_workers; i++)
        inbox_fini(&l->inboxes[i]);
    for (size_t i = 0; i < (size_t)l->n_realms * N_SHARDS; i++) {
        pthread_mutex_destroy(&l->shards[i].lock);
        map_fini(&l->shards[i].names);
        map_fini(&l->shards[i].rooms);
    }
    free(l->inboxes);
    free(l);
}

int bus_port_open(struct bus_port *p, struct bus_local *l, int i, uv_loop_t *loop, struct turn *turn)
{
    *p = (struct bus_port){
        .bus = { .ops = &bus_ops, .worker = (uint8_t)i }, .local = l, .inbox = &l->inboxes[i], .turn = turn
    };
    l->inboxes[i].port = p;
    turn_task_init(&p->drain, on_drain_due);
    turn_task_init(&p->wakeup, wake_others);
    return uv_async_init(loop, &p->wake, on_wake);
}

void bus_local_settle(struct bus_local *l)
{
    for (int i = 0; i < l->n_workers;) {
        struct bus_port *p = l->inboxes[i].port;
        bool is_empty = !p || !inbox_has_waiting(p->inbox);
        if (!is_empty)
            drain(p);
        i = is_empty ? i + 1 : 0; // what was done may have put something into another's
    }
}

void bus_port_close(struct bus_port *p)
{
    turn_cancel(&p->drain);
    turn_cancel(&p->wakeup);
    buf_fini(&p->refs);
}
