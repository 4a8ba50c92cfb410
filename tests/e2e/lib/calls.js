// SPDX-License-Identifier: MIT
// Calls of the login dialect in the states from which tests go on.
import { start } from './server.js';

// A and B of a new server, B rung by A.
export async function ringing(t) {
    const server = await start(t);
    const [a, b] = await server.login('A', 'B');
    await ring(a, b);
    return { server, a, b };
}

// The same, and B has answered.
export async function inCall(t) {
    const { server, a, b } = await ringing(t);
    b.send('{"type":"answer","name":"A","answer":2}');
    await a.expect('{"type":"answer","answer":2}');
    return { server, a, b };
}

// FROM rings TO: the offer has arrived.
export async function ring(caller, callee, { from = 'A', to = 'B' } = {}) {
    caller.send({ type: 'offer', name: to, offer: 1 });
    await callee.expect(`{"type":"offer","offer":1,"name":"${from}"}`);
}
