// SPDX-License-Identifier: MIT
// Too much at once: what is too long is refused as soon as that is known, and what is only promised costs nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TEXT, frame } from '../e2e/lib/raw.js';
import { besiege, isSanitized, pause } from './lib/siege.js';

const KIB = 1024;
const MAX_MESSAGE = 256 * KIB;

const base64 = bytes => bytes.toString('base64');

for (const [what, length] of [['a byte too long', MAX_MESSAGE + 1], ['4 GiB', 2 ** 32], ['more than there is', 2 ** 52]]) {
    test(`200 who announce a message that is ${what} are closed with 1009`, t => besiege(t, [], async siege => {
        const bytes = base64(frame(TEXT, 'only a few bytes', { length }));
        const [{ verdicts }] = await Promise.all([siege.attack('sayOnSockets', { n: 200, bytes }), pause(1000)]);
        assert.deepEqual(verdicts, { 1009: 200 });
    }));
}

test('500 who promise the longest message and send its begin hold no memory for it', t => besiege(t, [], async siege => {
    const bytes = base64(frame(TEXT, 'only a few bytes', { length: MAX_MESSAGE }));
    const held = await siege.memoryDuring(siege.attack('sayOnSockets', { n: 500, bytes, holdMs: 1000 }));
    assert.ok(await isSanitized(siege.server) || held < 500 * 4 * KIB, `${held / 500 | 0} bytes for each`);
}));
