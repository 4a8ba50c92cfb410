// SPDX-License-Identifier: MIT
// A WebSocket client that a test can talk through like a transcript: send, expect, expect silence.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import WebSocket from 'ws';
import { withPatience } from './patience.js';
import { Queue } from './queue.js';

export class Client {
    #messages = new Queue();
    #pings = 0;

    static async connect(url, options) {
        const client = new Client(new WebSocket(url, { perMessageDeflate: false, ...options }));
        await withPatience(once(client.ws, 'open'), `${url} to open`);
        return client;
    }

    constructor(ws) {
        this.ws = ws;
        this.closed = new Promise(done => ws.on('close', (code, reason) => done({ code, reason: String(reason) })));
        this.closed.then(({ code, reason }) => this.#messages.end(new Error(`closed with ${code} ${reason}`)));
        ws.on('message', (data, isBinary) => this.#messages.put(isBinary ? data : String(data)));
        ws.on('error', () => {}); // 'close' follows
    }

    // Strings and buffers go as they are, anything else as JSON.
    send(message) {
        this.ws.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
    }

    // The next message: a string, or a Buffer when it was binary.
    next() {
        return this.#messages.next('a message');
    }

    async nextJson() {
        return JSON.parse(await this.next());
    }

    // The next message is exactly TEXT.
    async expect(text) {
        assert.equal(await this.next(), text);
    }

    // The next message is an error as all dialects say it, and its text matches PATTERN.
    async expectError(pattern = /./) {
        const error = await this.nextJson();
        assert.deepEqual(Object.keys(error), ['type', 'message'], `no error: ${JSON.stringify(error)}`);
        assert.equal(error.type, 'error');
        assert.match(error.message, pattern);
        return error.message;
    }

    // Nothing has come. A ping's answer cannot overtake messages, so what was due before it would be here.
    async expectSilence() {
        assert.deepEqual(await this.settle(), []);
    }

    // Waits until the server has taken all that was sent here; returns the messages that came meanwhile.
    async settle() {
        const mark = `mark ${++this.#pings}`;
        const answered = new Promise(done => this.ws.on('pong', function onPong(data) {
            if (String(data) === mark) {
                this.off('pong', onPong);
                done();
            }
        }));
        this.ws.ping(mark);
        await withPatience(Promise.race([answered, this.closed.then(({ code }) => {
            throw new Error(`closed with ${code}`);
        })]), 'a pong');
        return this.#messages.drain();
    }

    // Closes as a client should and resolves when the server has answered.
    async close(code, reason) {
        this.ws.close(code, reason);
        return withPatience(this.closed, 'the close handshake');
    }

    // Drops the TCP connection without a word.
    destroy() {
        this.ws.terminate();
    }

    async expectClose(code) {
        assert.equal((await withPatience(this.closed, 'the end')).code, code);
    }
}

// Everyone in turn: no message is under way from any of them, and none had one waiting.
export async function expectSilence(...clients) {
    for (const client of clients) {
        await client.expectSilence();
    }
}
