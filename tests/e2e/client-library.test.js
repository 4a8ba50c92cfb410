// SPDX-License-Identifier: MIT
// The client library that pages of Socket.IO load from their server: the files of npm's package, compiled in.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ask } from './lib/engineio.js';
import { start } from './lib/server.js';

const FILES = ['js', 'min.js', 'esm.min.js'].flatMap(ending => [`socket.io.${ending}`, `socket.io.${ending}.map`]);
const DIST = new URL('../node_modules/socket.io-client-v4/dist/', import.meta.url);

const get = (server, file, headers) => ask(server, 'GET', `/socket.io/${file}`, { headers });

test('the client library', async t => {
    const server = await start(t);
    const isBuiltIn = (await get(server, FILES[0])).status === 200;
    const skip = isBuiltIn ? false : 'skipped: built without it';

    await t.test('a build without it says so', { skip: isBuiltIn && 'skipped: built with it' }, async () => {
        for (const file of FILES) {
            const { status, text } = await get(server, file);
            assert.equal(status, 404);
            assert.match(text, /without the Socket\.IO client library/);
        }
    });

    for (const file of FILES) {
        await t.test(file, { skip }, async () => {
            const original = readFileSync(new URL(file, DIST));
            const plain = await get(server, file);
            assert.equal(plain.status, 200);
            assert.deepEqual(plain.bytes, original);
            const type = file.endsWith('.map') ? 'application/json' : 'text/javascript; charset=utf-8';
            assert.equal(plain.headers['content-type'], type);
            const packed = await get(server, file, { 'Accept-Encoding': 'gzip' });
            assert.equal(packed.headers['content-encoding'], 'gzip');
            assert.ok(packed.bytes.length < original.length / 2);
            assert.deepEqual(gunzipSync(packed.bytes), original);
            assert.notEqual(packed.headers.etag, plain.headers.etag);
            for (const tag of [plain.headers.etag, `W/${plain.headers.etag}`, `"x", ${plain.headers.etag}`]) {
                const again = await get(server, file, { 'If-None-Match': tag });
                assert.deepEqual([again.status, again.text], [304, '']);
            }
            assert.equal((await get(server, file, { 'If-None-Match': '"x"' })).status, 200);
        });
    }

    await t.test('is there whatever else is served', { skip }, async t => {
        const other = await start(t, ['--web-root', '/proc/self/fdinfo', '--mount', '/socket.io/=echo']);
        assert.equal((await get(other, FILES[0])).status, 200);
        assert.equal((await ask(other, 'HEAD', `/socket.io/${FILES[0]}`)).headers['content-length'],
            String(readFileSync(new URL(FILES[0], DIST)).length));
    });

    await t.test('other names below are no files', async () => {
        assert.equal((await get(server, 'socket.io.nothing.js')).status, 404);
        assert.equal((await get(server, 'other.js')).status, 400); // a request of Engine.IO, and a bad one
        assert.equal((await ask(server, 'POST', `/socket.io/${FILES[0]}`)).status, 405);
    });

    await t.test('is nothing to speak to: a WebSocket there would have been given to a dialect that has none', async () => {
        for (const path of [`/socket.io/${FILES[0]}`, '/socket.io/socket.io.', `//socket.io/${FILES[1]}`]) {
            const raw = await server.dial();
            const { status } = await raw.request(`GET ${path}`, 'Connection: Upgrade', 'Upgrade: websocket',
                'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==');
            assert.equal(status, 404);
            raw.destroy();
        }
    });
});
