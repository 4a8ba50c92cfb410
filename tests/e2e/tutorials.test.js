// SPDX-License-Identifier: MIT
// examples/tutorials.toml: four sites of one process, each with its own words, and nobody at one meets anybody at another.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { expectSilence } from './lib/client.js';
import { ask, expectRefusal, Polling } from './lib/engineio.js';
import { withPatience } from './lib/patience.js';
import { expectSilence as expectGuestSilence, Guest } from './lib/socketio.js';
import { startTutorials } from './lib/tutorials.js';

const ACCEPTED = '{"type":"login","success":true}';
const said = text => ['log', ['>>> Message from server: ', text]];

function unknown(words, type) {
    return JSON.stringify({ type: 'error', message: `${words}: ${type}` });
}

// A call between two who say what all pages of this kind say, at PORT, where GREETING comes first.
async function call(server, { port }, words, greeting) {
    const [a, b] = await Promise.all(['A', 'B'].map(async name => {
        const client = await server.connect('/', { port });
        if (greeting) {
            await client.expect(greeting);
        }
        client.send({ type: 'login', name });
        await client.expect(ACCEPTED);
        return client;
    }));
    a.send({ type: 'offer', name: 'B', offer: 1 });
    await b.expect('{"type":"offer","offer":1,"name":"A"}');
    b.send({ type: 'answer', name: 'A', answer: 2 });
    await a.expect('{"type":"answer","answer":2}');
    a.send({ type: 'candidate', name: 'B', candidate: 3 });
    await b.expect('{"type":"candidate","candidate":3}');
    a.send({ type: 'dance' });
    await a.expect(unknown(words, 'dance'));
    a.send({ type: 'leave', name: 'B' });
    await b.expect('{"type":"leave"}');
    return [a, b];
}

async function join(server, { port }) {
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => server.connect('/', { port })));
    a.send('{"type":"join","id":"A","nick":"n"}');
    await a.expect('{"type":"joined","payload":{"id":"A","peers":[]}}');
    b.send('{"type":"join","id":"B","nick":"m"}');
    await b.expect('{"type":"joined","payload":{"id":"B","peers":[{"id":"A","nick":"n"}]}}');
    await a.expect('{"type":"join","payload":{"id":"B","nick":"m"}}');
    a.send('{"type":"offer","payload":1}');
    assert.deepEqual(await b.nextJson(), { type: 'offer', payload: 1, id: 'A', nick: 'n' });
    b.send('{"type":"answer","receiverId":"A","payload":2}');
    assert.deepEqual(await a.nextJson(), { type: 'answer', payload: 2, id: 'B', nick: 'm', receiverId: 'A' });
    return [a, b, c];
}

async function meet(t, site, version) {
    const [a, b, c] = await Guest.all(t, site, 3, { version, transport: 'upgrade' });
    a.emit('create or join', 'foo');
    await a.expect(...said('Room foo has 0 client(s)'));
    await a.expect(...said('Request to create or join room foo'));
    await a.expect('created', 'foo', a.id);
    await a.expect(`emit(): client ${a.id} joined room foo`);
    for (const other of [b, c]) {
        await other.expect(`broadcast(): client ${a.id} joined room foo`);
    }
    c.emit('message', 'to everybody');
    await a.expect('message', 'to everybody');
    await b.expect('message', 'to everybody');
}

test('the four tutorials at once', async t => {
    const server = await startTutorials(t);
    const { learning, analysis, rooms, join: joining } = server.sites;
    const clients = await Promise.all([
        call(server, learning, 'Unrecognized command'),
        call(server, analysis, 'Command not found', 'Hello world'),
        join(server, joining),
        meet(t, rooms, 4),
    ]);
    await expectSilence(...clients.flat().filter(Boolean));
});

test('each site shows its own pages', async t => {
    const { sites } = await startTutorials(t);
    const page = async site => (await ask(site, 'GET', '/')).text;
    const [own, ...built] = await Promise.all([sites.rooms, sites.learning, sites.analysis, sites.join].map(page));
    assert.match(own, /examples\/rooms/);
    built.forEach(text => assert.doesNotMatch(text, /examples\/rooms/));
    assert.equal((await ask(sites.rooms, 'GET', '/tutorials.toml')).status, 404);
});

test('every site answers STUN at its port', async t => {
    const { sites } = await startTutorials(t);
    const request = Buffer.from('000100002112a442000102030405060708090a0b', 'hex');
    for (const [family, host] of [['udp4', '127.0.0.1'], ['udp6', '::1']]) {
        for (const { port } of Object.values(sites)) {
            const socket = dgram.createSocket(family);
            t.after(() => socket.close());
            socket.send(request, port, host);
            const [reply] = await withPatience(once(socket, 'message'), `STUN at ${host}, port ${port}`);
            assert.equal(reply.readUInt16BE(0), 0x0101);
            assert.deepEqual(reply.subarray(4, 20), request.subarray(4));
        }
    }
});

test('a session of one site is nothing to another', async t => {
    for (const workers of ['1', '4']) {
        await t.test(`${workers} workers`, async t => {
            const { sites } = await startTutorials(t, { args: ['--workers', workers] });
            // Requests come to any worker, and move to the session's: there, too, to the site that they came to.
            for (let i = 0; i < 8; i++) {
                const session = await Polling.open(sites.rooms, { path: '/socket.io/' });
                const answer = await ask(sites.learning, 'GET', session.target('polling'));
                expectRefusal(answer, 1);
                await session.expectPost('40');
                assert.match((await session.get()).text, /^40\{"sid"/);
            }
        });
    }
});

test('a room of one site is nothing to another', async t => {
    const { sites } = await startTutorials(t, { args: ['--room-log', 'off', '--workers', '4'] });
    const a = await Guest.connect(t, sites.rooms);
    const b = await Guest.connect(t, sites.learning);
    a.emit('create or join', 'foo');
    b.emit('create or join', 'foo');
    await a.expect('created', 'foo', a.id);
    await b.expect('created', 'foo', b.id);
    await a.expect(`emit(): client ${a.id} joined room foo`);
    a.emit('message', 'to everybody');
    await expectGuestSilence(a, b);
});
