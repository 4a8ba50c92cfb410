// SPDX-License-Identifier: MIT
// The rooms dialect: what the tutorial 002 and Google's codelab promise, their options, and rooms with odd names.
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { openSocket } from './lib/engineio.js';
import { run, start } from './lib/server.js';
import { expectSilence, Guest, meet } from './lib/socketio.js';

const QUIET = ['--room-log', 'off'];
const log = (...items) => ['log', ['>>> Message from server: ', ...items]];

test('log', async t => {
    const server = await start(t);
    const [a, b] = await Guest.all(t, server, 2);

    await t.test('tells what the tutorial tells, and only to whom it concerns', async () => {
        a.emit('create or join', 'r');
        await a.expect(...log('Room r has 0 client(s)'));
        await a.expect(...log('Request to create or join room r'));
        await a.expect('created', 'r', a.id);
        b.emit('create or join', 'r');
        await b.expect(...log('Room r has 1 client(s)'));
        await b.expect(...log('Request to create or join room r'));
        await b.expect('joined', 'r', b.id);
        await b.expect('ready', 'r');
        await a.expect('join', 'r');
        await a.expect('ready', 'r');
    });

    await t.test('returns a message to its sender', async () => {
        a.emit('message', { type: 'candidate', candidate: 'é' });
        await a.expect(...log('Got message:', { type: 'candidate', candidate: 'é' }));
        await b.expect('message', { type: 'candidate', candidate: 'é' });
    });

    await t.test('writes names as they are', async () => {
        b.emit('create or join', '"\\\n€');
        await b.expect(...log('Room "\\\n€ has 0 client(s)'));
        await b.expect(...log('Request to create or join room "\\\n€'));
        await b.expect('created', '"\\\n€', b.id);
        await expectSilence(a, b);
    });
});

test('rooms', async t => {
    const server = await start(t, QUIET);

    const longest = 'x'.repeat(256);
    for (const room of ['__proto__', 'constructor', 'toString', 'r\u0000', '"', '\\', '€😀', ' ', 'log', '/', longest]) {
        await t.test(`one called ${JSON.stringify(room).slice(0, 20)} is like any other`, async t => {
            const [a, b, c] = await Guest.all(t, server, 3);
            await meet(a, b, room);
            c.emit('create or join', room);
            await c.expect('full', room);
            a.emit('message', 1);
            await b.expect('message', 1);
            a.socket.close();
            await b.expect('bye', room);
            await expectSilence(b, c);
        });
    }

    const odd = [[], [null], [5], [true], [{}], [{ toString: 1 }], [['r']], [''], [`${longest}x`], [Buffer.from('r')]];
    for (const args of odd) {
        await t.test(`${JSON.stringify(args).slice(0, 30)} names no room`, async t => {
            const a = await Guest.connect(t, server);
            a.emit('create or join', ...args);
            await a.expectSilence();
        });
    }

    await t.test('a client\'s id is no room', async t => {
        const [a, b] = await Guest.all(t, server, 2);
        b.emit('create or join', a.id);
        await b.expect('created', a.id, b.id);
        b.emit('message', 'x');
        await a.expectSilence();
    });

    await t.test('asking again takes no second seat and disturbs nobody', async t => {
        const [a, b] = await Guest.all(t, server, 2);
        for (let i = 0; i < 3; i++) {
            a.emit('create or join', 'again');
            await a.expect('created', 'again', a.id);
        }
        b.emit('create or join', 'again');
        await b.expect('joined', 'again', b.id);
        await b.expect('ready', 'again');
        await a.expect('join', 'again');
        await a.expect('ready', 'again');
        b.emit('create or join', 'again');
        await b.expect('joined', 'again', b.id);
        a.emit('message', 'once');
        await b.expect('message', 'once');
        await expectSilence(a, b);
        b.socket.close();
        await a.expect('bye', 'again');
        await a.expectSilence();
    });

    await t.test('who is in several hears and is heard in each', async t => {
        const [a, b, c] = await Guest.all(t, server, 3);
        await meet(a, b, 'one');
        await meet(a, c, 'two');
        a.emit('message', 'to all of mine');
        await b.expect('message', 'to all of mine');
        await c.expect('message', 'to all of mine');
        c.emit('message', 'to one');
        await a.expect('message', 'to one');
        await b.expectSilence();
        a.emit('bye');
        await b.expect('bye', 'one');
        await c.expect('bye', 'two');
        await expectSilence(a, b, c);
    });

    await t.test('there is a limit to how many', async t => {
        const a = await Guest.connect(t, server);
        for (let i = 0; i < 100; i++) {
            a.emit('create or join', `mine ${i}`);
            await a.expect('created', `mine ${i}`, a.id);
        }
        a.emit('create or join', 'one more');
        await a.expect('full', 'one more');
    });

    await t.test('a message before any room goes nowhere', async t => {
        const [a, b, c] = await Guest.all(t, server, 3);
        await meet(a, b, 'private');
        c.emit('message', 'x');
        await expectSilence(a, b, c);
    });

    await t.test('a message may say nothing, and much', async t => {
        const [a, b] = await Guest.all(t, server, 2);
        await meet(a, b, 'talk');
        for (const args of [[], [null], ['a', 'b', 'c', 'd', 'e', 'f'], [[[]]], ['x'.repeat(200_000)]]) {
            a.emit('message', ...args);
            await b.expect('message', ...args);
        }
    });

    await t.test('the bytes of a message stay as they are', async () => {
        const [a, b] = await Promise.all([1, 2].map(() => openSocket(server, { path: '/socket.io/' })));
        for (const socket of [a, b]) {
            socket.send('40');
            await socket.next();
            socket.send('420["create or join","b\\u0079tes"]');
        }
        await a.settle();
        await b.settle();
        a.send('42["message" , {"a": 1.0e+2, "\\u00e9":"\\/" ,"a":2}, "x" ]');
        await b.expect('42["message",{"a": 1.0e+2, "\\u00e9":"\\/" ,"a":2}, "x"]');
    });

    await t.test('events are acknowledged, known or not', async t => {
        const a = await Guest.connect(t, server);
        const events = [['create or join', 'acked'], ['message', 1], ['bye'], ['ipaddr'], ['whatever', { a: [1] }]];
        for (const event of events) {
            assert.deepEqual(await a.ask(...event), []);
        }
    });

    await t.test('ipaddr tells this machine\'s addresses', async t => {
        const a = await Guest.connect(t, server);
        a.emit('ipaddr');
        const own = Object.values(networkInterfaces()).flat().filter(at => at.family === 'IPv4' && !at.internal);
        for (const { address } of own) {
            await a.expect('ipaddr', address);
        }
        await a.expectSilence();
    });

    await t.test('a seat is free as soon as its client breaks off', async t => {
        const [a, b] = await Guest.all(t, server, 2);
        await meet(a, b, 'seats');
        b.engine.transport.ws.terminate();
        await a.expect('bye', 'seats');
        const c = await Guest.connect(t, server);
        c.emit('create or join', 'seats');
        await c.expect('joined', 'seats', c.id);
    });
});

test('options', async t => {
    await t.test('--room-capacity', async t => {
        const server = await start(t, [...QUIET, '--room-capacity', '3']);
        const [a, b, c, d] = await Guest.all(t, server, 4);
        await meet(a, b);
        c.emit('create or join', 'r');
        await c.expect('joined', 'r', c.id);
        await c.expect('ready', 'r');
        for (const inside of [a, b]) {
            await inside.expect('join', 'r');
            await inside.expect('ready', 'r');
        }
        d.emit('create or join', 'r');
        await d.expect('full', 'r');
        c.emit('message', 'x');
        await a.expect('message', 'x');
        await b.expect('message', 'x');
        c.emit('bye');
        await a.expect('bye', 'r');
        await b.expect('bye', 'r');
        await expectSilence(a, b, c, d);
    });

    await t.test('--room-capacity 1', async t => {
        const server = await start(t, [...QUIET, '--room-capacity', '1']);
        const [a, b] = await Guest.all(t, server, 2);
        a.emit('create or join', 'r');
        await a.expect('created', 'r', a.id);
        b.emit('create or join', 'r');
        await b.expect('full', 'r');
        await a.expectSilence();
    });

    await t.test('--room-broadcast: a message goes to everyone, as in the tutorial', async t => {
        const server = await start(t, [...QUIET, '--room-broadcast', 'on']);
        const [a, b, c] = await Guest.all(t, server, 3);
        await meet(a, b);
        a.emit('message', 'x', Buffer.of(1));
        for (const other of [b, c]) {
            const [name, x, bytes] = await other.next();
            assert.deepEqual([name, x, Buffer.from(bytes)], ['message', 'x', Buffer.of(1)]);
        }
        c.emit('message', 'from outside');
        await a.expect('message', 'from outside');
        await b.expect('message', 'from outside');
        b.emit('bye');
        await a.expect('bye', 'r');
        c.emit('message', 'once');
        await a.expect('message', 'once');
        await b.expect('message', 'once');
        await expectSilence(a, b, c);
    });

    await t.test('--room-sentences: the tutorial\'s last two events', async t => {
        const server = await start(t, [...QUIET, '--room-sentences', 'on']);
        const [a, b, c] = await Guest.all(t, server, 3);
        a.emit('create or join', 'r');
        await a.expect('created', 'r', a.id);
        await a.expect(`emit(): client ${a.id} joined room r`);
        for (const other of [b, c]) {
            await other.expect(`broadcast(): client ${a.id} joined room r`);
        }
        b.emit('create or join', 'r');
        await b.expect('joined', 'r', b.id);
        await b.expect('ready', 'r');
        await b.expect(`emit(): client ${b.id} joined room r`);
        await a.expect('join', 'r');
        await a.expect('ready', 'r');
        await a.expect(`broadcast(): client ${b.id} joined room r`);
        await c.expect(`broadcast(): client ${b.id} joined room r`);
        c.emit('create or join', 'r');
        await c.expect('full', 'r'); // and no word of a joining that was none
        await expectSilence(a, b, c);
    });

    await t.test('--room-event: another page\'s words', async t => {
        const renames = ['enter=create or join', 'welcome=joined', 'opened=created', 'signal=message', 'gone=bye',
            'come "in"=ready'];
        const server = await start(t, [...QUIET, ...renames.flatMap(rename => ['--room-event', rename])]);
        const [a, b] = await Guest.all(t, server, 2);
        a.emit('enter', 'r');
        await a.expect('opened', 'r', a.id);
        b.emit('create or join', 'r'); // the old words stay
        await b.expect('welcome', 'r', b.id);
        await b.expect('come "in"', 'r');
        await a.expect('join', 'r');
        await a.expect('come "in"', 'r');
        a.emit('signal', 1, 2);
        await b.expect('signal', 1, 2);
        b.emit('gone');
        await a.expect('gone', 'r');
        await expectSilence(a, b);
    });

    for (const [option, value] of [['--room-event', 'x'], ['--room-capacity', '0'], ['--room-log', 'maybe']]) {
        await t.test(`${option} ${value} is refused`, async () => {
            const { code, stderr } = await run('--port', '0', option, value);
            assert.equal(code, 2);
            assert.match(stderr, new RegExp(`^[^\n]*${option}[^\n]*\n$`));
        });
    }

    await t.test('rooms of one mount are nothing to another', async t => {
        const server = await start(t, [...QUIET, '--mount', '/more/=rooms']);
        const a = await Guest.connect(t, server);
        const b = await Guest.connect(t, server, { path: '/more/' });
        for (const guest of [a, b]) {
            guest.emit('create or join', 'r');
            await guest.expect('created', 'r', guest.id);
        }
        await expectSilence(a, b);
    });
});
