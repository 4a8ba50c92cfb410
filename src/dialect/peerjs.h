// SPDX-License-Identifier: MIT
// What the files of the peerjs dialect share: a client of it, and the mail that it has sent to those who are not there.
#ifndef STROWGER_DIALECT_PEERJS_H
#define STROWGER_DIALECT_PEERJS_H

#include "base/buf.h"
#include "base/deadline.h"
#include "base/list.h"
#include "dialect/dialect.h"
#include "switchboard/peer.h"

// What a relay means to the peer that gets it.
enum peerjs_kind {
    PEERJS_CALL,     // a message that makes the two partners
    PEERJS_LEAVE,    // a message that ends that
    PEERJS_NOTE,     // any other message
    PEERJS_GONE,     // a partner went: its name as JSON
    PEERJS_ARRIVED,  // somebody is there now: the name
    PEERJS_EVICTED,  // the sender has taken over the name of who hears this
    PEERJS_PARTNERS, // from the evicted: the refs of its partners
    PEERJS_MAIL,     // from the evicted: a message to to_name, who is not there
    PEERJS_MOVED,    // the sender is a partner now, in place of one it evicted
};

// A client that was let in; its session's user.
struct peerjs_client {
    struct session *session;
    struct deadline alive;     // armed anew with each message
    struct list mail;          // struct mail, what it has sent to those who are not there
    struct peer_ref successor; // who evicted it
    uint32_t mail_len;         // bytes of its mail
    uint16_t id_len;
    bool is_evicted;
    char id[]; // as JSON, quotes and all
};

// What C is called, as JSON.
static inline struct span peerjs_id(const struct peerjs_client *c)
{
    return (struct span){ c->id, c->id_len };
}

struct mail;

// C's mail for NAME, or NULL when there is none.
struct mail *peerjs_find_mail(const struct peerjs_client *c, struct span name);

// Keeps R, a PEERJS_CALL of C's, until the peer called r->to_name is there, or expires. When it can't be kept, or when it
// expires, C is told that the peer is not available, once.
void peerjs_keep_mail(struct peerjs_client *c, const struct relay *r);

// Sends all of M to its addressee, who is TO, and ends M. What finds nobody any more is kept on.
void peerjs_send_mail(struct mail *m, struct peer_ref to);

// Hands all mail of C, which was evicted, to its successor.
void peerjs_forward_mail(struct peerjs_client *c);

// Ends all mail of C.
void peerjs_drop_mail(struct peerjs_client *c);

// An on_http: an id, who is here, and what this is.
int peerjs_on_http(const struct mount *m, struct span path, struct dialect_page *page);

#endif
