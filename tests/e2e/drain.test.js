// SPDX-License-Identifier: MIT
// SIGTERM drains: what is connected ends with 1001, spread over --drain-time, and then the server with 0.
import assert from 'node:assert/strict';
import test from 'node:test';

import { start } from './lib/server.js';

async function closeCodes(clients) {
    const ends = await Promise.all(clients.map(client => client.closed));
    return [...new Set(ends.map(end => end.code))];
}

test('every WebSocket is closed with 1001, and the server ends with 0', async t => {
    const server = await start(t, ['--drain-time', '200ms']);
    const clients = await Promise.all(Array.from({ length: 50 }, () => server.connect('/login')));
    const codes = closeCodes(clients);
    await server.stop();
    assert.deepEqual(await codes, [1001]);
});

test('a long drain does not keep a server with few connections', async t => {
    const server = await start(t, ['--drain-time', '1h']);
    const [a] = await server.login('A', 'B');
    await server.stop();
    assert.equal((await a.closed).code, 1001);
});

test('who talks without end is closed like the others', async t => {
    const server = await start(t, ['--mount', '/echo=echo', '--drain-time', '1h']);
    const clients = await Promise.all(Array.from({ length: 50 }, () => server.connect('/echo')));
    for (const client of clients) {
        client.ws.on('message', data => client.ws.send(data)); // without end
        client.send('again');
    }
    await Promise.all(clients.map(client => client.next()));
    await server.stop();
    assert.deepEqual(await closeCodes(clients), [1001]);
});
