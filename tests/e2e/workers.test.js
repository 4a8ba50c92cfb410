// SPDX-License-Identifier: MIT
// Several workers, and clients that cannot tell: the kernel spreads their connections, and everything goes on between them.
//
// Who lands where is chance, so each test has enough clients that all of them at one worker would be a wonder.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { ring } from './lib/calls.js';
import { expectSilence } from './lib/client.js';
import { encode, Polling } from './lib/engineio.js';
import { withPatience } from './lib/patience.js';
import { start } from './lib/server.js';
import { Guest } from './lib/socketio.js';

const WORKERS = ['--workers', '4', '--room-log', 'off'];
const LEAVE = '{"type":"leave"}';

function times(n, make) {
    return Array.from({ length: n }, (_, i) => make(i));
}

function connect(server, n, path) {
    return Promise.all(times(n, () => server.connect(path)));
}

// N pairs of clients that have names.
async function pairs(server, n) {
    const clients = await server.login(...times(2 * n, i => `peer ${i}`));
    return times(n, i => ({ a: clients[2 * i], b: clients[2 * i + 1], from: `peer ${2 * i}`, to: `peer ${2 * i + 1}` }));
}

// All CLIENTS ask for NAME at once; exactly one gets it and is returned.
async function race(clients, name) {
    clients.forEach(client => client.send({ type: 'login', name }));
    const answers = await Promise.all(clients.map(client => client.nextJson()));
    const winners = clients.filter((_, i) => answers[i].success);
    assert.equal(winners.length, 1, `${winners.length} are called ${name}`);
    return winners[0];
}

test('a name has one owner', async t => {
    const server = await start(t, WORKERS);
    const [observer] = await server.login('observer');

    await t.test('however many ask for it at once', async () => {
        const clients = await connect(server, 16);
        for (let round = 0; round < 50; round++) {
            const winner = await race(clients, `round ${round}`);
            observer.send({ type: 'candidate', name: `round ${round}`, candidate: round });
            await winner.expect(`{"type":"candidate","candidate":${round}}`);
        }
        await expectSilence(...clients, observer);
    });

    await t.test('and is free for one other as soon as its owner has gone', async () => {
        const clients = await connect(server, 16);
        for (let rest = clients; rest.length > 0;) {
            const winner = await race(rest, 'wanted');
            rest = rest.filter(client => client !== winner);
            await winner.close();
        }
        observer.send({ type: 'candidate', name: 'wanted', candidate: 1 });
        await observer.expectError(/wanted/);
    });
});

test('a call', async t => {
    const server = await start(t, WORKERS);

    await t.test('keeps the order of 10,000 messages, both ways', async () => {
        const N = 1000;
        const talk = async (from, to, name) => {
            for (let i = 0; i < N; i++) {
                from.send(`{"type":"candidate","name":"${name}","candidate":${i}}`);
            }
            for (let i = 0; i < N; i++) {
                await to.expect(`{"type":"candidate","candidate":${i}}`);
            }
        };
        const all = await pairs(server, 5);
        await Promise.all(all.flatMap(({ a, b, from, to }) => [talk(a, b, to), talk(b, a, from)]));
        await Promise.all(all.flatMap(({ a, b }) => [a.close(), b.close()]));
    });

    await t.test('ends for the other when one hangs up, closes or drops', async () => {
        for (const end of [client => client.send(LEAVE), client => client.close(), client => client.destroy()]) {
            const all = await pairs(server, 8);
            await Promise.all(all.map(({ a, b, from, to }) => ring(a, b, { from, to })));
            all.forEach(({ a, b }, i) => end(i % 2 ? a : b));
            const left = all.map(({ a, b }, i) => (i % 2 ? b : a));
            await Promise.all(left.map(client => client.expect(LEAVE)));
            await expectSilence(...left);
            await Promise.all(all.flatMap(({ a, b }) => [a.close(), b.close()]));
        }
    });

    await t.test('with somebody who has just gone is an error', async () => {
        const all = await pairs(server, 8);
        await Promise.all(all.map(async ({ a, b, to }) => {
            const closing = b.close();
            times(20, i => a.send({ type: 'candidate', name: to, candidate: i })); // on which side of the end is chance
            await closing;
            a.send({ type: 'candidate', name: to, candidate: 20 });
            await a.expectError(new RegExp(to));
            await a.close();
        }));
    });
});

// CLIENT joins the one room as ID and meets those who are there.
async function join(client, id) {
    client.send({ type: 'join', id });
    const { type, payload } = await client.nextJson();
    assert.equal(type, 'joined');
    return { client, id, met: payload.peers.map(peer => peer.id) };
}

// The next N events that MEMBER hears, each as a word.
async function hear(member, n) {
    const events = [];
    while (events.length < n) {
        const { type, id, payload, n: number } = await member.client.nextJson();
        events.push([type, id ?? payload.id, number].join(' '));
    }
    assert.equal(new Set(events).size, n, 'something was heard twice');
    return events;
}

test('a room is one for all workers', async t => {
    const [N, N_OFFERS] = [12, 20];
    const server = await start(t, WORKERS);
    const clients = await connect(server, N, '/join');
    const members = await Promise.all(clients.map(join));

    // Everyone either was there when another came or met it there.
    for (const { id, met } of members) {
        met.forEach(other => assert.ok(!members[other].met.includes(id), `${id} and ${other} met each other`));
    }

    members.forEach(({ client, id }) => {
        times(N_OFFERS, n => client.send({ type: 'offer', n }));
        if (id % 2) {
            client.send({ type: 'leave' });
        }
    });
    const stayed = members.filter(({ id }) => id % 2 === 0);
    const heard = await Promise.all(stayed.map(member => {
        const n_joins = N - 1 - member.met.length;
        return hear(member, n_joins + (N - 1) * N_OFFERS + N / 2);
    }));
    for (const one of heard) {
        for (const other of heard) {
            const [a, b] = [one.filter(event => other.includes(event)), other.filter(event => one.includes(event))];
            assert.deepEqual(a, b, 'two members heard the same in different orders');
        }
    }
    await expectSilence(...stayed.map(({ client }) => client));
});

for (const version of [2, 3, 4]) {
    test(`polling needs no worker of its own, Socket.IO ${version}`, async t => {
        const server = await start(t, WORKERS);
        const guests = await Guest.all(t, server, 8, { version, transport: 'polling' });
        guests.forEach(guest => guest.emit('create or join', 'r'));
        const answers = await Promise.all(guests.map(guest => guest.next()));
        const who = answer => guests.filter((_, i) => answers[i][0] === answer);
        assert.deepEqual([who('created').length, who('joined').length, who('full').length], [1, 1, 6]);

        const [[a], [b]] = [who('created'), who('joined')];
        await b.expect('ready', 'r');
        await a.expect('join', 'r');
        await a.expect('ready', 'r');
        times(200, i => a.emit('message', i));
        times(200, i => b.emit('message', `${i}`));
        for (let i = 0; i < 200; i++) {
            await b.expect('message', i);
            await a.expect('message', `${i}`);
        }
        a.socket.close();
        await b.expect('bye', 'r');
        const [c] = who('full');
        c.emit('create or join', 'r');
        await c.expect('joined', 'r', c.id);
    });
}

test('every worker answers STUN', async t => {
    const server = await start(t, WORKERS);
    for (const [family, address] of [['udp4', '127.0.0.1'], ['udp6', '::1']]) {
        const sockets = times(24, () => dgram.createSocket(family));
        t.after(() => sockets.forEach(socket => socket.close()));
        await Promise.all(sockets.map(async socket => {
            const request = Buffer.concat([Buffer.from('000100002112a442', 'hex'), randomBytes(12)]);
            const answer = once(socket, 'message');
            socket.send(request, server.port, address);
            const [bytes] = await withPatience(answer, `an answer to ${address}`);
            assert.equal(bytes.readUInt16BE(), 0x0101);
            assert.deepEqual(bytes.subarray(4, 20), request.subarray(4));
        }));
    }
});

test('it ends cleanly in the midst of everything', async t => {
    const server = await start(t, WORKERS);
    const all = await pairs(server, 6);
    const sessions = await Promise.all(times(6, () => Polling.open(server, { path: '/socket.io/' })));
    const chatter = setInterval(() => {
        for (const { a, b, from, to } of all) {
            times(20, () => a.send({ type: 'offer', name: to, offer: 1 }));
            times(20, () => b.send({ type: 'offer', name: from, offer: 1 }));
        }
        sessions.forEach(session => session.post(encode(4, '40', '3')).catch(() => {}));
        sessions.forEach(session => session.get().catch(() => {}));
    }, 1);
    t.after(() => clearInterval(chatter));
    await all[5].b.next();
    await all[0].a.next();
    await server.stop();
});
