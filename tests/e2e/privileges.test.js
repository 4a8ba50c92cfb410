// SPDX-License-Identifier: MIT
// Root is given up once the ports are open, and what only root may read can be read still.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from './lib/free-port.js';
import { PROGRAM, run, start } from './lib/server.js';

const isRoot = process.getuid() === 0;
const asRoot = { skip: !isRoot && 'only root has something to give up' };
const DAC_READ_SEARCH = '0000000000000004', NONE = '0000000000000000';
const [NOBODY, DAEMON] = ['nobody', 'daemon'].map(name => execFileSync('id', ['-u', name], { encoding: 'utf8' }).trim());

// What /proc says of every thread of PID: users, groups, capabilities.
function identities(pid) {
    return readdirSync(`/proc/${pid}/task`).map(task => {
        const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
        const field = name => new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)[1];
        return { users: field('Uid').split(/\s+/), groups: field('Groups'), effective: field('CapEff'),
            permitted: field('CapPrm'), noNewPrivileges: field('NoNewPrivs') };
    });
}

function assertIs(server, user, capabilities) {
    for (const one of identities(server.pid)) {
        assert.deepEqual(new Set(one.users), new Set([user]));
        assert.deepEqual([one.effective, one.permitted], [capabilities, capabilities]);
        assert.equal(one.noNewPrivileges, '1');
        assert.ok(!one.groups.split(' ').includes('0'), one.groups);
    }
}

// A directory that only we may enter, with a page that only we may read.
function secretRoot(t) {
    const directory = mkdtempSync(join(tmpdir(), 'strowger-'));
    t.after(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'page.html'), 'of root');
    chmodSync(join(directory, 'page.html'), 0o600);
    return directory;
}

test('without files to read it has no right at all', asRoot, async t => {
    const server = await start(t, ['--workers', '3']);
    await server.login('A');
    assertIs(server, NOBODY, NONE);
});

test('with a web root it may read, and serves what only root may see', asRoot, async t => {
    const server = await start(t, ['--web-root', secretRoot(t), '--workers', '3']);
    assertIs(server, NOBODY, DAC_READ_SEARCH);
    for (let i = 0; i < 8; i++) { // by every worker
        const raw = await server.dial();
        const { status, body } = await raw.request('GET /page.html');
        assert.deepEqual([status, String(body)], [200, 'of root']);
    }
});

test('--user', asRoot, async t => {
    await t.test('names who it becomes, by name or number', async t => {
        assertIs(await start(t, ['--user', 'daemon']), DAEMON, NONE);
        assertIs(await start(t, ['--user', '12345']), '12345', NONE);
    });

    await t.test('root stays root', async t => {
        const [{ users, noNewPrivileges }] = identities((await start(t, ['--user', 'root'])).pid);
        assert.deepEqual([new Set(users), noNewPrivileges], [new Set(['0']), '1']);
    });

    await t.test('must be there', async () => {
        const { code, stderr } = await run('--port', '0', '--admin', 'off', '--user', 'no-such-user');
        assert.equal(code, 1);
        assert.match(stderr, /^strowger: --user 'no-such-user': there is no such user\n$/);
    });
});

// All that is mounted, read-only for one command.
const READ_ONLY = ['unshare', '--mount', 'sh', '-c', `mount --make-rprivate / &&
    for at in $(findmnt -rno TARGET); do mount -o remount,bind,ro "$at" 2>/dev/null; done
    ! touch "$TMPDIR/x" /tmp/x /dev/shm/x /run/x 2>/dev/null && exec "$0" "$@"`];
const mayMount = spawnSync(READ_ONLY[0], [...READ_ONLY.slice(1), 'true']).status === 0;

test('it needs no path that it may write to', { skip: !mayMount && 'nothing can be mounted here' }, async t => {
    const server = await start(t, ['--dev', '--listen', '127.0.0.1:0', '--listen', 'tls:127.0.0.1:0'], { through: READ_ONLY });
    const [a, b] = await server.login('A', 'B');
    a.send({ type: 'offer', name: 'B', offer: 1 });
    await b.expect('{"type":"offer","offer":1,"name":"A"}');
    assert.equal((await (await server.dial()).request('GET /')).status, 200);
});

const STRANGER = ['setpriv', '--reuid', '12345', '--regid', '12345', '--clear-groups'];

// How it ends THROUGH a command that runs it; a server that starts is ended too, in time.
function refusal([command, ...words], args) {
    const all = [...words, PROGRAM, '--port', '0', '--admin', 'off', ...args];
    return spawnSync(command, all, { encoding: 'utf8', timeout: 5000 });
}

test('who is not root serves, at a port of choice too, and can be nobody else', asRoot, async t => {
    for (const args of [[], ['--listen', `127.0.0.1:${await freePort()}`], ['--user', '12345']]) {
        const server = await start(t, args, { through: STRANGER });
        assertIs(server, '12345', NONE);
        assert.equal((await (await server.dial()).request('GET /')).status, 200);
    }
    const { status, stderr } = refusal(STRANGER, ['--user', 'daemon']);
    assert.equal(status, 1);
    assert.match(stderr, /^strowger: --user 'daemon': Operation not permitted\n$/m);
});

test('a secret that root shares with a group of ours is one, and what others may read is none', asRoot, async t => {
    const directory = mkdtempSync(join(tmpdir(), 'strowger-')), secret = join(directory, 'secret');
    t.after(() => rmSync(directory, { recursive: true }));
    chmodSync(directory, 0o755);
    writeFileSync(secret, 'of root and its group');
    chownSync(secret, 0, 23456);
    const args = ['--turn-url', 'turn:turn.example.org', '--turn-secret-file', secret];
    const users = [['--regid', '23456', '--clear-groups'], ['--regid', '12345', '--groups', '23456']]
        .map(groups => ['setpriv', '--reuid', '12345', ...groups]);
    chmodSync(secret, 0o640);
    for (const through of users) {
        assertIs(await start(t, args, { through }), '12345', NONE);
    }
    for (const mode of [0o644, 0o660]) {
        chmodSync(secret, mode);
        for (const through of users) {
            const { status, stderr } = refusal(through, args);
            assert.equal(status, 1);
            assert.match(stderr, /others than its owner may read or change it/);
        }
    }
});
