// SPDX-License-Identifier: MIT
// Mounts: which dialect is spoken at which path, and that the mounts know nothing of each other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectSilence } from './lib/client.js';
import { run, start } from './lib/server.js';

const SUCCESS = '{"type":"login","success":true}';
const JOINED = '{"type":"joined","payload":{"id":"A","peers":[]}}';

test('by default', async t => {
    for (const path of ['/', '/anything', '/echo', '/login/deeper', '/?name=x', '/a/b?c=d']) {
        await t.test(`${path}: a first login makes it the login dialect`, async t => {
            const server = await start(t);
            const a = await server.connect(path);
            a.send('{"type":"login","name":"A"}');
            await a.expect(SUCCESS);
            a.send('{"type":"offer","name":"A","offer":1}');
            await a.expect('{"type":"offer","offer":1,"name":"A"}');
            a.send('{"type":"join","id":"A"}');
            await a.expect('{"type":"error","message":"Unrecognized command: join"}');
        });

        await t.test(`${path}: a first join makes it the join dialect`, async t => {
            const server = await start(t);
            const a = await server.connect(path);
            a.send('{"type":"join","id":"A"}');
            await a.expect(JOINED);
            a.send('{"type":"login","name":"A"}');
            await a.expect('{"type":"error","message":"Unrecognized command: login"}');
        });
    }

    await t.test('what is neither is an error, and the next message may decide', async t => {
        const server = await start(t);
        const a = await server.connect('/');
        const undecided = ['{', '5', '{}', '{"type":5}', '{"type":"dance"}', '{"type":"offer","name":"A","offer":1}'];
        for (const message of undecided) {
            a.send(message);
            await a.expectError();
        }
        a.send('{"typ\\u0065":"j\\u006fin","id":"A"}');
        await a.expect(JOINED);
    });

    await t.test('/login and /join are those dialects', async t => {
        const server = await start(t);
        const a = await server.connect('/login?x=1');
        a.send('{"type":"join","id":"A"}');
        await a.expectError();
        a.send('{"type":"login","name":"A"}');
        await a.expect(SUCCESS);
        const b = await server.connect('/join?x=1');
        b.send('{"type":"login","name":"A"}');
        await b.expectError();
        b.send('{"type":"join","id":"A"}');
        await b.expect(JOINED);
    });

    await t.test('two pages on / call each other', async t => {
        const server = await start(t);
        const [a, b] = [await server.connect('/'), await server.connect('/')];
        a.send('{"type":"login","name":"A"}');
        await a.expect(SUCCESS);
        b.send('{"type":"login","name":"B"}');
        await b.expect(SUCCESS);
        a.send('{"type":"offer","name":"B","offer":1}');
        await b.expect('{"type":"offer","offer":1,"name":"A"}');
        await a.close();
        await b.expect('{"type":"leave"}');
    });

    await t.test('over IPv6 as over IPv4', async t => {
        const server = await start(t);
        const [a] = await server.login('A');
        const b = await server.connect('/login', { host: '[::1]' });
        b.send('{"type":"login","name":"A"}');
        await b.expect('{"type":"login","success":false}');
        b.send('{"type":"login","name":"B"}');
        await b.expect(SUCCESS);
        b.send('{"type":"offer","name":"A","offer":1}');
        await a.expect('{"type":"offer","offer":1,"name":"B"}');
    });
});

test('names of one mount are nothing to another', async t => {
    const server = await start(t, ['--mount', '/one=login', '--mount', '/two=login']);
    const clients = [];
    for (const path of ['/', '/login', '/one', '/two']) {
        const client = await server.connect(path);
        client.send('{"type":"login","name":"A"}');
        await client.expect(SUCCESS);
        clients.push(client);
    }
    const b = await server.connect('/one');
    b.send('{"type":"login","name":"B"}');
    await b.expect(SUCCESS);
    b.send('{"type":"offer","name":"A","offer":1}');
    await clients[2].expect('{"type":"offer","offer":1,"name":"B"}');
    for (const other of [clients[0], clients[1], clients[3]]) {
        other.send('{"type":"offer","name":"B","offer":1}');
        await other.expectError(/B/);
    }
    await b.close();
    await clients[2].expect('{"type":"leave"}');
    await expectSilence(...clients);
});

test('a name is no room: / may be used for both dialects at once', async t => {
    const server = await start(t);
    const [a, b] = [await server.connect('/'), await server.connect('/')];
    a.send('{"type":"login","name":"A"}');
    await a.expect(SUCCESS);
    b.send('{"type":"join","id":"A"}');
    await b.expect(JOINED);
    a.send('{"type":"login","name":""}');
    await a.expect('{"type":"login","success":false}');
    await expectSilence(a, b);
});

test('echo', async t => {
    await t.test('sends text back as text and binary as binary', async t => {
        const server = await start(t, ['--mount', '/echo=echo']);
        const a = await server.connect('/echo');
        for (const text of ['hello', '', '{"type":"login","name":"A"}', 'é😀\u0000', 'x'.repeat(200_000)]) {
            a.send(text);
            await a.expect(text);
        }
        for (const bytes of [Buffer.of(), Buffer.of(0, 255, 254), Buffer.alloc(200_000, 0x80)]) {
            a.send(bytes);
            assert.deepEqual(await a.next(), bytes);
        }
    });

    await t.test('may replace a default mount', async t => {
        const server = await start(t, ['--mount', '/login=echo', '--mount', '/=echo']);
        for (const path of ['/login', '/']) {
            const a = await server.connect(path);
            a.send('{"type":"login","name":"A"}');
            await a.expect('{"type":"login","name":"A"}');
        }
        const b = await server.connect('/join');
        b.send('{"type":"join","id":"A"}');
        await b.expect(JOINED);
    });
});

test('--mount refuses what is none', async t => {
    for (const mount of ['', '/x', '/x=', '=login', 'x=login', '/x=nothing', '/x=LOGIN']) {
        await t.test(JSON.stringify(mount), async () => {
            const { code, stderr } = await run('--port', '0', '--mount', mount);
            assert.equal(code, 2);
            assert.match(stderr, /^[^\n]*mount[^\n]*\n$/);
        });
    }
});
