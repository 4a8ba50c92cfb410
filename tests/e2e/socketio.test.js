// SPDX-License-Identifier: MIT
// Socket.IO: clients 2, 3 and 4 over every transport in the rooms dialect, and packets by hand that no client sends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode, openSocket, Polling } from './lib/engineio.js';
import { run, start } from './lib/server.js';
import { expectSilence, Guest, KINDS, meet } from './lib/socketio.js';

const QUIET = ['--room-log', 'off'];
const ECHO = ['--mount', '/socket.io/=sio-echo'];
const SOCKETIO = { path: '/socket.io/' };

for (const kind of KINDS) {
    test(`client ${kind.version}, ${kind.transport}`, async t => {
        await t.test('two join, the third is full, whoever leaves is said goodbye', async t => {
            const server = await start(t, QUIET);
            const [a, b, c] = await Guest.all(t, server, 3, kind);
            await meet(a, b);
            c.emit('create or join', 'r');
            await c.expect('full', 'r');
            a.emit('message', { type: 'offer', sdp: 'v=0\r\n' }, 'é😀', null);
            await b.expect('message', { type: 'offer', sdp: 'v=0\r\n' }, 'é😀', null);
            b.emit('bye', 'r');
            await a.expect('bye', 'r');
            c.emit('create or join', 'r');
            await c.expect('joined', 'r', c.id);
            await c.expect('ready', 'r');
            await a.expect('join', 'r');
            await a.expect('ready', 'r');
            a.socket.close();
            await c.expect('bye', 'r');
            await expectSilence(b, c);
        });

        await t.test('a thousand messages each way keep their order, also across the upgrade', async t => {
            const server = await start(t, QUIET);
            const [a, b] = [Guest.start(t, server, kind), Guest.start(t, server, kind)];
            await Promise.all([a.heard('connect'), b.heard('connect')]);
            await meet(a, b);
            const upgraded = kind.transport === 'upgrade' ? Promise.all([a.upgraded(), b.upgraded()]) : undefined;
            for (let i = 0; i < 1000; i++) {
                a.emit('message', i);
                b.emit('message', `b${i}`);
                if (i % 100 === 0) {
                    await new Promise(setImmediate);
                }
            }
            for (let i = 0; i < 1000; i++) {
                await b.expect('message', i);
                await a.expect('message', `b${i}`);
            }
            await upgraded;
            a.emit('message', 'on');
            await b.expect('message', 'on');
            await expectSilence(a, b);
        });

        await t.test('binary, byte for byte, both ways', async t => {
            const server = await start(t, QUIET);
            const [a, b] = await Guest.all(t, server, 2, kind);
            await meet(a, b);
            const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
            for (const [from, to] of [[a, b], [b, a]]) {
                from.emit('message', { one: all, two: [Buffer.of(), Buffer.alloc(70_000, 0xff)] }, 'x');
                const [name, got, x] = await to.next();
                assert.deepEqual([name, Buffer.from(got.one), got.two.map(piece => piece.byteLength), x],
                    ['message', all, [0, 70_000], 'x']);
                assert.ok(Buffer.from(got.two[1]).every(byte => byte === 0xff));
                from.emit('message', 'text again');
                await to.expect('message', 'text again');
            }
        });

        await t.test('events are acknowledged, and echoed with their arguments', async t => {
            const server = await start(t, ECHO);
            const a = await Guest.connect(t, server, kind);
            await a.expect('auth', {});
            assert.deepEqual(await a.ask('message-with-ack', 1, '2', { 3: [true] }), [1, '2', { 3: [true] }]);
            assert.deepEqual(await a.ask('message-with-ack'), []);
            const [bytes] = await a.ask('message-with-ack', Buffer.of(1, 2, 3));
            assert.deepEqual(Buffer.from(bytes), Buffer.of(1, 2, 3));
            a.emit('message', 'x', 5);
            await a.expect('message-back', 'x', 5);
        });

        await t.test('reconnects, as somebody new', async t => {
            const server = await start(t, QUIET);
            const again = { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 10 };
            const a = await Guest.connect(t, server, { ...kind, ...again });
            const b = await Guest.connect(t, server, kind);
            await meet(a, b);
            const old = a.id;
            const back = a.heard('connect');
            a.engine.close();
            await b.expect('bye', 'r');
            await back;
            assert.notEqual(a.id, old);
            a.emit('create or join', 'r');
            await a.expect('joined', 'r', a.id);
            await a.expect('ready', 'r');
            await b.expect('join', 'r');
        });

        await t.test('who falls silent is gone within interval and timeout', async t => {
            const server = await start(t, [...QUIET, '--ping-interval', '200ms', '--ping-timeout', '300ms']);
            const [a, b] = await Guest.all(t, server, 2, kind);
            await meet(a, b);
            const since = Date.now();
            const lost = a.heard('disconnect');
            a.fallSilent();
            await b.expect('bye', 'r');
            const took = Date.now() - since;
            assert.ok(took > 250 && took < 2000, `after ${took} ms`);
            await lost;
            b.emit('create or join', 'r');
            await b.expect('created', 'r', b.id);
        });

        await t.test('heartbeats keep who is there', async t => {
            const server = await start(t, [...QUIET, '--ping-interval', '40ms', '--ping-timeout', '400ms']);
            const a = await Guest.connect(t, server, kind);
            let n = 0;
            const beats = new Promise(done => a.engine.on('packet', ({ type }) => {
                n += type === (kind.version === 2 ? 'pong' : 'ping');
                if (n === 3) {
                    done();
                }
            }));
            await beats;
            assert.equal(a.socket.connected, true);
            await a.expectSilence();
        });

        await t.test('other namespaces are refused unless configured', async t => {
            const server = await start(t, [...QUIET, '--namespace', '/chat']);
            const stranger = Guest.start(t, server, { ...kind, namespace: '/nowhere' });
            const [error] = await stranger.heard(kind.version === 2 ? 'error' : 'connect_error');
            assert.equal(error.message ?? error, 'Invalid namespace');
            const [a, b] = await Guest.all(t, server, 2, { ...kind, namespace: '/chat' });
            const outside = await Guest.connect(t, server, kind);
            await meet(a, b);
            outside.emit('create or join', 'r');
            await outside.expect('created', 'r', outside.id);
            a.emit('message', 'to the room');
            await b.expect('message', 'to the room');
            await expectSilence(a, outside);
        });

        await t.test('one connection in two namespaces is two guests', async t => {
            const server = await start(t, [...QUIET, '--namespace', '/chat']);
            const main = await Guest.connect(t, server, kind);
            const chat = await Guest.connect(t, server, { ...kind, namespace: '/chat' });
            const shared = Guest.start(t, server, kind);
            await shared.heard('connect');
            const second = shared.inNamespace('/chat');
            await second.heard('connect');
            await meet(main, shared);
            await meet(chat, second);
            second.socket.disconnect();
            await chat.expect('bye', 'r');
            shared.emit('message', 'still here');
            await main.expect('message', 'still here');
        });
    });
}

test('clients of all versions meet', async t => {
    const server = await start(t, QUIET);
    for (const [i, a] of KINDS.entries()) {
        const b = KINDS[(i + 4) % KINDS.length];
        await t.test(`${a.version} ${a.transport} and ${b.version} ${b.transport}`, async t => {
            const [one, two] = [await Guest.connect(t, server, a), await Guest.connect(t, server, b)];
            await meet(one, two, `room ${i}`);
            one.emit('message', Buffer.of(0, 1, 2), '€');
            const [, bytes, text] = await two.next();
            assert.deepEqual([Buffer.from(bytes), text], [Buffer.of(0, 1, 2), '€']);
        });
    }
});

// A session by hand in the main namespace of sio-echo.
async function inside(server, eio = 4) {
    const socket = await openSocket(server, { ...SOCKETIO, eio });
    if (eio === 4) {
        socket.send('40');
    }
    assert.match(await socket.next(), /^40/);
    await socket.expect('42["auth",{}]');
    return socket;
}

test('namespaces by hand', async t => {
    const server = await start(t, ECHO);
    await t.test('version 5: joined on demand, with auth', async () => {
        const socket = await openSocket(server, SOCKETIO);
        await socket.expectSilence();
        socket.send('40{"token":"x"}');
        const [, sid] = /^40\{"sid":"([\w-]{20})"\}$/.exec(await socket.next());
        assert.notEqual(sid, socket.open.sid);
        await socket.expect('42["auth",{"token":"x"}]');
        socket.send('40/custom,');
        assert.match(await socket.next(), /^40\/custom,\{"sid":"[\w-]{20}"\}$/);
        await socket.expect('42/custom,["auth",{}]');
        socket.send('42/custom,["message",1]');
        await socket.expect('42/custom,["message-back",1]');
        socket.send('41/custom,');
        socket.send('42["message",2]');
        await socket.expect('42["message-back",2]');
    });

    // The conformance suite listens for one message at a time, and would miss the second of two that come as one.
    await t.test('auth comes later than the turn in which its client connected', async () => {
        const session = await Polling.open(server, SOCKETIO);
        const held = await session.hold('40', '42["message",1]');
        assert.match(String((await held.response()).body), /^40\{"sid":"[\w-]{20}"\}\x1e42\["message-back",1\]$/);
        await session.expectPoll('42["auth",{}]');
        await session.expectPost('40/custom,\x1e41/custom,'); // gone before it was told
        assert.match((await session.get()).text, /^40\/custom,/);
        await session.expectPost('42["message",2]');
        await session.expectPoll('42["message-back",2]');
    });

    await t.test('version 4: the main one unasked, others on demand', async () => {
        const socket = await openSocket(server, { ...SOCKETIO, eio: 3 });
        await socket.expect('40');
        await socket.expect('42["auth",{}]');
        socket.send('40/custom?token=x');
        await socket.expect('40/custom,');
        await socket.expect('42/custom,["auth",{}]');
        const polling = await Polling.open(server, { ...SOCKETIO, eio: 3 });
        assert.deepEqual(polling.greeting, ['40']);
    });

    await t.test('unknown ones are refused as the reference does', async () => {
        const five = await openSocket(server, SOCKETIO);
        five.send('40/random');
        await five.expect('44/random,{"message":"Invalid namespace"}');
        five.send(`40/${'x'.repeat(1000)},`);
        assert.match(await five.next(), /^44\/x{1000},/);
        const four = await inside(server, 3);
        four.send('40/random');
        await four.expect('44/random,"Invalid namespace"');
        four.send('42["message",1]');
        await four.expect('42["message-back",1]');
    });
});

test('what the reference ends a session for', async t => {
    const server = await start(t, ECHO);
    const cases = {
        'no packet type': ['4abc', '4', '47', '4-'],
        'bad JSON': ['42', '42{', '42["message"', '42["message",]', '42[\'message\']', '42["message"]x', '42["\ud800"'],
        'no event': ['42{}', '42[]', '42"message"', '42[null]', '42[{}]', '42[true]'],
        'a reserved name': ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener']
            .map(name => `42["${name}"]`).concat('42["\\u0063onnect"]'),
        'a bad id': ['42abc["message"]', '42-1["message"]', '4299999999999999999999["message"]'],
        'a bad acknowledgement': ['43', '431', '431{}', '43["x"]'],
        'bad attachments': ['45["message"]', '450-["message"]', '4511-["message"]', '45-["message"]', '451["message"]',
            '451-["message",{"_placeholder":true,"num":1}]', '451-["message",{"_placeholder":true,"num":-1}]',
            '451-["message",{"_placeholder":true}]', '451-["connect",{"_placeholder":true,"num":0}]'],
        'a text among attachments': [['451-["message",{"_placeholder":true,"num":0}]', '42["message"]']],
        'an attachment to nothing': [[Buffer.of(1)]],
        'an error, which only servers say': ['44', '44{"message":"x"}'],
        'a namespace joined twice': ['40'],
        'a namespace not joined': ['42/custom,["message"]', '41/custom,', '42/nowhere,["message"]'],
        'a bad handshake': ['40/custom,[]', '40/custom,{', '40/custom,"x"'],
        'a disconnection with words': ['41{}'],
    };
    for (const [why, packets] of Object.entries(cases)) {
        for (const packet of packets) {
            await t.test(`${why}: ${packet}`, async () => {
                const socket = await inside(server);
                [packet].flat().forEach(part => socket.send(part));
                await socket.expectClose(1000);
            });
        }
    }

    for (const packet of ['42["message"]', '41', '430[]', '451-["message",{"_placeholder":true,"num":0}]']) {
        await t.test(`${packet} before any namespace was joined`, async () => {
            const socket = await openSocket(server, SOCKETIO);
            socket.send(packet);
            await socket.expectClose(1000);
        });
    }

    await t.test('the same in a POST', async () => {
        const session = await Polling.open(server, SOCKETIO);
        await session.post('42["message"]');
        await session.expectGone();
        const other = await Polling.open(server, SOCKETIO);
        await other.post('40\x1e4abc');
        await other.expectGone();
    });
});

test('what the reference lets pass', async t => {
    const server = await start(t, ECHO);
    const socket = await inside(server);
    const cases = [
        ['42["message"]', '42["message-back"]'],
        ['42 ["message" , 1 ]', undefined],
        ['42["message",1,{"a":[ 1, 2 ]},"\\u00e9"]', '42["message-back",1,{"a":[ 1, 2 ]},"\\u00e9"]'],
        ['42["message",{"_placeholder":true,"num":7}]', '42["message-back",{"_placeholder":true,"num":7}]'],
        ['420["message-with-ack"]', '430[]'],
        ['429007199254740991["message-with-ack",1]', '439007199254740991[1]'],
        ['42["nobody knows this"]', undefined],
        ['42[5,"a number is a name too"]', undefined],
        ['4312["an answer nobody asked for"]', undefined],
    ];
    for (const [packet, answer] of cases) {
        await t.test(packet, async () => {
            socket.send(packet);
            if (answer) {
                await socket.expect(answer);
            }
            assert.ok((await socket.settle()).length <= 1);
        });
    }
});

test('an event and its attachments are one message', async t => {
    const event = n => `45${n}-["message",${Array.from({ length: n }, (_, i) => `{"_placeholder":true,"num":${i}}`)}]`;
    await t.test('no longer than one may be', async () => {
        const server = await start(t, [...ECHO, '--max-payload', '1000']);
        const socket = await inside(server);
        for (const sizes of [[400, 400], [700, 100]]) {
            socket.send(event(2));
            sizes.forEach(n => socket.send(Buffer.alloc(n)));
            assert.match(await socket.next(), /^452-/);
            assert.deepEqual([(await socket.next()).length, (await socket.next()).length], sizes);
        }
        socket.send(event(3));
        [400, 400, 400].forEach(n => socket.send(Buffer.alloc(n)));
        await socket.expectClose(1009);
        assert.equal((await socket.closed).reason, 'message too big');
    });

    await t.test('that must end in time', async () => {
        const server = await start(t, [...ECHO, '--message-timeout', '100ms']);
        const socket = await inside(server);
        socket.send(event(1));
        socket.send(Buffer.alloc(1));
        assert.match(await socket.next(), /^451-/);
        await socket.next();
        socket.send(event(2));
        socket.send(Buffer.alloc(1));
        await socket.expectClose(1008);
    });
});

test('attachments by hand', async t => {
    const server = await start(t, ECHO);
    const placeholders = n => Array.from({ length: n }, (_, i) => `{"_placeholder":true,"num":${i}}`).join();
    for (const [eio, prefix] of [[3, [4]], [4, []]]) {
        await t.test(`Engine.IO ${eio}: ten of them, with an acknowledgement`, async () => {
            const socket = await inside(server, eio);
            socket.send(`4510-7["message-with-ack",${placeholders(10)}]`);
            const pieces = Array.from({ length: 10 }, (_, i) => Buffer.from([...prefix, ...Array(i).fill(i)]));
            pieces.forEach(piece => socket.send(piece));
            await socket.expect(`4610-7[${placeholders(10)}]`);
            for (const piece of pieces) {
                assert.deepEqual(await socket.next(), piece);
            }
        });
    }

    await t.test('in a POST and a poll', async () => {
        const session = await Polling.open(server, SOCKETIO);
        await session.expectPost('40');
        assert.match((await session.get()).text, /^40\{"sid":"[\w-]{20}"\}$/);
        await session.expectPoll('42["auth",{}]');
        await session.expectPost(`451-["message",${placeholders(1)}]\x1ebAQID`);
        await session.expectPoll(`451-["message-back",${placeholders(1)}]\x1ebAQID`);
        const old = await Polling.open(server, { ...SOCKETIO, eio: 3, query: '&b64=1' });
        await old.expectPoll(encode(3, '42["auth",{}]'));
        await old.expectPost(encode(3, `451-["message",${placeholders(1)}]`, 'b4AQID'));
        await old.expectPoll(encode(3, `451-["message-back",${placeholders(1)}]`, 'b4AQID'));
    });

    await t.test('a session may end while they are awaited', async () => {
        const socket = await inside(server);
        socket.send(`452-["message",${placeholders(2)}]`);
        socket.send(Buffer.alloc(1000));
        await socket.expectSilence();
        socket.destroy();
    });
});

test('who joins no namespace is gone within the connect timeout', async t => {
    const server = await start(t, [...ECHO, '--connect-timeout', '400ms', '--ping-interval', '500ms']);
    const [socket, session] = [await openSocket(server, SOCKETIO), await Polling.open(server, SOCKETIO)];
    await session.expectPoll('1');
    await session.expectGone();
    await socket.expectClose(1000);
    const refused = await openSocket(server, SOCKETIO);
    refused.send('40/nowhere,');
    await refused.expect('44/nowhere,{"message":"Invalid namespace"}');
    await refused.expectClose(1000);
    const left = await inside(server);
    left.send('41');
    await left.expectClose(1000);
    const [stays, version3] = [await inside(server), await inside(server, 3)]; // that one is in one unasked
    await stays.expect('2');
    await version3.expectSilence();
});

test('--namespace wants a name with a slash', async () => {
    const { code, stderr } = await run('--port', '0', '--namespace', 'chat');
    assert.equal(code, 2);
    assert.match(stderr, /^[^\n]*--namespace[^\n]*'chat'\n$/);
});
