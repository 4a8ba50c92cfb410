// SPDX-License-Identifier: MIT
// Fuzzes the whole server: a script has up to eight clients say anything at any mount, and whatever they say, what they
// hear keeps to its protocol and nothing of them is left at the end.
//
// A script is a row of lines, written like the transcripts of the unit tests: a client's letter, what it does, a blank.
//
//     "A? /login"         A connects, unless it has only just, and asks for a WebSocket there
//     "A> text"           A says this text message;   "A~ data" this binary one
//     "A# Xdata"          A sends a frame whose first byte is X
//     "AG /path"          A sends a GET;              "AP /path body" a POST
//     "AT /path body"     the same POST in chunks
//     "A+ lines"          fields that its requests have from now on;  "A= bytes" A sends these bytes
//     "A/ 5"              what A sends from now on leaves in pieces of 5 bytes
//     "A|"                A does not read any more, or does again
//     "A:"                A sends no more;            "A." A hangs up
//     "* 30"              the next line happens 30 times
//     "+ 5000"            so many milliseconds pass
//     "@ 1"               an operator watches what passes (strowger tail), at 0 no more
//     "- 2"               two of each worker's clients are asked to go, as when the server drains
//
// and of TLS:
//
//     "F! 3"              F connects, and speaks TLS in this manner (far_tls.h) from then on
//     "F- 5"              records of 5 bytes;         "F% 9" the 9th byte of what leaves next is spoiled
//     "F^ bytes"          bytes beneath it;           "Fk" new keys;    "F;" close_notify
//
// In what is sent \r \n \\ \xHH stand for bytes, and $A for the session id that A was told last. A to C come to the first
// worker, C by way of a proxy; D and E to the second; F to H come to the ports that expect TLS, G to the second worker's, H
// by way of a proxy.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "far.h"
#include "far_tls.h"
#include "proto/ws.h"
#include "rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    N_FAR = 8,
    MAX_STEPS = 2000,      // of a script, so that it ends: lines, and pieces sent
    MAX_ROUNDS = 10000,    // of one step
    MAX_SENT = 2 << 20,    // bytes
    CHUNK_LEN = 7,         // of a body in chunks
    MAX_WAIT_MS = 3600000, // of one line
    END_ROUNDS = 60,       // minutes at the end for everything to be over
};

static const uint8_t mask_key[4] = { 0x12, 0x34, 0x56, 0x78 };

struct script {
    struct far fars[N_FAR];
    struct buf said; // what a line says, unescaped
    size_t n_steps, n_sent;
};

// Lets the server do what it can, and its clients hear what comes of it.
static void settle_piece(struct script *s)
{
    bool is_going_on = true;
    for (int i = 0; is_going_on; i++) {
        must(i < MAX_ROUNDS); // a server that has nothing to do would go on turning
        is_going_on = rig_turn();
        for (int j = 0; j < N_FAR; j++)
            is_going_on = far_hear(&s->fars[j]) || is_going_on;
    }
}

// The same until all has left that the server takes.
static void settle(struct script *s)
{
    size_t n;
    do {
        settle_piece(s);
        n = 0;
        for (int i = 0; i < N_FAR; i++)
            n += far_send(&s->fars[i], s->n_steps >= MAX_STEPS);
        s->n_steps += n > 0;
    } while (n);
}

// ---- what a client does

static void connect_to(struct script *s, struct far *f)
{
    static const struct {
        int worker, endpoint;
        const char *address;
    } ways[N_FAR] = { { 0, 0, "127.0.0.1" }, { 0, 0, "192.0.2.1" }, { 0, 0, "10.0.0.1" },  { 1, 0, "127.0.0.1" },
                      { 1, 0, "192.0.2.2" }, { 0, 1, "192.0.2.3" }, { 1, 1, "192.0.2.4" }, { 0, 1, "10.0.0.2" } };
    int i = (int)(f - s->fars);
    uint32_t manners = f->manners;
    far_close(f);
    far_open(f, rig_connect(ways[i].worker, ways[i].endpoint, ways[i].address));
    f->manners = manners;
    f->is_spoiled = ways[i].endpoint == 0; // TLS where none is expected
}

static bool may_say(struct script *s, struct far *f, struct span bytes)
{
    if (f->state == FAR_CLOSED)
        connect_to(s, f);
    s->n_sent += bytes.len;
    return s->n_sent < MAX_SENT;
}

static void say(struct script *s, struct far *f, struct span bytes)
{
    if (may_say(s, f, bytes))
        far_say(f, bytes);
}

static void say_frame(struct script *s, struct far *f, uint8_t first, struct span payload)
{
    uint8_t head[WS_MAX_HEAD];
    struct buf frame = { 0 };
    size_t len = ws_put_head(head, WS_BINARY, payload.len);
    head[0] = first;
    head[1] |= 0x80;
    must(buf_put(&frame, head, len) == 0 && buf_put(&frame, mask_key, 4) == 0 && buf_put_span(&frame, payload) == 0);
    for (size_t i = 0; i < payload.len; i++)
        frame.p[len + 4 + i] = (char)(frame.p[len + 4 + i] ^ mask_key[i % 4]);
    say(s, f, buf_span(&frame));
    buf_fini(&frame);
}

static void do_text(struct script *s, struct far *f, struct span text)
{
    say_frame(s, f, 0x80 | WS_TEXT, text);
}

static void do_binary(struct script *s, struct far *f, struct span data)
{
    say_frame(s, f, 0x80 | WS_BINARY, data);
}

static void do_frame(struct script *s, struct far *f, struct span bytes)
{
    if (bytes.len)
        say_frame(s, f, (uint8_t)bytes.p[0], (struct span){ bytes.p + 1, bytes.len - 1 });
}

static void do_bytes(struct script *s, struct far *f, struct span bytes)
{
    say(s, f, bytes);
}

// Sends a request: METHOD, TARGET, the lines of FIELDS, and a body.
static void request(struct script *s, struct far *f, const struct span parts[4])
{
    const struct span all[] = { parts[0],     SPAN(" "),
                                parts[1],     SPAN(" HTTP/1.1\r\nHost: x\r\n"),
                                parts[2],     buf_span(&f->fields),
                                SPAN("\r\n"), parts[3] };
    struct buf bytes = { 0 };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        must(buf_put_span(&bytes, all[i]) == 0);
    say(s, f, buf_span(&bytes));
    buf_fini(&bytes);
}

static void do_get(struct script *s, struct far *f, struct span target)
{
    request(s, f, (struct span[4]){ SPAN("GET"), target });
}

// Cuts what a line says into a target and, behind the next blank, a body.
static struct span cut_body(struct span *target)
{
    const char *blank = target->len ? memchr(target->p, ' ', target->len) : NULL;
    if (!blank)
        return (struct span){ 0 };
    struct span body = { blank + 1, target->len - (size_t)(blank + 1 - target->p) };
    target->len = (size_t)(blank - target->p);
    return body;
}

static void do_post(struct script *s, struct far *f, struct span target)
{
    struct span body = cut_body(&target);
    char length[64];
    snprintf(length, sizeof length, "Content-Length: %zu\r\n", body.len);
    request(s, f, (struct span[4]){ SPAN("POST"), target, span_of(length), body });
}

static void do_post_in_chunks(struct script *s, struct far *f, struct span target)
{
    struct span body = cut_body(&target);
    struct buf chunks = { 0 };
    while (body.len) {
        char head[16];
        size_t len = body.len < CHUNK_LEN ? body.len : CHUNK_LEN;
        snprintf(head, sizeof head, "%zx\r\n", len);
        must(buf_put_span(&chunks, span_of(head)) == 0 && buf_put(&chunks, body.p, len) == 0 &&
             buf_put_span(&chunks, SPAN("\r\n")) == 0);
        body = (struct span){ body.p + len, body.len - len };
    }
    must(buf_put_span(&chunks, SPAN("0\r\n\r\n")) == 0);
    request(s, f, (struct span[4]){ SPAN("POST"), target, SPAN("Transfer-Encoding: chunked\r\n"), buf_span(&chunks) });
    buf_fini(&chunks);
}

static void do_fields(struct script *s, struct far *f, struct span lines)
{
    (void)s;
    f->fields.len = 0;
    must(buf_put_span(&f->fields, lines) == 0);
}

static void do_websocket(struct script *s, struct far *f, struct span target)
{
    static const char *const json_paths[] = { "/login", "/join", "/peerjs", "/topics" };
    if (f->state == FAR_CLOSED || !f->is_new)
        connect_to(s, f);
    f->state = FAR_HANDSHAKE;
    for (size_t i = 0; i < sizeof json_paths / sizeof *json_paths; i++)
        f->is_json = f->is_json || span_has_prefix(target, span_of(json_paths[i]));
    request(s, f,
            (struct span[4]){ SPAN("GET"), target,
                              SPAN("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") });
}

static size_t number_of(struct span text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len && text.p[i] >= '0' && text.p[i] <= '9' && n < MAX_WAIT_MS; i++)
        n = n * 10 + (size_t)(text.p[i] - '0');
    return n;
}

static void do_cut(struct script *s, struct far *f, struct span number)
{
    (void)s;
    f->piece = number_of(number);
}

static void do_ignore(struct script *s, struct far *f, struct span unused)
{
    (void)s;
    (void)unused;
    f->is_deaf = !f->is_deaf;
}

static void do_end(struct script *s, struct far *f, struct span unused)
{
    (void)s;
    (void)unused;
    if (f->state != FAR_CLOSED)
        wire_end(f->wire);
}

static void do_hang_up(struct script *s, struct far *f, struct span unused)
{
    (void)s;
    (void)unused;
    far_close(f);
}

static void do_secure(struct script *s, struct far *f, struct span letters)
{
    connect_to(s, f);
    f->manners = far_tls_manners(letters);
}

static void do_bytes_beneath(struct script *s, struct far *f, struct span bytes)
{
    if (may_say(s, f, bytes))
        far_say_beneath(f, bytes);
}

static void do_cut_records(struct script *s, struct far *f, struct span number)
{
    (void)s;
    f->record = number_of(number);
}

static void do_spoil(struct script *s, struct far *f, struct span number)
{
    (void)s;
    f->spoil_at = number_of(number);
}

static void do_rekey(struct script *s, struct far *f, struct span unused)
{
    (void)s;
    (void)unused;
    far_tls_rekey(f);
}

static void do_end_tls(struct script *s, struct far *f, struct span unused)
{
    (void)s;
    (void)unused;
    far_tls_end(f);
}

typedef void deed(struct script *s, struct far *f, struct span said);

static deed *const deeds[256] = {
    ['?'] = do_websocket,      ['>'] = do_text,   ['~'] = do_binary,  ['#'] = do_frame,   ['G'] = do_get,
    ['T'] = do_post_in_chunks, ['+'] = do_fields, ['P'] = do_post,    ['='] = do_bytes,   ['/'] = do_cut,
    ['|'] = do_ignore,         [':'] = do_end,    ['.'] = do_hang_up, ['!'] = do_secure,  ['^'] = do_bytes_beneath,
    ['-'] = do_cut_records,    ['%'] = do_spoil,  ['k'] = do_rekey,   [';'] = do_end_tls,
};

// ---- a script

static struct far *far_called(struct script *s, char letter)
{
    return &s->fars[(unsigned char)(letter - 'A') % N_FAR];
}

static int digit_of(char c)
{
    c = ascii_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// What the escape at the start of TEXT stands for goes to what is said. The bytes it took.
static size_t unescape_one(struct script *s, struct span text)
{
    char c = text.p[0];
    size_t n = 1;
    if (c == '$' && text.len > 1) {
        const struct far *f = far_called(s, text.p[1]);
        must(buf_put(&s->said, f->sid, sizeof f->sid) == 0);
        return 2;
    }
    if (c == '\\' && text.len > 3 && text.p[1] == 'x' && digit_of(text.p[2]) >= 0 && digit_of(text.p[3]) >= 0) {
        c = (char)(digit_of(text.p[2]) << 4 | digit_of(text.p[3]));
        n = 4;
    } else if (c == '\\' && text.len > 1 && memchr("rn\\", text.p[1], 3)) {
        c = text.p[1] == 'r' ? '\r' : text.p[1] == 'n' ? '\n' : '\\';
        n = 2;
    }
    must(buf_put(&s->said, &c, 1) == 0);
    return n;
}

static void unescape(struct script *s, struct span text)
{
    s->said.len = 0;
    for (size_t at = 0; at < text.len;) {
        size_t begin = at;
        while (at < text.len && text.p[at] != '\\' && text.p[at] != '$')
            at++;
        if (at > begin)
            must(buf_put(&s->said, text.p + begin, at - begin) == 0);
        if (at < text.len)
            at += unescape_one(s, (struct span){ text.p + at, text.len - at });
    }
}

// What a line says begins behind the blank that follows its first two signs.
static struct span rest_of(struct span line, size_t from)
{
    from += from < line.len && line.p[from] == ' ';
    return from < line.len ? (struct span){ line.p + from, line.len - from } : (struct span){ 0 };
}

static void play_deed(struct script *s, struct span line, size_t times)
{
    deed *its_deed = line.len > 1 ? deeds[(unsigned char)line.p[1]] : NULL;
    if (!its_deed)
        return;
    unescape(s, rest_of(line, 2));
    for (size_t i = 0; i < times && s->n_steps < MAX_STEPS; i++) {
        s->n_steps++;
        its_deed(s, far_called(s, line.p[0]), buf_span(&s->said));
        settle(s);
    }
}

// How many times the line behind this one, which happens TIMES times, is to happen.
static size_t play_line(struct script *s, struct span line, size_t times)
{
    char first = line.len ? line.p[0] : 0;
    if (first == '*')
        return number_of(rest_of(line, 1));
    if (first == '+') {
        rig_pass(number_of(rest_of(line, 1)));
        settle(s);
    } else if (first == '-') {
        rig_shed(number_of(rest_of(line, 1)));
        settle(s);
    } else if (first == '@') {
        rig_tail(number_of(rest_of(line, 1)) > 0);
    } else {
        play_deed(s, line, times);
    }
    return 1;
}

static void play(struct script *s, struct span text)
{
    size_t times = 1;
    while (text.len && s->n_steps < MAX_STEPS) {
        const char *end = memchr(text.p, '\n', text.len);
        size_t len = end ? (size_t)(end - text.p) : text.len, eaten = end ? len + 1 : len;
        times = play_line(s, (struct span){ text.p, len }, times);
        text = (struct span){ text.p + eaten, text.len - eaten };
    }
}

// All go. What was theirs ends in its own time, and then nothing may be left.
static void end(struct script *s)
{
    for (int i = 0; i < N_FAR; i++)
        far_reset(&s->fars[i]);
    settle(s);
    for (int i = 0; i < END_ROUNDS && (i < 2 || !rig_is_empty()); i++) {
        rig_pass(60000);
        settle(s);
    }
    rig_tail(false);
    rig_end();
    s->n_steps = s->n_sent = 0;
}

static void begin(void)
{
    static char user[32]; // who fuzzes as root is to stay it, and write down what is found
    static char *options[] = { "strowger",
                               "--workers=2",
                               "--listen=127.0.0.1:0",
                               "--listen=tls:127.0.0.1:0",
                               "--dev",
                               "--admin=off",
                               user,
                               "--log-level=error",
                               "--behind-proxy=10.0.0.0/8",
                               "--mount=/echo=echo",
                               "--mount=/engine.io/=eio-echo",
                               "--mount=/sio/=sio-echo",
                               "--allow-origin=https://a.example",
                               "--allow-origin=https://*.example.org",
                               "--greeting={\"type\":\"hello\"}",
                               "--login-timeout=2m",
                               "--max-connections=40",
                               "--max-connections-per-address=6",
                               "--connection-rate=10:40",
                               "--max-queued=256k",
                               "--max-controls=20",
                               "--max-calls=2",
                               "--ice-rate=1:3",
                               "--room-event=gotmessage=message",
                               "--room-sentences=on",
                               "--room-broadcast=on",
                               "--max-message=64k",
                               "--max-fragments=16",
                               "--max-payload=64k",
                               "--message-rate=50:100",
                               "--join-rate=5:20",
                               "--failed-login-rate=1:5",
                               "--max-nameless=3",
                               "--room-capacity=3",
                               "--max-topics=3",
                               "--max-subscribers=3",
                               "--concurrent-limit=4",
                               "--allow-discovery",
                               "--namespace=/chat" };
    snprintf(user, sizeof user, "--user=%u", (unsigned)geteuid());
    rig_begin(sizeof options / sizeof *options, options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct script s; // its memory is kept from one to the next
    begin();
    play(&s, (struct span){ (const char *)data, size });
    end(&s);
    return 0;
}
