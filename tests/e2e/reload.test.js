// SPDX-License-Identifier: MIT
// SIGHUP: what of the settings changes while the server runs, what does not, and that a bad file changes nothing.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Certificates } from './lib/certificates.js';
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

// What a client that the server meets as a stranger gets for a request to PATH.
const answer = (server, path = '/', options = {}) =>
    fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { Connection: 'close' }, ...options });
const status = async (server, path) => (await answer(server, path)).status;
const refusal = server => assert.rejects.bind(null, server.connect('/login'));

// Each setting that can change: what stood in the file, what stands there then, and what a client then meets that it did
// not meet before. What PREPARE returned before goes to CHECK.
const changes = {
    'a cap of all connections': {
        to: 'max_connections = 1\n',
        prepare: server => server.login('A'),
        check: server => refusal(server)(/503/),
    },
    'a cap of one address': {
        from: 'trust_loopback = false\n',
        to: 'trust_loopback = false\nmax_connections_per_address = 1\n',
        prepare: server => server.login('A'),
        check: server => refusal(server)(/429/),
    },
    'who is trusted': {
        from: 'max_connections_per_address = 1\n',
        to: 'max_connections_per_address = 1\ntrust_loopback = false\n',
        prepare: server => server.login('A'),
        check: server => refusal(server)(/429/),
    },
    'how many may be nameless': {
        from: 'trust_loopback = false\n',
        to: 'trust_loopback = false\nmax_nameless = 1\n',
        prepare: server => server.connect(),
        check: server => refusal(server)(/429/),
    },
    'how fast connections may come': {
        from: 'trust_loopback = false\n',
        to: 'trust_loopback = false\nconnection_rate = "1:1"\n',
        check: async server => {
            await status(server);
            assert.equal(await status(server), 429);
        },
    },
    'how fast those that are there may talk': {
        to: 'message_rate = "1:1"\nrate_patience = "10ms"\n',
        prepare: server => server.connect('/echo'),
        check: async (server, client) => {
            for (let i = 0; i < 1000; i++) {
                client.send('x');
            }
            await client.expectClose(1008);
        },
        from: 'mount = ["/echo=echo"]\n',
    },
    'whether anything is measured': {
        from: 'mount = ["/echo=echo"]\nmessage_rate = "1:1"\nrate_patience = "10ms"\n',
        to: 'mount = ["/echo=echo"]\nmessage_rate = "1:1"\nrate_patience = "10ms"\nno_rate_limits = true\n',
        prepare: async server => {
            const client = await server.connect('/echo');
            client.send('x');
            await client.expect('x');
            return client;
        },
        check: async (server, client) => {
            for (let i = 0; i < 1000; i++) {
                client.send('y');
            }
            for (let i = 0; i < 1000; i++) {
                await client.expect('y');
            }
        },
    },
    'the sizes of messages over Engine.IO': {
        to: 'max_payload = 200\n',
        check: async server => assert.match(await (await answer(server, '/socket.io/?EIO=4&transport=polling')).text(), /"maxPayload":200\b/),
    },
    'until when to say who one is': {
        to: 'login_timeout = "50ms"\n',
        prepare: server => server.connect(),
        check: async (server, before) => {
            await (await server.connect()).expectClose(1008);
            await before.expectSilence();
        },
    },
    'a greeting': {
        from: 'greeting = "one"\n',
        to: 'greeting = "two"\n',
        check: async server => (await server.connect()).expect('two'),
    },
    'what is said of unknown types': {
        to: 'unknown_text = "What? "\n',
        prepare: server => server.login('A'),
        check: async (server, [client]) => {
            client.send({ type: 'dance' });
            await client.expectError(/^What\? dance/);
        },
    },
    'how many calls one may be in': {
        to: 'max_calls = 1\n',
        prepare: server => server.login('A', 'B', 'C'),
        check: async (server, [a, b]) => {
            a.send({ type: 'offer', name: 'B', offer: 'x' });
            await b.expect('{"type":"offer","offer":"x","name":"A"}');
            a.send({ type: 'offer', name: 'C', offer: 'x' });
            await a.expectError(/calls/);
        },
    },
    'PeerJS\'s list of ids': {
        to: 'allow_discovery = true\n',
        check: async server => assert.equal(await status(server, '/peerjs/peerjs/peers'), 200),
    },
    'STUN servers': {
        to: 'stun = ["stun:stun.example.org:3478"]\n',
        check: async server => assert.match(await (await answer(server, '/ice')).text(), /stun\.example\.org/),
    },
    'how often one may ask for them': {
        from: 'trust_loopback = false\n',
        to: 'trust_loopback = false\nice_rate = "1:1"\n',
        check: async server => {
            const asked = []; // each worker counts for itself
            while (asked.length < 100 && !asked.includes(429)) {
                asked.push(await status(server, '/ice'));
            }
            assert.equal(asked.at(-1), 429);
        },
    },
    'which proxies are believed': {
        to: 'behind_proxy = ["127.0.0.1"]\n',
        check: async server => {
            const proxy = await server.dial();
            proxy.send('PROXY TCP4 198.51.100.1 127.0.0.1 1000 80\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
            assert.match(String(await proxy.readToEnd()), /^HTTP\/1\.1 200 /);
        },
    },
    'how the log is written': {
        to: 'log_format = "json"\nlog_level = "debug"\nlog_rate = "0"\n',
        check: server => assert.match(server.log, /^\{.*"configuration read again"/m),
    },
};

for (const [what, { from: before = '', to, prepare = () => {}, check }] of Object.entries(changes)) {
    test(`SIGHUP changes ${what}`, async t => {
        const server = await startChangeable(t, `port = 0\nworkers = 1\n${before}`);
        const { port } = server;
        const prepared = await prepare(server);
        await server.change(`port = 0\nworkers = 1\n${to.includes('mount') ? '' : before.match(/^mount.*\n/m) ?? ''}${to}`);
        assert.doesNotMatch(server.log, /restart/);
        server.port = port;
        await check(server, prepared);
    });
}

test('SIGHUP changes the pages, and what is served goes on being served', async t => {
    const directories = await Promise.all(['one', 'two'].map(async text => {
        const directory = await mkdtemp(join(tmpdir(), 'strowger-'));
        t.after(() => rm(directory, { recursive: true }));
        await writeFile(join(directory, 'index.html'), text);
        return directory;
    }));
    const text = directory => `port = 0\nmount = ["/=login"]\nweb_root = "${directory}"\n`;
    const server = await startChangeable(t, text(directories[0]));
    const page = async () => (await answer(server)).text();
    assert.equal(await page(), 'one');
    await server.change(text(directories[1]));
    assert.equal(await page(), 'two');
    await server.change(text('/nowhere/at/all'), /kept as it was.*nowhere.*No such file/);
    assert.equal(await page(), 'two');
});

test('an Engine.IO session keeps to what its client was told', async t => {
    const times = ms => `port = 0\nping_interval = "${ms}ms"\nping_timeout = "${ms}ms"\n`;
    const server = await startChangeable(t, times(60000));
    const open = async () => {
        const text = await (await answer(server, '/socket.io/?EIO=4&transport=polling')).text();
        return JSON.parse(text.slice(1));
    };
    const before = await open();
    assert.deepEqual([before.pingInterval, before.pingTimeout], [60000, 60000]);
    await server.change(times(50));
    const after = await open();
    assert.deepEqual([after.pingInterval, after.pingTimeout], [50, 50]);
    const poll = sid => status(server, `/socket.io/?EIO=4&transport=polling&sid=${sid}`);
    while (await poll(after.sid) === 200); // pings, and then it is over
    const post = await answer(server, `/socket.io/?EIO=4&transport=polling&sid=${before.sid}`, { method: 'POST', body: '40' });
    assert.equal(post.status, 200);
});

test('what needs a restart is named, by name only, and stays as it is', async t => {
    const server = await startChangeable(t, 'port = 0\npeerjs_key = "one"\n');
    const asked = () => status(server, '/one/id');
    assert.equal(await asked(), 200);
    const changed = 'port = 0\ngreeting = "two"\npeerjs_key = "sesame"\nmount = ["/=echo"]\nnamespace = ["/x"]\ndrain_time = "1s"\n';
    for (let i = 0; i < 2; i++) { // a second time too: it is still not so
        await server.change(changed);
        const named = [...server.log.matchAll(/needs a restart.*setting="?(\w+)/g)].map(match => match[1]);
        assert.deepEqual(named, ['mount', 'peerjs_key', 'namespace']);
        assert.ok(!server.log.includes('sesame'));
        assert.equal(await asked(), 200);
        assert.equal(await status(server, '/sesame/id'), 404);
        await (await server.connect('/')).expect('two');
    }
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

test('certificates are taken or refused as at the start, and come from where they came from', async t => {
    const pem = name => `tls_cert = ["${name}.crt"]\n`;
    const key = name => `tls_key = ["${name}.key"]\n`;
    const certificates = new Certificates(t);
    const [, , , keyFile] = certificates.make('a');
    const path = keyFile.replace(/\.key$/, '');
    const named = server => [...server.log.matchAll(/needs a restart.*setting="?(\w+)/g)].map(match => match[1]);
    await t.test('from files', async t => {
        const server = await startChangeable(t, `port = 0\n${pem(path)}${key(path)}`);
        await server.change(`port = 0\n${key(path)}`, /kept as it was.*tls_key needs a --tls-cert/);
        await server.change('port = 0\ndev = true\n');
        assert.deepEqual(named(server), ['tls_cert', 'tls_key', 'dev']);
    });
    await t.test('made up', async t => {
        const server = await startChangeable(t, 'port = 0\ndev = true\n', 2);
        await server.change(`port = 0\ndev = true\n${key(path)}`, /kept as it was.*tls_key needs a --tls-cert/);
        await server.change(`port = 0\n${pem(path)}${key(path)}`);
        assert.deepEqual(named(server), ['tls_cert', 'tls_key', 'dev']);
    });
});

// The server opens the pipe while it starts; who writes to it sends SIGHUP first, which waits until it serves.
test('what is only starting is not ended, and what came through a pipe is not read again: it would say nothing now', async t => {
    const directory = await mkdtemp(join(tmpdir(), 'strowger-'));
    t.after(() => rm(directory, { recursive: true }));
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const server = await start(t, ['--config', pipe],
        { through: ['sh', '-c', `{ kill -HUP $$; echo 'allow_origin = ["https://a.example"]'; } >${pipe} & exec "$0" "$@"`] });
    await server.logged(/kept as it was.*can't read .*pipe again: no regular file/);
    await assert.rejects(server.connect('/login', from('https://b.example')), /403/);
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
