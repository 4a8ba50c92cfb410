// SPDX-License-Identifier: MIT
// Two who are in a call and go on talking: every few milliseconds the caller says a number and the callee says it back.
// It measures how long that takes and sees to it that no number is lost, doubled or overtaken.
import assert from 'node:assert/strict';
import { Client } from '../../e2e/lib/client.js';

const EVERY_MS = 8;
const PATIENCE_MS = 10_000;

let caller, callee, timer;
let sent = 0;
let asked = 0;   // the last number that the callee heard
let answered = 0; // and the caller
let mistakes = [];
let samples = [];
const sentAt = new Map();

async function login(url, name) {
    const client = await Client.connect(url);
    client.send({ type: 'login', name });
    await client.expect('{"type":"login","success":true}');
    return client;
}

function say() {
    sentAt.set(++sent, performance.now());
    caller.ws.send(`{"type":"candidate","name":"honest callee","candidate":${sent}}`);
}

function onAsked(data) {
    const { candidate } = JSON.parse(data);
    if (candidate !== ++asked) {
        mistakes.push(`the callee heard ${candidate}, not ${asked}`);
    }
    callee.ws.send(`{"type":"candidate","name":"honest caller","candidate":${candidate}}`);
}

function onAnswered(data) {
    const { candidate } = JSON.parse(data);
    if (candidate !== ++answered) {
        mistakes.push(`the caller heard ${candidate}, not ${answered}`);
    }
    samples.push(performance.now() - sentAt.get(candidate));
    sentAt.delete(candidate);
}

// Begins the call at the server at PORT.
export async function begin({ port, host = '127.0.0.1', localAddress }) {
    const url = `ws://${host}:${port}/login`;
    [caller, callee] = [await login(url, 'honest caller'), await login(url, 'honest callee')];
    caller.send({ type: 'offer', name: 'honest callee', offer: 1 });
    await callee.expect('{"type":"offer","offer":1,"name":"honest caller"}');
    for (const [client, heard] of [[caller, onAnswered], [callee, onAsked]]) {
        client.ws.removeAllListeners('message').on('message', heard);
        client.closed.then(({ code }) => mistakes.push(`closed with ${code}`));
    }
    timer = setInterval(say, EVERY_MS);
}

// The round trips in milliseconds since this was last asked.
export function take() {
    return samples.splice(0);
}

// Ends the talk. Fails unless all that was said was heard, once and in its order.
export async function finish() {
    clearInterval(timer);
    const deadline = Date.now() + PATIENCE_MS;
    while (answered < sent && mistakes.length === 0 && Date.now() < deadline) {
        await new Promise(done => setTimeout(done, 10));
    }
    assert.deepEqual(mistakes, []);
    assert.equal(answered, sent, 'what the honest pair said was lost');
    return sent;
}

// Two new clients come, and one is heard by the other.
export async function visit({ port, host = '127.0.0.1' }) {
    const url = `ws://${host}:${port}/login`;
    const [a, b] = [await login(url, 'visitor A'), await login(url, 'visitor B')];
    a.send({ type: 'candidate', name: 'visitor B', candidate: 1 });
    await b.expect('{"type":"candidate","candidate":1}');
    await Promise.all([a.close(), b.close()]);
}
