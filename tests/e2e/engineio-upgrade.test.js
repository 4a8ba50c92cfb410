// SPDX-License-Identifier: MIT
// Engine.IO by hand: a WebSocket that takes over from polling, or fails to.
import { test } from 'node:test';
import { encode, expectRefusal, openSocket, Polling } from './lib/engineio.js';
import { start } from './lib/server.js';

const ECHO = ['--mount', '/engine.io/=eio-echo'];
const CALM = [...ECHO, '--ping-interval', '1m', '--ping-timeout', '1m'];
const VERSIONS = [3, 4];

test('upgrade', async t => {
    const server = await start(t, CALM);
    for (const eio of VERSIONS) {
        await t.test(`version ${eio}: probe, the held GET is let go, and on it goes`, async () => {
            const session = await Polling.open(server, { eio });
            const held = await session.hold();
            const socket = await session.probe();
            await session.expectLet(held, encode(eio, '6'));
            await session.expectPoll(encode(eio, '6')); // whoever asks again
            await session.expectPost(encode(eio, '4before'));
            socket.send('5');
            await socket.expect('4before');
            socket.send('4after');
            await socket.expect('4after');
            expectRefusal(await session.get(), 3);
            expectRefusal(await session.post(encode(eio, '4late')), 3);
            await socket.expectSilence();
        });

        await t.test(`version ${eio}: polling serves until the upgrade`, async () => {
            const session = await Polling.open(server, { eio });
            const socket = await session.socket();
            await session.expectPost(encode(eio, '4a'));
            await session.expectPoll(encode(eio, '4a'));
            await socket.expectSilence();
        });

        await t.test(`version ${eio}: a second WebSocket is closed, and harms nothing`, async () => {
            const session = await Polling.open(server, { eio });
            const socket = await session.probe();
            await (await session.socket()).expectClose(1000);
            socket.send('5');
            await (await session.socket()).expectClose(1000);
            socket.send('4a');
            await socket.expect('4a');
        });
    }

    const binary = Buffer.from('2probe');
    for (const words of [['5'], ['2'], ['2probe2'], ['3probe'], ['4a'], ['2probe', '4a'], [binary], ['']]) {
        await t.test(`after ${JSON.stringify(words)} the WebSocket is closed, and polling goes on`, async () => {
            const session = await Polling.open(server);
            const socket = await session.socket();
            words.forEach(word => socket.send(word));
            await socket.expectClose(1000);
            await session.expectPost('4a');
            await session.expectPoll('4a');
            const another = await session.probe();
            another.send('5');
            another.send('4b');
            await another.expect('4b');
        });
    }

    await t.test('a probe that breaks off may be followed by another', async () => {
        const session = await Polling.open(server);
        const socket = await session.probe();
        await socket.close();
        const held = await session.hold();
        await session.expectPost('4a');
        await session.expectLet(held, '4a');
        await session.probe();
    });

    await t.test('a session that ends takes the probe with it', async () => {
        const session = await Polling.open(server);
        const socket = await session.probe();
        await session.expectPost('1');
        await socket.expectClose(1000);
        await session.expectGone();
    });

    await t.test('a session over WebSocket upgrades to no other', async () => {
        const first = await openSocket(server);
        const session = new Polling(server, '/engine.io/', 4, '');
        session.sid = first.open.sid;
        await (await session.socket()).expectClose(1000);
        first.send('4a');
        await first.expect('4a');
    });

    await t.test('who does not upgrade in time loses the WebSocket, not the session', async t => {
        const quick = await start(t, [...CALM, '--upgrade-timeout', '300ms']);
        const session = await Polling.open(quick);
        const [probed, silent] = [await session.probe(), await Polling.open(quick)];
        await probed.expectClose(1000);
        await (await silent.socket()).expectClose(1000);
        await session.expectPost('4a');
        await session.expectPoll('4a');
    });

    await t.test('who has upgraded is left alone by that time', async t => {
        const quick = await start(t, [...ECHO, '--upgrade-timeout', '400ms', '--ping-interval', '250ms']);
        const socket = await (await Polling.open(quick)).probe();
        socket.send('5');
        await socket.expect('2');
        socket.send('3');
        await socket.expect('2');
    });
});
