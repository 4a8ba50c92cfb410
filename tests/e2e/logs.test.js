// SPDX-License-Identifier: MIT
// The log: words or JSON, one line a record, whatever strangers call themselves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE, PING, TEXT, closing, frame } from './lib/raw.js';
import { run, start } from './lib/server.js';
import { Guest } from './lib/socketio.js';

test('words begin with the time in UTC and the level', async t => {
    const server = await start(t);
    await server.stop();
    const lines = server.log.trimEnd().split('\n');
    assert.ok(lines.length > 1);
    for (const line of lines) {
        assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info \S/);
    }
});

test('--log-format json writes an object a line', async t => {
    const server = await start(t, ['--log-format', 'json']);
    await server.stop();
    const records = server.log.trimEnd().split('\n').map(line => JSON.parse(line));
    for (const record of records) {
        assert.match(record.ts, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        assert.equal(record.level, 'info');
        assert.equal(typeof record.msg, 'string');
    }
    assert.ok(records.some(record => record.msg === 'stopping' && record.reason === 'SIGTERM'));
});

test('there is no other format', async () => {
    const { code, stderr } = await run('--log-format', 'xml');
    assert.equal(code, 2);
    assert.match(stderr, /^strowger: --log-format is one of text\|json, not 'xml'[^\n]*\n$/);
});

// The records of a server that has ended and logged JSON, those that say MSG.
const records = (server, msg) =>
    server.log.trimEnd().split('\n').map(line => JSON.parse(line)).filter(record => record.msg === msg);

test('who came and left is told with connection, name, room and dialect, whatever the name is', async t => {
    const server = await start(t, ['--log-level', 'debug', '--log-format', 'json']);
    const name = 'A\n{"level":"error"}\u202e\u674e';
    const [a] = await server.login(name);
    await a.close();
    const b = await server.connect('/join');
    b.send({ type: 'join', id: 'B', room: 'den' });
    await b.next();
    await b.close();
    await server.stop();
    const began = records(server, 'session began'), ended = records(server, 'session ended');
    assert.deepEqual(began.map(record => record.dialect), ['login', 'join']);
    assert.ok(began.every(record => /^[0-9a-f]+$/.test(record.conn)), JSON.stringify(began));
    assert.notEqual(began[0].conn, began[1].conn);
    const known = ({ dialect, peer, room, code, reason }) => ({ dialect, peer, room, code, reason });
    assert.deepEqual(ended.map(known), [
        { dialect: 'login', peer: name, room: undefined, code: 1005, reason: 'client' },
        { dialect: 'join', peer: 'B', room: 'den', code: 1005, reason: 'client' },
    ]);
    assert.deepEqual(ended.map(record => record.conn), began.map(record => record.conn));
});

// What ends a session, and the code and the word for it.
const ENDINGS = [
    ['client', 4000, raw => raw.send(frame(CLOSE, closing(4000)))],
    ['lost', 1006, raw => raw.destroy()],
    ['protocol_error', 1002, raw => raw.send(frame(TEXT, 'x', { first: 0xc1 }))],
    ['invalid_text', 1007, raw => raw.send(frame(TEXT, Buffer.from([0xff])))],
    ['too_big', 1009, raw => raw.send(frame(TEXT, 'x'.repeat(1001)))],
    ['slow_message', 1008, raw => raw.send(frame(TEXT, 'begun').subarray(0, 3))],
    ['control_flood', 1008, raw => raw.send(frame(PING), frame(PING), frame(PING))],
    ['silent', 1008, () => {}],
];

test('why a session ended is told by the close code and a word', async t => {
    const server = await start(t, ['--log-level', 'debug', '--log-format', 'json', '--max-message', '1000',
        '--message-timeout', '100ms', '--max-controls', '2', '--ws-ping-interval', '200ms', '--ws-ping-timeout', '100ms']);
    for (const [word, , end] of ENDINGS) {
        const raw = await server.dial();
        await raw.upgrade('/login');
        end(raw);
        await server.logged(new RegExp(`"reason":"${word}"`));
    }
    const shut = await server.connect();
    await server.stop();
    assert.equal((await shut.closed).code, 1001);
    assert.deepEqual(records(server, 'session ended').map(({ reason, code }) => [reason, code]),
        [...ENDINGS.map(([word, code]) => [word, code]), ['shutdown', 1001]]);
});

test('a Socket.IO session keeps its connection in the log, and has its reason', async t => {
    const server = await start(t, ['--log-level', 'debug', '--log-format', 'json', '--connect-timeout', '100ms']);
    const guest = await Guest.connect(t, server);
    guest.socket.close();
    await server.logged(/"reason":"client"/);
    const lost = await Guest.connect(t, server);
    lost.socket.io.engine.transport.ws.terminate();
    await server.logged(/"reason":"lost"/);
    await server.stop();
    const conns = msg => records(server, msg).map(({ conn, dialect }) => `${dialect} ${conn}`);
    assert.match(conns('session began').join(), /^rooms [0-9a-f]+,rooms [0-9a-f]+$/);
    assert.deepEqual(conns('session ended'), conns('session began'));
    assert.deepEqual(records(server, 'session ended').map(({ reason, code }) => [reason, code]),
        [['client', undefined], ['lost', undefined]]);
});

// What is never in the log, whatever clients say: what they tell each other, and what lets them in.
const SECRETS = { sdp: 'v=0-secret-sdp', candidate: 'secret-candidate', token: 'secret-token', name: 'a\n name' };

test('at debug no SDP, candidate or token is logged, and one record is one line', async t => {
    const server = await start(t, ['--log-level', 'debug', '--peerjs-key', 'secret-key']);
    const [a, b] = await server.login('A', SECRETS.name);
    a.send({ type: 'offer', name: SECRETS.name, offer: { sdp: SECRETS.sdp } });
    await b.next();
    b.send({ type: 'candidate', name: 'A', candidate: SECRETS.candidate });
    await a.next();
    a.send({ type: 'offer', name: 'nobody', offer: { sdp: SECRETS.sdp } });
    await a.next();
    a.send(`{"type":"${SECRETS.sdp}"}`);
    await a.next();
    const peer = await server.connect(`/peerjs/peerjs?key=secret-key&id=x&token=${SECRETS.token}`);
    await peer.expect('{"type":"OPEN"}');
    peer.send({ type: 'OFFER', dst: 'gone', payload: { sdp: SECRETS.sdp } });
    await server.connect(`/peerjs/peerjs?key=secret-key&id=x&token=${SECRETS.token}2`);
    await peer.close();
    await b.close();
    for (const line of server.log.trimEnd().split('\n')) {
        assert.match(line, /^[-\d]+T[:.\d]+Z (error|warn|info|debug) [ -~]+$/);
    }
    assert.doesNotMatch(server.log, /secret/);
});
