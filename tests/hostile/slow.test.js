// SPDX-License-Identifier: MIT
// Slow and silent clients: each phase of a connection has its time, and who takes longer is told and let go.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { besiege } from './lib/siege.js';

// Everybody of N ended with VERDICT, about MS milliseconds after it began.
function expectEnds({ verdicts, shortest, longest }, n, verdict, ms) {
    assert.deepEqual(verdicts, { [verdict]: n });
    assert.ok(shortest >= ms * 0.9, `one was let go after ${shortest} ms already`);
    assert.ok(longest < ms + 3000, `one was held for ${longest} ms`);
}

test('500 heads that come byte by byte are answered with 408', t => besiege(t, ['--head-timeout', '1s'], async siege => {
    expectEnds(await siege.attack('dribblers', { n: 500, start: 'GET / HTTP/1.1\r\nX: ', byte: 'x' }), 500, 408, 1000);
}));

test('500 who say nothing are let go in silence', t => besiege(t, ['--head-timeout', '1s'], async siege => {
    expectEnds(await siege.attack('silent', { n: 500 }), 500, 'silence', 1000);
}));

test('500 bodies that come byte by byte are answered with 408', t => besiege(t, ['--head-timeout', '1s'], async siege => {
    expectEnds(await siege.attack('slowBodies', { n: 500 }), 500, 408, 1000);
}));
