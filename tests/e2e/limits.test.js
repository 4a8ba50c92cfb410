// SPDX-License-Identifier: MIT
// Each limit to how much and how fast: who is over it is told so and who is not goes on.
//
// All clients are on this machine, which the limits of one address spare: the tests switch that off, or are a proxy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { start } from './lib/server.js';

const STRICT = ['--trust-loopback', 'off'];
const AS_PROXY = ['--behind-proxy', '127.0.0.0/8'];

const HANDSHAKE = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];

// Refused with STATUS, in words, with a time to come back and in peace.
async function expectRefusal(raw, status, reason, ...fields) {
    const response = await raw.request('GET /login', ...HANDSHAKE, ...fields);
    assert.deepEqual([response.status, response.body.toString()], [status, `${reason}\n`]);
    assert.match(response.headers['retry-after'], /^\d+$/);
    assert.equal(response.headers.connection, 'close');
    await raw.expectEnd();
}

async function expectWelcome(raw, ...fields) {
    const response = await raw.request('GET /login', ...HANDSHAKE, ...fields);
    assert.equal(response.status, 101);
    return raw;
}

test('connections in all', async t => {
    const server = await start(t, ['--max-connections', '3', '--workers', '2']);
    const inside = [];
    for (let i = 0; i < 3; i++) {
        inside.push(await expectWelcome(await server.dial()));
    }
    for (let i = 0; i < 5; i++) {
        await expectRefusal(await server.dial(), 503, 'There are too many connections.');
    }
    const silent = await server.dial(); // who says nothing is told nevertheless
    assert.equal((await silent.response()).status, 503);
    await silent.expectEnd();
    inside[0].destroy();
    await expectSomeWelcome(server);
});

// A place that was left is free as soon as the server has seen that.
async function expectSomeWelcome(server) {
    for (let i = 0; i < 100; i++) {
        const raw = await server.dial();
        if ((await raw.request('GET /login', ...HANDSHAKE)).status === 101) {
            return;
        }
        await raw.ended;
    }
    assert.fail('nobody came in any more');
}

test('connections of one address', async t => {
    const server = await start(t, ['--max-connections-per-address', '2', '--workers', '2', ...STRICT]);
    const inside = [await expectWelcome(await server.dial('127.0.0.1')), await expectWelcome(await server.dial('127.0.0.1'))];
    await expectRefusal(await server.dial('127.0.0.1'), 429, 'Your address has too many connections.');
    inside[1].destroy();
    await expectSomeWelcome(server);
});

test('connections of one address behind a proxy', async t => {
    const limits = ['--max-connections-per-address', '1', ...STRICT];
    await t.test('that tells it in HTTP', async t => {
        const server = await start(t, [...limits, ...AS_PROXY]);
        await expectWelcome(await server.dial(), 'X-Forwarded-For: 192.0.2.1');
        await expectWelcome(await server.dial(), 'X-Forwarded-For: 192.0.2.2');
        const refused = await server.dial();
        await expectRefusal(refused, 429, 'Your address has too many connections.', 'X-Forwarded-For: 192.0.2.1');
        await expectWelcome(await server.dial(), 'X-Forwarded-For: 2001:db8::1');
        const neighbour = await server.dial();
        await expectRefusal(neighbour, 429, 'Your address has too many connections.', 'X-Forwarded-For: 2001:db8::2');
    });
    await t.test('that tells it by the PROXY protocol', async t => {
        const server = await start(t, [...limits, ...AS_PROXY]);
        const [first, second, third] = [await server.dial(), await server.dial(), await server.dial()];
        first.send('PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n');
        await expectWelcome(first);
        second.send('PROXY TCP4 192.0.2.2 198.51.100.1 1 2\r\n');
        await expectWelcome(second);
        third.send('PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n');
        await expectRefusal(third, 429, 'Your address has too many connections.');
    });
});

test('new connections of one address', async t => {
    const server = await start(t, ['--connection-rate', '1:3', ...STRICT, ...AS_PROXY]);
    for (let i = 0; i < 3; i++) {
        await expectWelcome(await server.dial(), 'X-Forwarded-For: 192.0.2.1');
    }
    const hasty = await server.dial();
    await expectRefusal(hasty, 429, 'Your address makes connections too fast.', 'X-Forwarded-For: 192.0.2.1');
    await expectWelcome(await server.dial(), 'X-Forwarded-For: 192.0.2.2');
});

test('this machine is spared', async t => {
    const server = await start(t, ['--max-connections-per-address', '1', '--connection-rate', '1:1']);
    for (let i = 0; i < 5; i++) {
        await expectWelcome(await server.dial());
    }
});
