// SPDX-License-Identifier: MIT
// Each limit to how much and how fast: who is over it is told so and who is not goes on.
//
// All clients are on this machine, which the limits of one address spare: the tests switch that off, or are a proxy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startWithAdmin } from './lib/admin.js';
import { Polling, encode, openSocket } from './lib/engineio.js';
import { CLOSE, CONTINUATION, PING, PONG, Raw, TEXT, fragment, frame } from './lib/raw.js';
import { start } from './lib/server.js';
import { Guest } from './lib/socketio.js';

const STRICT = ['--trust-loopback', 'off'];
const AS_PROXY = ['--behind-proxy', '127.0.0.0/8'];

const HANDSHAKE = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];

// Refused with STATUS, in words, with a time to come back and in peace.
async function expectRefusal(raw, status, reason, ...fields) {
    const response = await raw.request('GET /login', ...HANDSHAKE, ...fields);
    assert.deepEqual([response.status, response.body.toString()], [status, `${reason}\n`]);
    assert.match(response.headers['retry-after'], /^\d+$/);
    assert.equal(response.headers.connection, 'close');
    await raw.expectEnd();
}

async function expectWelcome(raw, ...fields) {
    const response = await raw.request('GET /login', ...HANDSHAKE, ...fields);
    assert.equal(response.status, 101);
    return raw;
}

test('connections in all', async t => {
    const server = await start(t, ['--max-connections', '3', '--workers', '2']);
    const inside = [];
    for (let i = 0; i < 3; i++) {
        inside.push(await expectWelcome(await server.dial()));
    }
    for (let i = 0; i < 5; i++) {
        await expectRefusal(await server.dial(), 503, 'There are too many connections.');
    }
    const silent = await server.dial(); // who says nothing is told nevertheless
    assert.equal((await silent.response()).status, 503);
    await silent.expectEnd();
    inside[0].destroy();
    await expectSomeWelcome(server);
});

test('connections in all, on a TLS port', async t => {
    const places = ['--listen', '127.0.0.1:0', '--listen', 'tls:127.0.0.1:0', '--dev', '--handshake-timeout', '1h'];
    const server = await start(t, [...places, '--max-connections', '1']);
    await server.listening(2);
    await expectWelcome(await server.dial());
    const [, port] = /listening on https:[^\s]*:(\d+)/.exec(server.log);
    const late = await Raw.dial(Number(port));
    t.after(() => late.destroy());
    await late.expectEnd(); // before a handshake there is no way to say why
});

// A place that was left is free as soon as the server has seen that.
async function expectSomeWelcome(server) {
    for (let i = 0; i < 100; i++) {
        const raw = await server.dial();
        if ((await raw.request('GET /login', ...HANDSHAKE)).status === 101) {
            return;
        }
        await raw.ended;
    }
    assert.fail('nobody came in any more');
}

test('connections of one address', async t => {
    const server = await start(t, ['--max-connections-per-address', '2', '--workers', '2', ...STRICT]);
    const inside = [await expectWelcome(await server.dial('127.0.0.1')), await expectWelcome(await server.dial('127.0.0.1'))];
    await expectRefusal(await server.dial('127.0.0.1'), 429, 'Your address has too many connections.');
    inside[1].destroy();
    await expectSomeWelcome(server);
});

test('connections of one address behind a proxy', async t => {
    const limits = ['--max-connections-per-address', '1', ...STRICT];
    await t.test('that tells it in HTTP', async t => {
        const server = await start(t, [...limits, ...AS_PROXY]);
        await expectWelcome(await server.dial(), 'X-Forwarded-For: 192.0.2.1');
        await expectWelcome(await server.dial(), 'X-Forwarded-For: 192.0.2.2');
        const refused = await server.dial();
        await expectRefusal(refused, 429, 'Your address has too many connections.', 'X-Forwarded-For: 192.0.2.1');
        await expectWelcome(await server.dial(), 'X-Forwarded-For: 2001:db8::1');
        const neighbour = await server.dial();
        await expectRefusal(neighbour, 429, 'Your address has too many connections.', 'X-Forwarded-For: 2001:db8::2');
    });
    await t.test('that tells it by the PROXY protocol', async t => {
        const server = await start(t, [...limits, ...AS_PROXY]);
        const [first, second, third] = [await server.dial(), await server.dial(), await server.dial()];
        first.send('PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n');
        await expectWelcome(first);
        second.send('PROXY TCP4 192.0.2.2 198.51.100.1 1 2\r\n');
        await expectWelcome(second);
        third.send('PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n');
        await expectRefusal(third, 429, 'Your address has too many connections.');
    });
});

test('new connections of one address', async t => {
    const server = await start(t, ['--connection-rate', '1:3', ...STRICT, ...AS_PROXY]);
    for (let i = 0; i < 3; i++) {
        await expectWelcome(await server.dial(), 'X-Forwarded-For: 192.0.2.1');
    }
    const hasty = await server.dial();
    await expectRefusal(hasty, 429, 'Your address makes connections too fast.', 'X-Forwarded-For: 192.0.2.1');
    await expectWelcome(await server.dial(), 'X-Forwarded-For: 192.0.2.2');
});

test('a proxy whose connection moves from worker to worker is still one, and no client', async t => {
    for (const [host, name] of [['127.0.0.1', '127.0.0.1'], ['::1', '[::1]']]) {
        const limits = ['--max-connections-per-address', '1', '--connection-rate', '1:2', ...STRICT];
        const server = await start(t, [...limits, '--workers', '2', '--host', host, '--behind-proxy', host]);
        for (const client of ['192.0.2.1', '192.0.2.2']) {
            const raw = await server.dial(host);
            for (const worker of 'ABABABAB') { // who is said by a session's first letter
                const path = `/socket.io/?EIO=4&transport=polling&sid=${worker.padEnd(20, 'x')}`;
                const response = await raw.request(`GET ${path}`, `X-Forwarded-For: ${client}`);
                assert.deepEqual([name, response.status], [name, 400]);
            }
        }
    }
});

test('this machine is spared', async t => {
    const server = await start(t, ['--max-connections-per-address', '1', '--connection-rate', '1:1']);
    for (let i = 0; i < 5; i++) {
        await expectWelcome(await server.dial());
    }
});

test('sessions without a name', async t => {
    const limits = ['--max-nameless', '2', '--workers', '2', '--room-log', 'off', ...STRICT];
    const reason = 'Your address has too many sessions without a name.';
    await t.test('over WebSockets', async t => {
        const server = await start(t, limits);
        const [a, b] = [await server.connect('/login'), await server.connect('/join')];
        const refused = await (await server.dial()).request('GET /login', ...HANDSHAKE);
        assert.deepEqual([refused.status, refused.body.toString()], [429, `${reason}\n`]);
        assert.match(refused.headers['retry-after'], /^\d+$/);
        a.send({ type: 'login', name: 'A' }); // who has a name does not count
        await a.expect('{"type":"login","success":true}');
        const c = await server.connect('/topics');
        c.send({ type: 'subscribe', topics: ['x'] }); // nor who has a seat
        await c.settle();
        const d = await server.connect('/login');
        assert.equal((await (await server.dial()).request('GET /login', ...HANDSHAKE)).status, 429);
        await d.close(); // nor who has gone
        await server.connect('/login');
        await b.expectSilence();
    });
    for (const transport of ['polling', 'websocket', 'upgrade']) {
        await t.test(`over Socket.IO, ${transport}`, async t => {
            const server = await start(t, limits);
            const [a] = await Guest.all(t, server, 2, { transport });
            const poll = async () => (await server.dial()).request('GET /socket.io/?EIO=4&transport=polling');
            assert.equal((await poll()).status, 429);
            const path = '/socket.io/?EIO=4&transport=websocket';
            assert.equal((await (await server.dial()).request(`GET ${path}`, ...HANDSHAKE)).status, 429);
            a.emit('create or join', 'r');
            await a.expect('created', 'r', a.id);
            assert.equal((await poll()).status, 200);
            assert.equal((await poll()).status, 429);
        });
    }
});

const ECHO = ['--mount', '/echo=echo'];
const IMPATIENT = ['--rate-patience', '300ms'];

// A message each N times, in one piece, so that the server reads them together.
const flood = (n, text = 'x') => Buffer.concat(Array(n).fill(frame(TEXT, text)));

// What was read counts and is answered N times; the end comes when patience does.
async function expectExcess(raw, n, reason) {
    for (let i = 0; i < n; i++) {
        assert.equal((await raw.frame()).opcode, TEXT);
    }
    const { opcode, payload } = await raw.frame();
    assert.deepEqual([opcode, payload.readUInt16BE(), payload.subarray(2).toString()], [8, 1008, reason]);
    await raw.expectEnd();
}

async function rawOn(server, path, ...fields) {
    const raw = await server.dial();
    const { status } = await raw.request(`GET ${path}`, ...HANDSHAKE, ...fields);
    assert.equal(status, 101);
    return raw;
}

test('messages of one connection', async t => {
    await t.test('too many are answered late', async t => {
        const server = await start(t, [...ECHO, '--message-rate', '100:10']);
        const raw = await rawOn(server, '/echo');
        raw.send(flood(40));
        for (let i = 0; i < 40; i++) {
            await raw.expectFrame(TEXT, 'x');
        }
        const before = performance.now();
        raw.send(flood(1, 'later'));
        await raw.expectFrame(TEXT, 'later');
        assert.ok(performance.now() - before > 150, 'it was read at once'); // of 300 ms that are owed
    });
    await t.test('who goes on is ended, and the others go on', async t => {
        const server = await start(t, [...ECHO, '--message-rate', '20:20', ...IMPATIENT]);
        const [honest] = await server.login('honest');
        const raw = await rawOn(server, '/echo');
        raw.send(flood(100));
        await expectExcess(raw, 100, 'too many messages');
        await honest.expectSilence();
        const next = await rawOn(server, '/echo');
        next.send(flood(20));
        for (let i = 0; i < 20; i++) {
            await next.expectFrame(TEXT, 'x');
        }
    });
    await t.test('over polling they are refused with 429', async t => {
        const server = await start(t, ['--message-rate', '20:20', ...IMPATIENT]);
        const raw = await server.dial();
        const open = await raw.request('GET /socket.io/?EIO=4&transport=polling');
        const { sid } = JSON.parse(open.body.toString().slice(1));
        const body = ['40', ...Array(100).fill('42["nothing"]')].join('\x1e');
        raw.send(`POST /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\n` +
            `Content-Length: ${body.length}\r\n\r\n${body}`);
        assert.equal((await raw.response()).status, 200); // what was read counts
        assert.equal((await raw.response()).status, 429);
        await raw.expectEnd();
    });
    await t.test('and without rate limits nobody counts them', async t => {
        const server = await start(t, [...ECHO, '--message-rate', '20:20', ...IMPATIENT, '--no-rate-limits']);
        const raw = await rawOn(server, '/echo');
        for (let round = 0; round < 5; round++) {
            raw.send(flood(1000));
            for (let i = 0; i < 1000; i++) {
                await raw.expectFrame(TEXT, 'x');
            }
        }
    });
});

test('bytes of one connection', async t => {
    const server = await start(t, [...ECHO, '--byte-rate', '1k:4k', ...IMPATIENT]);
    const raw = await rawOn(server, '/echo');
    raw.send(flood(1, 'x'.repeat(3000)));
    await raw.expectFrame(TEXT, 'x'.repeat(3000));
    raw.send(flood(1, 'y'.repeat(9000)));
    await expectExcess(raw, 1, 'too many bytes');
});

test('joins of one connection', async t => {
    const server = await start(t, ['--join-rate', '5:5', ...IMPATIENT]);
    const raw = await rawOn(server, '/topics');
    const subscribe = i => frame(TEXT, JSON.stringify({ type: 'subscribe', topics: [`topic ${i}`] }));
    raw.send(Buffer.concat([0, 1, 2, 3, 4].map(subscribe)), frame(TEXT, '{"type":"ping"}'));
    await raw.expectFrame(TEXT, '{"type":"pong"}');
    raw.send(Buffer.concat([5, 6, 7, 8, 9].map(subscribe)));
    await expectExcess(raw, 0, 'too many joins');

    const other = await rawOn(server, '/topics');
    const topics = Array.from({ length: 10 }, (_, i) => `topic ${i}`); // where it never was: each is looked for
    other.send(frame(TEXT, JSON.stringify({ type: 'unsubscribe', topics })));
    await expectExcess(other, 0, 'too many joins');
});

test('failed logins of one connection', async t => {
    const server = await start(t, ['--failed-login-rate', '5:5', ...IMPATIENT]);
    await server.login('taken');
    const raw = await rawOn(server, '/login');
    const login = frame(TEXT, '{"type":"login","name":"taken"}');
    raw.send(Buffer.concat(Array(20).fill(login)));
    await expectExcess(raw, 20, 'too many failed logins');
});

test('all connections of one address together', async t => {
    const rates = ['--message-rate', '10:100', '--address-rate-factor', '1', ...IMPATIENT];
    await t.test('are held back', async t => {
        const server = await start(t, [...ECHO, ...rates, ...AS_PROXY, '--workers', '2']);
        const here = 'X-Forwarded-For: 192.0.2.1';
        const quiet = await rawOn(server, '/echo', 'X-Forwarded-For: 192.0.2.2');
        for (let i = 0; i < 2; i++) {
            const raw = await rawOn(server, '/echo', here);
            raw.send(flood(40));
            for (let j = 0; j < 40; j++) {
                await raw.expectFrame(TEXT, 'x');
            }
        }
        const third = await rawOn(server, '/echo', here);
        third.send(flood(80));
        await expectExcess(third, 80, 'too many messages');
        quiet.send(flood(50));
        for (let i = 0; i < 50; i++) {
            await quiet.expectFrame(TEXT, 'x');
        }
    });
    await t.test('but on this machine', async t => {
        const server = await start(t, [...ECHO, ...rates]);
        for (let i = 0; i < 5; i++) {
            const raw = await rawOn(server, '/echo');
            raw.send(flood(90));
            for (let j = 0; j < 90; j++) {
                await raw.expectFrame(TEXT, 'x');
            }
        }
    });
});

const LONG = ['--max-message', '64m']; // as much may wait for one then

// A client of the login dialect that reads nothing, and one that sends it MESSAGES of 60,000 bytes.
async function deafAndSender(server, messages) {
    const [sender] = await server.login('sender');
    const deaf = await server.dial();
    await deaf.upgrade('/login');
    deaf.send(frame(TEXT, '{"type":"login","name":"deaf"}'));
    await deaf.expectFrame(TEXT, '{"type":"login","success":true}');
    sender.send('{"type":"offer","name":"deaf","offer":1}');
    await deaf.expectFrame(TEXT, '{"type":"offer","offer":1,"name":"sender"}');
    deaf.socket.pause();
    const candidate = JSON.stringify({ type: 'candidate', name: 'deaf', candidate: 'x'.repeat(60_000) });
    for (let i = 0; i < messages; i++) {
        sender.send(candidate);
    }
    return { deaf, sender };
}

// What came before is whole, and the last of it the close frame.
async function expectGoneAfterAll(deaf) {
    deaf.socket.resume();
    const bytes = await deaf.readToEnd();
    const close = bytes.lastIndexOf(Buffer.of(0x88, 2, 1013 >> 8, 1013 & 0xff));
    assert.equal(close, bytes.length - 4);
}

test('who takes nothing of what waits for it', async t => {
    const server = await start(t, ['--stall-timeout', '500ms', ...LONG]);
    const [honest] = await server.login('honest');
    const { deaf, sender } = await deafAndSender(server, 100);
    await sender.expect('{"type":"leave"}');
    await expectGoneAfterAll(deaf);
    await honest.expectSilence();
});

// A server where nearly as much has begun as may, 1 MiB, by BEGUN; BEGIN begins one message more.
async function startFull(t) {
    const { server, admin } = await startWithAdmin(t, [...ECHO, '--max-queued', '1m', '--workers', '1']);
    const begin = async size => {
        const raw = await rawOn(server, '/echo');
        raw.send(fragment(TEXT, 'x'.repeat(size)), frame(PING));
        return raw;
    };
    const begun = await Promise.all([1, 2, 3, 4].map(() => begin(260_000)));
    await Promise.all(begun.map(raw => raw.expectFrame(PONG, '')));
    return { server, admin, begin, begun };
}

test('when too much has begun at all together', async t => {
    const { server, admin, begin, begun } = await startFull(t);
    await (await begin(100_000)).expectClose(1013);
    const { sid } = await Polling.open(server, { path: '/socket.io/' });
    const post = await server.dial();
    post.send(`POST /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n`,
        '4'.repeat(100_000));
    assert.equal((await post.response()).status, 503);
    const guest = await Guest.start(t, server, { transport: 'websocket' });
    guest.emit('message', ...Array(5).fill(Buffer.alloc(50_000)));
    await guest.heard('disconnect');
    await (await begin(4000)).expectFrame(PONG, ''); // a little is heard,
    begun[0].send(frame(CONTINUATION, '')); // and who ends does nobody harm
    await begun[0].expectFrame(TEXT, 'x'.repeat(260_000));
    const metrics = await admin.metrics();
    assert.equal(metrics.get('strowger_slow_consumer_disconnects_total{reason="overflowed"}'), 3);
    assert.ok(metrics.get('strowger_receive_queue_bytes') > 700_000);
    begun.forEach(raw => raw.destroy());
    await expectNothingBegun(admin);
});

test('when it goes on, less and less may begin', async t => {
    const { server, admin, begin, begun } = await startFull(t);
    begun.push(await begin(60_000));
    await untilTight(begin, 40_000);
    const promise = await openSocket(server, { path: '/socket.io/' });
    promise.send('40');
    await promise.next();
    promise.send(`451-["message","${'x'.repeat(40_000)}",{"_placeholder":true,"num":0}]`);
    await promise.expectClose(1013);
    begun.forEach(raw => raw.destroy());
    await expectNothingBegun(admin);
});

// Resolves when so little may be begun that who BEGINs SIZE bytes is sent away.
async function untilTight(begin, size) {
    for (;;) {
        const raw = await begin(size);
        const { opcode, payload } = await raw.frame();
        raw.destroy();
        if (opcode === CLOSE) {
            return assert.equal(payload.readUInt16BE(), 1013);
        }
    }
}

async function expectNothingBegun(admin) {
    for (let i = 0; i < 100; i++) {
        if ((await admin.metrics()).get('strowger_receive_queue_bytes') <= 4000) {
            return;
        }
    }
    assert.fail('what was begun and left is kept');
}

test('what waits for who polls no more', async t => {
    const server = await start(t, ['--room-log', 'off']);
    const deaf = await Polling.open(server, { path: '/socket.io/' });
    await deaf.expectPost(encode(4, '40', '42["create or join","r"]'));
    const [sender, honest] = await Guest.all(t, server, 2);
    sender.emit('create or join', 'r');
    for (const event of ['joined', 'ready']) {
        assert.equal((await sender.next())[0], event);
    }
    for (let i = 0; i < 20; i++) {
        sender.emit('message', 'x'.repeat(60_000));
    }
    await deaf.gone();
    await honest.expectSilence();
});

test('when too much waits for all together', async t => {
    const server = await start(t, ['--max-queued', '512k', '--stall-timeout', '1h', ...LONG]);
    const [honest] = await server.login('honest');
    const { deaf, sender } = await deafAndSender(server, 100);
    await sender.expect('{"type":"leave"}');
    await expectGoneAfterAll(deaf);
    await honest.expectSilence();
});
