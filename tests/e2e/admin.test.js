// SPDX-License-Identifier: MIT
// The admin listener: where it is, its health, readiness and version, and who may ask.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startWithAdmin } from './lib/admin.js';
import { withPatience } from './lib/patience.js';
import { run, start } from './lib/server.js';

function directory(t) {
    const path = mkdtempSync(join(tmpdir(), 'strowger-'));
    chmodSync(path, 0o777); // so that who was root when it made a socket there may remove it
    t.after(() => rmSync(path, { recursive: true }));
    return path;
}

test('it tells health, readiness and version, and lists what there is', async t => {
    const { admin } = await startWithAdmin(t, ['--workers', '4']);
    assert.deepEqual((({ status, text }) => [status, text])(await admin.get('/healthz')), [200, 'ok\n']);
    assert.deepEqual((({ status, text }) => [status, text])(await admin.get('/readyz')), [200, 'ready\n']);
    const { name, version } = JSON.parse((await admin.get('/version')).text);
    assert.deepEqual([name, /^\d+\.\d+\.\d+/.test(version)], ['strowger', true]);
    const index = await admin.get('/');
    assert.match(index.text, /^\/healthz /m);
    assert.equal(index.headers['cache-control'], 'no-store');
    assert.equal((await admin.get('/nothing')).status, 404);
    assert.equal((await admin.get('/healthz', { method: 'POST' })).status, 405);
});

test('the port for clients has none of it', async t => {
    const { server } = await startWithAdmin(t);
    for (const path of ['/healthz', '/metrics', '/status', '/tail']) {
        assert.equal((await fetch(`http://127.0.0.1:${server.port}${path}`)).status, 404, path);
    }
});

test('a page whose name leads to this machine reads nothing', async t => {
    const { admin } = await startWithAdmin(t);
    for (const host of ['evil.example', 'evil.example:9888', '[evil]']) {
        const { status } = await admin.get('/version', { headers: { Host: host } });
        assert.ok(status === 403 || status === 400, `${host}: ${status}`);
    }
    for (const host of ['localhost', 'localhost:1', '127.0.0.1', '[::1]:9888']) {
        assert.equal((await admin.get('/version', { headers: { Host: host } })).status, 200, host);
    }
});

test('strowger health is the exit status', async t => {
    const { server, admin } = await startWithAdmin(t, ['--workers', '2']);
    assert.deepEqual(await admin.run('health'), { code: 0, stdout: 'ok\n', stderr: '' });
    await server.stop();
    const { code, stderr } = await admin.run('health');
    assert.equal(code, 1);
    assert.match(stderr, /^strowger: no answer from the admin listener at 127\.0\.0\.1 port \d+: [^\n]+\n$/);
});

test('strowger health gives up on what does not answer', async t => {
    const mute = net.createServer(() => {}).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const open = [];
    mute.on('connection', socket => open.push(socket));
    t.after(() => { open.forEach(socket => socket.destroy()); mute.close(); });
    const { code, stderr } = await run('health', '--admin', `127.0.0.1:${mute.address().port}`);
    assert.equal(code, 1);
    assert.match(stderr, /it took too long/);
});

test('a subcommand is told what is wrong with its line', async t => {
    const wrong = { '--admin off': /HOST:PORT or unix:PATH/, '--nothing 1': /--nothing/, 'more': /more/ };
    for (const [line, pattern] of Object.entries(wrong)) {
        await t.test(line, async () => {
            const { code, stderr } = await run('health', ...line.split(' '));
            assert.equal(code, 2);
            assert.match(stderr, /^strowger health: [^\n]+\n$/);
            assert.match(stderr, pattern);
        });
    }
    const { code, stdout } = await run('health', '--help');
    assert.equal(code, 0);
    assert.match(stdout, /usage: strowger health/);
});

test('a socket in the file system is for its owner alone and goes with the server', async t => {
    const path = join(directory(t), 'admin.sock');
    const server = await start(t, ['--admin', `unix:${path}`]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal((await run('health', '--admin', `unix:${path}`)).code, 0);
    const second = await run('--port', '0', '--admin', `unix:${path}`);
    assert.equal(second.code, 1, 'two at one path');
    assert.match(second.stderr, /in use/);
    await server.stop();
    assert.ok(!existsSync(path), 'it was left behind');
});

test('a socket that was left behind is replaced, but nothing else is', async t => {
    const path = join(directory(t), 'admin.sock');
    const killed = await start(t, ['--admin', `unix:${path}`]);
    process.kill(killed.pid, 'SIGKILL');
    killed.stop = async () => {};
    while ((await run('health', '--admin', `unix:${path}`)).code === 0) {
        // it is still going
    }
    assert.ok(existsSync(path));
    const server = await start(t, ['--admin', `unix:${path}`]);
    await server.stop();
    writeFileSync(path, 'a file');
    const { code } = await run('--port', '0', '--admin', `unix:${path}`);
    assert.equal(code, 1);
    assert.ok(existsSync(path), 'a file was removed');
});

test('a taken port is an error where it was asked for', async t => {
    const { admin } = await startWithAdmin(t);
    const { code, stderr } = await run('--port', '0', '--admin', admin.place);
    assert.equal(code, 1);
    assert.match(stderr, /^strowger: --admin '127\.0\.0\.1:\d+': Address already in use\n$/m);
    for (const place of ['x', '127.0.0.1', 'tls:127.0.0.1:1', 'unix:', 'OFF']) {
        assert.equal((await run('--port', '0', '--admin', place)).code, 2, place);
    }
});

test('while one worker drains the others, which have nobody left, still answer', async t => {
    const { server, admin } = await startWithAdmin(t, ['--workers', '4', '--drain-time', '60s']);
    const silent = await server.dial();
    await withPatience((async () => { while ((await admin.metrics()).get('strowger_connections') < 1); })(), 'its acceptance');
    process.kill(server.pid, 'SIGTERM');
    await server.logged(/stopping/);
    for (let i = 0; i < 5; i++) {
        assert.equal((await admin.get('/healthz')).text, 'ok\n');
        assert.equal((await admin.metrics()).get('strowger_ready'), 0);
    }
    silent.destroy();
    await server.left();
});

test('readiness ends with the drain, and health does not', async t => {
    const { server, admin } = await startWithAdmin(t, ['--drain-time', '60s']);
    const clients = await Promise.all(Array.from({ length: 100 }, () => server.connect())); // closed a hundred a second
    process.kill(server.pid, 'SIGTERM');
    await Promise.race(clients.map(client => client.closed));
    const { status, headers, text } = await admin.get('/readyz');
    assert.deepEqual([status, text, headers.connection], [503, 'draining\n', 'close']);
    assert.equal((await admin.get('/healthz')).status, 200);
});

test('a full server is not ready, but answers its operator', async t => {
    const { server, admin } = await startWithAdmin(t, ['--max-connections', '2', '--workers', '2']);
    const clients = [await server.connect(), await server.connect()];
    assert.deepEqual((({ status, text }) => [status, text])(await admin.get('/readyz')), [503, 'full\n']);
    for (let i = 0; i < 3; i++) {
        assert.equal((await fetch(`http://127.0.0.1:${server.port}/`)).status, 503);
    }
    await clients[0].close();
    await withPatience((async () => { while ((await admin.get('/readyz')).status !== 200); })(), 'readiness');
    await server.logged(/warn "?there is room for connections again/);
    assert.equal(server.log.match(/warn "?no more connections are let in/g)?.length, 1, server.log);
});
