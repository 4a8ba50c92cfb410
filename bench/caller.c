// SPDX-License-Identifier: MIT
// Callers on epoll; see caller.h.
//
// Reading is one recv into the party's buffer for each socket that has something; what remains of an unfinished frame
// is kept with the caller. Only what a correct server sends is understood: unmasked, unfragmented frames.
#include "caller.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "stencil.h"

enum {
    IN_SIZE = 1 << 20,         // more than a socket holds
    N_EVENTS = 512,            // served in one turn
    CALLERS_PER_SOURCE = 4000, // connections before the next source address: far fewer than it has ports
    N_SOURCES = 250,
};

enum { OPCODE_TEXT = 1, OPCODE_CLOSE = 8, OPCODE_PING = 9, OPCODE_PONG = 10 };

// The key and its answer are RFC 6455's example: the server's work is the same for every key.
static const char KEY[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char ACCEPT[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

static void put_request(struct text *out, const struct options *o)
{
    char host[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &o->server.sin_addr, host, sizeof host);
    text_printf(out,
                "GET %s HTTP/1.1\r\nHost: %s:%u\r\nConnection: Upgrade\r\nPragma: no-cache\r\n"
                "Cache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, "
                "like Gecko) Chrome/126.0.0.0 Safari/537.36\r\nUpgrade: websocket\r\nOrigin: http://%s:%u\r\n"
                "Sec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate\r\nAccept-Language: en-US,en;q=0.9\r\n"
                "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
                o->path, host, ntohs(o->server.sin_port), host, ntohs(o->server.sin_port), KEY);
}

void party_init(struct party *y, const struct options *opts, const struct caller_ops *ops, void *owner)
{
    *y = (struct party){ .opts = opts, .ops = ops, .owner = owner };
    y->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    y->in = malloc(IN_SIZE);
    if (y->epoll_fd < 0 || !y->in)
        err(1, "epoll");
    put_request(&y->request, opts);
    const char *mark = memmem(y->request.p, y->request.len, DIALECT_ID_MARK, sizeof DIALECT_ID_MARK - 1);
    y->id_at = mark ? (size_t)(mark - y->request.p) : 0;
}

void party_fini(struct party *y)
{
    close(y->epoll_fd);
    free(y->in);
    text_fini(&y->request);
}

void party_watch(struct party *y, int fd)
{
    struct epoll_event e = { .events = EPOLLIN };
    if (epoll_ctl(y->epoll_fd, EPOLL_CTL_ADD, fd, &e) != 0)
        err(1, "epoll_ctl");
}

// Which events C waits for: writability while it connects or has bytes left over.
static void watch(struct caller *c, int op)
{
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
    if (c->wants_out)
        e.events |= EPOLLOUT;
    if (epoll_ctl(c->party->epoll_fd, op, c->fd, &e) != 0)
        err(1, "epoll_ctl");
}

static void set_wants_out(struct caller *c, bool wants_out)
{
    if (c->wants_out == wants_out)
        return;
    c->wants_out = wants_out;
    watch(c, EPOLL_CTL_MOD);
}

// Gives the socket back; WHY, unless NULL, is what went wrong.
static void end(struct caller *c, const char *why)
{
    struct party *y = c->party;
    if (c->state == CALLER_READY)
        y->n_ready--;
    c->state = CALLER_CLOSED;
    close(c->fd);
    text_fini(&c->in);
    text_fini(&c->out);
    y->n_open--;
    if (why) {
        y->n_broken++;
        y->first_broken = y->first_broken ? y->first_broken : why;
    }
    if (y->ops->on_closed)
        y->ops->on_closed(c);
}

// Processes started one after the other begin at different addresses, clear of each other's connections in TIME_WAIT.
static struct sockaddr_in next_source(struct party *y)
{
    uint32_t network = 1 + (uint32_t)getpid() % N_SOURCES;
    uint32_t host = y->n_opened++ / CALLERS_PER_SOURCE % N_SOURCES;
    struct sockaddr_in source = { .sin_family = AF_INET };
    source.sin_addr.s_addr = htonl(0x7f000001u | network << 16 | host << 8);
    return source;
}

void caller_open(struct caller *c, struct party *y, uint32_t id)
{
    struct sockaddr_in source = next_source(y);
    int yes = 1;
    c->party = y;
    c->id = id;
    c->state = CALLER_CONNECTING;
    c->wants_out = true;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        err(1, "socket");
    y->n_open++;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    // The port is chosen when the destination is known, so that one address has all its ports for each destination.
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    if (bind(c->fd, (struct sockaddr *)&source, sizeof source) != 0)
        err(1, "bind");
    if (connect(c->fd, (const struct sockaddr *)&y->opts->server, sizeof y->opts->server) != 0 && errno != EINPROGRESS)
        err(1, "connect");
    watch(c, EPOLL_CTL_ADD);
}

// Puts what the socket does not take aside.
void caller_write(struct caller *c, const char *p, size_t len)
{
    ssize_t n = c->out.len ? 0 : send(c->fd, p, len, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN)
        return; // reading will tell
    if (n < 0)
        n = 0;
    text_put(&c->out, p + n, len - (size_t)n);
    set_wants_out(c, c->out.len > 0);
}

static void send_frame(struct caller *c, int opcode, const void *payload, size_t len)
{
    struct text frame = { 0 };
    frame_put(&frame, opcode, payload, len);
    caller_write(c, frame.p, frame.len);
    text_fini(&frame);
}

void caller_close(struct caller *c)
{
    static const char normal[2] = { 0x03, (char)0xe8 }; // 1000
    if (c->state == CALLER_READY)
        c->party->n_ready--;
    send_frame(c, OPCODE_CLOSE, normal, sizeof normal);
    c->state = CALLER_CLOSING;
}

// The socket can be written: a connection stands, or there is room again.
static void write_request(struct caller *c)
{
    const struct party *y = c->party;
    char digits[sizeof DIALECT_ID_MARK + 8];
    snprintf(digits, sizeof digits, "%0*u", (int)sizeof DIALECT_ID_MARK - 1, c->id);
    if (y->id_at)
        memcpy(y->request.p + y->id_at, digits, sizeof DIALECT_ID_MARK - 1);
    caller_write(c, y->request.p, y->request.len);
}

static void on_writable(struct caller *c)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (c->state == CALLER_CONNECTING) {
        if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
            end(c, "could not connect");
            return;
        }
        c->state = CALLER_UPGRADING;
        write_request(c);
        set_wants_out(c, c->out.len > 0);
        return;
    }
    struct text out = c->out;
    c->out = (struct text){ 0 };
    caller_write(c, out.p, out.len);
    text_fini(&out);
}

// Eats the answer to the upgrade. Returns its length, 0 when it is incomplete, -1 when it is a refusal.
static ssize_t on_response(struct caller *c, const char *p, size_t len)
{
    static const char status[] = "HTTP/1.1 101 ";
    struct text login = { 0 };
    const char *stop = memmem(p, len, "\r\n\r\n", 4);
    if (!stop)
        return 0;
    size_t head = (size_t)(stop - p) + 4;
    if (memcmp(p, status, sizeof status - 1) != 0 || !memmem(p, head, ACCEPT, sizeof ACCEPT - 1))
        return -1;
    c->state = CALLER_LOGGING_IN;
    if (c->party->opts->dialect->put_login) {
        c->party->opts->dialect->put_login(&login, c->id);
        send_frame(c, OPCODE_TEXT, login.p, login.len);
        text_fini(&login);
    }
    return (ssize_t)head;
}

static void on_text(struct caller *c, const char *p, size_t len)
{
    const struct caller_ops *ops = c->party->ops;
    struct text answer = { 0 };
    enum meaning meaning = c->party->opts->dialect->read(p, len, c->id, &answer);
    for (size_t at = 0, end; at < answer.len && c->state != CALLER_CLOSING; at = end + 1) {
        const char *stop = memchr(answer.p + at, '\n', answer.len - at);
        end = stop ? (size_t)(stop - answer.p) : answer.len;
        send_frame(c, OPCODE_TEXT, answer.p + at, end - at);
    }
    text_fini(&answer);
    if (meaning == MEANS_NOTICE)
        return;
    if (meaning == MEANS_WELCOME && c->state == CALLER_LOGGING_IN) {
        c->state = CALLER_READY;
        c->party->n_ready++;
        if (ops->on_ready)
            ops->on_ready(c);
    } else if (ops->on_text) {
        ops->on_text(c, p, len);
    }
}

// Eats one frame. Returns its length, 0 when it is incomplete, -1 when it is none that this program understands.
static ssize_t on_frame(struct caller *c, const char *p, size_t len)
{
    const unsigned char *u = (const unsigned char *)p;
    if (len < 2)
        return 0;
    size_t head = u[1] == 127 ? 10 : u[1] == 126 ? 4 : 2;
    if (len < head)
        return 0;
    uint64_t payload = u[1];
    if (head > 2)
        payload = 0;
    for (size_t i = 2; i < head; i++)
        payload = payload << 8 | u[i];
    if (u[1] > 127 || (u[0] & 0xf0) != 0x80 || payload > IN_SIZE / 2)
        return -1;
    if (len - head < payload)
        return 0;
    if ((u[0] & 15) == OPCODE_TEXT)
        on_text(c, p + head, (size_t)payload);
    else if ((u[0] & 15) == OPCODE_PING)
        send_frame(c, OPCODE_PONG, p + head, (size_t)payload);
    else if ((u[0] & 15) != OPCODE_PONG && (u[0] & 15) != OPCODE_CLOSE)
        return -1;
    return (ssize_t)(head + payload);
}

static void on_readable(struct caller *c)
{
    char *in = c->party->in;
    size_t len = c->in.len;
    if (len > 0)
        memcpy(in, c->in.p, len);
    ssize_t n = recv(c->fd, in + len, IN_SIZE - len, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        end(c, c->state == CALLER_CLOSING ? NULL : n == 0 ? "closed by the server" : "reset by the server");
        return;
    }
    len += (size_t)n;
    size_t eaten = 0;
    do {
        bool is_http = c->state == CALLER_UPGRADING;
        n = is_http ? on_response(c, in + eaten, len - eaten) : on_frame(c, in + eaten, len - eaten);
        eaten += n > 0 ? (size_t)n : 0;
    } while (n > 0 && eaten < len && c->state != CALLER_CLOSED);
    if (n < 0) {
        end(c, c->state == CALLER_UPGRADING ? "upgrade refused" : "not a frame that a server may send");
        return;
    }
    c->in.len = 0;
    text_put(&c->in, in + eaten, len - eaten);
    if (c->in.len == 0)
        text_fini(&c->in);
}

bool party_turn(struct party *y, int64_t timeout_ns)
{
    struct epoll_event events[N_EVENTS];
    struct timespec timeout = { timeout_ns / 1000000000, timeout_ns % 1000000000 };
    bool is_watched_ready = false;
    int n = epoll_pwait2(y->epoll_fd, events, N_EVENTS, timeout_ns < 0 ? NULL : &timeout, NULL);
    if (n < 0 && errno != EINTR)
        err(1, "epoll_pwait2");
    for (int i = 0; i < n; i++) {
        struct caller *c = events[i].data.ptr;
        if (!c) {
            is_watched_ready = true;
            continue;
        }
        if ((events[i].events & EPOLLOUT) || c->state == CALLER_CONNECTING)
            on_writable(c);
        if ((events[i].events & ~(uint32_t)EPOLLOUT) && c->state > CALLER_CONNECTING)
            on_readable(c);
    }
    return is_watched_ready;
}

void party_open_all(struct party *y, struct caller *callers, uint32_t n, uint32_t first_id)
{
    uint32_t n_before = y->n_ready, n_asked = 0;
    while (y->n_ready - n_before < n && y->n_broken == 0) {
        for (; n_asked < n && n_asked - (y->n_ready - n_before) < y->opts->concurrency; n_asked++)
            caller_open(&callers[n_asked], y, first_id + n_asked);
        party_turn(y, -1);
    }
}

void party_close_all(struct party *y, struct caller *callers, uint32_t n)
{
    uint32_t n_wanted = y->n_open;
    for (uint32_t i = 0; i < n; i++) {
        while (y->n_open > n_wanted + y->opts->concurrency) // those closing are bounded as those opening are
            party_turn(y, -1);
        if (callers[i].state == CALLER_CLOSED)
            continue;
        n_wanted--;
        caller_close(&callers[i]);
    }
    while (y->n_open > n_wanted)
        party_turn(y, -1);
}
