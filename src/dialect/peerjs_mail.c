// SPDX-License-Identifier: MIT
// What clients of the peerjs dialect have sent to those who are not there yet; see peerjs.h.
//
// Mail stays with its sender. Whoever waits for a name sits in the room of that name, which is told when the name arrives;
// nobody else ever sits there. Mail expires as a whole, counted from its first letter.
#include <stdlib.h>

#include "dialect/peerjs.h"
#include "switchboard/room.h"
#include "switchboard/switchboard.h"

enum {
    MAX_ADDRESSEES = 64,             // of one client
    MAX_CLIENT_LEN = 512 * 1024,     // bytes of one client's mail
    MAX_REALM_LEN = 64 * 1024 * 1024 // and of all at one worker
};

struct letter {
    struct list in_mail;
    size_t len;
    char text[];
};

struct mail {
    struct list in_client;
    struct peerjs_client *client;
    struct seat *seat; // in the room of the addressee's name
    struct list letters;
    struct deadline expiry;
};

static struct letter *first_letter(const struct mail *m)
{
    return list_is_empty(&m->letters) ? NULL : CONTAINER_OF(m->letters.next, struct letter, in_mail);
}

static void end_letter(struct mail *m, struct letter *l)
{
    m->client->mail_len -= (uint32_t)l->len;
    m->client->session->mount->realm->kept_len -= l->len;
    list_remove(&l->in_mail);
    free(l);
}

static void end_mail(struct mail *m)
{
    struct letter *l;
    while ((l = first_letter(m)))
        end_letter(m, l);
    deadline_cancel(&m->expiry);
    list_remove(&m->in_client);
    room_leave(m->seat, NULL);
    free(m);
}

static void say_expired(struct peerjs_client *c, struct span name)
{
    struct buf json = { 0 };
    if (json_put_string(&json, name) == 0) {
        struct span parts[] = { SPAN("{\"type\":\"EXPIRE\",\"src\":"), buf_span(&json), SPAN(",\"dst\":"),
                                peerjs_id(c), SPAN("}") };
        session_send(c->session, parts, 5);
    }
    buf_fini(&json);
}

static void on_expiry(struct deadline *d)
{
    struct mail *m = CONTAINER_OF(d, struct mail, expiry);
    say_expired(m->client, room_name(m->seat));
    end_mail(m);
}

// Begins C's mail for NAME, or returns NULL.
static struct mail *begin_mail(struct peerjs_client *c, struct span name)
{
    struct session *s = c->session;
    struct mail *m = s->peer->n_seats < MAX_ADDRESSEES ? malloc(sizeof *m) : NULL;
    if (!m)
        return NULL;
    struct room_join want = { .name = name, .capacity = ROOM_UNLIMITED };
    struct bus_joined joined;
    *m = (struct mail){ .client = c };
    if (room_join(s->peer, &want, &m->seat, &joined) != 0) {
        free(m);
        return NULL;
    }
    list_init(&m->letters);
    deadline_init(&m->expiry, on_expiry);
    deadline_set(s->mount->realm->switchboard->deadlines, &m->expiry, s->mount->opts->peerjs.expire_ms);
    list_append(&c->mail, &m->in_client);
    return m;
}

// Copies R into M. False when that is more than may be kept.
static bool put_letter(struct mail *m, const struct relay *r)
{
    struct peerjs_client *c = m->client;
    struct realm *realm = c->session->mount->realm;
    size_t len = 0;
    for (size_t i = 0; i < r->n_parts; i++)
        len += r->parts[i].len;
    bool is_too_much = c->mail_len + len > MAX_CLIENT_LEN || realm->kept_len + len > MAX_REALM_LEN;
    struct letter *l = is_too_much ? NULL : malloc(sizeof *l + len);
    if (!l)
        return false;
    l->len = 0;
    for (size_t i = 0; i < r->n_parts; i++)
        if (r->parts[i].len) {
            memcpy(l->text + l->len, r->parts[i].p, r->parts[i].len);
            l->len += r->parts[i].len;
        }
    list_append(&m->letters, &l->in_mail);
    c->mail_len += (uint32_t)len;
    realm->kept_len += len;
    return true;
}

struct mail *peerjs_find_mail(const struct peerjs_client *c, struct span name)
{
    LIST_EACH(&c->mail, node)
    {
        struct mail *m = CONTAINER_OF(node, struct mail, in_client);
        if (span_equal(room_name(m->seat), name))
            return m;
    }
    return NULL;
}

void peerjs_keep_mail(struct peerjs_client *c, const struct relay *r)
{
    struct mail *m = peerjs_find_mail(c, r->to_name);
    if (m) {
        put_letter(m, r); // or it is lost; what came first will arrive or expire
        return;
    }
    m = begin_mail(c, r->to_name);
    struct peer_ref to;
    if (!m || !put_letter(m, r)) {
        say_expired(c, r->to_name);
        if (m)
            end_mail(m);
    } else if (switchboard_find(c->session->mount->realm, r->to_name, &to)) {
        peerjs_send_mail(m, to); // it came just before its room was there to hear of it
    }
}

void peerjs_send_mail(struct mail *m, struct peer_ref to)
{
    struct peer *p = m->client->session->peer;
    struct letter *l;
    while ((l = first_letter(m))) {
        struct span text = { l->text, l->len };
        struct relay r = {
            .from = p->ref, .to_name = room_name(m->seat), .kind = PEERJS_CALL, .parts = &text, .n_parts = 1
        };
        if (!switchboard_send(p->realm->switchboard, to, &r))
            return;
        end_letter(m, l);
    }
    end_mail(m);
    int err = peer_add_call(p, to);
    (void)err; // as in the dialect: too many partners
}

void peerjs_forward_mail(struct peerjs_client *c)
{
    struct peer *p = c->session->peer;
    LIST_EACH(&c->mail, node)
    {
        struct mail *m = CONTAINER_OF(node, struct mail, in_client);
        LIST_EACH(&m->letters, letter_node)
        {
            struct letter *l = CONTAINER_OF(letter_node, struct letter, in_mail);
            struct span text = { l->text, l->len };
            struct relay r = {
                .from = p->ref, .to_name = room_name(m->seat), .kind = PEERJS_MAIL, .parts = &text, .n_parts = 1
            };
            switchboard_send(p->realm->switchboard, c->successor, &r);
        }
    }
    peerjs_drop_mail(c);
}

void peerjs_drop_mail(struct peerjs_client *c)
{
    while (!list_is_empty(&c->mail))
        end_mail(CONTAINER_OF(c->mail.next, struct mail, in_client));
}
