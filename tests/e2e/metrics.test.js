// SPDX-License-Identifier: MIT
// What is counted is what happened, whichever worker it happened on, and Prometheus can read it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { startWithAdmin } from './lib/admin.js';
import { Certificates } from './lib/certificates.js';
import { ring } from './lib/calls.js';
import { Polling } from './lib/engineio.js';
import { withPatience } from './lib/patience.js';
import { Queue } from './lib/queue.js';
import { PING, PONG, TEXT, frame } from './lib/raw.js';
import { Guest, meet } from './lib/socketio.js';

const FOUR = ['--workers', '4'];

// The metrics of ADMIN match WANTED: a value for each name.
async function expectMetrics(admin, wanted) {
    const metrics = await admin.metrics();
    const found = Object.keys(wanted).map(name => [name, metrics.get(name)]);
    assert.deepEqual(Object.fromEntries(found), wanted);
}

// The histogram called NAME with LABELS.
class Histogram {
    constructor(name, ...labels) {
        this.series = (suffix, ...more) => {
            const all = [...labels, ...more].join();
            return `${name}_${suffix}${all && `{${all}}`}`;
        };
    }

    // Its count, its sum, and its cumulative buckets, which are as they must be.
    async read(admin) {
        const metrics = await admin.metrics();
        const [count, sum] = ['count', 'sum'].map(suffix => metrics.get(this.series(suffix)));
        const start = this.series('bucket', 'le="').replace(/\}$/, '');
        const buckets = [...metrics].filter(([series]) => series.startsWith(start)).map(([series, value]) =>
            [Number(/le="([^"]+)"/.exec(series)[1].replace('+Inf', 'Infinity')), value]);
        assert.ok(buckets.length > 5, `${start}: ${[...metrics.keys()].filter(key => key.includes('_bucket'))}`);
        assert.deepEqual(buckets, buckets.toSorted(([a, n], [b, m]) => a - b || n - m));
        assert.deepEqual(buckets.at(-1), [Infinity, count]);
        assert.ok(buckets.every(([, n], i) => n >= (buckets[i - 1]?.[1] ?? 0)), `${buckets}`);
        return { count, sum, buckets };
    }
}

const heard = (dialect, type, direction = 'in') =>
    `strowger_messages_total{dialect="${dialect}",type="${type}",direction="${direction}"}`;

test('promtool finds nothing to complain about', async t => {
    if (spawnSync('promtool', ['--version']).error) {
        t.skip('there is no promtool; tools/deps ci installs it');
        return;
    }
    const { admin } = await startWithAdmin(t, FOUR);
    const { text, headers } = await admin.get('/metrics');
    assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    assert.deepEqual([status, stdout, stderr], [0, '', '']);
});

test('the alert rules and the dashboard ask for what there is', async t => {
    const certificates = new Certificates(t);
    const { admin } = await startWithAdmin(t, [...FOUR, ...certificates.make('localhost')]);
    const names = new Set([...(await admin.metrics()).keys()].map(series => series.replace(/\{.*/, '')));
    for (const file of ['alerts.yml', 'grafana-dashboard.json']) {
        const text = readFileSync(new URL(`../../packaging/${file}`, import.meta.url), 'utf8');
        const asked = [...text.matchAll(/\b(?:strowger|process)_[a-z_]+\b/g)].map(([name]) => name);
        assert.ok(asked.length > 8);
        assert.deepEqual(asked.filter(name => !names.has(name)), [], file);
    }
    if (spawnSync('promtool', ['--version']).error) {
        return;
    }
    const rules = fileURLToPath(new URL('../../packaging/alerts.yml', import.meta.url));
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', rules], { encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}${stderr}`);
});

test('every metric has its help, its type and our prefix, and is there once', async t => {
    const { admin } = await startWithAdmin(t, FOUR);
    const { text } = await admin.get('/metrics');
    const names = [...text.matchAll(/^# TYPE (\w+) (?:counter|gauge|histogram)$/gm)].map(([, name]) => name);
    assert.deepEqual([...text.matchAll(/^# HELP (\w+) [A-Z].*\.$/gm)].map(([, name]) => name), names);
    assert.ok(names.every(name => /^(strowger|process)_[a-z_]+$/.test(name)), `${names}`);
    const lines = text.trimEnd().split('\n').filter(line => !line.startsWith('#'));
    assert.ok(lines.every(line => /^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? \d+(\.\d+)?(e[-+]\d+)?$/.test(line)), text);
    const series = lines.map(line => line.split(' ')[0]);
    assert.equal(new Set(series).size, series.length, 'a series stands there twice');
    assert.equal((await admin.metrics()).get('process_open_fds') > 5, true);
});

test('a call of the login dialect', async t => {
    const { server, admin } = await startWithAdmin(t, FOUR);
    const [a, b] = await server.login('A', 'B');
    await ring(a, b);
    b.send({ type: 'answer', name: 'A', answer: 2 });
    await a.next();
    const candidate = '{"type":"candidate","name":"B","candidate":3}';
    a.send(candidate);
    a.send(candidate);
    await b.next();
    await b.next();
    await expectMetrics(admin, {
        'strowger_sessions{dialect="login"}': 2,
        'strowger_peers{dialect="login"}': 2,
        'strowger_calls{dialect="login"}': 1,
        [heard('login', 'join')]: 2,
        [heard('login', 'offer')]: 1,
        [heard('login', 'offer', 'out')]: 1,
        [heard('login', 'answer', 'out')]: 1,
        [heard('login', 'candidate')]: 2,
        [heard('login', 'candidate', 'out')]: 2,
        'strowger_message_bytes_total{dialect="login",type="candidate",direction="in"}': 2 * candidate.length,
    });
    await a.close();
    await b.expect('{"type":"leave"}');
    await expectMetrics(admin, {
        'strowger_sessions{dialect="login"}': 1,
        'strowger_sessions_total{dialect="login"}': 2,
        'strowger_peers{dialect="login"}': 1,
        'strowger_calls{dialect="login"}': 0,
        [heard('login', 'leave', 'out')]: 1,
    });
});

test('how long calls take to set up, and last', async t => {
    const { server, admin } = await startWithAdmin(t, FOUR);
    const [a, b] = await server.login('A', 'B');
    const answered = new Histogram('strowger_call_setup_duration_seconds', 'result="answered"');
    const unanswered = new Histogram('strowger_call_setup_duration_seconds', 'result="unanswered"');
    const calls = new Histogram('strowger_call_duration_seconds');
    const counts = () => Promise.all([answered, unanswered, calls].map(async one => (await one.read(admin)).count));
    await ring(a, b);
    const began = performance.now();
    while (performance.now() - began < 60); // busy: at least this long is what must be measured
    b.send({ type: 'answer', name: 'A', answer: 1 });
    await a.next();
    assert.deepEqual(await counts(), [1, 0, 0]);
    assert.ok((await answered.read(admin)).sum >= 0.05);
    b.send({ type: 'answer', name: 'A', answer: 2 }); // as when a call is negotiated anew
    await a.next();
    assert.deepEqual(await counts(), [1, 0, 0]);
    a.send({ type: 'leave', name: 'B' });
    await b.next();
    assert.deepEqual(await counts(), [1, 0, 1]);
    await ring(b, a, { from: 'B', to: 'A' });
    await b.close();
    await a.next();
    assert.deepEqual(await counts(), [1, 1, 1]);
});

test('how long relaying takes, a count for each message that left', async t => {
    const { server, admin } = await startWithAdmin(t, FOUR);
    const relays = new Histogram('strowger_relay_duration_seconds');
    for (let i = 0; i < 8; i++) { // until some have ends at different workers
        const [a, b] = await server.login(`${i} A`, `${i} B`);
        await ring(a, b, { from: `${i} A`, to: `${i} B` });
        assert.equal((await relays.read(admin)).count, i + 1);
    }
    const { sum } = await relays.read(admin);
    assert.ok(sum > 8e-6 && sum < 4, `${sum} s`);
    const turns = await new Histogram('strowger_loop_lag_seconds', 'worker="3"').read(admin);
    assert.ok(turns.count > 0 && turns.sum > 0);
});

test('what was wrong with messages', async t => {
    const { server, admin } = await startWithAdmin(t, FOUR);
    const [a] = await server.login('A');
    for (const message of ['{', '[]', '{"type":"dance"}', '{"type":"offer","name":"B"}', '{"type":"leave"}']) {
        a.send(message);
        await a.expectError();
    }
    const fault = reason => `strowger_message_errors_total{dialect="login",reason="${reason}"}`;
    await expectMetrics(admin, {
        [fault('malformed')]: 2, [fault('unknown')]: 1, [fault('absent')]: 1, [fault('refused')]: 1, [fault('late')]: 0,
        [heard('login', 'other')]: 1,
    });
});

test('a session whose first message decides is counted where it then is', async t => {
    const { server, admin } = await startWithAdmin(t, FOUR);
    const client = await server.connect('/');
    const sessions = dialect => `strowger_sessions{dialect="${dialect}"}`;
    await expectMetrics(admin, { [sessions('auto')]: 1, [sessions('join')]: 0 });
    client.send({ type: 'join', id: 1, room: 'r' });
    await client.next();
    await expectMetrics(admin, { [sessions('auto')]: 0, [sessions('join')]: 1, 'strowger_rooms{dialect="join"}': 1 });
    await client.close();
    await expectMetrics(admin, { [sessions('auto')]: 0, [sessions('join')]: 0, 'strowger_rooms{dialect="join"}': 0 });
});

test('rooms, over Socket.IO', async t => {
    const { server, admin } = await startWithAdmin(t, [...FOUR, '--room-log', 'off']);
    const [a, b] = await Guest.all(t, server, 2);
    await meet(a, b);
    a.emit('message', 'hello');
    await b.expect('message', 'hello');
    await expectMetrics(admin, {
        'strowger_rooms{dialect="rooms"}': 1,
        'strowger_sessions{dialect="rooms"}': 2,
        [heard('rooms', 'join')]: 2,
        [heard('rooms', 'message')]: 1,
        [heard('rooms', 'message', 'out')]: 1,
    });
});

test('TLS handshakes, and when the certificate expires', async t => {
    const certificates = new Certificates(t);
    const { server, admin } = await startWithAdmin(t, [...FOUR, ...certificates.make('localhost')]);
    const dial = async options => {
        const socket = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
        const session = once(socket, 'session');
        await withPatience(once(socket, 'secureConnect'), 'a handshake');
        const [ticket] = await withPatience(session, 'a ticket');
        t.after(() => socket.destroy());
        return ticket;
    };
    const session = await dial({ minVersion: 'TLSv1.3' });
    await dial({ session });
    await dial({ maxVersion: 'TLSv1.2' });
    const plain = net.connect(server.port, '127.0.0.1', () => plain.end('GET / HTTP/1.1\r\n\r\n'));
    plain.resume();
    await withPatience(once(plain, 'close'), 'a refusal');
    assert.ok((await new Histogram('strowger_tls_handshake_duration_seconds').read(admin)).count === 3);
    const { validTo } = new X509Certificate(certificates.read('localhost.crt'));
    const handshakes = (result, version, resumed) =>
        `strowger_tls_handshakes_total{result="${result}",version="${version}",resumed="${resumed}"}`;
    await expectMetrics(admin, {
        [handshakes('ok', '1.3', false)]: 1,
        [handshakes('ok', '1.3', true)]: 1,
        [handshakes('ok', '1.2', false)]: 1,
        [handshakes('failed', 'none', false)]: 1,
        strowger_tls_certificate_expiry_timestamp_seconds: Date.parse(validTo) / 1000,
    });
});

test('who was ended for going beyond a limit, and what STUN was not answered', async t => {
    const { server, admin } = await startWithAdmin(t, [...FOUR, '--message-timeout', '200ms', '--login-timeout', '400ms',
        '--max-controls', '2', '--trust-loopback', 'off', '--stun-rate', '1:1']);
    const [slow, flooder, late] = await Promise.all(Array.from({ length: 3 }, async () => {
        const raw = await server.dial();
        await raw.upgrade('/login');
        return raw;
    }));
    slow.send(frame(TEXT, 'begun').subarray(0, 3));
    flooder.send(frame(PING), frame(PONG), frame(PONG));
    await Promise.all([slow, flooder, late].map(raw => raw.readToEnd()));
    const ended = reason => `strowger_connections_ended_total{reason="${reason}"}`;
    await expectMetrics(admin, {
        [ended('slow_message')]: 1, [ended('control_flood')]: 1, [ended('late_login')]: 1, [ended('too_many_bytes')]: 0,
    });
    const asker = dgram.createSocket('udp4');
    t.after(() => asker.close());
    const answers = new Queue();
    asker.on('message', bytes => answers.put(bytes));
    const request = Buffer.from('000100002112a4420102030405060708090a0b0c', 'hex');
    for (let i = 0; i < 5; i++) {
        asker.send(request, server.port, '127.0.0.1'); // all to the worker that this port leads to
    }
    asker.send('no STUN', server.port, '127.0.0.1');
    await answers.next('a STUN reply');
    const stun = async (result, family = 'ipv4') =>
        (await admin.metrics()).get(`strowger_stun_requests_total{family="${family}",result="${result}"}`);
    for (let i = 0; i < 100 && await stun('malformed') === 0; i++); // until the last was seen
    assert.ok(await stun('limited') >= 1);
    assert.deepEqual([await stun('answered') + await stun('limited'), await stun('malformed')], [5, 1]);
    assert.deepEqual([await stun('answered', 'ipv6'), await stun('malformed', 'ipv6')], [0, 0]);
});

test('who was ended or refused, however it came', async t => {
    const { server, admin } = await startWithAdmin(t, [...FOUR, '--login-timeout', '200ms', '--connect-timeout', '300ms',
        '--head-timeout', '400ms', '--ws-ping-interval', '400ms', '--ws-ping-timeout', '100ms', '--ping-interval', '300ms',
        '--ping-timeout', '100ms', '--mount', '/echo=echo', '--mount', '/eio/=eio-echo', '--max-message', '200',
        '--max-payload', '500', '--allow-origin', 'https://a.example']);
    const open = async (path, ...says) => {
        const raw = await server.dial();
        await raw.upgrade(path);
        raw.send(...says);
        return raw;
    };
    const say = async (...lines) => {
        const raw = await server.dial();
        raw.send(lines.join('\r\n'));
        return raw;
    };
    const ask = (...lines) => say(...lines, '', '');
    const late = ['polling', 'websocket'].map(transport => Guest.start(t, server, { transport }).heard('disconnect'));
    const raws = await Promise.all([
        open('/socket.io/?EIO=4&transport=websocket'),                   // joins no namespace
        open('/echo'), open('/eio/?EIO=4&transport=websocket'),          // answer no ping
        open('/echo', frame(TEXT, 'x'.repeat(201))),
        open('/eio/?EIO=4&transport=websocket', frame(TEXT, 'x'.repeat(501))),
        ask('GET / HTTP/1.1', `X: ${'x'.repeat(9000)}`),
        say(''), say('GET / HTTP/1.1', 'Host'), // do not end their heads
        ask('GET /login HTTP/1.1', 'Host: x', 'Upgrade: websocket', 'Connection: Upgrade, close', 'Origin: https://b.example'),
        ask('GET /socket.io/?EIO=4&transport=polling HTTP/1.1', 'Host: x', 'Connection: close', 'Origin: https://b.example'),
    ]);
    await Promise.all([...late, ...raws.map(raw => raw.readToEnd())]);
    const ended = reason => `strowger_connections_ended_total{reason="${reason}"}`;
    await expectMetrics(admin, {
        [ended('late_login')]: 2, [ended('late_connect')]: 1, [ended('silent')]: 2, [ended('too_big')]: 3,
        [ended('slow_request')]: 2, [ended('slow_message')]: 0, 'strowger_connections_rejected_total{reason="origin"}': 2,
    });
});

test('who was refused a place, an answer or the time to upgrade', async t => {
    const { server, admin } = await startWithAdmin(t, [...FOUR, '--concurrent-limit', '1', '--ice-rate', '1:1',
        '--trust-loopback', 'off', '--upgrade-timeout', '100ms']);
    const come = id => server.connect(`/peerjs?key=peerjs&id=${id}&token=t`);
    await (await come('A')).expect('{"type":"OPEN"}');
    await Promise.all(['B', 'C'].map(async id => (await come(id)).closed));
    const raw = await server.dial();
    const statuses = [];
    for (let i = 0; i < 3; i++) {
        statuses.push((await raw.request('GET /ice')).status);
    }
    assert.deepEqual(statuses, [200, 429, 429]);
    const session = await Polling.open(server, { path: '/socket.io/' });
    await (await session.probe()).closed;
    const rejected = reason => `strowger_connections_rejected_total{reason="${reason}"}`;
    await expectMetrics(admin, {
        [rejected('concurrent_limit')]: 2, [rejected('ice_rate')]: 2,
        'strowger_connections_ended_total{reason="late_upgrade"}': 1,
    });
    assert.equal(JSON.parse((await admin.get('/status')).text).refused, 4);
});

test('scrapes may be broken off, and many at once', async t => {
    const { server, admin } = await startWithAdmin(t, FOUR);
    const [host, port] = admin.place.split(':');
    for (let i = 0; i < 50; i++) {
        const socket = net.connect(Number(port), host, () => {
            socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
            setImmediate(() => socket.resetAndDestroy());
        });
        socket.on('error', () => {});
    }
    const all = await Promise.all(Array.from({ length: 50 }, () => admin.metrics()));
    assert.ok(all.every(metrics => metrics.get('strowger_ready') === 1));
    await server.stop();
});

test('scrapes during a drain', async t => {
    const { server, admin } = await startWithAdmin(t, [...FOUR, '--drain-time', '60s']);
    const clients = await Promise.all(Array.from({ length: 100 }, () => server.connect()));
    process.kill(server.pid, 'SIGTERM');
    await Promise.race(clients.map(client => client.closed));
    const first = await admin.metrics();
    assert.equal(first.get('strowger_ready'), 0);
    assert.ok(first.get('strowger_sessions{dialect="login"}') < 100);
    const scrapes = Array.from({ length: 20 }, () => admin.metrics().catch(error => error.code)); // until it is gone
    await Promise.all(scrapes);
    await server.stop();
});
