// SPDX-License-Identifier: MIT
// What clients are told of STUN and TURN servers, and that coturn takes the credentials which we sign.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startWithAdmin } from './lib/admin.js';
import { isMissing, startCoturn, TurnClient } from './lib/coturn.js';
import { run, start } from './lib/server.js';

const TURN = ['turn:turn.example.org:3478?transport=udp', 'turns:turn.example.org:443?transport=tcp'];

// A file with SECRET that only we may read.
function secretFile(t, secret) {
    const directory = mkdtempSync(join(tmpdir(), 'strowger-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'secret');
    writeFileSync(file, `${secret}\n`, { mode: 0o600 });
    return file;
}

function withTurn(file, urls = TURN) {
    return [...urls.flatMap(url => ['--turn-url', url]), '--turn-secret-file', file];
}

function get(server, path = '/ice', options = {}) {
    return fetch(`http://127.0.0.1:${server.port}${path}`, options);
}

async function relayOf(server) {
    const { iceServers } = await (await get(server)).json();
    return iceServers.at(-1);
}

function sign(secret, username) {
    return createHmac('sha1', secret).update(username).digest('base64');
}

test('without settings there is nothing to tell', async t => {
    const server = await start(t);
    const answer = await get(server);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'application/json');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.deepEqual(await answer.json(), { iceServers: [] });
    assert.equal((await get(server, '/turn/credentials?service=turn')).status, 404);
    assert.equal((await get(server, '/ice', { method: 'HEAD' })).status, 200);
    assert.equal((await get(server, '/ice', { method: 'POST' })).status, 405);
});

test('STUN and TURN servers, with credentials that expire', async t => {
    const stun = ['--stun', 'stun:a.example.org', '--stun', 'stun:[2001:db8::1]:3479'];
    const server = await start(t, [...stun, ...withTurn(secretFile(t, 'sesame')), '--turn-ttl', '10m']);
    const { iceServers: [first, second], ttl, expires } = await (await get(server)).json();
    assert.deepEqual(first, { urls: ['stun:a.example.org', 'stun:[2001:db8::1]:3479'] });
    assert.deepEqual(second.urls, TURN);
    assert.equal(ttl, 600);
    assert.ok(Math.abs(expires - Date.now() / 1000 - 600) < 60);
    assert.match(second.username, new RegExp(`^${expires}:[0-9a-f]{16}$`));
    assert.equal(second.credential, sign('sesame', second.username));
    assert.notEqual((await relayOf(server)).username, second.username); // each of its own
});

test('the same as draft-uberti-behave-turn-rest has it', async t => {
    const server = await start(t, withTurn(secretFile(t, 'sesame')));
    const answer = await get(server, '/turn/credentials?service=turn&username=me');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    const { username, password, ttl, uris } = await answer.json();
    assert.equal(password, sign('sesame', username));
    assert.equal(ttl, 4 * 3600);
    assert.deepEqual(uris, TURN);
});

test('pages of other origins are told when they are listed', async t => {
    const server = await start(t, ['--allow-origin', 'https://a.example']);
    const from = origin => get(server, '/ice', { headers: { Origin: origin } });
    const listed = await from('https://a.example');
    assert.equal(listed.headers.get('access-control-allow-origin'), 'https://a.example');
    assert.equal((await from('https://b.example')).status, 403);
    assert.equal((await get(server)).status, 200); // no browser, or a page of our own
    const preflight = await get(server, '/ice', { method: 'OPTIONS', headers: { Origin: 'https://a.example' } });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-origin'), 'https://a.example');
    const open = await start(t);
    const unlisted = await get(open, '/ice', { headers: { Origin: 'https://a.example' } });
    assert.equal(unlisted.headers.get('access-control-allow-origin'), null);
});

test('a network that asks too often has to wait', async t => {
    const strict = ['--trust-loopback', 'off', '--behind-proxy', '127.0.0.1', '--ice-rate', '1:3', '--workers', '1'];
    const server = await start(t, strict);
    const from = ip => get(server, '/ice', { headers: { 'X-Forwarded-For': ip } });
    const statuses = [];
    for (let i = 0; i < 6; i++) {
        statuses.push((await from('192.0.2.1')).status);
    }
    assert.deepEqual(statuses.slice(0, 3), [200, 200, 200]);
    assert.ok(statuses.includes(429));
    assert.equal((await from('198.51.100.1')).status, 200);
});

test('a mount of that name and a directory of pages', async t => {
    const mounted = await start(t, ['--mount', '/ice=login']);
    assert.equal((await get(mounted)).status, 426);
    const directory = mkdtempSync(join(tmpdir(), 'strowger-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const paged = await start(t, ['--web-root', directory, '--mount', '/=rooms']);
    assert.deepEqual(await (await get(paged)).json(), { iceServers: [] });
});

test('SIGHUP reads the secret again', async t => {
    const file = secretFile(t, 'first');
    const server = await start(t, withTurn(file));
    const isSignedWith = async secret => {
        const { username, credential } = await relayOf(server);
        return credential === sign(secret, username);
    };
    assert.ok(await isSignedWith('first'));
    writeFileSync(file, 'second\nfirst\n');
    assert.ok(await isSignedWith('first'));
    process.kill(server.pid, 'SIGHUP');
    await server.logged(/configuration read again/);
    assert.ok(await isSignedWith('second'));
    chmodSync(file, 0o644);
    process.kill(server.pid, 'SIGHUP');
    await server.logged(/configuration kept as it was.*others than its owner/);
    assert.ok(await isSignedWith('second'));
});

test('settings that can never work are refused', async t => {
    const file = secretFile(t, 'sesame');
    const refused = async (args, pattern) => {
        const { code, stderr } = await run('check', ...args);
        assert.notEqual(code, 0);
        assert.match(stderr, pattern);
    };
    await refused(['--stun', 'turn:a'], /--stun takes/);
    await refused(['--stun', 'a'], /--stun takes such as stun:/);
    await refused(['--turn-url', 'turn:a b', '--turn-secret-file', file], /--turn-url takes/);
    await refused(['--turn-url', 'turn:a'], /--turn-url needs --turn-secret-file/);
    chmodSync(file, 0o640);
    await refused(withTurn(file), /chmod 600 it/);
    assert.equal((await run('check', '--stun', 'stun:a')).code, 0);
});

const skip = isMissing();

// A server that signs for the coturn at PORT with SECRET.
async function signerFor(t, port, secret) {
    return start(t, withTurn(secretFile(t, secret), [`turn:127.0.0.1:${port}`]));
}

test('coturn gives a relay to who has our credentials, and to nobody else', { skip }, async t => {
    const port = await startCoturn(t, 'sesame');
    const ask = credentials => new TurnClient(t, port, credentials).allocate();
    const good = await relayOf(await signerFor(t, port, 'sesame'));
    assert.equal(await ask(good), 0);
    assert.equal(await ask(await relayOf(await signerFor(t, port, 'barley'))), 401);
    const expired = `${Math.floor(Date.now() / 1000) - 60}:0123456789abcdef`; // coturn's clock may be a second behind
    assert.equal(await ask({ username: expired, credential: sign('sesame', expired) }), 401);
    const longer = good.username.replace(/^\d+/, expires => Number(expires) + 1);
    assert.equal(await ask({ username: longer, credential: good.credential }), 401);
});

test('coturn’s own client relays messages with them', { skip }, async t => {
    const port = await startCoturn(t, 'sesame');
    const { username, credential } = await relayOf(await signerFor(t, port, 'sesame'));
    assert.equal(await new TurnClient(t, port, { username, credential }).allocate(), 0); // it listens by now
    const args = ['-y', '-c', '-n', '5', '-m', '1', '-p', port, '-u', username, '-w', credential, '127.0.0.1'];
    const { stdout } = await promisify(execFile)('turnutils_uclient', args.map(String), { timeout: 30_000 });
    assert.match(stdout, /Total lost packets 0 /);
});

test('with our configuration coturn relays to nobody’s addresses but those of the Internet', { skip }, async t => {
    const port = await startCoturn(t, 'sesame');
    const client = new TurnClient(t, port, await relayOf(await signerFor(t, port, 'sesame')));
    assert.equal(await client.allocate(), 0);
    const closed = ['0.0.0.0', '0.1.2.3', '10.1.2.3', '100.64.0.1', '127.0.0.2', '169.254.169.254', '172.16.0.1',
        '172.31.255.255', '192.168.1.1', '198.18.0.1', '224.0.0.1', '255.255.255.255'];
    for (const ip of closed) {
        assert.equal(await client.permit(ip), 403, `${ip} is open`);
    }
    for (const ip of ['::1', '::', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '64:ff9b::7f00:1', 'fd00::1', 'fe80::1']) {
        assert.notEqual(await client.permit(ip), 0, `${ip} is open`);
    }
    for (const ip of ['8.8.8.8', '1.1.1.1', '192.1.0.1', '172.32.0.1', '100.63.255.255']) { // nothing is sent there
        assert.equal(await client.permit(ip), 0, `${ip} is closed`);
    }
});

test('how many credentials were issued is counted', async t => {
    const { server, admin } = await startWithAdmin(t, withTurn(secretFile(t, 'north')));
    for (const path of ['/ice', '/turn/credentials?service=turn', '/ice']) {
        assert.equal((await get(server, path)).status, 200);
    }
    await get(server, '/ice', { method: 'OPTIONS' });
    assert.equal((await admin.metrics()).get('strowger_turn_credentials_issued_total'), 3);
});
