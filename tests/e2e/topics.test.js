// SPDX-License-Identifier: MIT
// The topics dialect from outside: what y-webrtc's own server does, held against both, with its client's WebSocket; and
// Trystero's ws-relay, whose wire format is played here.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebsocketClient } from 'lib0/websocket';
import WebSocket from 'ws';
import { Client, expectSilence } from './lib/client.js';
import { withPatience } from './lib/patience.js';
import { yWebrtcServer } from './lib/reference.js';
import { start } from './lib/server.js';

const at = (path, ...args) => async t => `ws://127.0.0.1:${(await start(t, args)).port}${path}`;
const SUBJECTS = [
    { name: 'strowger at /topics', start: at('/topics', '--workers', '1') },
    { name: 'strowger at /', start: at('/', '--workers', '1') }, // the first message decides
    { name: 'strowger with four workers', start: at('/topics', '--workers', '4') },
    { name: "y-webrtc's own server", start: async t => `ws://127.0.0.1:${await yWebrtcServer.start(t, [])}/`,
        skip: yWebrtcServer.skip },
];

function testAll(name, run) {
    for (const subject of SUBJECTS) {
        test(`${subject.name}: ${name}`, { skip: subject.skip ?? false }, async t => run(t, await subject.start(t)));
    }
}

function connect(t, url, n = 1) {
    return Promise.all(Array.from({ length: n }, async () => {
        const client = await Client.connect(url);
        t.after(() => client.destroy());
        return client;
    }));
}

const PUBLICATION = { type: 'publish', topic: 't', data: { type: 'announce', from: 'a' } };

testAll('a publication reaches every subscriber with their number', async (t, url) => {
    const [a, b, c] = await connect(t, url, 3);
    a.send({ type: 'subscribe', topics: ['t'] });
    b.send({ type: 'subscribe', topics: ['u', 't'] });
    await expectSilence(a, b);
    for (const publisher of [a, c]) { // a subscriber, who hears itself, and another
        publisher.send(PUBLICATION);
        await a.expect(JSON.stringify({ ...PUBLICATION, clients: 2 }));
        await b.expect(JSON.stringify({ ...PUBLICATION, clients: 2 }));
    }
    c.send({ type: 'publish', topic: 'u', data: 'sealed==' });
    await b.expect('{"type":"publish","topic":"u","data":"sealed==","clients":1}');
    c.send({ type: 'publish', topic: 'v', data: 1 });
    await expectSilence(a, b, c);
});

testAll('who unsubscribes or goes hears nothing any more', async (t, url) => {
    const [a, b, c] = await connect(t, url, 3);
    for (const client of [a, b, c]) {
        client.send({ type: 'subscribe', topics: ['t'] });
        await client.expectSilence();
    }
    b.send({ type: 'unsubscribe', topics: ['t', 'u'] });
    await b.expectSilence();
    a.send(PUBLICATION);
    await a.expect(JSON.stringify({ ...PUBLICATION, clients: 2 }));
    await c.expect(JSON.stringify({ ...PUBLICATION, clients: 2 }));
    await c.close();
    do { // y-webrtc's server notices the end a little later than the client
        a.send(PUBLICATION);
    } while ((await a.nextJson()).clients > 1);
    await b.expectSilence();
});

testAll('every key is kept', async (t, url) => {
    const [a] = await connect(t, url);
    a.send({ type: 'subscribe', topics: ['t'] });
    a.send({ type: 'publish', topic: 't', payload: [{}], x: 1e2, clients: 99 });
    assert.deepEqual(await a.nextJson(), { type: 'publish', topic: 't', payload: [{}], x: 100, clients: 1 });
});

testAll('a ping gets a pong, and what is no message nothing', async (t, url) => {
    const [a] = await connect(t, url);
    a.send({ type: 'subscribe', topics: [5, null, {}, 't', 't'] });
    ['{}', '[]', '5', 'null', '{"type":"publish"}', '{"type":"dance"}', '{"type":"subscribe"}',
        '{"type":"unsubscribe"}', '{"type":"publish","topic":5}', '{"type":"publish","topic":""}'].forEach(text => a.send(text));
    a.send({ type: 'ping' });
    await a.expect('{"type":"pong"}');
    a.send(PUBLICATION);
    await a.expect(JSON.stringify({ ...PUBLICATION, clients: 1 }));
});

testAll("y-webrtc's WebSocket is content", async (t, url) => {
    globalThis.WebSocket ??= WebSocket;
    const client = new WebsocketClient(url);
    t.after(() => client.destroy());
    await withPatience(new Promise(done => client.once('connect', done)), 'a connection');
    const heard = [];
    const pong = new Promise(done => client.on('message', message => {
        heard.push(message);
        if (message.topic) {
            done();
        }
    }));
    client.send({ type: 'subscribe', topics: ['t'] });
    client.send({ type: 'ping' });
    client.send(PUBLICATION);
    await withPatience(pong, 'a publication');
    assert.deepEqual(heard.at(-1), { ...PUBLICATION, clients: 1 });
});

testAll('a page says okay', async (t, url) => {
    if (t.name.startsWith('strowger at /:')) {
        t.skip('there it is the page for people');
        return;
    }
    const response = await fetch(url.replace('ws:', 'http:'));
    assert.deepEqual([response.status, await response.text()], [200, 'okay']);
});

// ---- where we differ on purpose

const OURS = SUBJECTS.slice(0, 3);

function testOurs(name, run, ...args) {
    for (const [i, path] of ['/topics', '/', '/topics'].entries()) {
        const workers = ['1', '1', '4'][i];
        test(`${OURS[i].name}: ${name}`, async t => run(t, await at(path, '--workers', workers, ...args)(t)));
    }
}

// The first of these ends y-webrtc's server, and with it everybody's session.
testOurs('what is not JSON is passed over too', async (t, url) => {
    const [a] = await connect(t, url);
    a.send({ type: 'subscribe', topics: ['t'] });
    ['hello', '', '{"type":"publish"', '{"type":"subscribe","topics":{}}'].forEach(text => a.send(text));
    a.send(Buffer.from(JSON.stringify(PUBLICATION)));
    await a.expect(JSON.stringify({ ...PUBLICATION, clients: 1 }));
});

// There memory is the limit.
testOurs('topics and subscribers have limits', async (t, url) => {
    const [a, b] = await connect(t, url, 2);
    a.send({ type: 'subscribe', topics: ['t', 'u', 'v'] });
    await a.expectError(/^Too many topics; not subscribed to: v$/);
    b.send({ type: 'subscribe', topics: ['t'] });
    await b.expectError(/^Too many subscribers; not subscribed to: t$/);
    b.send(PUBLICATION);
    await a.expect(JSON.stringify({ ...PUBLICATION, clients: 1 }));
}, '--max-topics', '2', '--max-subscribers', '1');

// ---- Trystero's ws-relay says one topic at a time, and gets no more than the payload

testOurs('two peers of Trystero find each other and exchange data', async (t, url) => {
    const peers = await connect(t, url, 2);
    const names = ['a', 'b'];
    peers.forEach((peer, i) => {
        peer.send({ type: 'subscribe', topic: 'room' });
        peer.send({ type: 'subscribe', topic: `room/${names[i]}` });
    });
    await expectSilence(...peers);
    peers[0].send({ type: 'publish', topic: 'room', payload: '{"peerId":"a"}' });
    for (const peer of peers) {
        await peer.expect('{"topic":"room","payload":"{\\"peerId\\":\\"a\\"}"}');
    }
    peers[1].send({ type: 'publish', topic: 'room/a', payload: { peerId: 'b', offer: 'o' } });
    await peers[0].expect('{"topic":"room/a","payload":{"peerId":"b","offer":"o"}}');
    peers[0].send({ type: 'publish', topic: 'room/b', payload: { peerId: 'a', answer: 'p' } });
    await peers[1].expect('{"topic":"room/b","payload":{"peerId":"a","answer":"p"}}');
    peers[0].send({ type: 'unsubscribe', topic: 'room' });
    await peers[0].expectSilence();
    peers[1].send({ type: 'publish', topic: 'room', payload: null });
    await peers[1].expect('{"topic":"room","payload":null}');
    await peers[0].expectSilence();
});

test('a client that falls silent is pinged, and dropped when it does not answer', async t => {
    const server = await start(t, ['--ws-ping-interval', '100ms', '--ws-ping-timeout', '200ms']);
    const client = await server.connect('/topics', { autoPong: false });
    const other = await server.connect('/topics');
    for (const one of [client, other]) {
        one.send({ type: 'subscribe', topics: ['t'] });
    }
    await withPatience(once(client.ws, 'close'), 'the end');
    other.send(PUBLICATION);
    await other.expect(JSON.stringify({ ...PUBLICATION, clients: 1 }));
});
