// SPDX-License-Identifier: MIT
// All tutorials' clients at once, as they are printed but for the ports, at the sites of examples/tutorials.toml.
//
// 000's page, 002's and 003's, each opened in Chromium; 001 tells its reader to use wscat, and 004 has no client: theirs are
// WebSockets on which is said what they say.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask } from '../e2e/lib/engineio.js';
import { startTutorials } from '../e2e/lib/tutorials.js';
import { expectFrames, newPage, useBrowser } from './lib/browser.js';
import { codeBlock, readSeed, replaceOnce, skipWithout } from './lib/seed.js';
import { reader, said, writePage } from './lib/tutorial-rooms.js';
import { Reader, servePages, serveTutorial } from './lib/tutorial.js';

useBrowser();

const first = readSeed('000');
const skip = skipWithout(first);

// 003: two readers call each other and see each other's pictures.
async function callInPages(t, { port }) {
    const [ann, ben] = [new Reader(await newPage(t), 'ann'), new Reader(await newPage(t), 'ben')];
    const url = await serveTutorial(t, port);
    await Promise.all([ann.login(url), ben.login(url)]);
    await ann.dial('ben');
    await Promise.all([ann.seesTheOther(), ben.seesTheOther()]);
    await Promise.all([expectFrames(ann.remote), expectFrames(ben.remote)]);
    await ben.hangUp();
    await Promise.all([ann.seesNobody(), ben.seesNobody()]);
    assert.deepEqual([ann.page.errors, ben.page.errors], [[], []]);
}

// 000: its page opens a WebSocket, and its reader may look at it.
async function openInPage(t, { port }) {
    const page = await newPage(t);
    const html = replaceOnce(codeBlock(first, 'wscat -c', 'html'), 'ws://localhost:8888', `ws://localhost:${port}`);
    await page.goto(await servePages(t, { '/': ['text/html', html] }));
    await page.waitForFunction('websocket.readyState === WebSocket.OPEN');
    assert.deepEqual(page.errors, []);
}

// 001: what its reader types into wscat.
async function typeIntoWscat(server, { port }) {
    const [a, b] = [await server.connect('', { port, host: 'localhost' }), await server.connect('', { port })];
    for (const [client, name] of [[a, 'A'], [b, 'B']]) {
        await client.expect('Hello world');
        client.send({ type: 'login', name });
        await client.expect('{"type":"login","success":true}');
    }
    a.send({ type: 'login2' });
    await a.expect('{"type":"error","message":"Command not found: login2"}');
    a.send({ type: 'offer', name: 'B', offer: 'hello' });
    await b.expect('{"type":"offer","offer":"hello","name":"A"}');
    b.send({ type: 'answer', name: 'A', answer: 'hello too' });
    await a.expect('{"type":"answer","answer":"hello too"}');
    await a.close();
    await b.expect('{"type":"leave"}');
}

// 002: two tabs.
async function meetInRoom(t, { port }) {
    const url = `http://localhost:${port}`;
    const one = await reader(t, url, 'foo');
    await one.reads('Joining room foo', said('Room foo has 0 client(s)'), said('Request to create or join room foo'));
    const two = await reader(t, url, 'foo');
    await two.reads('Joining room foo', said('Room foo has 1 client(s)'), said('Request to create or join room foo'));
    await one.reads('Making request to join room foo', 'You are the initiator!');
    assert.deepEqual([one.errors, two.errors], [[], []]);
}

// 004: an offer to all, an answer to one, and who leaves is told.
async function joinAll(server, { port }) {
    const clients = [];
    for (const id of ['A', 'B', 'C']) {
        const client = await server.connect('', { port });
        client.send({ type: 'join', id, nick: `nick of ${id}` });
        assert.equal((await client.nextJson()).type, 'joined');
        for (const other of clients) {
            assert.deepEqual(await other.nextJson(), { type: 'join', payload: { id, nick: `nick of ${id}` } });
        }
        clients.push(client);
    }
    const [a, b, c] = clients;
    a.send({ type: 'offer', payload: 1 });
    for (const other of [b, c]) {
        assert.deepEqual(await other.nextJson(), { type: 'offer', payload: 1, id: 'A', nick: 'nick of A' });
    }
    b.send({ type: 'answer', receiverId: 'A', payload: 2 });
    const answer = { type: 'answer', receiverId: 'A', payload: 2, id: 'B', nick: 'nick of B' };
    assert.deepEqual(await a.nextJson(), answer);
    await a.close();
    await b.expect('{"type":"leave","payload":{"id":"A","nick":"nick of A"}}');
    await c.expect('{"type":"leave","payload":{"id":"A","nick":"nick of A"}}');
}

test('all tutorials\' clients at once', { skip }, async t => {
    const server = await startTutorials(t, { change: directory => writePage(join(directory, 'rooms')) });
    const { learning, analysis, rooms, join: joining } = server.sites;
    const hasLibrary = (await ask(rooms, 'GET', '/socket.io/socket.io.js')).status === 200;
    await Promise.all([
        callInPages(t, learning),
        openInPage(t, learning),
        typeIntoWscat(server, analysis),
        hasLibrary ? meetInRoom(t, rooms) : t.diagnostic('built without the client library: 002 is left out'),
        joinAll(server, joining),
    ]);
});

test('the page that examples/rooms comes with', async t => {
    const { sites: { rooms } } = await startTutorials(t);
    if ((await ask(rooms, 'GET', '/socket.io/socket.io.js')).status === 404) {
        t.skip('skipped: built without the client library');
        return;
    }
    const pages = [await newPage(t), await newPage(t)];
    for (const [i, event] of ['created', 'joined'].entries()) {
        await pages[i].goto(`http://localhost:${rooms.port}`);
        await pages[i].click('#enter');
        await pages[i].waitForFunction(text => document.querySelector('#log').textContent.includes(text), `${event} foo`);
    }
    await pages[0].waitForFunction(() => document.querySelector('#log').textContent.includes('join foo'));
});
