// SPDX-License-Identifier: MIT
// --login-timeout: who has no name or room by then is ended, over whatever carries the session.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSocket } from './lib/engineio.js';
import { CLOSE, TEXT, frame } from './lib/raw.js';
import { start } from './lib/server.js';
import { Guest, KINDS, meet } from './lib/socketio.js';

const LIMITS = ['--login-timeout', '300ms', '--room-log', 'off', '--mount', '/echo=echo', '--mount', '/sio-echo/=sio-echo'];

async function open(server, path) {
    const raw = await server.dial();
    await raw.upgrade(path);
    return raw;
}

async function expectTimeout(raw) {
    const { opcode, payload } = await raw.frame();
    assert.deepEqual([opcode, payload.readUInt16BE(), payload.subarray(2).toString()], [CLOSE, 1008, 'login timeout']);
    await raw.expectEnd();
}

test('who says nothing, or nothing that counts, is told so', async t => {
    const server = await start(t, LIMITS);
    for (const path of ['/', '/login', '/join', '/topics']) {
        await t.test(path, async () => {
            const silent = await open(server, path);
            await expectTimeout(silent);
        });
    }

    await t.test('a login that failed is none', async () => {
        await server.login('A');
        const late = await open(server, '/login');
        late.send(frame(TEXT, '{"type":"login","name":"A"}'));
        await late.expectFrame(TEXT, '{"type":"login","success":false}');
        await expectTimeout(late);
    });

    await t.test('half a login is none', async () => {
        const late = await open(server, '/login');
        late.send(frame(TEXT, '{"type":"login","name":"B"}').subarray(0, 20));
        await expectTimeout(late);
    });
});

test('who has a name or a room stays, and who needs none too', async t => {
    const server = await start(t, LIMITS);
    const last = await open(server, '/login'); // the others opened before it: when it is out, they were due as well
    const [a, b] = await server.login('A', 'B');
    const topics = await server.connect('/topics');
    topics.send({ type: 'subscribe', topics: ['t'] });
    const echo = await open(server, '/echo');
    const pieces = frame(TEXT, 'in two pieces');
    echo.send(pieces.subarray(0, 9));
    const later = await open(server, '/login');
    await expectTimeout(last);
    await expectTimeout(later);
    a.send({ type: 'offer', name: 'B', offer: 1 });
    await b.expect('{"type":"offer","offer":1,"name":"A"}');
    topics.send({ type: 'ping' });
    await topics.expect('{"type":"pong"}');
    echo.send(pieces.subarray(9));
    await echo.expectFrame(TEXT, 'in two pieces');
});

test('who leaves its namespace and joins it again has no more time', async t => {
    const server = await start(t, LIMITS);
    const socket = await openSocket(server, { path: '/socket.io/' });
    const rejoin = setInterval(() => ['41', '40'].forEach(packet => socket.send(packet)), 50);
    t.after(() => clearInterval(rejoin));
    socket.send('40');
    await socket.expectClose(1000);
});

test('over Socket.IO', async t => {
    const server = await start(t, LIMITS);
    for (const kind of KINDS.filter(({ version }) => version !== 3)) {
        await t.test(JSON.stringify(kind), async t => {
            const [a, b, idle] = await Guest.all(t, server, 3, kind);
            const gone = idle.heard('disconnect');
            await meet(a, b, JSON.stringify(kind));
            await gone;
            a.emit('message', 'still here');
            await b.expect('message', 'still here');
        });
    }
});
