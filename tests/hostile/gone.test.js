// SPDX-License-Identifier: MIT
// Clients that are gone without a word: stopped, or behind a network that drops what they send. Their partners are told
// within the time of a ping and its answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Namespace } from './lib/namespace.js';
import { besiege, pause } from './lib/siege.js';


const N = 50;
const QUICK = ['--ws-ping-interval', '600ms', '--ws-ping-timeout', '400ms'];
const [QUICK_MS, DEFAULT_MS] = [1000, 35_000]; // until who is silent is taken for gone
const FAR = '127.0.66.1'; // where the silent ones come from

// N who are in calls go silent by GO. Their partners hear of it within MS and a second.
async function expectPartnersTold(siege, ms, go) {
    const helper = siege.helper();
    await helper.ask('settle', { port: siege.server.port, n: N, from: FAR });
    const told = siege.attack('ring', { n: N });
    await pause(300);
    const began = Date.now();
    await go(helper);
    const { longest } = await told;
    assert.ok(Date.now() - began < ms + 1000, `the last was told after ${longest} ms`);
    return helper;
}

test('50 who are stopped (SIGSTOP) are closed and their partners told', t => besiege(t, QUICK, async siege => {
    const helper = await expectPartnersTold(siege, QUICK_MS, helper => helper.kill('SIGSTOP'));
    helper.kill('SIGCONT');
    const { verdicts } = await helper.ask('settled');
    assert.deepEqual(verdicts, { 1008: N });
}));

for (const [what, args, ms, rounds] of [['with short times', QUICK, QUICK_MS, 2], ['by default', [], DEFAULT_MS, 1]]) {
    test(`50 behind a network that drops everything, ${what}: their partners are told in ${(ms + 1000) / 1000} s`, async t => {
        const namespace = Namespace.make(t);
        await (namespace && besiege(t, args, async siege => {
            const helper = await expectPartnersTold(siege, ms, () => namespace.drop(FAR));
            namespace.letPass();
            helper.kill('SIGKILL');
        }, { within: namespace.name, rounds }));
    });
}

test('20 pairs behind a network that loses a tenth of all packets lose no message', async t => {
    const namespace = Namespace.make(t);
    await (namespace && besiege(t, [], async siege => {
        namespace.drop(FAR, 0.1);
        const { wrong } = await siege.attack('talk', { n: 20, messages: 50, from: FAR });
        namespace.letPass();
        assert.deepEqual(wrong, []);
    }, { within: namespace.name }));
});
