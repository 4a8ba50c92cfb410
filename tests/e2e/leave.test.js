// SPDX-License-Identifier: MIT
// How calls of the login dialect end: by leave, close or a dropped connection, and only by the two who are in them.
import { test } from 'node:test';
import { inCall, ring, ringing } from './lib/calls.js';
import { expectSilence } from './lib/client.js';
import { start } from './lib/server.js';

const LEAVE = '{"type":"leave"}';

test('a call ends', async t => {
    for (const state of [ringing, inCall]) {
        for (const [who, name, other] of [['caller', 'A', 'B'], ['callee', 'B', 'A']]) {
            const begin = async t => {
                const { server, a, b } = await state(t);
                const [leaver, told] = who === 'caller' ? [a, b] : [b, a];
                return { server, leaver, told };
            };

            for (const [how, leave] of [['by name', { type: 'leave', name: other }], ['without a name', { type: 'leave' }]]) {
                await t.test(`${state.name}, the ${who} leaves ${how}`, async t => {
                    const { leaver, told } = await begin(t);
                    leaver.send(leave);
                    await told.expect(LEAVE);
                    await expectSilence(leaver, told);
                });
            }

            await t.test(`${state.name}, the ${who} closes: told once, and its name is free`, async t => {
                const { server, leaver, told } = await begin(t);
                await leaver.close();
                await told.expect(LEAVE);
                const [successor] = await server.login(name);
                await ring(told, successor, { from: other, to: name });
                await expectSilence(told);
            });

            await t.test(`${state.name}, the ${who}'s connection drops`, async t => {
                const { server, leaver, told } = await begin(t);
                leaver.destroy();
                await told.expect(LEAVE);
                await server.login(name);
                await expectSilence(told);
            });
        }

        await t.test(`${state.name}, a stranger cannot end the call`, async t => {
            const { server, a, b } = await state(t);
            const [c] = await server.login('C');
            c.send('{"type":"leave","name":"A"}');
            await c.expectError();
            c.send('{"type":"leave","name":"B"}');
            await c.expectError();
            c.send('{"type":"leave"}');
            await c.expectError();
            await c.close();
            await server.login('C');
            await expectSilence(a, b);
            a.send('{"type":"leave"}');
            await b.expect(LEAVE);
        });

        await t.test(`${state.name}, a leave ends it once: closing is no second one`, async t => {
            const { server, a, b } = await state(t);
            a.send('{"type":"leave","name":"B"}');
            await b.expect(LEAVE);
            b.send('{"type":"leave","name":"A"}');
            await b.expectError();
            await a.close();
            await server.login('A');
            await expectSilence(b);
        });
    }

    await t.test('both can call again', async t => {
        const { a, b } = await inCall(t);
        a.send('{"type":"leave"}');
        await b.expect(LEAVE);
        await ring(b, a, { from: 'B', to: 'A' });
        b.send('{"type":"leave"}');
        await a.expect(LEAVE);
        await ring(a, b);
        b.send('{"type":"leave"}');
        await a.expect(LEAVE);
    });

    await t.test('who hung up and then closes does not cut the other\'s next call', async t => {
        const { server, a, b } = await inCall(t);
        const [c] = await server.login('C');
        a.send('{"type":"leave","name":"B"}');
        await b.expect(LEAVE);
        await ring(b, c, { from: 'B', to: 'C' });
        await a.close();
        await server.login('A');
        await expectSilence(b, c);
        b.send('{"type":"leave"}');
        await c.expect(LEAVE);
    });

    await t.test('a call in both directions is one call', async t => {
        const { server, a, b } = await ringing(t);
        await ring(b, a, { from: 'B', to: 'A' });
        await a.close();
        await b.expect(LEAVE);
        await server.login('A');
        await expectSilence(b);
    });

    await t.test('everyone whom the closing one rang is told once', async t => {
        const server = await start(t);
        const [a, b, c] = await server.login('A', 'B', 'C');
        await ring(a, b);
        await ring(a, c, { to: 'C' });
        await ring(a, b);
        a.destroy();
        await b.expect(LEAVE);
        await c.expect(LEAVE);
        await server.login('A');
        await expectSilence(b, c);
    });

    await t.test('hanging up on one of two leaves the other call standing', async t => {
        const server = await start(t);
        const [a, b, c] = await server.login('A', 'B', 'C');
        await ring(a, b);
        await ring(c, a, { from: 'C', to: 'A' });
        a.send('{"type":"leave","name":"C"}');
        await c.expect(LEAVE);
        await expectSilence(a, b);
        await a.close();
        await b.expect(LEAVE);
        await server.login('A');
        await expectSilence(b, c);
    });

    await t.test('a stranger\'s candidate or answer makes no call', async t => {
        const server = await start(t);
        const [a, b] = await server.login('A', 'B');
        a.send('{"type":"candidate","name":"B","candidate":1}');
        await b.expect('{"type":"candidate","candidate":1}');
        a.send('{"type":"leave","name":"B"}');
        await a.expectError();
        await a.close();
        await server.login('A');
        await expectSilence(b);
    });

    await t.test('without a partner, or to nobody, it is an error', async t => {
        const server = await start(t);
        const [a] = await server.login('A');
        const leaves = [
            '{"type":"leave"}', '{"type":"leave","name":"A"}', '{"type":"leave","name":""}',
            '{"type":"leave","name":null}', '{"type":"leave","name":5}', '{"type":"leave","name":"__proto__"}',
        ];
        for (const leave of leaves) {
            a.send(leave);
            await a.expectError();
        }
        a.send('{"type":"leave","name":"nobody"}');
        await a.expectError(/nobody/);
        await expectSilence(a);
    });

    await t.test('a name that was free changes hands at once, call or no call', async t => {
        const server = await start(t);
        for (let i = 0; i < 20; i++) {
            const [a] = await server.login('A');
            await a.close();
        }
    });

    await t.test('a successor does not inherit the call', async t => {
        const { server, a, b } = await inCall(t);
        await a.close();
        await b.expect(LEAVE);
        const [a2] = await server.login('A');
        a2.send('{"type":"leave","name":"B"}');
        await a2.expectError();
        await a2.close();
        await server.login('A');
        await expectSilence(b);
    });
});
