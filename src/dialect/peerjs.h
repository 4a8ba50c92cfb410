// SPDX-License-Identifier: MIT
// What the files of the peerjs dialect share: what they say to each other, and the mail for those who are not there.
#ifndef STROWGER_DIALECT_PEERJS_H
#define STROWGER_DIALECT_PEERJS_H

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
    PEERJS_MOVED,    // the sender is a partner now, in place of the evicted: the ref of that one
};

// What little a client needs beyond its name, there only once it needs it; its session's user.
struct peerjs_outbox {
    struct list mail;          // struct mail, what it has sent to those who are not there
    size_t mail_len;           // bytes of it
    bool is_evicted;           // somebody has taken over its name:
    struct peer_ref successor; // that one
};

struct mail;

// The mail of the client S for NAME, or NULL when there is none.
struct mail *peerjs_find_mail(const struct session *s, struct span name);

// Keeps R, a PEERJS_CALL of the client S, until the peer called r->to_name is there, or expires. When it can't be kept, or
// when it expires, S is told that the peer is not available, once.
void peerjs_keep_mail(struct session *s, const struct relay *r);

// Sends all of M to its addressee, who is TO, and ends M. What finds nobody any more is kept on.
void peerjs_send_mail(struct mail *m, struct peer_ref to);

// Hands all mail of the client S to SUCCESSOR, another connection of it.
void peerjs_forward_mail(struct session *s, struct peer_ref successor);

// Ends all mail of the client S.
void peerjs_drop_mail(struct session *s);

// The outbox of S, which is made if need be, or NULL.
struct peerjs_outbox *peerjs_outbox(struct session *s);

// An on_http: an id, who is here, and what this is.
int peerjs_on_http(const struct mount *m, struct span path, struct dialect_page *page);

#endif
