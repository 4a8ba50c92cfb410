// SPDX-License-Identifier: MIT
// The peerjs dialect from outside: what PeerJS's own server does, held against both, and what ours does better.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, expectSilence } from './lib/client.js';
import { withPatience } from './lib/patience.js';
import { peerServer } from './lib/reference.js';
import { start } from './lib/server.js';

const OPEN = '{"type":"OPEN"}';
const TAKEN = '{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}';
const error = message => `{"type":"ERROR","payload":{"msg":"${message}"}}`;
const NO_STATUS = 1005;

// Whoever serves PeerJS clients at /app, with options spelled as PeerJS's server has them.
const ours = (...more) => async (t, args) => (await start(t, [...args, ...more])).port;
const SUBJECTS = [
    { name: 'strowger', start: ours('--workers', '1') },
    { name: 'strowger with four workers', start: ours('--workers', '4') },
    { name: "PeerJS's own server", start: (t, args) => peerServer.start(t, args), skip: peerServer.skip },
];

class Site {
    constructor(t, port) {
        Object.assign(this, { t, port });
    }

    static async start(t, subject, args = []) {
        return new Site(t, await subject.start(t, ['--path', '/app', ...args]));
    }

    fetch(path, options) {
        return fetch(`http://127.0.0.1:${this.port}${path}`, options);
    }

    // A WebSocket with this query.
    async connect(query) {
        const client = await Client.connect(`ws://127.0.0.1:${this.port}/app/peerjs?${new URLSearchParams(query)}`);
        this.t.after(() => client.destroy());
        return client;
    }

    // Clients that are in, each with an id of IDS.
    open(...ids) {
        return Promise.all(ids.map(async id => {
            const client = await this.connect({ key: 'peerjs', id, token: `token of ${id}`, version: '1.5.5' });
            await client.expect(OPEN);
            return client;
        }));
    }
}

// TEST for each subject that is there.
function testAll(name, run) {
    for (const subject of SUBJECTS) {
        test(`${subject.name}: ${name}`, { skip: subject.skip ?? false }, t => run(t, subject));
    }
}

testAll('messages are passed on with the sender that the server knows', async (t, subject) => {
    const site = await Site.start(t, subject);
    const [a, b] = await site.open('A', 'B');
    const sdp = { sdp: { type: 'offer', sdp: 'v=0\r\n' }, type: 'data', connectionId: 'dc_1', label: '\u00e9' };
    for (const type of ['OFFER', 'ANSWER', 'CANDIDATE']) {
        a.send({ type, payload: sdp, dst: 'B', src: 'king', extra: 1 });
        await b.expect(JSON.stringify({ type, src: 'A', dst: 'B', payload: sdp }));
    }
    for (const type of ['EXPIRE', 'LEAVE']) {
        b.send({ type, dst: 'A' });
        await a.expect(`{"type":"${type}","src":"B","dst":"A"}`);
    }
    a.send({ type: 'CANDIDATE', dst: 'A', payload: null });
    await a.expect('{"type":"CANDIDATE","src":"A","dst":"A","payload":null}');
});

testAll('ids with blanks, and ids beyond ASCII', async (t, subject) => {
    const site = await Site.start(t, subject);
    const [a, b] = await site.open('a b-_c', '\u738b\u{1f600}"');
    a.send({ type: 'OFFER', dst: '\u738b\u{1f600}"', payload: 1 });
    assert.deepEqual(await b.nextJson(), { type: 'OFFER', src: 'a b-_c', dst: '\u738b\u{1f600}"', payload: 1 });
    b.send('{"type":"ANSWER","dst":"a\\u0020b-_c","payload":2}');
    assert.deepEqual(await a.nextJson(), { type: 'ANSWER', src: '\u738b\u{1f600}"', dst: 'a b-_c', payload: 2 });
});

testAll('who may not come in is told why, and closed', async (t, subject) => {
    const site = await Site.start(t, subject, ['--key', 'secret', '--concurrent_limit', '2']);
    const key = 'secret';
    const a = await site.connect({ key, id: 'A', token: 't' });
    await a.expect(OPEN);
    const refusals = [
        [{}, error('No id, token, or key supplied to websocket server')],
        [{ id: 'B', token: 't' }, error('No id, token, or key supplied to websocket server')],
        [{ key, token: 't' }, error('No id, token, or key supplied to websocket server')],
        [{ key, id: 'B' }, error('No id, token, or key supplied to websocket server')],
        [{ key, id: '', token: 't' }, error('No id, token, or key supplied to websocket server')],
        [{ key: 'peerjs', id: 'B', token: 't' }, error('Invalid key provided')],
        [{ key, id: 'A', token: 'T' }, TAKEN],
    ];
    for (const [query, answer] of refusals) {
        const client = await site.connect(query);
        await client.expect(answer);
        await client.expectClose(NO_STATUS);
    }
    const b = await site.connect({ key, id: 'B', token: 't' });
    await b.expect(OPEN);
    const c = await site.connect({ key, id: 'C', token: 't' });
    await c.expect(error('Server has reached its concurrent user limit'));
    await c.expectClose(NO_STATUS);
    await b.close();
    const d = await site.connect({ key, id: 'B', token: 'another' });
    await d.expect(OPEN);
});

testAll('what is no message is passed over', async (t, subject) => {
    const site = await Site.start(t, subject);
    const [a, b] = await site.open('A', 'B');
    const nonsense = ['[]', '{}', '{"type":"OFFER"}', '{"type":"DANCE","dst":"B"}', '{"dst":"B"}',
        '{"type":"offer","dst":"B"}', '{"type":"OPEN","dst":"B"}', '{"type":["OFFER"],"dst":"B"}',
        '{"type":"__proto__"}', '{"type":"HEARTBEAT","dst":"B"}', '{"type":"LEAVE","dst":"N"}', '{"type":"EXPIRE","dst":"N"}'];
    nonsense.forEach(text => a.send(text));
    await a.expectSilence();
    a.send('{"type":"OFFER","dst":"B","payload":0}');
    await b.expect('{"type":"OFFER","src":"A","dst":"B","payload":0}');
});

testAll('messages wait for who is not there yet', async (t, subject) => {
    const site = await Site.start(t, subject);
    const [a, b] = await site.open('A', 'B');
    a.send({ type: 'OFFER', dst: 'C', payload: 1 });
    a.send({ type: 'LEAVE', dst: 'C' });
    a.send({ type: 'CANDIDATE', dst: 'C', payload: 2 });
    await a.expectSilence();
    b.send({ type: 'OFFER', dst: 'C', payload: 3 });
    await b.expectSilence();
    const [c] = await site.open('C');
    const heard = [await c.next(), await c.next(), await c.next()];
    assert.deepEqual(heard.filter(text => text.includes('"src":"A"')), [
        '{"type":"OFFER","src":"A","dst":"C","payload":1}', '{"type":"CANDIDATE","src":"A","dst":"C","payload":2}',
    ]);
    assert.ok(heard.includes('{"type":"OFFER","src":"B","dst":"C","payload":3}'));
    a.send({ type: 'CANDIDATE', dst: 'C', payload: 4 });
    await c.expect('{"type":"CANDIDATE","src":"A","dst":"C","payload":4}');
});

testAll('the wait ends with one EXPIRE for each pair', async (t, subject) => {
    const site = await Site.start(t, subject, ['--expire_timeout', '400']);
    const [a, b] = await site.open('A', 'B');
    const since = Date.now();
    a.send({ type: 'OFFER', dst: 'N', payload: 1 });
    a.send({ type: 'CANDIDATE', dst: 'N', payload: 2 });
    b.send({ type: 'OFFER', dst: 'N', payload: 3 });
    await a.expect('{"type":"EXPIRE","src":"N","dst":"A"}');
    await b.expect('{"type":"EXPIRE","src":"N","dst":"B"}');
    assert.ok(Date.now() - since >= 400);
    const [n] = await site.open('N');
    await expectSilence(a, b, n);
});

testAll('who sends no HEARTBEAT is closed, and its id is free', async (t, subject) => {
    const site = await Site.start(t, subject, ['--alive_timeout', '800']);
    const [a, b] = await site.open('A', 'B');
    const beating = setInterval(() => a.send({ type: 'HEARTBEAT' }), 200);
    t.after(() => clearInterval(beating));
    await b.expectClose(NO_STATUS);
    await a.expectSilence();
    clearInterval(beating);
    const again = await site.connect({ key: 'peerjs', id: 'B', token: 'another' });
    await again.expect(OPEN);
});

testAll('a LEAVE for nobody gives the id back', async (t, subject) => {
    const site = await Site.start(t, subject);
    const [a] = await site.open('A');
    a.send({ type: 'LEAVE' });
    await a.expectSilence();
    const b = await site.connect({ key: 'peerjs', id: 'A', token: 'another' });
    await b.expect(OPEN);
    await a.expectSilence();
});

testAll('pages: what this is, an id, who is here', async (t, subject) => {
    const site = await Site.start(t, subject, ['--key', 'secret']);
    const home = await site.fetch('/app');
    assert.equal(home.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.equal(await home.text(), '{"name":"PeerJS Server","description":"A server side element to broker ' +
        'connections between PeerJS clients.","website":"https://peerjs.com/"}');
    const id = await site.fetch('/app/secret/id?ts=17&version=1.5.5', { headers: { Origin: 'https://example.org' } });
    assert.equal(id.status, 200);
    assert.equal(id.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.equal(id.headers.get('access-control-allow-origin'), 'https://example.org');
    assert.equal(id.headers.get('vary'), 'Origin');
    assert.match(await id.text(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const asked = await site.fetch('/app/secret/id', { method: 'OPTIONS', headers: { Origin: 'https://example.org' } });
    assert.equal(asked.status, 204);
    assert.equal(asked.headers.get('access-control-allow-methods'), 'GET,HEAD,PUT,PATCH,POST,DELETE');
    const peers = await site.fetch('/app/secret/peers');
    assert.equal(peers.status, 401);
    assert.equal(await peers.text(), 'Unauthorized');
});

testAll('who is here, where that is allowed', async (t, subject) => {
    const site = await Site.start(t, subject, ['--allow_discovery']);
    assert.deepEqual(await (await site.fetch('/app/peerjs/peers')).json(), []);
    const [, b] = await site.open('A', 'B"', 'C');
    await b.close();
    const ask = () => site.fetch('/app/peerjs/peers');
    assert.equal((await ask()).headers.get('content-type'), 'application/json; charset=utf-8');
    let ids;
    do { // PeerJS's server notices the end a little later than the client
        ids = await (await ask()).json();
    } while (subject.skip !== undefined && ids.length > 2);
    assert.deepEqual(ids.sort(), ['A', 'C']);
});

// ---- where we differ on purpose

const OURS = SUBJECTS.filter(({ name }) => name.startsWith('strowger'));

function testOurs(name, run) {
    for (const subject of OURS) {
        test(`${subject.name}: ${name}`, t => run(t, subject));
    }
}

// PeerJS's server hands the id over as well, but says nothing: a client that reconnects waits for OPEN for ever.
testOurs('who comes back takes over at once, gets OPEN, and what waits', async (t, subject) => {
    const site = await Site.start(t, subject);
    const [a, b] = await site.open('A', 'B');
    a.send({ type: 'OFFER', dst: 'N', payload: 1 });
    a.send({ type: 'OFFER', dst: 'B', payload: 1 });
    await b.expect('{"type":"OFFER","src":"A","dst":"B","payload":1}');
    const [again] = await site.open('A');
    await a.expectClose(NO_STATUS);
    b.send({ type: 'ANSWER', dst: 'A', payload: 2 });
    await again.expect('{"type":"ANSWER","src":"B","dst":"A","payload":2}');
    const [n] = await site.open('N');
    await n.expect('{"type":"OFFER","src":"A","dst":"N","payload":1}');
    await b.expectSilence();
});

// There nobody is told, and calls hang until WebRTC notices, which takes up to half a minute.
testOurs('those it talked to are told that a client went', async (t, subject) => {
    const site = await Site.start(t, subject);
    const [a, b, c, stranger] = await site.open('A', 'B', 'C', 'D');
    a.send({ type: 'OFFER', dst: 'B', payload: 1 });
    await b.expect('{"type":"OFFER","src":"A","dst":"B","payload":1}');
    c.send({ type: 'OFFER', dst: 'A', payload: 1 });
    await a.expect('{"type":"OFFER","src":"C","dst":"A","payload":1}');
    a.destroy();
    await b.expect('{"type":"LEAVE","src":"A","dst":"B"}');
    await c.expect('{"type":"LEAVE","src":"A","dst":"C"}');
    await expectSilence(b, c, stranger);
});

// PeerJS clients close their connections on LEAVE, even those that would go on without a server.
testOurs('or not, where that is not wanted', async (t, subject) => {
    const site = await Site.start(t, subject, ['--peerjs-leave', 'off']);
    const [a, b] = await site.open('A', 'B');
    a.send({ type: 'OFFER', dst: 'B', payload: 1 });
    await b.next();
    await a.close();
    b.send({ type: 'OFFER', dst: 'A', payload: 1 });
    await b.expectSilence();
});

// There anyone gets an id, and learns on the WebSocket only that the key is wrong.
testOurs('the key is looked at for pages too', async (t, subject) => {
    const site = await Site.start(t, subject, ['--allow-discovery']);
    for (const page of ['id', 'peers']) {
        const response = await site.fetch(`/app/wrong/${page}`);
        assert.deepEqual([response.status, await response.text()], [401, 'Invalid key provided']);
    }
});

// There the first of these is the last message that is read from that client.
testOurs('what is not JSON, or no object, is passed over too', async (t, subject) => {
    const site = await Site.start(t, subject);
    const [a] = await site.open('A');
    ['hello', '5', 'null', '', '{"type":"OFFER","dst":"A"', Buffer.of(0xff)].forEach(message => a.send(message));
    a.send(Buffer.from('{"type":"OFFER","dst":"A","payload":0}'));
    await a.expect('{"type":"OFFER","src":"A","dst":"A","payload":0}');
});

// There only HEARTBEAT does.
testOurs('any message is a sign of life, but no pong', async (t, subject) => {
    const site = await Site.start(t, subject, ['--alive-timeout', '600ms', '--ws-ping-interval', '50ms']);
    const [a, b] = await site.open('A', 'B');
    const talking = setInterval(() => a.send({ type: 'EXPIRE', dst: 'N' }), 150);
    t.after(() => clearInterval(talking));
    await b.expectClose(NO_STATUS);
    await a.expectSilence();
});

// There one message of any length reaches everyone's memory.
testOurs('messages over the limit are refused', async (t, subject) => {
    const site = await Site.start(t, subject, ['--max-message', '1k']);
    const [a, b] = await site.open('A', 'B');
    a.send({ type: 'OFFER', dst: 'B', payload: 'x'.repeat(1024) });
    await a.expectClose(1009);
    await b.expectSilence();
});

testOurs('what waits is limited, and what is too much expires at once', async (t, subject) => {
    const site = await Site.start(t, subject, ['--expire-timeout', '1h']);
    const [a] = await site.open('A');
    for (let i = 0; i <= 64; i++) {
        a.send({ type: 'OFFER', dst: `n${i}`, payload: 1 });
    }
    await a.expect('{"type":"EXPIRE","src":"n64","dst":"A"}');
    await a.expectSilence();
});

testOurs('clients that were told no path find it', async (t, subject) => {
    const site = await Site.start(t, subject, ['--key', 'secret', '--allow-discovery']);
    for (const path of ['/peerjs', '/peerjs/peerjs', '/app', '/app/peerjs/']) {
        const query = new URLSearchParams({ key: 'secret', id: path, token: 't' });
        const client = await Client.connect(`ws://127.0.0.1:${site.port}${path}?${query}`);
        t.after(() => client.destroy());
        await client.expect(OPEN);
    }
    for (const path of ['/secret', '/peerjs/secret', '/app/secret']) {
        assert.equal((await site.fetch(`${path}/id`)).status, 200);
        assert.equal((await (await site.fetch(`${path}/peers`)).json()).length, 4);
    }
});

test('at the root it is all that is there', async t => {
    const server = await start(t, ['--path', '/']);
    const home = await fetch(`http://127.0.0.1:${server.port}/`);
    assert.equal((await home.json()).name, 'PeerJS Server');
    assert.equal((await fetch(`http://127.0.0.1:${server.port}/peerjs/id`)).status, 200);
    const client = await server.connect('/peerjs?key=peerjs&id=A&token=t');
    await client.expect(OPEN);
});

test('the end of the server is told to nobody as the end of a partner', async t => {
    for (const workers of ['1', '4']) {
        const server = await start(t, ['--workers', workers]);
        const clients = await Promise.all(['A', 'B', 'C', 'D'].map(id =>
            server.connect(`/peerjs?key=peerjs&id=${id}&token=t`)));
        for (const client of clients) {
            await client.expect(OPEN);
        }
        const [a, ...others] = clients;
        for (const [i, other] of others.entries()) {
            a.send({ type: 'OFFER', dst: 'BCD'[i], payload: 1 });
            await other.next();
        }
        const ends = clients.map(client => withPatience(client.closed, 'the end'));
        await server.stop();
        await Promise.all(ends);
        for (const client of clients) {
            await assert.rejects(client.next().then(text => t.diagnostic(text)), /closed/);
        }
    }
});
