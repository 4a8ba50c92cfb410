// SPDX-License-Identifier: MIT
// strowger status: who is here, in numbers, on one screen or as JSON.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ring } from './lib/calls.js';
import { Admin, startWithAdmin } from './lib/admin.js';
import { start } from './lib/server.js';

// A server with a call and three rooms, one of them with a name that is not to reach a terminal.
async function busy(t) {
    const { server, admin } = await startWithAdmin(t, ['--workers', '4']);
    const [a, b] = await server.login('A', 'B');
    await ring(a, b);
    for (const [id, room] of [[1, 'small'], [1, 'large'], [2, 'large'], [3, 'large'], [1, 'odd\u001b[2J\u202e'], [2, 'odd\u001b[2J\u202e']]) {
        const client = await server.connect('/join');
        client.send({ type: 'join', id, room });
        await client.next();
    }
    return { server, admin };
}

test('as JSON', async t => {
    const { admin } = await busy(t);
    const { code, stdout } = await admin.run('status', '--json');
    assert.equal(code, 0);
    const status = JSON.parse(stdout);
    assert.deepEqual([status.ready, status.workers, status.connections, status.accepted], [true, 4, 8, 8]);
    const dialect = name => status.dialects.find(one => one.name === name);
    const { sessions, peers, rooms, calls } = dialect('login');
    assert.deepEqual([sessions, peers, rooms, calls], [2, 2, 0, 1]);
    assert.deepEqual([dialect('join').rooms, dialect('join').in], [3, 6]);
    assert.deepEqual(status.fullest.map(({ room, members }) => [room, members]),
        [['large', 3], ['odd\u001b[2J\u202e', 2], ['small', 1]]);
    assert.ok(status.resident > 1e6 && status.uptime < 60);
});

test('on a terminal', async t => {
    const { admin } = await busy(t);
    const { code, stdout, stderr } = await admin.run('status');
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^strowger \d+\.\d+\.\d+, up \d+ s, 4 workers, ready$/m);
    assert.match(stdout, /^connections +8 +accepted 8 \(0\/s\), refused 0$/m);
    assert.match(stdout, /^login( +\d+){7}$/m);
    assert.match(stdout, /^ +3 {2}large \(join\)\n +2 {2}odd\\u001b\[2J\? \(join\)\n +1 {2}small \(join\)\n$/m);
    assert.ok(/^[\x20-\x7e\n]*$/.test(stdout), 'it holds what moves a cursor');
    assert.ok(stdout.split('\n').every(line => line.length <= 80), 'too wide');
});

test('of a server that is not there', async () => {
    const { code, stdout, stderr } = await new Admin(1).run('status');
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^strowger: no answer [^\n]+\n$/);
});

test("at the clients' port", async t => {
    const { code, stderr } = await new Admin((await start(t)).port).run('status');
    assert.equal(code, 1);
    assert.match(stderr, /^strowger: no answer [^\n]+ the clients' port; --admin says where it is\n$/);
});
