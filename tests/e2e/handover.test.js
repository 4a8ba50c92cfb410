// SPDX-License-Identifier: MIT
// Restarts that nobody notices who connects meanwhile: with sockets that a supervisor holds, and by --hand-over.
// RESTARTS says how many of each kind.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Crowd } from './lib/crowd.js';
import { withPatience } from './lib/patience.js';
import { PROGRAM, run, start } from './lib/server.js';
import { Supervisor } from './lib/supervisor.js';

const RESTARTS = Number(process.env.RESTARTS ?? 3);

// A path in a new directory that only we may enter.
function newPath(t) {
    const directory = mkdtempSync(join(tmpdir(), 'strowger-'));
    t.after(() => rmSync(directory, { recursive: true }));
    return join(directory, 'hand-over');
}

// STUN is answered at PORT.
async function answersStun(t, port) {
    const request = Buffer.concat([Buffer.from('000100002112a442', 'hex'), randomBytes(12)]);
    const socket = dgram.createSocket('udp4');
    t.after(() => socket.close());
    socket.send(request, port, '127.0.0.1');
    const [answer] = await withPatience(once(socket, 'message'), 'an answer of STUN');
    assert.deepEqual(answer.subarray(8, 20), request.subarray(8, 20));
}

// Has a crowd come and go at PORT during RESTART, again and again, and nobody be refused.
async function goThrough(t, port, restart) {
    const crowd = new Crowd(port);
    for (let i = 0; i < RESTARTS; i++) {
        await restart(i);
        await crowd.more(100);
    }
    const opened = await crowd.end();
    t.diagnostic(`${opened} connections over ${RESTARTS} restarts, ${crowd.failed.length} failed`);
    assert.deepEqual(crowd.failed, []);
    await answersStun(t, port);
}

const SHORT = ['--drain-time', '200ms'];

// Sockets that are held and workers that use them: alike, fewer, more, and none of UDP.
for (const { tcp, udp, workers } of [
    { tcp: 1, udp: 1, workers: 1 }, { tcp: 4, udp: 4, workers: 4 }, { tcp: 4, udp: 4, workers: 1 },
    { tcp: 1, udp: 1, workers: 4 }, { tcp: 1, udp: 0, workers: 1 },
]) {
    const what = `${tcp} sockets for TCP and ${udp} for UDP handed down to ${workers} workers`;
    const args = ['--host', '127.0.0.1', '--port', '0', '--workers', workers, '--admin', 'off', ...SHORT];

    test(`${what}: the old process leaves when the new one is ready`, async t => {
        const supervisor = await Supervisor.open(t, { tcp, udp, args });
        await supervisor.start();
        if (!udp) { // two processes can't both bind it
            await answersStun(t, supervisor.port);
            return;
        }
        await goThrough(t, supervisor.port, async () => {
            await supervisor.start();
            await supervisor.stop();
        });
    });

    test(`${what}: the new process comes when the old one has left`, async t => {
        const supervisor = await Supervisor.open(t, { tcp, udp, args });
        await supervisor.start();
        await goThrough(t, supervisor.port, async () => {
            await supervisor.stop();
            await supervisor.start();
        });
    });
}

test('a socket that nobody is to listen at is an error', async t => {
    const supervisor = await Supervisor.open(t, { tcp: 1, args: ['--host', '127.0.0.2', '--port', '0'] });
    supervisor.tell('start');
    assert.equal((await supervisor.event('ended')).code, 1);
    assert.match(supervisor.log, new RegExp(`^[^\\n]*127\\.0\\.0\\.1:${supervisor.port} \\(TCP\\)[^\\n]*\\n$`, 'm'));
});

// How many workers one process after the other has.
for (const workers of [[1], [4], [1, 4]]) {
    test(`--hand-over, with ${workers.join(' and ')} workers`, async t => {
        const path = newPath(t);
        const next = i => start(t, ['--host', '127.0.0.1', '--hand-over', path, '--workers',
            `${workers[i % workers.length]}`, ...SHORT]);
        let server = await next(0);
        assert.equal(statSync(path).mode & 0o777, 0o600);
        await goThrough(t, server.port, async i => {
            const old = server;
            server = await next(i + 1);
            assert.equal(server.port, old.port);
            await old.left();
        });
    });
}

test('who is connected goes on with the new process after 1001', async t => {
    const path = newPath(t);
    const old = await start(t, ['--hand-over', path, '--drain-time', '100ms']);
    const [a] = await old.login('A');
    const server = await start(t, ['--hand-over', path]);
    assert.equal((await a.closed).code, 1001);
    await old.left();
    await server.login('A');
});

test('who has handed over and is then told to stop goes on draining', async t => {
    const path = newPath(t);
    const old = await start(t, ['--hand-over', path]);
    const clients = await Promise.all(Array.from({ length: 50 }, () => old.connect()));
    await start(t, ['--hand-over', path]);
    await old.logged(/stopping reason="handed over"/);
    await old.stop();
    const codes = await Promise.all(clients.map(async ({ closed }) => (await closed).code));
    assert.deepEqual(new Set(codes), new Set([1001]));
});

test('a process that fails before it serves changes nothing', async t => {
    const path = newPath(t);
    const server = await start(t, ['--hand-over', path]);
    const other = net.createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    t.after(() => other.close());
    const { code } = await run('--port', '0', '--hand-over', path, '--admin', `127.0.0.1:${other.address().port}`);
    assert.equal(code, 1);
    await server.logged(/successor ended before it served/);
    await server.login('A');
    const next = await start(t, ['--hand-over', path]); // and it can be tried again
    await server.left();
    await next.login('A');
});

test('who is told to stop while it hands over leaves the paths to its successor', async t => {
    const path = newPath(t), door = `${path}.admin`;
    // Who stays who we are may remove what it made.
    const args = ['--hand-over', path, '--admin', `unix:${door}`, '--user', `${process.getuid()}`, ...SHORT];
    const old = await start(t, args);
    const code = ['import socket, sys', 's = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)',
        's.connect(sys.argv[1]); held = socket.recv_fds(s, 100, 250)', 'print("taken", flush=True); sys.stdin.read()',
    ].join('\n');
    const successor = execFile('python3', ['-c', code, path]);
    t.after(() => successor.kill());
    await once(successor.stdout, 'data');
    await old.stop();
    assert.ok(existsSync(path) && existsSync(door));
    successor.kill();
    await once(successor, 'exit');
    const server = await start(t, args); // nobody answers there any more
    await server.stop();
    assert.ok(!existsSync(path) && !existsSync(door));
});

// One that has more workers, and so sockets of its own beside those that it was given.
test('while others fail before they serve nobody is refused', async t => {
    const path = newPath(t);
    const server = await start(t, ['--host', '127.0.0.1', '--hand-over', path, '--workers', '2']);
    const other = net.createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    t.after(() => other.close());
    const crowd = new Crowd(server.port);
    for (let i = 0; i < 10 * RESTARTS; i++) {
        const { code } = await run('--host', '127.0.0.1', '--port', '0', '--hand-over', path, '--workers', '8',
            '--admin', `127.0.0.1:${other.address().port}`);
        assert.equal(code, 1);
    }
    await crowd.more(100);
    await crowd.end();
    assert.deepEqual(crowd.failed, []);
});

test('a path that a killed process left is taken, and anything else is left alone', async t => {
    const path = newPath(t);
    const killed = await start(t, ['--hand-over', path]);
    process.kill(killed.pid, 'SIGKILL');
    killed.stop = async () => {};
    await assert.rejects(killed.left());
    assert.ok(existsSync(path));
    const server = await start(t, ['--hand-over', path]);
    await server.login('A');
    const file = `${path}.txt`;
    writeFileSync(file, 'a file');
    const { code, stderr } = await run('--port', '0', '--admin', 'off', '--hand-over', file);
    assert.equal(code, 1);
    assert.match(stderr, /^[^\n]*hand-over[^\n]*\n$/);
    assert.ok(existsSync(file));
});

test('another user is given nothing', { skip: process.getuid() !== 0 && 'only root can be somebody else' }, async t => {
    const path = newPath(t);
    await start(t, ['--hand-over', path]);
    chmodSync(path, 0o666);
    chmodSync(join(path, '..'), 0o755);
    const ask = ['import socket, sys', 's = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)',
        's.connect(sys.argv[1])', 'print(len(s.recv(100)))'].join('\n');
    const as = uid => promisify(execFile)('setpriv', [`--reuid=${uid}`, '--regid=1234', '--clear-groups',
        '/usr/bin/python3', '-c', ask, path]);
    assert.equal((await as(1234)).stdout, '0\n');
    assert.equal((await as(0)).stdout, '16\n');
});

test('a predecessor of another kind is told apart', async t => {
    const path = newPath(t);
    const code = ['import socket, sys', 's = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)',
        's.bind(sys.argv[1]); s.listen(1); print("there", flush=True)', 'c = s.accept()[0]',
        'c.send(b"strowger" + bytes([9, 0, 0, 0, 0, 0, 0, 0])); c.recv(100)'].join('\n');
    const child = execFile('python3', ['-c', code, path]);
    t.after(() => child.kill());
    await once(child.stdout, 'data');
    const { status, stderr } = spawnSync(PROGRAM, ['--port', '0', '--hand-over', path], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /hands over in another way/);
});
