// SPDX-License-Identifier: MIT
// Tutorial 002 as it stands: page and script served by --web-root, the client library by us, its events by rooms.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../e2e/lib/engineio.js';
import { start } from '../e2e/lib/server.js';
import { useBrowser } from './lib/browser.js';
import { layOutPage, reader, said, skip } from './lib/tutorial-rooms.js';

useBrowser();

test('two readers of the tutorial meet in a room, the third finds it full', { skip }, async t => {
    const server = await start(t, ['--web-root', layOutPage(t)]);
    if ((await ask(server, 'GET', '/socket.io/socket.io.js')).status === 404) {
        t.skip('skipped: built without the client library');
        return;
    }
    const url = `http://localhost:${server.port}/`;
    const ann = await reader(t, url, 'foo');
    await ann.reads('Joining room foo', said('Room foo has 0 client(s)'), said('Request to create or join room foo'));
    const ben = await reader(t, url, 'foo');
    await ben.reads('Joining room foo', said('Room foo has 1 client(s)'), said('Request to create or join room foo'));
    await ann.reads('Making request to join room foo', 'You are the initiator!');
    const cat = await reader(t, url, 'foo');
    await cat.reads('Joining room foo', said('Room foo has 2 client(s)'), said('Request to create or join room foo'),
        'Room foo is full');
    await ann.closed();
    const dan = await reader(t, url, 'foo');
    await dan.reads('Joining room foo', said('Room foo has 1 client(s)'));
    await ben.reads('Making request to join room foo', 'You are the initiator!');
    assert.deepEqual([ben.errors, cat.errors, dan.errors], [[], [], []]);
});

test('what ends the tutorial\'s server is answered', { skip }, async t => {
    const server = await start(t, ['--web-root', layOutPage(t)]);
    const cases = [
        ['HEAD', '/', 200],
        ['HEAD', '/js/client.js', 200],
        ['GET', '/', 200],
        ['GET', '/js/client.js?x=1', 200],
        ['GET', '/js', 308],
        ['GET', '/js/', 404],
        ['GET', '/js/%00', 400],
        ['GET', '/%', 400],
        ['GET', '/..%2f..%2fetc/passwd', 400],
        ['GET', '/%2e%2e/%2e%2e/etc/passwd', 400],
        ['GET', '/../index.html', 400],
        ['GET', '//', 200],
        ['GET', '/server.js', 404],
        ['GET', '/node_modules/', 404],
        ['GET', '/favicon.ico', 404],
        ['POST', '/', 405],
    ];
    for (const [method, path, status] of cases) {
        assert.equal((await ask(server, method, path)).status, status, `${method} ${path}`);
    }
});
