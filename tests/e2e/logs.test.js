// SPDX-License-Identifier: MIT
// The log: words or JSON, one line a record, whatever strangers call themselves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run, start } from './lib/server.js';

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

test('who left is told with name, room and dialect, whatever the name is', async t => {
    const server = await start(t, ['--log-level', 'debug', '--log-format', 'json']);
    const name = 'A\n{"level":"error"}\u202e\u674e';
    const [a] = await server.login(name);
    await a.close();
    const b = await server.connect('/join');
    b.send({ type: 'join', id: 'B', room: 'den' });
    await b.next();
    await b.close();
    await server.stop();
    const ended = server.log.trimEnd().split('\n').map(line => JSON.parse(line)).filter(r => r.msg === 'session ended');
    assert.deepEqual(ended.map(record => record.dialect), ['login', 'join']);
    assert.equal(ended[0].peer, name);
    assert.equal(ended[1].room, 'den');
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
