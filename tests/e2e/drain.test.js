// SPDX-License-Identifier: MIT
// SIGTERM drains: what is connected ends with 1001, spread over --drain-time, and then the server with 0.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import test from 'node:test';
import tls from 'node:tls';

import { Certificates } from './lib/certificates.js';
import { ring } from './lib/calls.js';
import { Polling } from './lib/engineio.js';
import { withPatience } from './lib/patience.js';
import { Raw } from './lib/raw.js';
import { start } from './lib/server.js';
import { Guest, meet } from './lib/socketio.js';

async function closeCodes(clients) {
    const ends = await Promise.all(clients.map(client => client.closed));
    return [...new Set(ends.map(end => end.code))];
}

test('every WebSocket is closed with 1001, and the server ends with 0', async t => {
    const server = await start(t, ['--drain-time', '200ms']);
    const clients = await Promise.all(Array.from({ length: 50 }, () => server.connect('/login')));
    const codes = closeCodes(clients);
    await server.stop();
    assert.deepEqual(await codes, [1001]);
});

test('nobody is told that others went: their calls outlive the server', async t => {
    const server = await start(t, ['--drain-time', '200ms', '--room-log', 'off']);
    const clients = await server.login('A', 'B');
    await ring(...clients);
    for (const id of [1, 2, 3]) { // in one room
        const client = await server.connect('/join');
        client.send({ type: 'join', id });
        clients.push(client);
        await Promise.all(clients.slice(2).map(one => one.next()));
    }
    const guests = [await Guest.connect(t, server), await Guest.connect(t, server, { transport: 'polling' })];
    await meet(...guests);
    const ends = guests.map(guest => guest.heard('disconnect'));
    const heard = [];
    guests.forEach(guest => { guest.socket.onevent = packet => heard.push(packet.data); });
    await server.stop();
    for (const client of clients) {
        await assert.rejects(client.next(), /closed with 1001/);
    }
    await Promise.all(ends);
    assert.deepEqual(heard, []);
});

test('they are closed all along that time, by one worker or two', async t => {
    for (const workers of ['1', '2']) {
        const server = await start(t, ['--drain-time', '3s', '--workers', workers]);
        const clients = await Promise.all(Array.from({ length: 80 }, () => server.connect('/login')));
        const began = performance.now();
        const ends = clients.map(client => client.closed.then(() => performance.now() - began));
        await server.stop();
        const inThirds = [0, 0, 0];
        (await Promise.all(ends)).forEach(ms => inThirds[Math.min(2, ms / 1000 | 0)]++);
        assert.ok(inThirds.every(n => n > 10), `${inThirds}`); // 27 are expected in each
    }
});

test('a long drain does not keep a server with few connections', async t => {
    const server = await start(t, ['--drain-time', '1h']);
    const [a] = await server.login('A', 'B');
    await server.stop();
    assert.equal((await a.closed).code, 1001);
});

test('who talks without end is closed like the others', async t => {
    const server = await start(t, ['--mount', '/echo=echo', '--drain-time', '1h']);
    const clients = await Promise.all(Array.from({ length: 50 }, () => server.connect('/echo')));
    for (const client of clients) {
        client.ws.on('message', data => client.ws.send(data)); // without end
        client.send('again');
    }
    await Promise.all(clients.map(client => client.next()));
    await server.stop();
    assert.deepEqual(await closeCodes(clients), [1001]);
});

// A server that has begun to drain, with COUNT connections from which nothing came yet.
async function drainBefore(t, count) {
    const server = await start(t, ['--drain-time', '1h']);
    const strangers = await Promise.all(Array.from({ length: count }, () => server.dial()));
    await server.dial().then(raw => raw.request('GET /')); // all were accepted
    process.kill(server.pid, 'SIGTERM');
    await server.logged(/stopping/);
    return { server, strangers };
}

test('who polls gets Engine.IO\'s close, and what it was just saying is heard', async t => {
    const server = await start(t, ['--mount', '/engine.io/=eio-echo', '--drain-time', '1h']);
    const [polling, talking] = await Promise.all([Polling.open(server), Polling.open(server)]);
    const [held, raw] = await Promise.all([polling.hold(), server.dial()]);
    raw.send(`POST ${talking.target('polling')} HTTP/1.1\r\nHost: x\r\n`,
        'Content-Length: 6\r\nExpect: 100-continue\r\n\r\n');
    await raw.readUntil('\r\n\r\n');
    process.kill(server.pid, 'SIGTERM');
    await polling.expectLet(held, '1');
    await held.expectEnd();
    raw.send('4hello');
    assert.equal(String((await raw.response()).body), 'ok');
    await raw.expectEnd();
    await server.stop();
});

test('who was let in just before is heard once', async t => {
    const { server, strangers: [page, caller, silent] } = await drainBefore(t, 3);
    assert.equal((await page.request('GET /')).status, 200);
    await page.expectEnd();
    await caller.upgrade('/login');
    await caller.expectClose(1001);
    await silent.expectEnd(); // and is not waited for long
    await server.stop();
});

test('a TLS handshake that was begun is finished', async t => {
    const server = await start(t, ['--drain-time', '1h', ...new Certificates(t).make('localhost')]);
    const socket = net.connect(server.port, '127.0.0.1');
    t.after(() => socket.destroy());
    await withPatience(once(socket, 'connect'), 'a connection');
    process.kill(server.pid, 'SIGTERM');
    await server.logged(/stopping/);
    const raw = new Raw(tls.connect({ socket, rejectUnauthorized: false }));
    assert.equal((await raw.request('GET /')).status, 200);
    await server.stop();
});
