// SPDX-License-Identifier: MIT
// What is never in the log, whatever clients say: what they tell each other, and what lets them in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { start } from './lib/server.js';

const SECRETS = { sdp: 'v=0-secret-sdp', candidate: 'secret-candidate', token: 'secret-token', name: 'secret\n name' };

test('at debug no SDP, candidate or token is logged, and one record is one line', async t => {
    const server = await start(t, ['--log-level', 'debug', '--peerjs-key', 'secret-key']);
    const [a, b] = await server.login('A', SECRETS.name);
    a.send({ type: 'offer', name: SECRETS.name, offer: { sdp: SECRETS.sdp } });
    await b.next();
    b.send({ type: 'candidate', name: 'A', candidate: SECRETS.candidate });
    await a.next();
    a.send({ type: 'offer', name: 'nobody', offer: { sdp: SECRETS.sdp } });
    await a.next();
    a.send(`{"type":"${SECRETS.sdp}"}`);
    await a.next();
    const peer = await server.connect(`/peerjs/peerjs?key=secret-key&id=x&token=${SECRETS.token}`);
    await peer.expect('{"type":"OPEN"}');
    peer.send({ type: 'OFFER', dst: 'gone', payload: { sdp: SECRETS.sdp } });
    await server.connect(`/peerjs/peerjs?key=secret-key&id=x&token=${SECRETS.token}2`);
    await peer.close();
    await b.close();
    for (const line of server.log.trimEnd().split('\n')) {
        assert.match(line, /^[-\d]+T[:.\d]+Z (error|warn|info|debug) [ -~]+$/);
    }
    assert.doesNotMatch(server.log, /secret/);
});
