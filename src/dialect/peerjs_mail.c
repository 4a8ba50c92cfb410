// SPDX-License-Identifier: MIT
// What clients of the peerjs dialect have sent to those who are not there yet; see peerjs.h.
//
// Mail stays with its sender. Whoever waits for a name sits in the room of that name, which is told when the name arrives;
// nobody else ever sits there. Mail expires as a whole, counted from its first letter.
#include <errno.h>
#include <stdlib.h>

#include "base/deadline.h"
#include "dialect/command.h"
#include "dialect/peerjs.h"
#include "switchboard/room.h"
#include "switchboard/switchboard.h"

enum {
    MAX_ADDRESSEES = 64,             // of one client
    MAX_CLIENT_LEN = 512 * 1024,     // bytes of one client's mail
    MAX_REALM_LEN = 64 * 1024 * 1024 // and of all at one worker
};

struct letter {
    struct letter *next;
    size_t len;
    uint32_t number; // of the message among all, or 0: it is older than those that have one
    uint16_t type;   // likewise
    char text[];
};

struct mail {
    struct list in_outbox;
    struct session *session; // of who sent it
    struct seat *seat;       // in the room of the addressee's name
    struct letter *first;    // the letters, by their numbers
    struct deadline expiry;
};

// Frees M's first letter.
static void end_letter(struct mail *m)
{
    struct letter *l = m->first;
    struct peerjs_outbox *o = m->session->user;
    o->mail_len -= l->len;
    m->session->mount->realm->kept_len -= l->len;
    m->first = l->next;
    free(l);
}

static void end_mail(struct mail *m)
{
    while (m->first)
        end_letter(m);
    deadline_cancel(&m->expiry);
    list_remove(&m->in_outbox);
    room_leave(m->session->peer, m->seat, NULL);
    free(m);
}

static void say_expired(struct session *s, struct span name)
{
    s->mount->realm->traffic.faults[FAULT_ABSENT]++;
    struct buf src = { 0 }, dst = { 0 };
    struct span parts[] = { SPAN("{\"type\":\"EXPIRE\",\"src\":\""), command_escape(name, &src), SPAN("\",\"dst\":\""),
                            command_escape(peer_name(s->peer), &dst), SPAN("\"}") };
    session_send(s, parts, 5);
    buf_fini(&src);
    buf_fini(&dst);
}

static void on_expiry(struct deadline *d)
{
    struct mail *m = CONTAINER_OF(d, struct mail, expiry);
    say_expired(m->session, room_name(m->session->peer, m->seat));
    end_mail(m);
}

struct peerjs_outbox *peerjs_outbox(struct session *s)
{
    struct peerjs_outbox *o = s->user ? s->user : malloc(sizeof *o);
    if (!o || s->user)
        return o;
    *o = (struct peerjs_outbox){ 0 };
    list_init(&o->mail);
    s->user = o;
    return o;
}

// Begins the mail of S for NAME, or returns NULL.
static struct mail *begin_mail(struct session *s, struct span name)
{
    struct mail *m = malloc(sizeof *m);
    struct peerjs_outbox *o = m ? peerjs_outbox(s) : NULL;
    struct room_join want = { .name = name, .capacity = ROOM_UNLIMITED, .max_seats = MAX_ADDRESSEES };
    struct bus_joined joined;
    if (!o)
        goto fail;
    *m = (struct mail){ .session = s };
    int err = room_join(s->peer, &want, &m->seat, &joined);
    s->mount->realm->traffic.faults[FAULT_REFUSED] += err == -EMFILE;
    if (err)
        goto fail; // an empty outbox does no harm
    deadline_init(&m->expiry, on_expiry);
    deadline_set(s->mount->realm->switchboard->deadlines, &m->expiry, s->mount->opts->peerjs.expire_ms);
    list_append(&o->mail, &m->in_outbox);
    return m;
fail:
    free(m);
    return NULL;
}

// Where in M a letter with NUMBER goes. What came back may be older than what was not even sent.
static struct letter **find_place(struct mail *m, uint32_t number)
{
    struct letter **at = &m->first;
    while (*at && (int32_t)(number - (*at)->number) >= 0)
        at = &(*at)->next;
    return at;
}

// Copies R into M. False when that is more than may be kept.
static bool put_letter(struct mail *m, const struct relay *r)
{
    struct peerjs_outbox *o = m->session->user;
    struct realm *realm = m->session->mount->realm;
    size_t len = 0;
    for (size_t i = 0; i < r->n_parts; i++)
        len += r->parts[i].len;
    bool is_too_much = o->mail_len + len > MAX_CLIENT_LEN || realm->kept_len + len > MAX_REALM_LEN;
    realm->traffic.faults[FAULT_REFUSED] += is_too_much;
    struct letter *l = is_too_much ? NULL : malloc(sizeof *l + len);
    if (!l)
        return false;
    struct letter **at = find_place(m, r->mark);
    *l = (struct letter){ .next = *at, .number = r->mark, .type = r->type };
    for (size_t i = 0; i < r->n_parts; i++)
        if (r->parts[i].len) {
            memcpy(l->text + l->len, r->parts[i].p, r->parts[i].len);
            l->len += r->parts[i].len;
        }
    *at = l;
    o->mail_len += len;
    realm->kept_len += len;
    return true;
}

struct mail *peerjs_find_mail(const struct session *s, struct span name)
{
    const struct peerjs_outbox *o = s->user;
    if (!o)
        return NULL;
    LIST_EACH(&o->mail, node)
    {
        struct mail *m = CONTAINER_OF(node, struct mail, in_outbox);
        if (span_equal(room_name(m->session->peer, m->seat), name))
            return m;
    }
    return NULL;
}

void peerjs_keep_mail(struct session *s, const struct relay *r)
{
    struct mail *m = peerjs_find_mail(s, r->to_name);
    if (m) {
        put_letter(m, r); // or it is lost; what came first will arrive or expire
        return;
    }
    m = begin_mail(s, r->to_name);
    struct peer_ref to;
    if (!m || !put_letter(m, r)) {
        say_expired(s, r->to_name);
        if (m)
            end_mail(m);
    } else if (switchboard_find(s->mount->realm, r->to_name, &to)) {
        peerjs_send_mail(m, to); // it came just before its room was there to hear of it
    }
}

void peerjs_send_mail(struct mail *m, struct peer_ref to)
{
    struct peer *p = m->session->peer;
    while (m->first) {
        struct span text = { m->first->text, m->first->len };
        struct relay r = { .from = p->ref,
                           .to = to,
                           .to_name = room_name(p, m->seat),
                           .kind = PEERJS_CALL,
                           .type = m->first->type,
                           .mark = m->first->number,
                           .parts = &text,
                           .n_parts = 1 };
        if (!switchboard_send(p->realm->switchboard, to, &r))
            return;
        end_letter(m);
    }
    end_mail(m);
    int err = peer_add_call(p, to);
    (void)err; // as in the dialect: too many partners
}

void peerjs_forward_mail(struct session *s, struct peer_ref successor)
{
    struct peerjs_outbox *o = s->user;
    if (!o)
        return;
    LIST_EACH(&o->mail, node)
    {
        struct mail *m = CONTAINER_OF(node, struct mail, in_outbox);
        for (const struct letter *l = m->first; l; l = l->next) {
            struct span text = { l->text, l->len };
            struct relay r = { .from = s->peer->ref,
                               .to_name = room_name(s->peer, m->seat),
                               .kind = PEERJS_MAIL,
                               .type = l->type,
                               .parts = &text,
                               .n_parts = 1 };
            switchboard_send(s->mount->realm->switchboard, successor, &r);
        }
    }
    peerjs_drop_mail(s);
}

void peerjs_drop_mail(struct session *s)
{
    struct peerjs_outbox *o = s->user;
    if (!o)
        return;
    LIST_EACH(&o->mail, node)
    end_mail(CONTAINER_OF(node, struct mail, in_outbox));
}
