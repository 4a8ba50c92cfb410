// SPDX-License-Identifier: MIT
// WebSocket as RFC 6455 has it, in frames that a client library would not send.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { withPatience } from './lib/patience.js';
import { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, closing, fragment, frame } from './lib/raw.js';
import { start } from './lib/server.js';

async function echo(t, ...options) {
    const server = await start(t, ['--mount', '/echo=echo', ...options]);
    const raw = await server.dial();
    await raw.upgrade('/echo');
    return raw;
}

test('messages', async t => {
    await t.test('in fragments with pings between', async t => {
        const raw = await echo(t);
        raw.send(fragment(TEXT, 'one '), frame(PING, '1'), fragment(CONTINUATION, ''), frame(PING, '2'));
        raw.send(fragment(CONTINUATION, 'two '), frame(PONG, 'unasked'), frame(CONTINUATION, 'three'));
        raw.send(frame(BINARY, 'four'));
        await raw.expectFrame(PONG, '1');
        await raw.expectFrame(PONG, '2');
        await raw.expectFrame(TEXT, 'one two three');
        await raw.expectFrame(BINARY, 'four');
    });

    await t.test('byte by byte', async t => {
        const raw = await echo(t);
        for (const byte of Buffer.concat([fragment(TEXT, 'h\u00e9'), frame(PING, '!'), frame(CONTINUATION, 'llo')])) {
            raw.send(Buffer.of(byte));
        }
        await raw.expectFrame(PONG, '!');
        await raw.expectFrame(TEXT, 'héllo');
    });

    await t.test('all in one segment', async t => {
        const raw = await echo(t);
        raw.send(Buffer.concat(Array.from({ length: 1000 }, (_, i) => frame(TEXT, `message ${i}`))));
        for (let i = 0; i < 1000; i++) {
            await raw.expectFrame(TEXT, `message ${i}`);
        }
    });

    await t.test('right behind the request', async t => {
        const server = await start(t, ['--mount', '/echo=echo']);
        const raw = await server.dial();
        const request = 'GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
            + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
        raw.send(Buffer.concat([Buffer.from(request), frame(TEXT, 'early')]));
        const { status, headers } = await raw.response();
        assert.equal(status, 101);
        assert.equal(headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
        assert.equal(headers['sec-websocket-extensions'], undefined);
        assert.equal(headers['sec-websocket-protocol'], undefined);
        await raw.expectFrame(TEXT, 'early');
    });

    await t.test('of every length around the length forms', async t => {
        const raw = await echo(t);
        for (const length of [0, 1, 124, 125, 126, 127, 65535, 65536, 65537]) {
            raw.send(frame(BINARY, Buffer.alloc(length, 7)));
            assert.equal((await raw.frame()).payload.length, length);
        }
    });
});

test('control frames', async t => {
    await t.test('a ping is answered with its payload', async t => {
        const raw = await echo(t);
        for (const payload of ['', 'x', 'y'.repeat(125)]) {
            raw.send(frame(PING, payload));
            await raw.expectFrame(PONG, payload);
        }
    });

    await t.test('a pong that nobody asked for is ignored', async t => {
        const raw = await echo(t);
        raw.send(frame(PONG, 'x'), frame(PONG), frame(TEXT, 'still here'));
        await raw.expectFrame(TEXT, 'still here');
    });
});

test('violations are answered with 1002', async t => {
    const violations = {
        'an unmasked frame': [Buffer.of(0x81, 1, 0x78)],
        'an unmasked empty frame': [Buffer.of(0x81, 0)],
        RSV1: [frame(TEXT, 'x', { first: 0xc1 })],
        RSV2: [frame(TEXT, 'x', { first: 0xa1 })],
        RSV3: [frame(BINARY, 'x', { first: 0x92 })],
        'RSV1 on a ping': [frame(PING, 'x', { first: 0xc9 })],
        'reserved opcode 3': [frame(3, 'x')],
        'reserved opcode 7': [frame(7, '')],
        'reserved opcode 11': [frame(11, 'x')],
        'reserved opcode 15': [frame(15, '')],
        'a fragmented ping': [fragment(PING, 'x')],
        'a fragmented close': [fragment(CLOSE, closing(1000))],
        'a ping of 126 bytes': [frame(PING, 'x'.repeat(126))],
        'a close of 126 bytes': [frame(CLOSE, closing(1000, 'x'.repeat(124)))],
        'a continuation of nothing': [frame(CONTINUATION, 'x')],
        'a continuation of a finished message':
            [fragment(TEXT, 'x'), frame(CONTINUATION, 'x'), frame(CONTINUATION, 'x')],
        'text within a message': [fragment(TEXT, 'x'), frame(TEXT, 'x')],
        'binary within a message': [fragment(TEXT, 'x'), fragment(BINARY, 'x')],
        'a length with the topmost bit': [Buffer.from('82ffffffffffffffffff00000000', 'hex')],
    };
    for (const [what, frames] of Object.entries(violations)) {
        await t.test(what, async t => {
            const raw = await echo(t);
            raw.send(...frames);
            if (what.includes('finished message')) {
                await raw.expectFrame(TEXT, 'xx');
            }
            await raw.expectClose(1002);
        });
    }
});

test('text that is not UTF-8 is answered with 1007', async t => {
    const bad = {
        'an overlong slash': 'c0af', 'a lone continuation': '80', 'a surrogate': 'eda080',
        'beyond U+10FFFF': 'f4908080', 'a cut character': '78c3', 'byte ff': '7861ff', 'a broken sequence': 'c328',
    };
    for (const [what, hex] of Object.entries(bad)) {
        await t.test(what, async t => {
            const raw = await echo(t);
            raw.send(frame(TEXT, Buffer.from(hex, 'hex')));
            await raw.expectClose(1007);
        });
    }

    await t.test('at the first impossible byte, not at the end of the frame', async t => {
        const raw = await echo(t);
        raw.send(frame(TEXT, Buffer.from('6869eda0', 'hex'), { length: 1000 }));
        await raw.expectClose(1007);
    });

    await t.test('nor at the end of the message', async t => {
        const raw = await echo(t);
        raw.send(fragment(TEXT, 'a'), fragment(CONTINUATION, Buffer.of(0xce)), fragment(CONTINUATION, Buffer.of(0x28)));
        await raw.expectClose(1007);
    });

    await t.test('a character may be cut by fragments', async t => {
        const raw = await echo(t);
        raw.send(fragment(TEXT, Buffer.of(0xf0, 0x9f)), frame(PING), fragment(CONTINUATION, Buffer.of(0x98)),
            frame(CONTINUATION, Buffer.of(0x80)));
        await raw.expectFrame(PONG, '');
        await raw.expectFrame(TEXT, '😀');
    });

    await t.test('binary may be anything', async t => {
        const raw = await echo(t);
        raw.send(frame(BINARY, Buffer.of(0xff, 0xc0, 0x80)));
        assert.deepEqual((await raw.frame()).payload, Buffer.of(0xff, 0xc0, 0x80));
    });
});

test('messages over --max-message are answered with 1009', async t => {
    await t.test('256 KiB by default, and not a byte more', async t => {
        const raw = await echo(t);
        raw.send(frame(BINARY, Buffer.alloc(256 * 1024)));
        assert.equal((await raw.frame()).payload.length, 256 * 1024);
        raw.send(frame(BINARY, Buffer.alloc(256 * 1024 + 1)));
        await raw.expectClose(1009);
    });

    await t.test('as soon as the length is known', async t => {
        const raw = await echo(t, '--max-message', '1k');
        raw.send(frame(TEXT, '', { length: 1025 }));
        await raw.expectClose(1009);
    });

    await t.test('all fragments together', async t => {
        const raw = await echo(t, '--max-message', '1k');
        const piece = 'x'.repeat(512);
        raw.send(fragment(TEXT, piece), fragment(CONTINUATION, piece), frame(CONTINUATION, ''));
        await raw.expectFrame(TEXT, piece + piece);
        raw.send(fragment(TEXT, piece), fragment(CONTINUATION, piece), frame(CONTINUATION, 'x'));
        await raw.expectClose(1009);
    });

    await t.test('and those of too many fragments, --max-fragments', async t => {
        const raw = await echo(t, '--max-fragments', '100');
        const pieces = n => Array.from({ length: n }, () => fragment(CONTINUATION, 'x'));
        raw.send(fragment(TEXT, 'x'), ...pieces(98), frame(CONTINUATION, 'x'));
        await raw.expectFrame(TEXT, 'x'.repeat(100));
        raw.send(fragment(TEXT, 'x'), ...pieces(100));
        await raw.expectClose(1009);
    });
});

test('closing', async t => {
    const valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
    for (const code of valid) {
        await t.test(`${code} is answered with ${code}`, async t => {
            const raw = await echo(t);
            raw.send(frame(CLOSE, closing(code, 'grüß')));
            await raw.expectClose(code);
        });
    }

    for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]) {
        await t.test(`${code} must not be sent: 1002`, async t => {
            const raw = await echo(t);
            raw.send(frame(CLOSE, closing(code)));
            await raw.expectClose(1002);
        });
    }

    await t.test('without a code is answered without one', async t => {
        const raw = await echo(t);
        raw.send(frame(CLOSE));
        await raw.expectClose(undefined);
    });

    await t.test('one byte is no code: 1002', async t => {
        const raw = await echo(t);
        raw.send(frame(CLOSE, 'x'));
        await raw.expectClose(1002);
    });

    await t.test('a reason that is not UTF-8: 1007', async t => {
        const raw = await echo(t);
        raw.send(frame(CLOSE, Buffer.concat([closing(1000), Buffer.of(0xff)])));
        await raw.expectClose(1007);
    });

    await t.test('within a fragmented message', async t => {
        const raw = await echo(t);
        raw.send(fragment(TEXT, 'x'), frame(CLOSE, closing(1000)));
        await raw.expectClose(1000);
    });

    await t.test('what comes after the close frame is not heard', async t => {
        const raw = await echo(t);
        const after = [frame(TEXT, 'after'), frame(PING)];
        raw.send(Buffer.concat([frame(TEXT, 'before'), frame(CLOSE, closing(1000)), ...after]));
        await raw.expectFrame(TEXT, 'before');
        await raw.expectClose(1000);
    });

    await t.test('the end of our half of the connection ends it', async t => {
        const raw = await echo(t);
        raw.socket.end();
        await raw.readToEnd();
    });
});

test('handshakes that are none', async t => {
    const upgrade = [
        'Connection: keep-alive, Upgrade', 'Upgrade: WebSocket', 'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];
    const without = (...words) => upgrade.filter(field => !words.some(word => field.includes(word)));

    await t.test('other cases of letters and other tokens are fine', async t => {
        const raw = await (await start(t)).dial();
        assert.equal((await raw.request('GET /login', ...upgrade)).status, 101);
    });

    const refused = {
        'an old version': [426, 'GET /login', ...without('Version'), 'Sec-WebSocket-Version: 8'],
        'no version': [[400, 426], 'GET /login', ...without('Version')],
        'no key': [400, 'GET /login', ...without('Key')],
        'a short key': [400, 'GET /login', ...without('Key'), 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j'],
        'no base64': [400, 'GET /login', ...without('Key'), 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ!=='],
        'two keys': [400, 'GET /login', ...upgrade, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
        'POST': [[400, 405], 'POST /login', ...upgrade],
    };
    for (const [what, [status, ...request]] of Object.entries(refused)) {
        await t.test(`${what}: ${status}`, async t => {
            const raw = await (await start(t)).dial();
            const got = await raw.request(...request);
            assert.ok([status].flat().includes(got.status), `${got.status}`);
            if (got.status === 426) {
                assert.equal(got.headers['sec-websocket-version'], '13');
            }
        });
    }
});

test('pings', async t => {
    await t.test('who answers them stays, without a name or a word', async t => {
        const server = await start(t, ['--ws-ping-interval', '50ms', '--ws-ping-timeout', '20s']);
        const a = await server.connect('/login');
        for (let i = 0; i < 5; i++) {
            await withPatience(once(a.ws, 'ping'), 'a ping');
        }
        a.send('{"type":"login","name":"A"}');
        await a.expect('{"type":"login","success":true}');
    });

    await t.test('who does not answer departs, and the partner is told', async t => {
        const server = await start(t, ['--ws-ping-interval', '200ms', '--ws-ping-timeout', '200ms']);
        const [b] = await server.login('B');
        const raw = await server.dial();
        await raw.upgrade('/login');
        raw.send(frame(TEXT, '{"type":"login","name":"A"}'), frame(TEXT, '{"type":"offer","name":"B","offer":1}'));
        await raw.expectFrame(TEXT, '{"type":"login","success":true}');
        await b.expect('{"type":"offer","offer":1,"name":"A"}');
        assert.equal((await raw.frame()).opcode, PING);
        await b.expect('{"type":"leave"}');
        await server.login('A');
        await raw.readToEnd();
    });

    await t.test('any word is an answer', async t => {
        const raw = await echo(t, '--ws-ping-interval', '50ms', '--ws-ping-timeout', '20s');
        for (let i = 0; i < 8; i++) {
            assert.equal((await raw.frame()).opcode, PING);
            raw.send(frame(TEXT, 'no pong'));
            await raw.expectFrame(TEXT, 'no pong');
        }
    });
});
