// SPDX-License-Identifier: MIT
// The limits, and what must fail without each of them: prove.mjs takes them out, one by one.
//
// A row is a limit, the source file that holds it to, what stands there once and what would stand there without the limit,
// and the test that must fail then: "FILE: NAME", or "FILE: NAME > SUBTEST". A row without a file says an option that
// switches the limit off.

const DAY = '86400000';
const SLOW = 'tests/hostile/slow.test.js';
const SIZES = 'tests/hostile/sizes.test.js';
const FLOODS = 'tests/hostile/floods.test.js';
const CROWDS = 'tests/hostile/crowds.test.js';
const GONE = 'tests/hostile/gone.test.js';
const E2E = 'tests/e2e/limits.test.js';
const WEBSOCKETS = 'tests/e2e/limits-websocket.test.js';
const ROOMS = 'tests/e2e/limits-rooms.test.js';
const LOGIN = 'tests/e2e/login-timeout.test.js';
const ENGINEIO = 'tests/e2e/engineio.test.js';
const HTTP = 'tests/e2e/http.test.js';
const MISREAD = `${HTTP}: requests that a proxy might read otherwise are refused, and the connection ends`;

const row = (limit, file, from, to, test) => ({ limit, file, from, to, test });
const switchable = (limit, option, test) => ({ limit, option, test });

const slowAndSilent = [
    row('a request\'s head in time', 'src/carrier/http_conn.c', 'SOURCE_WELCOME ? h->opts->head_timeout_ms',
        `SOURCE_WELCOME ? ${DAY}`, `${SLOW}: 500 heads that come byte by byte are answered with 408`),
    row('the first word in time', 'src/carrier/http_conn.c', 'SOURCE_WELCOME ? h->opts->head_timeout_ms',
        `SOURCE_WELCOME ? ${DAY}`, `${SLOW}: 500 who say nothing are let go in silence`),
    row('a further request\'s head in time', 'src/carrier/http_conn.c',
        'h->state = HTTP_READING;\n    conn_set_deadline(h->conn, h->opts->head_timeout_ms);', 'h->state = HTTP_READING;',
        `${HTTP}: connections > --head-timeout ends those whose head is not complete in time`),
    row('a request\'s body in time', 'src/carrier/http_conn.c',
        'go_on, 1);\n    }\n    conn_set_deadline(h->conn, h->opts->head_timeout_ms);', 'go_on, 1);\n    }',
        `${SLOW}: 500 bodies that come byte by byte are answered with 408`),
    row('a TLS handshake in time', 'src/net/conn_open.c', '&c->deadline, opts->greeting_ms', `&c->deadline, ${DAY}`,
        `${SLOW}: 500 who begin a handshake on a port for TLS are let go`),
    row('a message that was begun in time', 'src/carrier/websocket.c', '&p->whole, w->opts->message_ms',
        `&p->whole, ${DAY}`, `${SLOW}: 500 messages that come byte by byte are ended with 1008`),
    row('a name in time', 'src/carrier/websocket.c', '&p->login, w->opts->login_ms', `&p->login, ${DAY}`,
        `${LOGIN}: who says nothing, or nothing that counts, is told so`),
    row('a name in time over Socket.IO', 'src/carrier/socketio_session.c', 'wait_for(s, ms, ENDING_LATE_LOGIN)',
        'stop_waiting(s)', `${LOGIN}: over Socket.IO`),
    row('and once only', 'src/carrier/socketio_session.c', 's->wait && s->wait->ending == ENDING_LATE_LOGIN', 'false',
        `${LOGIN}: who leaves its namespace and joins it again has no more time`),
    row('a namespace in time', 'src/carrier/socketio_session.c', 's->engineio->home->opts->connect_timeout_ms', DAY,
        'tests/e2e/socketio.test.js: who joins no namespace is gone within the connect timeout'),
    row('an upgrade in time', 'src/carrier/engineio_socket.c', 'e->home->opts->upgrade_timeout_ms', DAY,
        'tests/e2e/engineio-upgrade.test.js: upgrade > who does not upgrade in time loses the WebSocket, not the session'),
    row('sessions of an address without a name', 'src/net/source.c', '!most || s->n_nameless < most', 'true',
        `${E2E}: sessions without a name`),
    row('a ping to the silent', 'src/carrier/websocket.c', 'if (w->opts->ping_interval_ms)', 'if (false)',
        `${GONE}: 50 who are stopped (SIGSTOP) are closed and their partners told`),
    row('the end of who does not answer it', 'src/carrier/websocket.c', 'else if (w->state == WEBSOCKET_PINGED)',
        'else if (false)', `${GONE}: 50 behind a network that drops everything, with short times: their partners are told in 2 s`),
    row('within 36 s by default', 'src/config/options.h', 'X(ws_ping_interval, 0, DURATION, "25s"',
        'X(ws_ping_interval, 0, DURATION, "10m"',
        `${GONE}: 50 behind a network that drops everything, by default: their partners are told in 36 s`),
    row('the same over Engine.IO', 'src/carrier/engineio_session.c', 'e->ping_interval_ms + e->ping_timeout_ms',
        `e->ping_interval_ms + ${DAY}`, `${ENGINEIO}: heartbeat > who vanished in polling is gone within interval and timeout`),
    row('and over its WebSocket within 36 s by default', 'src/server/station.c', '.ping_interval_ms = opts->ping_interval_ms',
        '.ping_interval_ms = 0', `${ENGINEIO}: heartbeat > who is not at the other end of its WebSocket any more is gone within that one's times`),
    row('time to take the end', 'src/net/conn.c', 'deadline_set(c->group->deadlines, &c->deadline, CONN_LINGER_MS)',
        'deadline_cancel(&c->deadline)',
        'tests/unit/test_conn_end.c: finish_waits_so_long_and_no_longer'),
    row('what is heard after the end', 'src/net/conn.c', 'c->discarded_len > CONN_LINGER_BYTES', 'false',
        'tests/unit/test_conn_end.c: finish_does_not_listen_for_ever'),
];

const tooMuch = [
    row('bytes of a message', 'src/proto/ws.c', 'return is_within ? 0 : WS_CLOSE_TOO_BIG', 'return is_within ? 0 : 0',
        `${SIZES}: 200 who announce a message that is a byte too long are closed with 1009`),
    row('256 KiB of them by default', 'src/config/options.h', 'X(max_message, 0, SIZE, "256k"', 'X(max_message, 0, SIZE, "512k"',
        `${SIZES}: 200 who announce a message that is a byte too long are closed with 1009`),
    row('bytes of a body', 'src/carrier/http_conn.c', '!r->is_chunked && r->content_length > max', 'false',
        `${ENGINEIO}: bodies that are too long > version 4: as long as allowed, then a byte more`),
    row('bytes of a body in chunks', 'src/carrier/http_conn.c', 'n < 0 || data.len > h->body_left', 'n < 0',
        `${ENGINEIO}: bodies that are too long > in chunks`),
    row('bytes of an Engine.IO message', 'src/server/station.c', '.max_message = s->engineio.max_payload',
        '.max_message = UINT32_MAX', `${ENGINEIO}: bodies that are too long > over WebSocket: 1009`),
    row('JSON depth', 'src/proto/json.c', 'depth++ == JSON_MAX_DEPTH', 'depth++ == 1000000',
        'tests/unit/test_json.c: nests_to_the_bound_and_no_deeper'),
    row('header fields', 'src/proto/http.h', 'HTTP_MAX_FIELDS = 65', 'HTTP_MAX_FIELDS = 650', `${MISREAD} > 66 fields: 431`),
    row('bytes of a head', 'src/proto/http.h', 'HTTP_MAX_HEAD = 8192', 'HTTP_MAX_HEAD = 65536',
        `${MISREAD} > a field of 9 KiB: 431`),
    row('fragments of a message', 'src/proto/ws.c', 'return w->n_fragments < limits->max_fragments ? 0 : WS_CLOSE_TOO_BIG',
        'return limits->max_fragments ? 0 : 0', `${FLOODS}: 100 messages in endless fragments are ended with 1009`),
    row('1,024 of them by default', 'src/config/options.h', 'X(max_fragments, 0, NUMBER, "1024"',
        'X(max_fragments, 0, NUMBER, "1100"', `${WEBSOCKETS}: fragments of a message > 1,024 are fine, and no more`),
    row('1.1 times their memory', 'src/base/pieces.c', '*chunk = malloc(sizeof *chunk + cap)',
        '*chunk = memset(malloc(2 * (sizeof *chunk + cap)), 1, 2 * cap)',
        `${FLOODS}: 100 messages whose end does not come are held in 1.1 times their bytes`),
    row('no memory for a promise', 'src/carrier/websocket.c', 'int err = pieces_put(&p->message',
        'explicit_bzero(malloc(w->parser.frame_left + 1), w->parser.frame_left);\n    int err = pieces_put(&p->message',
        `${SIZES}: 500 who promise the longest message and send its begin hold no memory for it`),
    row('one pong waits', 'src/carrier/websocket.c', '!w->conn->is_blocked) {\n        write_frame(w, WS_PONG',
        'true) {\n        write_frame(w, WS_PONG', 'tests/unit/test_ws_session.c: who_does_not_read_gets_one_pong'),
    row('pings in a second', 'src/carrier/websocket.c', 'w->n_controls++ < w->opts->max_controls', 'true',
        `${FLOODS}: 100 who send 5,000 pings at once are ended with 1008`),
    row('and pongs', 'src/carrier/websocket.c', '(void)may_control(w)', '(void)w',
        `${FLOODS}: 100 who send 5,000 pongs at once are ended with 1008`),
    row('connections in all', 'src/net/source.c', 'count_in(&t->n_conns, most)', 'count_in(&t->n_conns, 0)',
        `${E2E}: connections in all`),
    row('time for who is refused', 'src/carrier/http_conn.c', ': REFUSED_MS)', `: ${DAY})`, `${E2E}: connections in all`),
    row('connections that are being refused', 'src/net/source.c', 'count_in(&t->n_refused, most)',
        'count_in(&t->n_refused, 0)', 'tests/unit/test_source.c: connections_are_counted'),
    row('connections of an address', 'src/net/source.c', 'opts->max_conns_each && s->n_conns >= opts->max_conns_each', 'false',
        `${FLOODS}: 500 connections of one address: the first 100 are served, the others told 429`),
    row('an IPv6 /64 is one', 'src/net/source.c', 'IPV6_KEY_LEN = 8', 'IPV6_KEY_LEN = 16',
        `${E2E}: connections of one address behind a proxy > that tells it in HTTP`),
    row('connections of an address in a second', 'src/net/source.c',
        'bucket_try(&s->conns, &opts->conns_each, 1, now_ms) ?', 'true ?',
        `${FLOODS}: 500 connections of one address in a moment: 100 are served, the others told 429`),
    row('descriptors', 'src/net/listener.c', 'fd < 0 && is_shortage(errno)', 'false',
        'tests/e2e/robustness.test.js: out of file descriptors'),
    row('rooms of a session', 'src/switchboard/room.c', 'want->max_seats && n_seats >= want->max_seats', 'false',
        `${ROOMS}: topics: a connection may have --max-rooms, a topic --max-members`),
    row('members of a room', 'src/dialect/join.c', '.capacity = s->mount->opts->max_members', '.capacity = ROOM_UNLIMITED',
        `${ROOMS}: join: a room may have --max-members`),
    row('offers that wait for an answer', 'src/switchboard/peer.c', '!max || n < max', 'true',
        `${ROOMS}: login: one may be in --max-calls, and hears when it calls one more`),
    row('who one may write to that is not there', 'src/dialect/peerjs_mail.c', 'MAX_ADDRESSEES = 64', 'MAX_ADDRESSEES = 65',
        'tests/unit/test_peerjs.c: there_are_limits_to_what_waits'),
    row('PeerJS clients', 'src/dialect/peerjs.c', '> opts->max_peers', '> SIZE_MAX',
        'tests/unit/test_peerjs.c: only_so_many_may_be_there'),
    row('how much', 'src/dialect/peerjs_mail.c', 'o->mail_len + len > MAX_CLIENT_LEN ||', '',
        'tests/unit/test_peerjs.c: there_are_limits_to_what_waits'),
    row('watchers that do not read', 'src/server/tail.c', 'line, MAX_WAITING', 'line, SIZE_MAX',
        'tests/e2e/tail.test.js: who does not read is let go, and nobody else notices'),
];

const tooFast = [
    row('who talks too fast is not read', 'src/net/meter.c', 'own_ms || all_ms)', 'false)',
        `${E2E}: messages of one connection > too many are answered late`),
    row('and ended, when it goes on', 'src/net/meter.c', 'now >= m->since_ms + m->home->opts.patience_ms', 'false',
        `${FLOODS}: 10 who talk without end are held back, and ended with 1008`),
    switchable('all rates', '--no-rate-limits', `${FLOODS}: 10 who talk without end are held back, and ended with 1008`),
    row('messages', 'src/carrier/websocket.c', 'conn_charge(c, FLOW_MESSAGES, n_messages)', 'conn_charge(c, FLOW_MESSAGES, 0)',
        `${E2E}: messages of one connection > who goes on is ended, and the others go on`),
    row('messages by polling', 'src/carrier/engineio_polling.c', 'FLOW_MESSAGES, 1)', 'FLOW_MESSAGES, 0)',
        `${E2E}: messages of one connection > over polling they are refused with 429`),
    row('bytes', 'src/net/conn.c', 'conn_charge(c, FLOW_BYTES, (uint32_t)n)', 'conn_charge(c, FLOW_BYTES, 0)',
        `${E2E}: bytes of one connection`),
    row('joins', 'src/carrier/deed.h', 'flows[deed], 1)', 'flows[deed], deed != SESSION_ASKS_FOR_SEAT)',
        `${E2E}: joins of one connection`),
    row('failed logins', 'src/carrier/deed.h', 'flows[deed], 1)', 'flows[deed], deed != SESSION_MISSES_NAME)',
        `${E2E}: failed logins of one connection`),
    row('all of one address', 'src/net/meter.c', 'm->source ? source_charge(m->source, flow, taken, now) : 0', '0',
        `${E2E}: all connections of one address together > are held back`),
    row('questions for ICE servers', 'src/server/ice_http.c', 'bool may = answer_limit_take(l, &client', 'bool may = true || (&client',
        'tests/e2e/ice.test.js: a network that asks too often has to wait'),
];

const slowConsumers = [
    row('what waits for one', 'src/carrier/websocket.c', 'return c->is_blocked && conn_out_len(c) > most', 'return false && most',
        `${CROWDS}: 100 who talk to one that does not read: it is closed with 1013, they are told, memory stays`),
    row('how long it may wait', 'src/net/conn_group.c', 'return c->group->stall_ms &&', 'return false &&',
        `${CROWDS}: 100 who talk to one that takes nothing in a second: it is closed with 1013, they are told`),
    row('10 s by default', 'src/config/options.h', 'X(stall_timeout, 0, DURATION, "10s"', 'X(stall_timeout, 0, DURATION, "1h"',
        `${CROWDS}: 100 who talk to one that takes nothing in 10 by default: it is closed with 1013, they are told`),
    row('what waits for who polls', 'src/carrier/engineio_session.c', 'e->queue_len > max_queue(e)', 'false',
        `${E2E}: what waits for who polls no more`),
    row('what waits for all', 'src/net/backlog.h', 'return most &&', 'return false &&',
        `${E2E}: when too much waits for all together`),
    row('what has begun at all', 'src/net/conn.h', 'return len <= most || !g->backlog', 'return true || !g->backlog',
        `${E2E}: when too much has begun at all together`),
    row('a text that promises attachments', 'src/carrier/socketio_session.c', 'if (!conn_may_begin(home->conns, text.len))', 'if (false)',
        `${E2E}: when it goes on, less and less may begin`),
    row('who does not read what it asks for is not read', 'src/net/conn.c', 'conn_out_len(c) > CONN_FULL_LEN', 'false',
        'tests/unit/test_ws_session.c: who_asks_but_does_not_read_waits'),
];

const crossSite = [
    row('WebSockets of foreign pages', 'src/server/route.c', '!origin_admit(&branch->origins, h->conn, r)', 'false',
        'tests/unit/test_route.c: other_origins_are_kept_out_if_so_wished'),
    row('Engine.IO of foreign pages', 'src/carrier/engineio.c', '!origin_admit(eio->origins, h->conn, r)', 'false',
        `${ENGINEIO}: other origins > --allow-origin`),
    row('what foreign pages may read', 'src/carrier/origin.c', 'origin.p && origin_is_listed(list, origin);', 'origin.p;',
        `${ENGINEIO}: other origins > --allow-origin`),
    row('what looks like a host below one', 'src/carrier/origin.c', '        !is_host((struct span)', '        false && is_host((struct span)',
        'tests/unit/test_origin.c: a_star_stands_for_hosts_below'),
    row('ICE servers for foreign pages', 'src/server/ice_http.c', '!origin_admit(&branch->origins, h->conn, r)', 'false',
        'tests/e2e/ice.test.js: pages of other origins are told when they are listed'),
];

const stun = [
    row('answers to a network', 'src/server/stun_service.c', '!answer_limit_take(s->limit, &addr', 'false && (&addr',
        `${FLOODS}: STUN requests without end: one network gets so many answers, each of 1.6 times its bytes at most`),
    row('bytes of an answer', 'src/proto/stun.c', 'return (ssize_t)r.len;', 'return (ssize_t)r.len + 4;',
        `${FLOODS}: STUN requests without end: one network gets so many answers, each of 1.6 times its bytes at most`),
    row('no answer to services', 'src/server/stun_service.c', 'port < STUN_LEAST_PORT || port == s->port', 'port == s->port',
        'tests/e2e/stun.test.js: ports of services and our own get no answer'),
    row('no answer to ourselves', 'src/server/stun_service.c', 'port < STUN_LEAST_PORT || port == s->port',
        'port < STUN_LEAST_PORT', 'tests/e2e/stun.test.js: ports of services and our own get no answer'),
];

const log = [
    row('one record is one line', 'src/base/log.c', '(c >= 0x20 && c < 0x7f) {\n            put_char(l, (char)c);',
        '(true) {\n            put_char(l, (char)c);',
        'tests/e2e/robustness.test.js: an attacker > whose name holds line ends writes no lines into the log'),
    row('and one object', 'src/base/log.c', 'code >= 0x20 && code < 0x7f', 'code < 0x7f',
        'tests/e2e/logs.test.js: who came and left is told with connection, name, room and dialect, whatever the name is'),
    row('records in a second', 'src/base/log.c', 'bucket_take(&spent.bucket, &rate, 1, now_ms) == 0', 'now_ms',
        'tests/unit/test_log.c: a_flood_is_left_out_and_told'),
    row('nothing of what lets them in', 'src/dialect/dialect.c', 'traffic->n_begun++;',
        'traffic->n_begun++;\n    log_write(LOG_DEBUG, "session began", LOG_SPAN("query", intro));',
        'tests/e2e/logs.test.js: at debug no SDP, candidate or token is logged, and one record is one line'),
];

const process = [
    row('root is given up', 'src/host/privileges.c', 'stays ? drop_capabilities(keeps_reading) : become(&id, keeps_reading)',
        'drop_capabilities(keeps_reading)', 'tests/e2e/privileges.test.js: without files to read it has no right at all'),
    row('and all of its rights', 'src/host/privileges.c', 'return drop_capabilities(keeps_reading);\n}', 'return 0;\n}',
        'tests/e2e/privileges.test.js: with a web root it may read, and serves what only root may see'),
    row('for ever', 'src/host/privileges.c', 'prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);', '',
        'tests/e2e/privileges.test.js: without files to read it has no right at all'),
    ...[['a key', 'tests/e2e/tls.test.js: files that are wrong are refused in one line that names them'],
        ['a secret', 'tests/e2e/ice.test.js: settings that can never work are refused']].map(([what, test]) =>
        row(`${what} that others can read`, 'src/base/private_file.c', '!is_secret ||', 'true ||', test)),
    row('no path to write to', 'src/main.c', 'int main(int argc, char **argv)\n{',
        'int main(int argc, char **argv)\n{\n    if (!fopen("/tmp/strowger.pid", "w"))\n        return 1;',
        'tests/e2e/privileges.test.js: it needs no path that it may write to'),
    row('out of memory', 'src/carrier/websocket.c', 'calloc(1, sizeof *p);\n    if (!p)', 'calloc(1, sizeof *p);\n    if (false)',
        'tests/e2e/out-of-memory.test.js: every allocation of a conversation may fail'),
];

export const LIMITS = { 'slow and silent clients': slowAndSilent, 'too much': tooMuch, 'too fast': tooFast,
    'slow consumers': slowConsumers, 'cross-site use': crossSite, 'STUN abuse': stun, 'log forging': log,
    'the process itself': process };
