// SPDX-License-Identifier: MIT
// PeerJS's own client in pages, unmodified: all that an app does with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withPatience } from '../e2e/lib/patience.js';
import { start } from '../e2e/lib/server.js';
import { expectFrames, newPage, useBrowser } from './lib/browser.js';
import { servePage } from './lib/npm.js';

useBrowser();

const HTML = `<!doctype html><script src="/npm/peerjs/dist/peerjs.min.js"></script>
    <video autoplay playsinline></video>`;

// A page with one Peer, whose events wait in `events` until they are asked for.
class App {
    static async open(t, port, id, options = {}) {
        const app = new App();
        app.page = await newPage(t);
        await app.page.goto(await servePage(t, HTML));
        await app.page.evaluate(([name, more]) => {
            window.events = [];
            window.note = (...event) => window.events.push(event);
            window.watch = connection => {
                window.connection = connection;
                connection.on('open', () => window.note('connected', connection.peer));
                connection.on('data', data => window.note('data', data));
                connection.on('close', () => window.note('closed', connection.peer));
                connection.on('stream', stream => {
                    document.querySelector('video').srcObject = stream;
                    window.note('stream');
                });
            };
            window.camera = () => navigator.mediaDevices.getUserMedia({ video: true, audio: true });
            const everything = { host: 'localhost', config: { iceServers: [] }, ...more };
            window.peer = name === null ? new Peer(everything) : new Peer(name, everything);
            const { peer } = window;
            peer.on('open', own => window.note('open', own));
            peer.on('error', error => window.note('error', error.type, error.message));
            peer.on('disconnected', () => window.note('disconnected'));
            peer.on('close', () => window.note('ended'));
            peer.on('connection', connection => window.watch(connection));
            peer.on('call', async call => {
                window.watch(call);
                call.answer(await window.camera());
            });
        }, [id, { port, ...options }]);
        return app;
    }

    // The next event, or those that come until one is called NAME.
    async heard(name, ...more) {
        const event = await withPatience(this.page.waitForFunction(wanted => {
            const at = window.events.findIndex(([what]) => what === wanted);
            return at >= 0 && window.events.splice(0, at + 1)[at];
        }, name), `the event ${name}`);
        const got = await event.jsonValue();
        more.forEach((value, i) => assert.deepEqual(got[i + 1], value));
        return got.slice(1);
    }

    run(action, argument) {
        return this.page.evaluate(action, argument);
    }

    connect(id) {
        return this.run(other => window.watch(window.peer.connect(other)), id);
    }

    send(data) {
        return this.run(message => window.connection.send(message), data);
    }
}

// Apps that are in, with these ids.
function open(t, port, ids, options) {
    return Promise.all(ids.map(async id => {
        const app = await App.open(t, port, id, options);
        await app.heard('open', id);
        return app;
    }));
}

async function connect(a, b, id) {
    await a.connect(id);
    await Promise.all([a.heard('connected', id), b.heard('connected')]);
}

for (const workers of ['1', '4']) {
    test(`data both ways, with ${workers} workers`, async t => {
        const { port } = await start(t, ['--workers', workers]);
        const [a, b] = await open(t, port, ['a', 'b']);
        await connect(a, b, 'b');
        await a.send({ hello: 'b', n: [1, 2] });
        await b.heard('data', { hello: 'b', n: [1, 2] });
        await b.send('hello a');
        await a.heard('data', 'hello a');
    });
}

test('a call with camera and microphone', async t => {
    const { port } = await start(t);
    const [a, b] = await open(t, port, ['a', 'b']);
    await a.run(async () => window.watch(window.peer.call('b', await window.camera())));
    await Promise.all([a.heard('stream'), b.heard('stream')]);
    await Promise.all([a, b].map(app => expectFrames(app.page.locator('video'))));
    await a.run(() => window.connection.close());
    await b.heard('closed', 'a');
});

test('an id from the server, and one to choose', async t => {
    const { port } = await start(t);
    const a = await App.open(t, port, null);
    const [id] = await a.heard('open');
    assert.match(id, /^[0-9a-f-]{36}$/);
    const [b] = await open(t, port, ['my own-id_1']);
    await connect(b, a, id);
});

test('every path that apps write', async t => {
    const { port } = await start(t, ['--peerjs-path', '/app', '--peerjs-key', 'secret']);
    const key = 'secret';
    const apps = [{ key }, { key, path: '/' }, { key, path: '/peerjs' }, { key, path: '/app' }, { key, path: '/app/' }];
    const ids = [];
    for (const options of apps) {
        const app = await App.open(t, port, null, options);
        ids.push(...await app.heard('open'));
    }
    assert.equal(new Set(ids).size, apps.length);
});

test('an id that is taken', async t => {
    const { port } = await start(t);
    await open(t, port, ['a']);
    const b = await App.open(t, port, 'a');
    await b.heard('error', 'unavailable-id', 'ID "a" is taken');
    await b.heard('ended');
});

test('a peer that is not there is told within six seconds', async t => {
    const { port } = await start(t);
    const [a] = await open(t, port, ['a']);
    const since = Date.now();
    await a.connect('nobody');
    await a.heard('error', 'peer-unavailable', 'Could not connect to peer nobody');
    const took = Date.now() - since;
    assert.ok(took > 4500 && took < 6000, `after ${took} ms`);
});

test('a peer that comes while one rings', async t => {
    const { port } = await start(t, ['--workers', '4']);
    const [a] = await open(t, port, ['a']);
    await a.connect('b');
    const [b] = await open(t, port, ['b']);
    await Promise.all([a.heard('connected', 'b'), b.heard('connected', 'a')]);
});

test('a wrong key', async t => {
    const { port } = await start(t, ['--peerjs-key', 'secret']);
    const named = await App.open(t, port, 'a', { key: 'guess' });
    await named.heard('error', 'server-error', 'Invalid key provided');
    const unnamed = await App.open(t, port, null, { key: 'guess', path: '/peerjs' });
    await unnamed.heard('error', 'server-error');
});

test('who is here, where that is allowed', async t => {
    const allowing = await start(t, ['--allow-discovery']);
    const [a] = await open(t, allowing.port, ['a', 'b']);
    const ids = await a.run(() => new Promise(done => window.peer.listAllPeers(done)));
    assert.deepEqual(ids.sort(), ['a', 'b']);
    const { port } = await start(t);
    const [c] = await open(t, port, ['c']);
    await c.run(() => window.peer.listAllPeers(ids => window.note('peers', ids)));
    await c.heard('error', 'server-error');
});

test('reconnecting keeps the id', async t => {
    const { port } = await start(t);
    const [a, b] = await open(t, port, ['a', 'b']);
    await a.run(() => window.peer.disconnect());
    await a.heard('disconnected');
    await a.run(() => window.peer.reconnect());
    await a.heard('open', 'a');
    await connect(b, a, 'a');
    await b.send('still you');
    await a.heard('data', 'still you');
});

test('a page that is closed is missed', async t => {
    const { port } = await start(t);
    const [a, b] = await open(t, port, ['a', 'b']);
    await connect(a, b, 'b');
    await a.page.close();
    await b.heard('closed', 'a');
});

test('calls outlive the server, and its successor is found', async t => {
    const first = await start(t, ['--drain-time', '0s']);
    const [a, b] = await open(t, first.port, ['a', 'b']);
    await connect(a, b, 'b');
    await first.stop();
    await Promise.all([a.heard('disconnected'), b.heard('disconnected')]);
    await a.send('can you hear me');
    await b.heard('data', 'can you hear me');
    await start(t, ['--port', String(first.port)]);
    for (const app of [a, b]) {
        await app.run(() => window.peer.reconnect());
        await app.heard('open');
    }
    await b.send('better than ever');
    await a.heard('data', 'better than ever');
    await connect(b, a, 'a');
});
