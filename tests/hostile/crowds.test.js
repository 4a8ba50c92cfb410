// SPDX-License-Identifier: MIT
// Too many: who come and go, who come and stay, who all talk to one that does not listen.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { besiege, isSanitized, until } from './lib/siege.js';

const MIB = 1 << 20;

test('100 who talk to one that does not read: it is closed with 1013, they are told, memory stays',
    t => besiege(t, ['--stall-timeout', '1h'], async siege => {
        const attack = siege.attack('deafOne', { n: 100, ms: 4000 });
        const held = await siege.memoryDuring(attack);
        const { told, verdicts } = await attack;
        assert.deepEqual(verdicts, { 1013: 1 });
        assert.equal(told, 100);
        assert.ok(await isSanitized(siege.server) || held < 8 * MIB, `${held / MIB | 0} MiB`);
    }));

// As much may wait as the longest message has, so that time alone ends it.
const ROOMY = ['--max-message', '256m'];
const STALLS = [
    { what: 'in a second', args: ['--stall-timeout', '1s'], stallMs: 1000, ms: 5000, every: 20 },
    { what: 'in 10 by default', args: [], stallMs: 10_000, ms: 17_000, every: 60, rounds: 1 },
];
for (const { what, args, stallMs, ms, every, rounds } of STALLS) {
    test(`100 who talk to one that takes nothing ${what}: it is closed with 1013, they are told`,
        t => besiege(t, [...ROOMY, ...args], async siege => {
            const { told, verdicts, endMs } = await siege.attack('deafOne', { n: 100, ms, every });
            assert.deepEqual(verdicts, { 1013: 1 });
            assert.equal(told, 100);
            assert.ok(endMs >= stallMs, `it was closed after ${endMs} ms`);
        }, { rounds }));
}

test('10,000 who come, log in, and drop', t => besiege(t, [], async siege => {
    assert.deepEqual(await siege.attack('storm', { n: 10_000 }), { failures: 0 });
}));

// Twice, so 100,000 in all.
test('50,000 connections that never finish a handshake, 15,000 at a time', t => besiege(t, [], async siege => {
    assert.deepEqual(await siege.attack('halfOpen', { total: 50_000, atOnce: 15_000 }), { refused: 0 });
}));

test('200 who come when there are 64 descriptors', t => besiege(t, ['--head-timeout', '2s'], async siege => {
    const attack = siege.attack('silent', { n: 200 });
    const isFull = async () => (await readdir(`/proc/${siege.server.pid}/fd`)).length >= 60;
    await Promise.race([attack, until(isFull, 'the descriptors to be used up')]);
    const { verdicts } = await attack;
    assert.equal(Object.entries(verdicts).reduce((sum, [, n]) => sum + n, 0), 200);
    assert.deepEqual(Object.keys(verdicts).filter(verdict => !['503', 'silence'].includes(verdict)), []);
}, { openFiles: 64 }));
