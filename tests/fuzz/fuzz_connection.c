// SPDX-License-Identifier: MIT
// Fuzzes the whole server: a script has up to six clients say anything at any mount, and whatever they say, what they
// hear keeps to its protocol and nothing of them is left at the end.
//
// A script is a row of lines, written like the transcripts of the unit tests: a client's letter, what it does, a blank.
//
//     "A? /login"         A connects and asks for a WebSocket there
//     "A> text"           A says this text message;   "A~ data" this binary one
//     "A# Xdata"          A sends a frame whose first byte is X
//     "AG /path"          A sends a GET;              "AP /path body" a POST
//     "A= bytes"          A sends these bytes
//     "A/ 5"              what A sends from now on leaves in pieces of 5 bytes
//     "A|"                A does not read any more, or does again
//     "A:"                A sends no more;            "A." A hangs up
//     "* 30"              the next line happens 30 times
//     "+ 5000"            so many milliseconds pass
//
// In what is sent \r \n \\ \xHH stand for bytes, and $A for the session id that A was told last. A to C come to the first
// worker, C by way of a proxy; D and E to the second; F finds TLS where it expects none, or speaks it.
#include "base/buf.h"
#include "proto/json.h"
#include "proto/ws.h"
#include "rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    N_FAR = 6,
    SID_LEN = ENGINEIO_SID_LEN,
    MAX_STEPS = 2000,        // of a script, so that it ends: lines, and pieces sent
    MAX_SENT = 2 << 20,      // bytes
    INPUTS_PER_START = 4096, // before the server is taken apart and built anew
    MAX_WAIT_MS = 3600000,   // of one line
    END_ROUNDS = 60,         // minutes at the end for everything to be over
};

static const uint8_t mask_key[4] = { 0x12, 0x34, 0x56, 0x78 };

enum far_state {
    FAR_CLOSED,
    FAR_HTTP,      // what comes is HTTP, or nobody knows what
    FAR_HANDSHAKE, // the answer to the opening handshake of a WebSocket comes
    FAR_WEBSOCKET, // frames come
    FAR_LAST,      // a close frame has come, and nothing else may
};

// A client's end of a connection.
struct far {
    int fd;
    enum far_state state;
    bool is_json; // the texts that come are JSON
    bool is_deaf;
    size_t piece; // bytes that leave together; 0: all
    struct buf in;
    char sid[SID_LEN];
};

struct script {
    struct far fars[N_FAR];
    struct buf said; // what a line says, unescaped
    size_t n_steps, n_sent;
};

// ---- what a client hears

static void learn_sid(struct far *f, struct span s)
{
    struct span key = SPAN("\"sid\":\"");
    const char *found = s.len ? memmem(s.p, s.len, key.p, key.len) : NULL;
    if (found && s.len - (size_t)(found - s.p) >= key.len + SID_LEN)
        memcpy(f->sid, found + key.len, SID_LEN);
}

// The first server's frame in S, whose head is checked: its whole length and its payload, or 0 when it has not all come.
static size_t read_frame(struct span s, struct span *payload)
{
    const uint8_t *p = (const uint8_t *)s.p;
    if (s.len < 2)
        return 0;
    must((p[0] & 0xf0) == 0x80 && p[1] < 0x80); // whole messages, nothing reserved, no mask
    size_t head_len = p[1] < 126 ? 2 : p[1] == 126 ? 4 : 10;
    if (s.len < head_len)
        return 0;
    uint64_t len = p[1] < 126 ? p[1] : 0;
    for (size_t i = 2; i < head_len; i++)
        len = len << 8 | p[i];
    must(p[1] < 126 || len >= (p[1] == 126 ? 126 : 65536)); // as short as can be
    if (s.len - head_len < len)
        return 0;
    *payload = (struct span){ s.p + head_len, (size_t)len };
    return head_len + (size_t)len;
}

static void hear_text(struct far *f, struct span text)
{
    struct json_value value;
    must(utf8_is_valid(text.p, text.len));
    if (f->is_json)
        must(json_parse(text, &value) == JSON_OK);
    learn_sid(f, text);
}

static void hear_frame(struct far *f, enum ws_opcode opcode, struct span payload)
{
    must(f->state == FAR_WEBSOCKET);
    must(opcode == WS_TEXT || opcode == WS_BINARY || opcode >= WS_CLOSE);
    must(opcode <= WS_PONG && (opcode < WS_CLOSE || payload.len <= WS_MAX_CONTROL));
    if (opcode == WS_TEXT)
        hear_text(f, payload);
    if (opcode == WS_CLOSE) {
        must(ws_parse_close(payload, NULL) > 0);
        f->state = FAR_LAST;
    }
}

// The answer to a WebSocket handshake. The bytes it took, 0 when it has not all come.
static size_t hear_answer(struct far *f, struct span s)
{
    const char *end = memmem(s.p, s.len, "\r\n\r\n", 4);
    if (!end)
        return 0;
    must(span_has_prefix(s, SPAN("HTTP/1.1 ")));
    f->state = span_has_prefix(s, SPAN("HTTP/1.1 101 ")) ? FAR_WEBSOCKET : FAR_HTTP;
    return (size_t)(end - s.p) + 4;
}

static size_t hear_some(struct far *f, struct span s)
{
    struct span payload;
    if (f->state == FAR_HANDSHAKE)
        return hear_answer(f, s);
    if (f->state == FAR_HTTP) {
        learn_sid(f, s);
        return s.len;
    }
    size_t n = read_frame(s, &payload);
    if (n)
        hear_frame(f, (enum ws_opcode)(s.p[0] & 0x0f), payload);
    return n;
}

static void hear(struct far *f)
{
    size_t at = 0, n;
    while (at < f->in.len && (n = hear_some(f, (struct span){ f->in.p + at, f->in.len - at })) > 0)
        at += n;
    if (at < f->in.len)
        memmove(f->in.p, f->in.p + at, f->in.len - at);
    f->in.len -= at;
}

// Reads what has come to F. Whether anything had.
static bool collect(struct far *f)
{
    static char piece[64 * 1024];
    if (f->state == FAR_CLOSED || f->is_deaf)
        return false;
    ssize_t n = recv(f->fd, piece, sizeof piece, 0);
    if (n <= 0)
        return false;
    must(buf_put(&f->in, piece, (size_t)n) == 0);
    hear(f);
    return true;
}

// Lets the server do what it can, and its clients hear what comes of it.
static void settle(struct script *s)
{
    bool is_going_on = true;
    for (int i = 0; is_going_on && i < 100; i++) {
        rig_turn();
        rig_turn(); // what was read in the first is answered at the begin of the second
        is_going_on = false;
        for (int j = 0; j < N_FAR; j++)
            is_going_on = collect(&s->fars[j]) || is_going_on;
    }
}

// ---- what a client does

static void hang_up(struct far *f)
{
    if (f->state == FAR_CLOSED)
        return;
    close(f->fd);
    buf_fini(&f->in);
    f->state = FAR_CLOSED;
}

static void connect_to(struct script *s, struct far *f)
{
    static const struct {
        int worker, endpoint;
        const char *address;
    } ways[N_FAR] = { { 0, 0, "127.0.0.1" }, { 0, 0, "192.0.2.1" }, { 0, 0, "10.0.0.1" },
                      { 1, 0, "127.0.0.1" }, { 1, 0, "192.0.2.2" }, { 0, 1, "192.0.2.3" } };
    int i = (int)(f - s->fars);
    hang_up(f);
    f->fd = rig_connect(ways[i].worker, ways[i].endpoint, ways[i].address);
    f->state = FAR_HTTP;
    f->is_deaf = false;
    f->piece = 0;
}

// Sends BYTES as far as the server takes them.
static void say(struct script *s, struct far *f, struct span bytes)
{
    if (f->state == FAR_CLOSED)
        connect_to(s, f);
    while (bytes.len && s->n_steps < MAX_STEPS && s->n_sent < MAX_SENT) {
        size_t len = f->piece && f->piece < bytes.len ? f->piece : bytes.len;
        ssize_t n = send(f->fd, bytes.p, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; // it does not read, or has closed
        s->n_steps++;
        s->n_sent += (size_t)n;
        bytes = (struct span){ bytes.p + n, bytes.len - (size_t)n };
        settle(s);
    }
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
    const struct span all[] = { parts[0], SPAN(" "),    parts[1], SPAN(" HTTP/1.1\r\nHost: x\r\n"),
                                parts[2], SPAN("\r\n"), parts[3] };
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

static void do_post(struct script *s, struct far *f, struct span target)
{
    const char *blank = target.len ? memchr(target.p, ' ', target.len) : NULL;
    struct span body = { 0 };
    char length[64];
    if (blank) {
        body = (struct span){ blank + 1, target.len - (size_t)(blank + 1 - target.p) };
        target.len = (size_t)(blank - target.p);
    }
    snprintf(length, sizeof length, "Content-Length: %zu\r\n", body.len);
    request(s, f, (struct span[4]){ SPAN("POST"), target, span_of(length), body });
}

static void do_websocket(struct script *s, struct far *f, struct span target)
{
    static const char *const json_paths[] = { "/login", "/join", "/peerjs", "/topics" };
    connect_to(s, f);
    f->state = FAR_HANDSHAKE;
    f->is_json = false;
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
        shutdown(f->fd, SHUT_WR);
}

static void do_hang_up(struct script *s, struct far *f, struct span unused)
{
    (void)s;
    (void)unused;
    hang_up(f);
}

typedef void deed(struct script *s, struct far *f, struct span said);

static deed *const deeds[256] = {
    ['?'] = do_websocket, ['>'] = do_text, ['~'] = do_binary, ['#'] = do_frame, ['G'] = do_get,     ['P'] = do_post,
    ['='] = do_bytes,     ['/'] = do_cut,  ['|'] = do_ignore, [':'] = do_end,   ['.'] = do_hang_up,
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
        must(buf_put(&s->said, far_called(s, text.p[1])->sid, SID_LEN) == 0);
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
    for (size_t at = 0; at < text.len;)
        at += unescape_one(s, (struct span){ text.p + at, text.len - at });
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
        hang_up(&s->fars[i]);
    settle(s);
    for (int i = 0; i < END_ROUNDS && (i < 2 || !rig_is_empty()); i++) {
        rig_pass(60000);
        settle(s);
    }
    must(rig_is_empty());
    rig_check_nothing_left();
    buf_fini(&s->said);
}

static void start(void)
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
    rig_start(sizeof options / sizeof *options, options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned n_inputs;
    struct script s = { 0 };
    if (!rig.is_up)
        start();
    for (int i = 0; i < RIG_WORKERS; i++)
        rig.is_turning[i] = i == 0;
    rig.chance = 88172645463325252;
    play(&s, (struct span){ (const char *)data, size });
    end(&s);
    if (++n_inputs % INPUTS_PER_START == 0)
        rig_stop();
    return 0;
}
