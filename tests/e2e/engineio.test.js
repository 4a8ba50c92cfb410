// SPDX-License-Identifier: MIT
// Engine.IO by hand, versions 3 and 4: what clients send, and what they never send.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { ask, encode, expectRefusal, openSocket, Polling, REFUSALS } from './lib/engineio.js';
import { Client } from './lib/client.js';
import { CLOSE, PING, TEXT } from './lib/raw.js';
import { start } from './lib/server.js';

const ECHO = ['--mount', '/engine.io/=eio-echo'];
const [CALM, QUICK] = [
    [...ECHO, '--ping-interval', '1m', '--ping-timeout', '1m'],
    [...ECHO, '--ping-interval', '150ms', '--ping-timeout', '400ms'],
];
const VERSIONS = [3, 4];

test('handshake', async t => {
    const server = await start(t, [...ECHO, '--ping-interval', '300ms', '--ping-timeout', '200ms']);
    const common = { upgrades: ['websocket'], pingInterval: 300, pingTimeout: 200 };

    await t.test('by polling', async () => {
        const four = await ask(server, 'GET', '/engine.io/?EIO=4&transport=polling');
        assert.equal(four.status, 200);
        assert.equal(four.headers['content-type'], 'text/plain; charset=UTF-8');
        assert.equal(four.headers['cache-control'], 'no-store');
        const { sid, ...rest } = JSON.parse(four.text.slice(1));
        assert.deepEqual([four.text[0], rest], ['0', { ...common, maxPayload: 1_000_000 }]);
        assert.match(sid, /^[\w-]{20}$/);
        const three = await Polling.open(server, { eio: 3 });
        assert.deepEqual(three.open, { sid: three.sid, ...common });
        assert.notEqual(three.sid, sid);
    });

    await t.test('by WebSocket', async () => {
        for (const eio of VERSIONS) {
            const { open } = await openSocket(server, { eio });
            assert.match(open.sid, /^[\w-]{20}$/);
            assert.deepEqual([open.upgrades, open.pingInterval, open.pingTimeout], [[], 300, 200]);
        }
    });

    await t.test('defaults are the reference server\'s', async t => {
        const { open } = await openSocket(await start(t, ECHO));
        assert.deepEqual([open.pingInterval, open.pingTimeout, open.maxPayload], [25_000, 20_000, 1_000_000]);
    });

    await t.test('without the slash', async () => {
        await Polling.open(server, { path: '/engine.io' });
    });
});

test('refusals', async t => {
    const server = await start(t, [...CALM, '--mount', '/other/=eio-echo']);
    const [one, three] = [await Polling.open(server), await Polling.open(server, { eio: 3 })];
    const socket = await openSocket(server);
    const cases = [
        ['GET', '', 0],
        ['GET', 'EIO=4', 0],
        ['GET', 'EIO=4&transport=abc', 0],
        ['GET', 'EIO=4&transport=POLLING', 0],
        ['GET', `EIO=4&transport=flashsocket&sid=${one.sid}`, 0],
        ['GET', 'EIO=4&transport=polling&sid=unknown', 1],
        ['GET', `EIO=4&transport=polling&sid=${one.sid.slice(1)}`, 1],
        ['POST', 'EIO=4&transport=polling&sid=unknown', 1],
        ['POST', 'EIO=4&transport=polling', 2],
        ['PUT', 'EIO=4&transport=polling', 2],
        ['OPTIONS', 'EIO=4&transport=polling', 2],
        ['DELETE', `EIO=4&transport=polling&sid=${one.sid}`, 3],
        ['GET', 'EIO=4&transport=websocket', 3],
        ['GET', `EIO=4&transport=websocket&sid=${one.sid}`, 3],
        ...['GET', 'POST', 'PUT'].flatMap(method => ['polling', 'websocket']
            .map(transport => [method, `EIO=4&transport=${transport}&sid=${socket.open.sid}`, 3])),
        ['GET', `EIO=3&transport=polling&sid=${one.sid}`, 3],
        ['POST', `EIO=4&transport=polling&sid=${three.sid}`, 3],
        ...['', 'EIO=&', 'EIO=2&', 'EIO=5&', 'EIO=44&', 'EIO=4.0&', 'EIO=abc&', 'eio=4&']
            .map(eio => ['GET', `${eio}transport=polling`, 5]),
    ];
    for (const [method, query, code] of cases) {
        const shown = query.replace(/sid=[\w-]{19,}/, 'sid=…');
        await t.test(`${method} ?${shown}: ${REFUSALS[code].message}`, async () => {
            expectRefusal(await ask(server, method, `/engine.io/?${query}`), code);
        });
    }

    await t.test('a sid of another mount is unknown', async () => {
        expectRefusal(await ask(server, 'GET', `/other/?EIO=4&transport=polling&sid=${one.sid}`), 1);
    });

    const sockets = [['transport=websocket', 5], ['EIO=abc&transport=websocket', 5], ['EIO=4', 0],
        ['EIO=4&transport=abc', 0], ['EIO=4&transport=polling', 3], ['EIO=4&transport=websocket&sid=unknown', 1],
        [`EIO=3&transport=websocket&sid=${one.sid}`, 3]];
    for (const [query, code] of sockets) {
        const shown = query.replace(/sid=[\w-]{20}/, 'sid=…');
        await t.test(`a WebSocket to ?${shown}: ${REFUSALS[code].message}`, async () => {
            const raw = await server.dial();
            const { status, headers, body } = await raw.request(`GET /engine.io/?${query}`, 'Connection: Upgrade',
                'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==');
            assert.deepEqual([status, String(body)], [400, REFUSALS[code].message]);
            assert.deepEqual([headers.connection, headers['content-type']], ['close', 'text/html']);
            await raw.expectEnd();
        });
    }

    await t.test('none of it harmed the sessions', async () => {
        assert.deepEqual([await one.isKnown(), await three.isKnown()], [true, true]);
        socket.send('4a');
        await socket.expect('4a');
    });
});

test('messages by polling', async t => {
    const server = await start(t, CALM);
    const texts = ['4hello', '4', '4€😀é', '4"\\\n', '4a\u2028b', `4${'x'.repeat(100_000)}`];
    for (const eio of VERSIONS) {
        await t.test(`version ${eio}: one and several, lengths in UTF-16 code units`, async () => {
            const session = await Polling.open(server, { eio });
            for (const text of texts) {
                await session.expectPost(encode(eio, text));
                await session.expectPoll(encode(eio, text));
            }
            await session.expectPost(encode(eio, ...texts));
            await session.expectPoll(encode(eio, ...texts));
        });

        await t.test(`version ${eio}: a held GET is answered by what comes`, async () => {
            const session = await Polling.open(server, { eio });
            const held = await session.hold();
            await session.expectPost(encode(eio, '4now'));
            await session.expectLet(held, encode(eio, '4now'));
        });

        await t.test(`version ${eio}: what the protocol leaves without a meaning is ignored`, async () => {
            const session = await Polling.open(server, { eio });
            await session.expectPost(encode(eio, '0', '5', '6', '4here'));
            await session.expectPoll(encode(eio, '4here'));
        });
    }

    await t.test('version 4: binary as base64', async () => {
        const session = await Polling.open(server);
        await session.expectPost('4hello\x1ebAQIDBA==\x1eb');
        await session.expectPoll('4hello\x1ebAQIDBA==\x1eb');
    });

    await t.test('version 3: binary as base64 to those who ask for it', async () => {
        const session = await Polling.open(server, { eio: 3, query: '&b64=1' });
        await session.expectPost('6:4hello10:b4AQIDBA==');
        await session.expectPoll('6:4hello10:b4AQIDBA==');
    });

    await t.test('version 3: a binary body, both ways', async () => {
        const session = await Polling.open(server, { eio: 3 });
        const eleven = Array.from({ length: 11 }, (_, i) => i);
        const body = Buffer.from([0, 4, 255, 0x34, 0xe2, 0x82, 0xac, 1, 1, 2, 255, 4, ...eleven]);
        await session.expectPost(body, { 'Content-Type': 'application/octet-stream' });
        const answer = await session.get();
        assert.equal(answer.headers['content-type'], 'application/octet-stream');
        assert.deepEqual(answer.bytes, body);
        await session.expectPost('2:4a');
        assert.equal((await session.get()).headers['content-type'], 'text/plain; charset=UTF-8');
    });

    await t.test('a body in chunks', async () => {
        const session = await Polling.open(server);
        const raw = await server.dial();
        raw.send(`POST ${session.target('polling')} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
        for (const piece of ['2\r\n4h\r\n', '3\r\nell\r\n', '1\r\no\r\n', '0\r\n\r\n']) {
            raw.send(piece);
        }
        assert.equal(String((await raw.response()).body), 'ok');
        await session.expectPoll('4hello');
    });
});

test('JSONP', async t => {
    const server = await start(t, CALM);
    const post = (session, form) => session.expectPost(form, { 'Content-Type': 'application/x-www-form-urlencoded' });
    for (const eio of VERSIONS) {
        await t.test(`version ${eio}`, async () => {
            const opening = await ask(server, 'GET', `/engine.io/?EIO=${eio}&transport=polling&j=0`);
            assert.equal(opening.headers['content-type'], 'text/javascript; charset=UTF-8');
            const payload = JSON.parse(/^___eio\[0\]\((".*")\);$/s.exec(opening.text)[1]);
            const session = new Polling(server, '/engine.io/', eio, '&j=12');
            session.sid = JSON.parse(payload.slice(payload.indexOf('{'))).sid;
            const text = '4a"\\\u2028€\nb\\n';
            const escaped = encode(eio, text).replaceAll('\\n', '\\\\n').replaceAll('\n', '\\n'); // as clients do
            await post(session, `d=${encodeURIComponent(escaped)}`);
            const { text: answer } = await session.get();
            assert.match(answer, /^___eio\[12\]\("[^\u2028]*"\);$/);
            assert.equal(JSON.parse(answer.slice(11, -2)), encode(eio, text));
        });
    }

    await t.test('a form without d is malformed', async () => {
        const session = await Polling.open(server);
        session.query = '&j=1';
        assert.equal((await session.post('e=4a')).status, 400);
        await session.expectGone();
    });
});

test('malformed bodies end the session', async t => {
    const server = await start(t, CALM);
    const binary = { 'Content-Type': 'application/octet-stream' };
    const cases = {
        4: ['', 'abc', '7', '9x', '\x1e', '4a\x1e', '\x1e4a', '4a\x1e\x1e4b', 'b!!!!', 'bAQ', 'bA===', ' 4a',
            Buffer.from([0x34, 0xff]), Buffer.from([0x34, 0xed, 0xa0, 0x80])],
        3: ['', 'abc', '4a', ':4a', '2:4', '3:4a', '1:', '2:9a', '-1:4', '1', '1:x', '99999999999999999999:4', '2:4a2',
            '4:b4A', '5:b5AAA', '2:4😀', Buffer.from([0x32, 0x3a, 0x34, 0xff])],
    };
    for (const eio of VERSIONS) {
        for (const body of cases[eio]) {
            await t.test(`version ${eio}: ${JSON.stringify(String(body))}`, async () => {
                const session = await Polling.open(server, { eio });
                const held = await session.hold();
                assert.equal((await session.post(body)).status, 400);
                await session.expectLet(held, encode(eio, '1'));
                await session.expectGone();
            });
        }
    }

    const bodies = [[2, 1, 255, 0x34], [0, 255, 0x34], [0, 2, 255, 0x34], [0, 10, 255, 0x34], [1, 2, 255, 5, 0], [0, 1],
        [0, 1, 255, 0x39], [0, 2, 255, 0x34, 0xff], [1, 0, 255], [0, ...Array(20).fill(9), 255, 0x34]];
    for (const body of bodies) {
        await t.test(`version 3, binary: ${body}`, async () => {
            const session = await Polling.open(server, { eio: 3 });
            assert.equal((await session.post(Buffer.from(body), binary)).status, 400);
            await session.expectGone();
        });
    }

    await t.test('version 4: a binary body at all', async () => {
        const session = await Polling.open(server);
        assert.equal((await session.post('4a', binary)).status, 400);
        await session.expectGone();
    });
});

test('bodies that are too long', async t => {
    const server = await start(t, [...CALM, '--max-payload', '1000']);
    for (const eio of VERSIONS) {
        await t.test(`version ${eio}: as long as allowed, then a byte more`, async () => {
            const session = await Polling.open(server, { eio });
            const longest = encode(eio, `4${'x'.repeat(eio === 3 ? 995 : 999)}`);
            assert.equal(longest.length, 1000);
            await session.expectPost(longest);
            await session.expectPoll(longest);
            assert.equal((await session.post(`${longest}x`)).status, 413);
            await session.expectGone();
        });
    }

    await t.test('however much is allowed can be sent', async t => {
        const session = await Polling.open(await start(t, [...CALM, '--max-payload', '3m']));
        const long = `4${'x'.repeat(3 * 1024 * 1024 - 1)}`;
        await session.expectPost(long);
        await session.expectPoll(long);
    });

    await t.test('a ping that is too much behind what waits already ends the session', async t => {
        const session = await Polling.open(await start(t, [...ECHO, '--ping-interval', '1s', '--ping-timeout', '1h']));
        await session.expectPost(`4${'x'.repeat(999_999)}`);
        await session.expectPost(`4${'x'.repeat(99_999)}`);
        await session.gone();
    });

    await t.test('in chunks', async () => {
        const session = await Polling.open(server);
        const raw = await server.dial();
        raw.send(`POST ${session.target('polling')} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
        raw.send(`3e8\r\n4${'x'.repeat(999)}\r\n`, '1\r\nx\r\n');
        assert.equal((await raw.response()).status, 413);
        await session.expectGone();
    });

    await t.test('over WebSocket: 1009', async () => {
        const socket = await openSocket(server);
        socket.send(`4${'x'.repeat(999)}`);
        assert.equal((await socket.next()).length, 1000);
        socket.send(`4${'x'.repeat(1000)}`);
        await socket.expectClose(1009);
    });
});

test('requests of one session that overlap or break off end it', async t => {
    const server = await start(t, CALM);
    // Half of a POST for SESSION, on a connection that stays open.
    const halfPost = async session => {
        const raw = await server.dial();
        raw.send(`POST ${session.target('polling')} HTTP/1.1\r\nHost: x\r\n`,
            'Content-Length: 10\r\nExpect: 100-continue\r\n\r\n');
        await raw.readUntil('\r\n\r\n'); // it was begun
        raw.send('4hell');
        return raw;
    };
    for (const eio of VERSIONS) {
        await t.test(`version ${eio}: two GETs`, async () => {
            const session = await Polling.open(server, { eio });
            const first = await session.hold();
            assert.equal((await session.get()).status, 400);
            await session.expectLet(first, encode(eio, '1'));
            await session.expectGone();
        });

        await t.test(`version ${eio}: two POSTs`, async () => {
            const session = await Polling.open(server, { eio });
            const [held, first] = [await session.hold(), await halfPost(session)];
            assert.equal((await session.post(encode(eio, '4a'))).status, 400);
            assert.equal((await first.response()).status, 400);
            await session.expectLet(held, encode(eio, '1'));
            await session.expectGone();
        });

        await t.test(`version ${eio}: a GET that the client leaves`, async () => {
            const session = await Polling.open(server, { eio });
            (await session.hold()).destroy();
            await session.gone();
        });

        await t.test(`version ${eio}: a GET whose client says it will not send any more`, async () => {
            const session = await Polling.open(server, { eio });
            (await session.hold()).socket.end();
            await session.gone();
        });

        await t.test(`version ${eio}: a POST that the client leaves`, async () => {
            const session = await Polling.open(server, { eio });
            const held = await session.hold();
            (await halfPost(session)).destroy();
            await session.expectLet(held, encode(eio, '6'));
            await session.gone();
        });
    }

    await t.test('a GET beside a POST is as it should be', async () => {
        const session = await Polling.open(server);
        const [held, post] = [await session.hold(), await halfPost(session)];
        post.send('o');
        post.send('1234');
        assert.equal((await post.response()).status, 200);
        await session.expectLet(held, '4hello1234');
    });

    await t.test('a GET behind another on one connection waits for its turn', async () => {
        const session = await Polling.open(server);
        const raw = await server.dial();
        const get = `GET ${session.target('polling')} HTTP/1.1\r\nHost: x\r\n\r\n`;
        raw.send(get + get);
        await session.expectPost('4a');
        assert.equal(String((await raw.response()).body), '4a');
        await session.expectPost('4b');
        assert.equal(String((await raw.response()).body), '4b');
    });

    await t.test('more than a client ever lets wait', async () => {
        const session = await Polling.open(server);
        for (let i = 0; i < 3; i++) { // empty messages: what counts is what they cost
            if ((await session.post(Array(30_000).fill('4').join('\x1e'))).status !== 200) {
                break;
            }
        }
        await session.expectGone();
    });
});

test('heartbeat', async t => {
    await t.test('version 4: the server asks, by polling', async t => {
        const server = await start(t, QUICK);
        const session = await Polling.open(server);
        for (let i = 0; i < 3; i++) {
            await session.expectPoll('2');
            await session.expectPost('3');
        }
        await session.expectPoll('2');
        await session.expectPoll('1'); // no answer
        await session.expectGone();
    });

    await t.test('version 4: the server asks, by WebSocket', async t => {
        const server = await start(t, QUICK);
        const socket = await openSocket(server);
        for (let i = 0; i < 3; i++) {
            await socket.expect('2');
            socket.send('3');
        }
        await socket.expect('2');
        await socket.expectClose(1000);
    });

    await t.test('version 3: the client asks', async t => {
        const server = await start(t, CALM);
        const [session, socket] = [await Polling.open(server, { eio: 3 }), await openSocket(server, { eio: 3 })];
        await session.expectPost('1:25:2€abc');
        await session.expectPoll('1:35:3€abc');
        socket.send('2');
        await socket.expect('3');
        socket.send('2what');
        await socket.expect('3what');
    });

    await t.test('version 3: whoever does not ask is gone', async t => {
        const server = await start(t, QUICK);
        const [session, socket] = [await Polling.open(server, { eio: 3 }), await openSocket(server, { eio: 3 })];
        await session.expectPoll('1:1');
        await session.expectGone();
        await socket.expectClose(1000);
    });

    for (const [eio, packet] of [[4, '2'], [4, '2probe'], [3, '3'], [3, '3probe']]) {
        await t.test(`version ${eio}: ${packet} in the wrong direction ends the session`, async t => {
            const server = await start(t, CALM);
            const [session, socket] = [await Polling.open(server, { eio }), await openSocket(server, { eio })];
            await session.post(encode(eio, packet));
            await session.expectGone();
            socket.send(packet);
            await socket.expectClose(1000);
        });
    }

    await t.test('who is not at the other end of its WebSocket any more is gone within that one\'s times', async t => {
        const server = await start(t, [...ECHO, '--ws-ping-interval', '300ms', '--ws-ping-timeout', '200ms']);
        const path = '/engine.io/?EIO=4&transport=websocket';
        const [gone, there] = [await server.dial(), await openSocket(server)];
        await gone.upgrade(path);
        assert.equal((await gone.frame()).opcode, TEXT);
        assert.equal((await gone.frame()).opcode, PING);
        const { opcode, payload } = await gone.frame();
        assert.deepEqual([opcode, payload.readUInt16BE()], [CLOSE, 1008]);
        const probed = await (await Polling.open(server)).probe();
        probed.send('5');
        for (let i = 0; i < 2; i++) {
            await Promise.all([there, probed].map(socket => once(socket.ws, 'ping')));
        }
        for (const socket of [there, probed]) {
            socket.send('4still here');
            await socket.expect('4still here');
        }
    });

    await t.test('who vanished in polling is gone within interval and timeout', async t => {
        const server = await start(t, QUICK);
        const sessions = [];
        for (let i = 0; i < 50; i++) {
            sessions.push(await Polling.open(server, { eio: VERSIONS[i % 2] }));
        }
        const last = Date.now();
        for (const session of sessions) {
            await session.gone();
        }
        assert.ok(Date.now() - last < 3000);
    });
});

test('close', async t => {
    const server = await start(t, CALM);
    for (const eio of VERSIONS) {
        await t.test(`version ${eio}`, async () => {
            const session = await Polling.open(server, { eio });
            const held = await session.hold();
            await session.expectPost(encode(eio, '1'));
            await session.expectLet(held, encode(eio, '6'));
            await session.expectGone();
            const socket = await openSocket(server, { eio });
            socket.send('1');
            await socket.expectClose(1000);
        });
    }

    await t.test('a WebSocket that breaks off takes its session with it', async () => {
        const socket = await openSocket(server);
        const session = new Polling(server, '/engine.io/', 4, '');
        session.sid = socket.open.sid;
        assert.equal(await session.isKnown(), true);
        socket.destroy();
        await session.gone();
    });
});

test('messages by WebSocket', async t => {
    const server = await start(t, CALM);
    await t.test('text and binary', async () => {
        for (const [eio, bytes] of [[3, [4, 0, 255]], [4, [0, 255, 4]]]) {
            const socket = await openSocket(server, { eio });
            socket.send('4€');
            await socket.expect('4€');
            socket.send(Buffer.from(bytes));
            assert.deepEqual(await socket.next(), Buffer.from(bytes));
            socket.send('4');
            await socket.expect('4');
        }
    });

    await t.test('base64 to those who ask for it', async () => {
        for (const [eio, text] of [[3, 'b4AQIDBA=='], [4, 'bAQIDBA==']]) {
            const socket = await openSocket(server, { eio, query: '&b64=1' });
            socket.send(text);
            await socket.expect(text);
        }
    });

    const malformed = [[4, 'abc'], [4, ''], [4, '7'], [4, 'b!'],
        [3, 'abc'], [3, 'b5AAAA'], [3, Buffer.of(5, 1)], [3, Buffer.of()]];
    for (const [eio, message] of malformed) {
        await t.test(`version ${eio}: ${JSON.stringify(message)} ends the session`, async () => {
            const socket = await openSocket(server, { eio });
            socket.send(message);
            await socket.expectClose(1000);
        });
    }
});

test('other origins', async t => {
    const ORIGIN = 'http://page.example';
    const HANDSHAKE = eio => `/engine.io/?EIO=${eio}&transport=polling`;
    const PREFLIGHT = {
        Origin: ORIGIN, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'x-a, x-b',
    };
    const allowed = answer => ['origin', 'credentials', 'methods', 'headers']
        .map(name => answer.headers[`access-control-allow-${name}`]);
    const METHODS = 'GET,HEAD,PUT,PATCH,POST,DELETE';

    await t.test('by default version 3 is for every page, version 4 for none', async t => {
        const server = await start(t, ECHO);
        const get = (eio, headers) => ask(server, 'GET', HANDSHAKE(eio), { headers });
        assert.deepEqual(allowed(await get(3, { Origin: ORIGIN })), [ORIGIN, 'true', undefined, undefined]);
        assert.deepEqual(allowed(await get(3)), ['*', undefined, undefined, undefined]);
        assert.deepEqual(allowed(await get(4, { Origin: ORIGIN })), Array(4).fill(undefined));
        const preflight = await ask(server, 'OPTIONS', HANDSHAKE(3), { headers: PREFLIGHT });
        assert.deepEqual([preflight.status, preflight.text], [204, '']);
        assert.deepEqual(allowed(preflight), [ORIGIN, 'true', METHODS, 'x-a, x-b']);
        expectRefusal(await ask(server, 'OPTIONS', HANDSHAKE(4), { headers: PREFLIGHT }), 2);
    });

    await t.test('refusals and POSTs say it too', async t => {
        const server = await start(t, ECHO);
        const session = await Polling.open(server, { eio: 3 });
        assert.equal(allowed(await session.post('2:4a', { Origin: ORIGIN }))[0], ORIGIN);
        const refused = await ask(server, 'GET', `${HANDSHAKE(3)}&sid=x`, { headers: { Origin: ORIGIN } });
        assert.deepEqual([refused.status, allowed(refused)[0]], [400, ORIGIN]);
    });

    await t.test('--allow-origin', async t => {
        const server = await start(t, [...ECHO, '--allow-origin', ORIGIN]);
        for (const eio of VERSIONS) {
            const headers = { Origin: ORIGIN };
            assert.deepEqual(allowed(await ask(server, 'GET', HANDSHAKE(eio), { headers }))[0], ORIGIN);
            assert.equal((await ask(server, 'OPTIONS', HANDSHAKE(eio), { headers: PREFLIGHT })).status, 204);
            const other = await ask(server, 'GET', HANDSHAKE(eio), { headers: { Origin: 'http://other.example' } });
            expectRefusal(other, 4);
            const raw = await server.dial();
            const upgrade = await raw.request(`GET ${HANDSHAKE(eio).replace('polling', 'websocket')}`, 'Upgrade: websocket',
                'Connection: Upgrade', 'Origin: http://other.example');
            assert.equal(upgrade.status, 403);
            assert.equal(allowed(other)[0], undefined);
            await Polling.open(server, { eio }); // what is no page has no origin
        }
        const url = `ws://127.0.0.1:${server.port}/engine.io/?EIO=4&transport=websocket`;
        await Client.connect(url, { origin: ORIGIN });
        await assert.rejects(Client.connect(url, { origin: 'http://other.example' }));
    });
});

test('the server may end in the midst of everything', async t => {
    const server = await start(t, CALM);
    for (const eio of VERSIONS) {
        const [idle, held, probing] = [await Polling.open(server, { eio }), await Polling.open(server, { eio }),
            await Polling.open(server, { eio })];
        await idle.expectPost(encode(eio, '4waiting'));
        await held.hold();
        await probing.probe();
        await openSocket(server, { eio });
    }
});
