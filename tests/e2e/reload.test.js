// SPDX-License-Identifier: MIT
// SIGHUP: what of the settings changes while the server runs, what does not, and that a bad file changes nothing.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from './lib/client.js';
import { start, startFile } from './lib/server.js';

// A server whose file holds TEXT and which listens at N places. Its change(text, pattern) writes another one, sends SIGHUP
// and waits for what the log says then.
async function startChangeable(t, text, n = 1, args = []) {
    const directory = await mkdtemp(join(tmpdir(), 'strowger-'));
    t.after(() => rm(directory, { recursive: true }));
    const path = join(directory, 'strowger.toml');
    await writeFile(path, text);
    const server = await startFile(t, path, n, ['--admin', 'off', ...args]);
    server.change = async (changed, pattern = /configuration read again/) => {
        await writeFile(path, changed);
        server.log = '';
        process.kill(server.pid, 'SIGHUP');
        await server.logged(pattern);
    };
    return server;
}

const from = origin => ({ headers: { Origin: origin } });

test('SIGHUP changes origins, limits and the log, and touches no connection', async t => {
    const server = await startChangeable(t, 'port = 0\nallow_origin = ["https://a.example"]\nmax_message = "1k"\n');
    const [a, b] = await server.login('A', 'B');
    const { port } = server;
    await server.connect('/login', from('https://a.example'));
    await assert.rejects(server.connect('/login', from('https://b.example')), /403/);

    await server.change('port = 0\nallow_origin = ["https://b.example"]\nmax_message = 200\nlog_level = "debug"\n');
    assert.doesNotMatch(server.log, /restart/);
    await server.logged(/configuration read again/);
    await server.connect('/login', { ...from('https://b.example'), port });
    await assert.rejects(server.connect('/login', { ...from('https://a.example'), port }), /403/);
    a.send({ type: 'offer', name: 'B', offer: 'x' });
    await b.expect('{"type":"offer","offer":"x","name":"A"}');
    a.send({ type: 'offer', name: 'B', offer: 'x'.repeat(200) });
    await a.expectClose(1009);
});

test('every worker hears of it', async t => {
    const server = await startChangeable(t, 'port = 0\nworkers = 4\n');
    const { port } = server;
    await server.change('port = 0\nworkers = 4\nallow_origin = ["https://a.example"]\n');
    for (let i = 0; i < 24; i++) {
        await assert.rejects(Client.connect(`ws://127.0.0.1:${port}/login`, from('https://b.example')), /403/);
    }
});

test('what needs a restart is named, by name only', async t => {
    const server = await startChangeable(t, 'port = 0\ngreeting = "one"\npeerjs_key = "one"\n');
    const { port } = server;
    await server.change('port = 0\ngreeting = "two"\npeerjs_key = "sesame"\nroom_capacity = 3\nmount = ["/=login"]\ndrain_time = "1s"\n');
    const named = [...server.log.matchAll(/needs a restart.*setting="?(\w+)/g)].map(match => match[1]);
    assert.deepEqual(named, ['mount', 'greeting', 'room_capacity', 'peerjs_key']);
    assert.ok(!server.log.includes('sesame'));
    await (await server.connect('/login', { port })).expect('one');
});

test('a bad file changes nothing, and it is said why', async t => {
    const server = await startChangeable(t, 'port = 0\nallow_origin = ["https://a.example"]\n');
    const { port } = server;
    await server.change('port = 0\nallow_origin = ["https://b.example"]\nfrobnicate = 1\n', /kept as it was.*3:1: there is no setting 'frobnicate'/);
    await server.connect('/login', { ...from('https://a.example'), port });
    await assert.rejects(server.connect('/login', { ...from('https://b.example'), port }), /403/);
    await server.change('port = 0\n[site.new]\nport = 0\n', /kept as it was/);
    await server.connect('/login', { ...from('https://a.example'), port });
});

test('each site changes for itself', async t => {
    const text = (one, two) => `[site.one]\nlisten = ["127.0.0.1:0"]\nallow_origin = ["https://${one}.example"]\n`
        + `[site.two]\nlisten = ["127.0.0.1:0"]\nallow_origin = ["https://${two}.example"]\n`;
    const server = await startChangeable(t, text('a', 'b'), 2);
    const [one, two] = [...server.log.matchAll(/listening on http:\/\/[\d.]+:(\d+)\//g)].map(match => match[1]);
    await server.change(text('b', 'c'));
    await server.connect('/login', { ...from('https://b.example'), port: one });
    await server.connect('/login', { ...from('https://c.example'), port: two });
    await assert.rejects(server.connect('/login', { ...from('https://b.example'), port: two }), /403/);
});

test('a flag still counts before the file', async t => {
    const server = await startChangeable(t, 'port = 0\n', 1, ['--max-message', '300']);
    const { port } = server;
    await server.change('port = 0\nmax_message = 128\n');
    const client = await server.connect('/login', { port });
    client.send({ type: 'login', name: 'x'.repeat(150) });
    await client.expect('{"type":"login","success":true}');
});

test('with nothing to read SIGHUP does nothing', async t => {
    const server = await start(t);
    process.kill(server.pid, 'SIGHUP');
    await server.logged(/nothing to read again/);
    await server.login('A');
});

test('it may come as often as it likes', async t => {
    const server = await startChangeable(t, 'port = 0\nworkers = 3\n');
    const { port } = server;
    for (let i = 0; i < 50; i++) {
        process.kill(server.pid, 'SIGHUP');
        (await server.connect('/login', { port })).destroy();
    }
    await server.change('port = 0\nworkers = 3\n');
    await server.connect('/login', { port });
});
