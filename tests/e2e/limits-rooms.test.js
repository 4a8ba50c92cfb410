// SPDX-License-Identifier: MIT
// How many rooms, members and calls there may be, and what each dialect's clients hear when it is one too many.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectSilence } from './lib/client.js';
import { start } from './lib/server.js';
import { Guest } from './lib/socketio.js';

test('topics: a connection may have --max-rooms, a topic --max-members', async t => {
    const server = await start(t, ['--max-rooms', '2', '--max-members', '1']);
    const [a, b] = await Promise.all([server.connect('/topics'), server.connect('/topics')]);
    a.send({ type: 'subscribe', topics: ['t', 'u', 'v'] });
    await a.expectError(/^Too many topics; not subscribed to: v$/);
    b.send({ type: 'subscribe', topics: ['t'] });
    await b.expectError(/^Too many subscribers; not subscribed to: t$/);
    a.send({ type: 'unsubscribe', topics: ['t'] });
    a.send({ type: 'subscribe', topics: ['v'] });
    await expectSilence(a);
});

test('join: a room may have --max-members', async t => {
    const server = await start(t, ['--max-members', '2']);
    const [a, b, c] = await Promise.all(Array.from({ length: 3 }, () => server.connect('/join')));
    const join = (client, id) => client.send({ type: 'join', room: 'r', id });
    join(a, 'a');
    await a.next();
    join(b, 'b');
    await b.next();
    await a.next();
    join(c, 'c');
    await c.expectError(/^There is no room for you now$/);
    await expectSilence(a, b);
    await b.close();
    await a.next();
    join(c, 'c');
    await c.next();
});

test('rooms: a client may be in --max-rooms, and hears that the next is full', async t => {
    const server = await start(t, ['--max-rooms', '2', '--room-log', 'off']);
    const guest = await Guest.connect(t, server);
    for (const [room, answer] of [['a', 'created'], ['b', 'created'], ['c', 'full']]) {
        guest.emit('create or join', room);
        assert.equal((await guest.next())[0], answer);
    }
});

test('login: one may be in --max-calls, and hears when it calls one more', async t => {
    const server = await start(t, ['--max-calls', '2']);
    const [a, b, c, d] = await server.login('A', 'B', 'C', 'D');
    for (const other of [b, c]) {
        a.send({ type: 'offer', name: other === b ? 'B' : 'C', offer: 1 });
        await other.expect('{"type":"offer","offer":1,"name":"A"}');
    }
    a.send({ type: 'offer', name: 'D', offer: 1 });
    await a.expectError(/^Too many calls at once$/);
    d.send({ type: 'offer', name: 'A', offer: 1 }); // A is rung by no more either
    await expectSilence(a, d);
    a.send({ type: 'leave', name: 'B' });
    await b.expect('{"type":"leave"}');
    a.send({ type: 'offer', name: 'D', offer: 1 });
    await d.expect('{"type":"offer","offer":1,"name":"A"}');
});
