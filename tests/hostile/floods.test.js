// SPDX-License-Identifier: MIT
// Too fast: who says more than anybody needs to is held back, then told so and ended; what one address gets is bounded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTINUATION, PING, PONG, TEXT, fragment, frame } from '../e2e/lib/raw.js';
import { besiege, isSanitized, pause } from './lib/siege.js';

const KIB = 1024;
const CROWD = '127.0.55.1'; // where they come from who are too many

const repeated = (n, bytes) => Buffer.concat(Array(n).fill(bytes));

for (const [what, opcode] of [['pings', PING], ['pongs', PONG]]) {
    test(`100 who send 5,000 ${what} at once are ended with 1008`, t => besiege(t, [], async siege => {
        const bytes = repeated(5000, frame(opcode, 'x'.repeat(100))).toString('base64');
        const [{ verdicts }] = await Promise.all([siege.attack('sayOnSockets', { n: 100, bytes }), pause(1000)]);
        assert.deepEqual(verdicts, { 1008: 100 });
    }));
}

test('100 messages in endless fragments are ended with 1009', t => besiege(t, [], async siege => {
    const bytes = Buffer.concat([fragment(TEXT, 'x'), repeated(5000, fragment(CONTINUATION, 'x'))]).toString('base64');
    const [{ verdicts }] = await Promise.all([siege.attack('sayOnSockets', { n: 100, bytes }), pause(1000)]);
    assert.deepEqual(verdicts, { 1009: 100 });
}));

test('100 messages whose end does not come are held in 1.1 times their bytes', t => besiege(t, [], async siege => {
    const [n, fragments, size] = [100, 1000, 250];
    const bytes = repeated(fragments, fragment(CONTINUATION, 'x'.repeat(size)));
    bytes[0] = TEXT;
    const held = await siege.memoryDuring(siege.attack('sayOnSockets', { n, bytes: bytes.toString('base64'), holdMs: 1500 }));
    const most = 1.1 * n * fragments * size + 1500 * KIB; // and what 100 connections take
    assert.ok(await isSanitized(siege.server) || held < most, `${held / KIB | 0} KiB, not ${most / KIB | 0}`);
}));

test('10 who talk without end are held back, and ended with 1008', t => {
    const limits = ['--message-rate', '200:400', '--rate-patience', '1s'];
    return besiege(t, limits, async siege => {
        const { verdicts, shortest } = await siege.attack('chatter', { n: 10 });
        assert.deepEqual(verdicts, { 1008: 10 });
        assert.ok(shortest >= 1000, `one was ended after ${shortest} ms already`);
    });
});

test('500 connections of one address: the first 100 are served, the others told 429', t => {
    const limits = ['--trust-loopback', 'off', '--max-connections-per-address', '100', '--head-timeout', '2s'];
    return besiege(t, limits, async siege => {
        const { verdicts } = await siege.attack('silent', { n: 500, from: CROWD });
        assert.deepEqual(verdicts, { 429: 400, silence: 100 });
    });
});

test('500 connections of one address in a moment: 100 are served, the others told 429', t => {
    const limits = ['--trust-loopback', 'off', '--connection-rate', '1:100', '--head-timeout', '2s'];
    return besiege(t, limits, async siege => {
        const { verdicts } = await siege.attack('silent', { n: 500, from: CROWD });
        assert.ok(verdicts[429] >= 390 && verdicts[429] + verdicts.silence === 500, JSON.stringify(verdicts));
    }, { rounds: 1 });
});

test('STUN requests without end: one network gets so many answers, each of 1.6 times its bytes at most', t => {
    const limits = ['--trust-loopback', 'off', '--stun-rate', '100:200'];
    return besiege(t, limits, async siege => {
        const { answers, growth, ms } = await siege.attack('stunFlood', { from: CROWD, n: 10_000 });
        assert.ok(answers >= 100 && answers <= 200 + 100 * (ms / 1000 + 1), `${answers} answers in ${ms} ms`);
        assert.ok(growth <= 1.6, `${growth} times`);
    });
});
