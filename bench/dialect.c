// SPDX-License-Identifier: MIT
// The dialects as a browser speaks them; see dialect.h.
//
//   login  > {"type":"login","name":"p0000001"}
//          < {"type":"login","success":true}
//          > {"type":"candidate","name":"p0000002","candidate":X}       p0000002 < {"type":"candidate","candidate":X}
//   join   > {"type":"join","id":"p0000001","nick":"p0000001"}
//          < {"type":"joined","payload":{...}}                          others < {"type":"join","payload":{...}}
//          > {"type":"offer","id":"p0000001","nick":"p0000001","payload":X}  others < the same, keys in any order
//   rooms  < 0{"sid":...}                                           Engine.IO, whose first character is the packet's type
//          > 40                                                     and Socket.IO, whose packets' types follow Engine.IO's 4
//          < 40{"sid":...}
//          > 42["create or join","r0000000"]                        two callers with ids next to each other share a room
//          < 42["created","r0000000",...]  or  42["joined",...]     the other < 42["join",...], then both < 42["ready",...]
//          > 42["message",X]                                        the other < the same
//          < 2                                                      Engine.IO's ping
//          > 3
//   peerjs < {"type":"OPEN"}                                         whom the path has named
//          > {"type":"CANDIDATE","dst":"p0000002","payload":X}      p0000002 < {"type":"CANDIDATE","src":"p0000001",...}
//   topics > {"type":"ping"}
//          < {"type":"pong"}
//          > {"type":"subscribe","topics":["p0000001"]}             which is not answered, so the caller says something to
//          > {"type":"publish","topic":"p0000001","hello":1}        itself
//          < {"type":"publish","topic":"p0000001","hello":1,"clients":1}
//          > {"type":"publish","topic":"p0000002","data":X}         p0000002 < the same, with "clients":1
#include "dialect.h"

#include <string.h>

#include "stencil.h"

// The lines that browsers' offers consist of, to fill one up with.
static const char *const SDP_LINES[] = {
    "a=rtpmap:96 VP8/90000\\r\\n",
    "a=rtcp-fb:96 goog-remb\\r\\n",
    "a=rtcp-fb:96 transport-cc\\r\\n",
    "a=rtcp-fb:96 ccm fir\\r\\n",
    "a=rtcp-fb:96 nack pli\\r\\n",
    "a=fmtp:97 apt=96\\r\\n",
    "a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\\r\\n",
    "a=ssrc:3735928559 cname:Zx7aQm1rT0b4kP2e\\r\\n",
};

static void put_filler(struct text *out, size_t len)
{
    for (; len > 0; len--)
        text_put(out, "x", 1);
}

static void put_sdp(struct text *out, size_t len)
{
    enum { N_LINES = sizeof SDP_LINES / sizeof *SDP_LINES };
    for (size_t i = 0; len >= strlen(SDP_LINES[i % N_LINES]); i++) {
        text_put(out, SDP_LINES[i % N_LINES], strlen(SDP_LINES[i % N_LINES]));
        len -= strlen(SDP_LINES[i % N_LINES]);
    }
    put_filler(out, len); // what is left is less than a line
}

void dialect_put_body(struct text *out, const struct message *m)
{
    if (m->body == BODY_OFFER) {
        text_printf(out,
                    "{\"type\":\"offer\",\"sdp\":\"v=0\\r\\no=- " STENCIL_MARK " 2 IN IP4 127.0.0.1\\r\\ns=-\\r\\n");
        put_sdp(out, m->pad);
        text_printf(out, "\"}");
        return;
    }
    text_printf(out, "{\"candidate\":\"candidate:" STENCIL_MARK " 1 udp 2122260223 192.0.2.7 49170 typ host");
    put_filler(out, m->pad);
    text_printf(out, "\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}");
}

bool dialect_fit(const struct dialect *d, struct message *m, size_t size)
{
    struct text t = { 0 };
    m->pad = 0;
    d->put_sent(&t, m);
    size_t least = t.len;
    text_fini(&t);
    if (size < least)
        return false;
    m->pad = size - least;
    return true;
}

static bool has_prefix(const char *p, size_t len, const char *prefix)
{
    return len >= strlen(prefix) && memcmp(p, prefix, strlen(prefix)) == 0;
}

static const char *type_of(const struct message *m)
{
    return m->body == BODY_OFFER ? "offer" : "candidate";
}

static void login_put_login(struct text *out, uint32_t id)
{
    text_printf(out, "{\"type\":\"login\",\"name\":\"p%07u\"}", id);
}

static enum meaning login_read(const char *p, size_t len, [[maybe_unused]] uint32_t id,
                               [[maybe_unused]] struct text *answer)
{
    static const char welcome[] = "{\"type\":\"login\",\"success\":true}";
    return len == sizeof welcome - 1 && memcmp(p, welcome, len) == 0 ? MEANS_WELCOME : MEANS_MESSAGE;
}

static void login_put_sent(struct text *out, const struct message *m)
{
    text_printf(out, "{\"type\":\"%s\",\"name\":\"p%07u\",\"%s\":", type_of(m), m->to, type_of(m));
    dialect_put_body(out, m);
    text_printf(out, "}");
}

static void login_put_expected(struct text *out, const struct message *m)
{
    text_printf(out, "{\"type\":\"%s\",\"%s\":", type_of(m), type_of(m));
    dialect_put_body(out, m);
    if (m->body == BODY_OFFER)
        text_printf(out, ",\"name\":\"p%07u\"", m->from);
    text_printf(out, "}");
}

static void join_put_login(struct text *out, uint32_t id)
{
    text_printf(out, "{\"type\":\"join\",\"id\":\"p%07u\",\"nick\":\"p%07u\"}", id, id);
}

static enum meaning join_read(const char *p, size_t len, [[maybe_unused]] uint32_t id,
                              [[maybe_unused]] struct text *answer)
{
    return has_prefix(p, len, "{\"type\":\"joined\",") ? MEANS_WELCOME : MEANS_MESSAGE;
}

static void join_put_sent(struct text *out, const struct message *m)
{
    text_printf(out, "{\"type\":\"%s\",\"id\":\"p%07u\",\"nick\":\"p%07u\",\"payload\":",
                m->body == BODY_OFFER ? "offer" : "icecandidate", m->from, m->from);
    dialect_put_body(out, m);
    text_printf(out, "}");
}

static void put_pong(struct text *answer, [[maybe_unused]] uint32_t id)
{
    text_printf(answer, "3");
}

static void put_connect(struct text *answer, [[maybe_unused]] uint32_t id)
{
    text_printf(answer, "40");
}

static void put_create_or_join(struct text *answer, uint32_t id)
{
    text_printf(answer, "42[\"create or join\",\"r%07u\"]", (id - 1) / 2);
}

// What the server says in the rooms dialect; the first row whose words a text begins with counts.
static const struct phrase {
    const char *start;
    enum meaning meaning;
    void (*put_answer)(struct text *answer, uint32_t id); // NULL: nothing is said to it
} ROOMS_PHRASES[] = {
    { "42[\"message\",", MEANS_MESSAGE, NULL },
    { "0{", MEANS_NOTICE, put_connect },
    { "40{", MEANS_NOTICE, put_create_or_join },
    { "42[\"created\",", MEANS_WELCOME, NULL },
    { "42[\"joined\",", MEANS_WELCOME, NULL },
    { "42[\"join\",", MEANS_NOTICE, NULL },
    { "42[\"ready\",", MEANS_NOTICE, NULL },
    { "42[\"bye\",", MEANS_NOTICE, NULL },
    { "2", MEANS_NOTICE, put_pong },
};

static enum meaning rooms_read(const char *p, size_t len, uint32_t id, struct text *answer)
{
    for (size_t i = 0; i < sizeof ROOMS_PHRASES / sizeof *ROOMS_PHRASES; i++) {
        const struct phrase *phrase = &ROOMS_PHRASES[i];
        if (!has_prefix(p, len, phrase->start))
            continue;
        if (phrase->put_answer)
            phrase->put_answer(answer, id);
        return phrase->meaning;
    }
    return MEANS_MESSAGE;
}

static void rooms_put_sent(struct text *out, const struct message *m)
{
    text_printf(out, "42[\"message\",");
    dialect_put_body(out, m);
    text_printf(out, "]");
}

static enum meaning peerjs_read(const char *p, size_t len, [[maybe_unused]] uint32_t id,
                                [[maybe_unused]] struct text *answer)
{
    static const char open[] = "{\"type\":\"OPEN\"}";
    return len == sizeof open - 1 && memcmp(p, open, len) == 0 ? MEANS_WELCOME : MEANS_MESSAGE;
}

static const char *peerjs_type_of(const struct message *m)
{
    return m->body == BODY_OFFER ? "OFFER" : "CANDIDATE";
}

static void peerjs_put_sent(struct text *out, const struct message *m)
{
    text_printf(out, "{\"type\":\"%s\",\"payload\":", peerjs_type_of(m));
    dialect_put_body(out, m);
    text_printf(out, ",\"dst\":\"p%07u\"}", m->to);
}

static void peerjs_put_expected(struct text *out, const struct message *m)
{
    text_printf(out, "{\"type\":\"%s\",\"src\":\"p%07u\",\"dst\":\"p%07u\",\"payload\":", peerjs_type_of(m), m->from,
                m->to);
    dialect_put_body(out, m);
    text_printf(out, "}");
}

static void topics_put_login(struct text *out, [[maybe_unused]] uint32_t id)
{
    text_printf(out, "{\"type\":\"ping\"}");
}

static enum meaning topics_read(const char *p, size_t len, uint32_t id, struct text *answer)
{
    static const char pong[] = "{\"type\":\"pong\"}", end[] = "\"hello\":1,\"clients\":1}";
    if (len == sizeof pong - 1 && memcmp(p, pong, len) == 0) {
        text_printf(answer, "{\"type\":\"subscribe\",\"topics\":[\"p%07u\"]}\n", id);
        text_printf(answer, "{\"type\":\"publish\",\"topic\":\"p%07u\",\"hello\":1}", id);
        return MEANS_NOTICE;
    }
    bool is_own = len > sizeof end - 1 && memcmp(p + len - (sizeof end - 1), end, sizeof end - 1) == 0;
    return is_own ? MEANS_WELCOME : MEANS_MESSAGE;
}

static void topics_put_published(struct text *out, const struct message *m, const char *end)
{
    text_printf(out, "{\"type\":\"publish\",\"topic\":\"p%07u\",\"data\":", m->to);
    dialect_put_body(out, m);
    text_printf(out, "%s}", end);
}

static void topics_put_sent(struct text *out, const struct message *m)
{
    topics_put_published(out, m, "");
}

static void topics_put_expected(struct text *out, const struct message *m)
{
    topics_put_published(out, m, ",\"clients\":1");
}

static const struct dialect DIALECTS[] = {
    { "login", "/login", login_put_login, login_read, login_put_sent, login_put_expected },
    { "join", "/join", join_put_login, join_read, join_put_sent, NULL },
    { "rooms", "/socket.io/?EIO=4&transport=websocket", NULL, rooms_read, rooms_put_sent, rooms_put_sent },
    { "peerjs", "/peerjs?key=peerjs&token=t&version=1.5.5&id=p" DIALECT_ID_MARK, NULL, peerjs_read, peerjs_put_sent,
      peerjs_put_expected },
    { "topics", "/topics", topics_put_login, topics_read, topics_put_sent, topics_put_expected },
};

const struct dialect *dialect_find(const char *name)
{
    for (size_t i = 0; i < sizeof DIALECTS / sizeof *DIALECTS; i++) {
        if (strcmp(DIALECTS[i].name, name) == 0)
            return &DIALECTS[i];
    }
    return NULL;
}
