// SPDX-License-Identifier: MIT
// Plays a written-down conversation with a dialect, on sessions without sockets, and holds it to every byte.
//
// Include it after cmocka.h. A transcript is a row of lines, each of a session's letter and what it does; NULL ends it:
//
//     "A> text"   A says this text message (the first line of a session opens it)
//     "A~ data"   A says this binary message
//     "A< text"   A hears exactly this, the next of what was sent to it; a binary message is heard as "~data"
//     "A."        A closes
//     "A:"        A opens, and says nothing yet
//     "A? query"  A opens with this query in its address
//     "A! 1005"   A was closed by the dialect, with this code
//     "+ 5000"    so many milliseconds pass
//
// For legibility ' stands for ". Before anyone speaks, and at the end, everything sent must have been heard. At the end
// all close, and nobody may be left behind. Every transcript is played twice: with all sessions at one worker, and with
// every second one at another.
#ifndef STROWGER_TESTS_TRANSCRIPT_H
#define STROWGER_TESTS_TRANSCRIPT_H

#include <stdlib.h>
#include <string.h>

#include "at_end.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/utf8.h"
#include "cluster/bus_local.h"
#include "dialect/dialect.h"
#include "server/mounts.h"
#include "switchboard/switchboard.h"

struct fake_session {
    struct session session;
    struct buf sent; // what it has not heard yet, a line each
    bool is_open;
    int closing_code;
};

enum { STAGE_WORKERS = 2, STAGE_SESSIONS = 26, STAGE_REALMS = 4 };

// What a worker has around a dialect.
struct stage_worker {
    struct turn turn;
    struct bus_port port;
    struct switchboard switchboard;
    struct mounts mounts;
};

struct stage {
    uv_loop_t loop; // never runs but at the end: what is for another worker is brought by hand
    struct bus_local *local;
    struct deadlines deadlines; // of all workers
    uint64_t now_ms, wake_at_ms;
    int n_workers;
    struct stage_worker workers[STAGE_WORKERS];
    struct dialect_opts opts;
    struct fake_session sessions[STAGE_SESSIONS];
};

static inline struct fake_session *fake_of(struct session *s)
{
    return CONTAINER_OF(s, struct fake_session, session);
}

static inline void fake_note(struct fake_session *f, struct span part)
{
    if (f->is_open)
        assert_int_equal(buf_put_span(&f->sent, part), 0);
}

static inline void fake_send(struct session *s, const struct span *parts, size_t n)
{
    struct buf whole = { 0 };
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(buf_put_span(&whole, parts[i]), 0);
        fake_note(fake_of(s), parts[i]);
    }
    assert_true(utf8_is_valid(whole.p, whole.len));
    buf_fini(&whole);
    fake_note(fake_of(s), SPAN("\n"));
}

static inline void fake_send_binary(struct session *s, struct span data)
{
    fake_note(fake_of(s), SPAN("~"));
    fake_note(fake_of(s), data);
    fake_note(fake_of(s), SPAN("\n"));
}

static inline void fake_close(struct session *s, int code)
{
    fake_of(s)->closing_code = code;
}

static inline void fake_open(struct fake_session *f, const struct mount *mount, struct span intro)
{
    static const struct session_ops ops = { .send = fake_send, .send_binary = fake_send_binary, .close = fake_close };
    *f = (struct fake_session){ .session = { .ops = &ops, .mount = mount }, .is_open = true };
    if (session_dialect(&f->session)->on_open)
        session_dialect(&f->session)->on_open(&f->session, intro);
}

static inline void fake_end(struct fake_session *f)
{
    f->is_open = false; // nothing can be sent to it any more
    if (session_dialect(&f->session)->on_close)
        session_dialect(&f->session)->on_close(&f->session, ENDING_ASKED);
    assert_null(f->session.peer);
    buf_fini(&f->sent);
}

static inline struct stage *stage_of(const struct deadlines *w)
{
    return CONTAINER_OF(w, struct stage, deadlines);
}

static inline uint64_t stage_now_ms(const struct deadlines *w)
{
    return stage_of(w)->now_ms;
}

static inline void stage_wake_at(struct deadlines *w, uint64_t at_ms)
{
    stage_of(w)->wake_at_ms = at_ms;
}

static inline void stage_worker_init(struct stage *t, int i, const char *mount)
{
    struct stage_worker *w = &t->workers[i];
    turn_init(&w->turn);
    assert_int_equal(bus_port_open(&w->port, t->local, i, &t->loop, &w->turn), 0);
    switchboard_init(&w->switchboard);
    switchboard_connect(&w->switchboard, &w->port.bus);
    w->switchboard.deadlines = &t->deadlines;
    mounts_init(&w->mounts, &w->switchboard, &w->port.bus, 0);
    assert_int_equal(mounts_add(&w->mounts, mount, &t->opts), 0);
    assert_in_range(w->mounts.next_realm, 1, STAGE_REALMS);
}

// MOUNT is "PATH=DIALECT".
static inline void stage_init(struct stage *t, int n_workers, const char *mount, struct dialect_opts opts)
{
    *t = (struct stage){ .opts = opts, .n_workers = n_workers };
    if (!t->opts.unknown_text.len)
        t->opts.unknown_text = SPAN("Unrecognized command: ");
    static const struct deadline_clock hand_turned = { .now_ms = stage_now_ms, .wake_at = stage_wake_at };
    t->wake_at_ms = DEADLINE_NEVER;
    deadlines_init(&t->deadlines, &hand_turned);
    assert_int_equal(uv_loop_init(&t->loop), 0);
    t->local = bus_local_new(n_workers, STAGE_REALMS);
    assert_non_null(t->local);
    for (int i = 0; i < n_workers; i++)
        stage_worker_init(t, i, mount);
}

static inline void stage_close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    uv_close(handle, NULL);
}

static inline void stage_fini(struct stage *t)
{
    for (size_t i = 0; i < STAGE_SESSIONS; i++)
        if (t->sessions[i].is_open)
            fake_end(&t->sessions[i]);
    bus_local_settle(t->local);
    for (int i = 0; i < t->n_workers; i++) {
        struct stage_worker *w = &t->workers[i];
        assert_int_equal(w->switchboard.roster.block_pool.n_in_use, 0);
        assert_int_equal(w->switchboard.seats.n_in_use, 0);
        bus_port_close(&w->port);
        mounts_fini(&w->mounts);
        switchboard_fini(&w->switchboard);
    }
    bus_local_free(t->local);
    uv_walk(&t->loop, stage_close_handle, NULL);
    uv_run(&t->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&t->loop), 0);
}

// Where session number I comes in.
static inline const struct mount *stage_mount(const struct stage *t, size_t i)
{
    return &t->workers[i % (size_t)t->n_workers].mounts.list[0];
}

static inline void stage_assert_all_heard(const struct stage *t, const char *line)
{
    for (size_t i = 0; i < STAGE_SESSIONS; i++)
        if (t->sessions[i].is_open && t->sessions[i].sent.len)
            fail_msg("before \"%s\": %c has also heard %.*s", line, (char)('A' + i), (int)t->sessions[i].sent.len,
                     t->sessions[i].sent.p);
}

static inline void fake_says(struct fake_session *f, bool is_binary, const char *text)
{
    size_t len = strlen(text);
    char *copy = at_end(text, len);
    for (size_t i = 0; i < len; i++)
        if (copy[i] == '\'')
            copy[i] = '"';
    struct span message = { copy, len };
    if (is_binary)
        session_dialect(&f->session)->on_binary(&f->session, message);
    else
        session_dialect(&f->session)->on_text(&f->session, message);
    free(copy);
}

static inline void fake_hears(struct fake_session *f, const char *line)
{
    const char *text = line + 3, *end = f->sent.len ? memchr(f->sent.p, '\n', f->sent.len) : NULL;
    size_t len = end ? (size_t)(end - f->sent.p) : 0;
    bool is_same = end && len == strlen(text);
    for (size_t i = 0; is_same && i < len; i++)
        is_same = f->sent.p[i] == (text[i] == '\'' ? '"' : text[i]);
    if (!is_same)
        fail_msg("wanted \"%s\"\nbut heard %.*s", line, (int)len, len ? f->sent.p : "");
    f->sent.len -= len + 1;
    memmove(f->sent.p, end + 1, f->sent.len);
}

// Lets MS pass, and all that is due in them happen.
static inline void stage_pass(struct stage *t, uint64_t ms)
{
    uint64_t end = t->now_ms + ms;
    while (t->wake_at_ms <= end) {
        t->now_ms = t->wake_at_ms > t->now_ms ? t->wake_at_ms : t->now_ms;
        t->wake_at_ms = DEADLINE_NEVER;
        deadlines_call(&t->deadlines);
        bus_local_settle(t->local);
    }
    t->now_ms = end;
}

static inline void stage_play_line(struct stage *t, const char *line)
{
    if (line[0] == '+') {
        stage_assert_all_heard(t, line);
        stage_pass(t, strtoull(line + 1, NULL, 10));
        return;
    }
    struct fake_session *f = &t->sessions[line[0] - 'A'];
    if (line[1] != '<')
        stage_assert_all_heard(t, line);
    if (!f->is_open)
        fake_open(f, stage_mount(t, (size_t)(line[0] - 'A')), span_of(line[1] == '?' ? line + 3 : ""));
    switch (line[1]) {
    case '<':
        fake_hears(f, line);
        break;
    case '!':
        assert_int_equal(f->closing_code, atoi(line + 2));
        fake_end(f);
        break;
    case '.':
        fake_end(f);
        break;
    case '?':
        break;
    case '>':
    case '~':
        fake_says(f, line[1] == '~', line + 3);
        break;
    default:
        assert_int_equal(line[1], ':');
    }
    bus_local_settle(t->local);
}

static inline void stage_play(struct stage *t, const char *const *lines)
{
    for (; *lines; lines++)
        stage_play_line(t, *lines);
    stage_assert_all_heard(t, "the end");
}

// Plays LINES on stages of their own, with DIALECT and the options OPTS.
static inline void play_with(const char *dialect, struct dialect_opts opts, const char *const *lines)
{
    for (int n_workers = 1; n_workers <= STAGE_WORKERS; n_workers++) {
        struct stage stage;
        char mount[64] = "/=";
        strcat(mount, dialect);
        stage_init(&stage, n_workers, mount, opts);
        stage_play(&stage, lines);
        stage_fini(&stage);
    }
}

#define PLAY(dialect, ...) play_with(dialect, (struct dialect_opts){ 0 }, (const char *const[]){ __VA_ARGS__, NULL })

#endif
