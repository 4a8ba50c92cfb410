// SPDX-License-Identifier: MIT
// Unit tests of net/conn.h: what comes before the handler's first byte, a proxy's header and the TLS handshake, and how
// bytes travel through TLS afterwards.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h wants the four above
#include <cmocka.h>

#include <poll.h>

#include "conn_fixture.h"
#include "server/dev_cert.h"

enum { SOON_MS = 60 };

static struct addr_prefix everybody_here, somebody_else;
static struct tls_context *context;

static struct fixture *open_as(const struct conn_opts *opts)
{
    static struct fixture f;
    int fds[2];
    f = (struct fixture){ 0 };
    tcp_pair(fds, 0);
    loopback_init(&f.loopback);
    far_end_init(&f.far, &f.loopback, fds[1]);
    f.conn = conn_open(&f.loopback.worker.conns, fds[0], opts, &handler, &f);
    assert_non_null(f.conn);
    return &f;
}

static const struct conn_stats *stats(const struct fixture *f)
{
    return &f->loopback.worker.conns.stats;
}

static bool is_from(struct conn *c, const char *text)
{
    char got[ADDR_TEXT_LEN];
    struct addr client = conn_client_address(c);
    addr_format(&client, got);
    return strcmp(got, text) == 0;
}

// ---- proxies

static const struct conn_opts proxied = { .proxies = &everybody_here,
                                          .n_proxies = 1,
                                          .greeting_ms = LOOPBACK_LIMIT_MS };

static void a_proxys_header_is_taken_off(void **state)
{
    (void)state;
    struct fixture *f = open_as(&proxied);
    far_end_send_text(&f->far, "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r\nhello");
    RUN_UNTIL(&f->loopback, f->in.len == 5);
    assert_memory_equal(f->in.p, "hello", 5);
    assert_true(is_from(f->conn, "192.0.2.7"));
    end(f);
}

// Between the pieces the loop must sleep rather than look at the same bytes again and again.
static void a_header_may_come_in_pieces(void **state)
{
    (void)state;
    struct fixture *f = open_as(&proxied);
    for (const char *p = "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r\n"; p[1]; p++) {
        far_end_send(&f->far, (struct span){ p, 1 });
        loopback_settle(&f->loopback);
        struct pollfd waiting = { .fd = f->conn->fd, .events = POLLIN };
        assert_int_equal(poll(&waiting, 1, 0), 0);
    }
    far_end_send_text(&f->far, "\nx");
    RUN_UNTIL(&f->loopback, f->in.len == 1);
    far_end_send_text(&f->far, "y");
    RUN_UNTIL(&f->loopback, f->in.len == 2);
    assert_true(is_from(f->conn, "192.0.2.7"));
    end(f);
}

static void no_header_is_fine_too(void **state)
{
    (void)state;
    struct fixture *f = open_as(&proxied);
    far_end_send_text(&f->far, "P");
    loopback_settle(&f->loopback);
    assert_int_equal(f->in.len, 0);
    far_end_send_text(&f->far, "OST");
    RUN_UNTIL(&f->loopback, f->in.len == 4);
    assert_memory_equal(f->in.p, "POST", 4);
    assert_true(is_from(f->conn, "127.0.0.1"));
    end(f);
}

static void a_header_that_is_wrong_or_cut_ends_it(void **state)
{
    (void)state;
    struct fixture *f = open_as(&proxied);
    far_end_send_text(&f->far, "PROXY TCP4 nobody\r\nhello");
    RUN_UNTIL(&f->loopback, f->n_closes);
    assert_int_equal(f->in.len, 0);
    assert_int_equal(stats(f)->n_failed, 1);
    end(f);
    f = open_as(&proxied);
    far_end_send_text(&f->far, "PROXY TCP4 ");
    loopback_settle(&f->loopback);
    far_end_shutdown(&f->far);
    RUN_UNTIL(&f->loopback, f->n_closes);
    end(f);
}

static void a_header_must_come_in_time(void **state)
{
    (void)state;
    struct conn_opts hasty = proxied;
    hasty.greeting_ms = SOON_MS;
    struct fixture *f = open_as(&hasty);
    far_end_send_text(&f->far, "PROXY");
    RUN_UNTIL(&f->loopback, f->n_closes);
    assert_int_equal(f->err, UV_ETIMEDOUT);
    assert_int_equal(f->n_deadlines, 0);
    end(f);
}

static void who_is_no_proxy_is_not_believed(void **state)
{
    (void)state;
    struct conn_opts opts = proxied;
    opts.proxies = &somebody_else;
    struct fixture *f = open_as(&opts);
    far_end_send_text(&f->far, "PROXY UNKNOWN\r\n");
    RUN_UNTIL(&f->loopback, f->in.len == 15);
    assert_true(is_from(f->conn, "127.0.0.1"));
    end(f);
}

// Whom a proxy speaks for makes no room where there is none.
static void one_too_many_is_so_whoever_it_is_for(void **state)
{
    (void)state;
    struct sources *sources = sources_new(&(struct source_opts){ .max_conns = 1, .max_refused = 1 });
    assert_true(sources_enter(sources, false));
    int fds[2];
    struct fixture f = { 0 };
    tcp_pair(fds, 0);
    loopback_init(&f.loopback);
    far_end_init(&f.far, &f.loopback, fds[1]);
    conn_group_set_limits(&f.loopback.worker.conns, &(struct conn_limits){ .sources = sources });
    f.conn = conn_open(&f.loopback.worker.conns, fds[0], &proxied, &handler, &f);
    assert_int_equal(f.conn->verdict, SOURCE_FULL);
    far_end_send_text(&f.far, "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r\nhello");
    RUN_UNTIL(&f.loopback, f.in.len == 5);
    assert_int_equal(f.conn->verdict, SOURCE_FULL);
    assert_int_equal(stats(&f)->n_refused[SOURCE_FULL], 1);
    end(&f);
    sources_leave(sources, false);
    sources_free(sources);
}

// ---- TLS

static struct conn_opts secure = { .greeting_ms = LOOPBACK_LIMIT_MS };

struct client {
    struct far_end *far;
    SSL *ssl;
    BIO *in, *out;
    struct buf plain;
    bool has_goodbye;
};

static void client_open(struct client *c, struct far_end *far)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    *c = (struct client){ .far = far, .ssl = SSL_new(ctx), .in = BIO_new(BIO_s_mem()), .out = BIO_new(BIO_s_mem()) };
    SSL_CTX_free(ctx);
    assert_non_null(c->ssl);
    SSL_set_bio(c->ssl, c->in, c->out);
    SSL_set_connect_state(c->ssl);
}

static void client_free(struct client *c)
{
    SSL_free(c->ssl);
    buf_fini(&c->plain);
}

static void client_send_out(struct client *c)
{
    char *p;
    long len = BIO_get_mem_data(c->out, &p);
    if (len > 0)
        far_end_send(c->far, (struct span){ p, (size_t)len });
    (void)BIO_reset(c->out);
}

// Does what can be done with what has come.
static void client_step(struct client *c)
{
    char piece[16384];
    size_t n;
    if (c->far->in.len)
        assert_int_equal(BIO_write(c->in, c->far->in.p, (int)c->far->in.len), c->far->in.len);
    far_end_forget(c->far);
    while (SSL_read_ex(c->ssl, piece, sizeof piece, &n) == 1)
        assert_int_equal(buf_put(&c->plain, piece, n), 0);
    c->has_goodbye = SSL_get_error(c->ssl, 0) == SSL_ERROR_ZERO_RETURN;
    client_send_out(c);
}

static void client_write(struct client *c, struct span s)
{
    assert_int_equal(SSL_write(c->ssl, s.p, (int)s.len), s.len);
    client_send_out(c);
}

#define CLIENT_UNTIL(f, client, condition) RUN_UNTIL(&(f)->loopback, (client_step(client), (condition)))

static struct fixture *open_secure(struct client *c)
{
    struct fixture *f = open_as(&secure);
    client_open(c, &f->far);
    CLIENT_UNTIL(f, c, f->conn->state == CONN_OPEN);
    return f;
}

static void bytes_travel_encrypted(void **state)
{
    (void)state;
    struct client c;
    struct fixture *f = open_secure(&c);
    assert_int_equal(stats(f)->n_handshakes[TLS_VERSION_1_3][false], 1);
    assert_int_equal(stats(f)->n_handshakes[TLS_VERSION_1_3][true], 0);
    client_write(&c, SPAN("hello"));
    CLIENT_UNTIL(f, &c, f->in.len == 5);
    assert_memory_equal(f->in.p, "hello", 5);
    write_text(f, "wor");
    write_text(f, "ld!");
    assert_int_equal(conn_out_len(f->conn), 6);
    CLIENT_UNTIL(f, &c, c.plain.len == 6);
    assert_memory_equal(c.plain.p, "world!", 6);
    assert_int_equal(conn_out_len(f->conn), 0);
    assert_int_equal(n_chunks(f), 0); // an idle conn holds no buffer
    client_free(&c);
    end(f);
}

// Until the socket takes no more, and then the rest.
static void much_travels_in_order(void **state)
{
    (void)state;
    struct client c;
    struct fixture *f = open_secure(&c);
    size_t len = 0;
    struct span piece = large_piece();
    far_end_ignore(&f->far);
    while (len < 16 << 20) {
        assert_int_equal(conn_write(f->conn, &(struct span){ piece.p, 1 + len % 9000 }, 1), 0);
        len += 1 + len % 9000;
        assert_int_equal(conn_write_static(f->conn, piece), 0);
        len += piece.len;
    }
    loopback_settle(&f->loopback);
    assert_true(f->conn->is_blocked);
    assert_true(conn_out_len(f->conn) > 0);
    far_end_listen(&f->far);
    CLIENT_UNTIL(f, &c, c.plain.len == len);
    for (size_t at = 0; at < len; at += piece.len) {
        assert_memory_equal(c.plain.p + at, piece.p, 1 + at % 9000);
        at += 1 + at % 9000;
        assert_memory_equal(c.plain.p + at, piece.p, piece.len);
    }
    assert_int_equal(conn_out_len(f->conn), 0);
    client_free(&c);
    end(f);
}

// What comes while TLS still holds a part of a record lands in the same buffer that is being read.
static void much_comes_in_order(void **state)
{
    (void)state;
    struct client c;
    struct fixture *f = open_secure(&c);
    struct span piece = large_piece();
    size_t len = 0, sent = 0;
    struct buf out = { 0 };
    while (len < 4 << 20) {
        size_t n = 1 + len * 7 % 16384;
        assert_int_equal(SSL_write(c.ssl, piece.p, (int)n), n);
        len += n;
    }
    char *p;
    long out_len = BIO_get_mem_data(c.out, &p);
    assert_int_equal(buf_put(&out, p, (size_t)out_len), 0);
    (void)BIO_reset(c.out);
    while (sent < out.len) {
        ssize_t n = send(f->far.fd, out.p + sent, out.len - sent < 50001 ? out.len - sent : 50001, MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        worker_turn(&f->loopback.worker, false);
        assert_int_equal(f->n_closes, 0);
    }
    RUN_UNTIL(&f->loopback, f->in.len == len);
    for (size_t at = 0; at < len;) {
        size_t n = 1 + at * 7 % 16384;
        assert_memory_equal(f->in.p + at, piece.p, n);
        at += n;
    }
    buf_fini(&out);
    client_free(&c);
    end(f);
}

// Key updates are asked for and answered within TLS: the conn's user knows nothing of them.
static void who_has_much_answered_and_does_not_read_it_waits(void **state)
{
    (void)state;
    struct client c;
    struct fixture *f = open_secure(&c);
    const struct conn *conn = f->conn;
    struct span piece = large_piece();
    far_end_ignore(&f->far);
    for (; !conn->is_blocked; loopback_settle(&f->loopback))
        assert_int_equal(conn_write_static(f->conn, piece), 0);
    while (!conn->is_full) {
        assert_in_range(conn_out_len(conn), 1, CONN_FULL_LEN);
        assert_int_equal(SSL_key_update(c.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(c.ssl), 1);
        client_send_out(&c);
        loopback_settle(&f->loopback);
    }
    client_write(&c, SPAN("unheard"));
    loopback_settle(&f->loopback);
    assert_int_equal(f->in.len, 0);
    far_end_listen(&f->far);
    CLIENT_UNTIL(f, &c, f->in.len == 7);
    client_free(&c);
    end(f);
}

static void the_handlers_time_begins_with_it(void **state)
{
    (void)state;
    struct client c;
    struct fixture *f = open_as(&secure);
    conn_set_deadline(f->conn, SOON_MS);
    assert_int_equal(conn_write(f->conn, &SPAN("hello"), 1), 0);
    uint64_t begun = uv_hrtime();
    while (uv_hrtime() - begun < 2ULL * SOON_MS * 1000000)
        worker_turn(&f->loopback.worker, false);
    assert_int_equal(f->n_deadlines, 0);
    assert_int_equal(f->far.in.len, 0); // nothing leaves in the clear
    client_open(&c, &f->far);
    CLIENT_UNTIL(f, &c, f->n_deadlines == 1);
    assert_int_equal(c.plain.len, 5);
    client_free(&c);
    end(f);
}

static void finish_says_goodbye(void **state)
{
    (void)state;
    struct client c;
    struct fixture *f = open_secure(&c);
    write_text(f, "the end");
    conn_finish(f->conn);
    CLIENT_UNTIL(f, &c, c.has_goodbye && f->far.has_eof);
    assert_int_equal(c.plain.len, 7);
    far_end_shutdown(&f->far);
    RUN_UNTIL(&f->loopback, f->n_closes);
    assert_int_equal(f->err, 0);
    client_free(&c);
    end(f);
}

static void a_goodbye_is_an_end_of_input(void **state)
{
    (void)state;
    struct client c;
    struct fixture *f = open_secure(&c);
    client_write(&c, SPAN("last"));
    SSL_shutdown(c.ssl);
    client_send_out(&c);
    CLIENT_UNTIL(f, &c, f->n_eofs == 1);
    assert_int_equal(f->in.len, 4);
    write_text(f, "answer");
    CLIENT_UNTIL(f, &c, c.plain.len == 6);
    client_free(&c);
    end(f);
}

// At once, so that the name is free: nothing it says can be believed any more, nor can it be told anything.
static void a_forged_record_ends_it(void **state)
{
    (void)state;
    struct client c;
    struct fixture *f = open_secure(&c);
    loopback_settle(&f->loopback);
    far_end_forget(&f->far);
    far_end_send(&f->far, SPAN("\x17\x03\x03\x00\x20"
                               "not what the key would have made"));
    RUN_UNTIL(&f->loopback, f->n_closes);
    assert_int_equal(f->err, UV_EPROTO);
    assert_int_equal(f->in.len, 0);
    RUN_UNTIL(&f->loopback, f->far.in.len > 0); // the alert
    client_free(&c);
    end(f);
}

// To another loop, as when a request belongs to another worker.
static void a_connection_can_move(void **state)
{
    (void)state;
    struct client c;
    struct conn_transfer t;
    struct loopback other;
    struct fixture *f = open_secure(&c), moved = { 0 };
    struct addr client;
    assert_int_equal(addr_parse(&client, SPAN("192.0.2.7")), 0);
    conn_set_client_address(f->conn, &client);
    write_text(f, "before");
    assert_int_equal(conn_detach(f->conn, &t), 0);
    RUN_UNTIL(&f->loopback, f->n_closes);
    loopback_init(&other);
    other.worker.conns.sources = f->loopback.sources;
    moved.conn = conn_adopt(&other.worker.conns, &t, &handler, &moved);
    assert_int_equal(other.worker.conns.stats.n_open, 1);
    assert_int_equal(other.worker.conns.stats.n_accepted, 0); // it was, once
    assert_true(is_from(moved.conn, "192.0.2.7"));
    assert_ptr_equal(moved.conn->tls->bio.memory, &other.worker.conns.out_memory); // nothing of the old loop's
    client_write(&c, SPAN("ping"));
    RUN_UNTIL(&other, moved.in.len == 4);
    assert_int_equal(conn_write(moved.conn, &SPAN("pong"), 1), 0);
    loopback_settle(&other);
    CLIENT_UNTIL(f, &c, c.plain.len == 10);
    assert_memory_equal(c.plain.p, "beforepong", 10);
    loopback_fini(&other);
    assert_int_equal(moved.n_closes, 1);
    buf_fini(&moved.in);
    client_free(&c);
    end(f);
}

static void a_lost_transfer_leaks_nothing(void **state)
{
    (void)state;
    struct client c;
    struct conn_transfer t;
    struct fixture *f = open_secure(&c);
    loopback_settle(&f->loopback);
    assert_int_equal(conn_detach(f->conn, &t), 0);
    conn_drop(&t);
    RUN_UNTIL(&f->loopback, f->far.has_eof || f->far.err);
    client_free(&c);
    end(f);
}

static int set_up(void **state)
{
    (void)state;
    context = tls_context_new();
    secure.tls = context;
    return !context || dev_cert_use(context) != 0 || addr_parse_prefix(&everybody_here, SPAN("127.0.0.0/8")) != 0 ||
           addr_parse_prefix(&somebody_else, SPAN("192.0.2.0/24")) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    tls_context_free(context);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proxys_header_is_taken_off),
        cmocka_unit_test(a_header_may_come_in_pieces),
        cmocka_unit_test(no_header_is_fine_too),
        cmocka_unit_test(a_header_that_is_wrong_or_cut_ends_it),
        cmocka_unit_test(a_header_must_come_in_time),
        cmocka_unit_test(who_is_no_proxy_is_not_believed),
        cmocka_unit_test(one_too_many_is_so_whoever_it_is_for),
        cmocka_unit_test(bytes_travel_encrypted),
        cmocka_unit_test(much_travels_in_order),
        cmocka_unit_test(much_comes_in_order),
        cmocka_unit_test(who_has_much_answered_and_does_not_read_it_waits),
        cmocka_unit_test(the_handlers_time_begins_with_it),
        cmocka_unit_test(finish_says_goodbye),
        cmocka_unit_test(a_goodbye_is_an_end_of_input),
        cmocka_unit_test(a_forged_record_ends_it),
        cmocka_unit_test(a_connection_can_move),
        cmocka_unit_test(a_lost_transfer_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
