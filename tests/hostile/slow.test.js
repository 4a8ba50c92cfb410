// SPDX-License-Identifier: MIT
// Slow and silent clients: each phase of a connection has its time, and who takes longer is told and let go.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BINARY, frame } from '../e2e/lib/raw.js';
import { besiege } from './lib/siege.js';

// Everybody of N ended with VERDICT, about MS milliseconds after it began.
function expectEnds({ verdicts, shortest, longest }, n, verdict, ms) {
    assert.deepEqual(verdicts, { [verdict]: n });
    assert.ok(shortest >= ms * 0.9, `one was let go after ${shortest} ms already`);
    assert.ok(longest < ms + 3000, `one was held for ${longest} ms`);
}

const base64 = text => Buffer.from(text, 'latin1').toString('base64');

test('500 heads that come byte by byte are answered with 408', t => besiege(t, ['--head-timeout', '1s'], async siege => {
    const start = base64('GET / HTTP/1.1\r\nX: ');
    expectEnds(await siege.attack('dribblers', { n: 500, start, byte: 'x' }), 500, 408, 1000);
}));

test('500 who say nothing are let go in silence', t => besiege(t, ['--head-timeout', '1s'], async siege => {
    expectEnds(await siege.attack('silent', { n: 500 }), 500, 'silence', 1000);
}));

test('500 bodies that come byte by byte are answered with 408', t => besiege(t, ['--head-timeout', '1s'], async siege => {
    expectEnds(await siege.attack('slowBodies', { n: 500 }), 500, 408, 1000);
}));

test('500 messages that come byte by byte are ended with 1008', t => besiege(t, ['--message-timeout', '1s'], async siege => {
    const start = frame(BINARY, 'x', { length: 1000 }).toString('base64');
    expectEnds(await siege.attack('dribblers', { n: 500, start, byte: 'x', path: '/login' }), 500, 1008, 1000);
}));

for (const [what, start] of [['say nothing', ''], ['begin a handshake', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03']]) {
    test(`500 who ${what} on a port for TLS are let go`, t => besiege(t, ['--dev', '--handshake-timeout', '1s'], async siege => {
        const port = Number(/listening on https:.*:(\d+)\//.exec(siege.server.log)[1]);
        expectEnds(await siege.attack('silent', { n: 500, port, start: base64(start) }), 500, 'silence', 1000);
    }));
}
