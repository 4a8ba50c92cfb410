// SPDX-License-Identifier: MIT
// Engine.IO by hand: requests of polling one by one, each on a connection of its own, and WebSockets that may upgrade.
import assert from 'node:assert/strict';
import http from 'node:http';
import { Client } from './client.js';
import { withPatience } from './patience.js';

export const REFUSALS = [
    'Transport unknown', 'Session ID unknown', 'Bad handshake method', 'Bad request', 'Forbidden',
    'Unsupported protocol version',
].map((message, code) => ({ code, message }));

// A text payload of PACKETS.
export function encode(eio, ...packets) {
    return eio === 3 ? packets.map(packet => `${packet.length}:${packet}`).join('') : packets.join('\x1e');
}

// A request to SERVER and its answer.
export function ask(server, method, target, { headers = {}, body } = {}) {
    const request = http.request({ host: '127.0.0.1', port: server.port, method, path: target, headers, agent: false });
    request.end(body);
    return withPatience(new Promise((done, failed) => {
        request.on('error', failed).on('response', async response => {
            const bytes = Buffer.concat(await response.toArray());
            done({ status: response.statusCode, headers: response.headers, bytes, text: bytes.toString() });
        });
    }), `the answer to ${method} ${target}`);
}

export function expectRefusal(answer, code) {
    assert.deepEqual([answer.status, JSON.parse(answer.text)], [code === 4 ? 403 : 400, REFUSALS[code]]);
    assert.equal(answer.headers['content-type'], 'application/json');
}

// A session that polls.
export class Polling {
    constructor(server, path, eio, query) {
        Object.assign(this, { server, path, eio, query });
    }

    static async open(server, { path = '/engine.io/', eio = 4, query = '' } = {}) {
        const session = new Polling(server, path, eio, query);
        const { status, text } = await ask(server, 'GET', session.target('polling'));
        assert.equal(status, 200, text);
        const [first, ...others] = eio === 3 ? session.packets(text) : text.split('\x1e');
        session.open = JSON.parse(first.slice(1));
        session.sid = session.open.sid;
        session.greeting = others;
        return session;
    }

    target(transport) {
        const sid = this.sid ? `&sid=${this.sid}` : '';
        return `${this.path}?EIO=${this.eio}&transport=${transport}${sid}${this.query}`;
    }

    // The packets of a text payload of version 3.
    packets(text) {
        const found = [];
        for (let at = 0; at < text.length;) {
            const colon = text.indexOf(':', at);
            const end = colon + 1 + Number(text.slice(at, colon));
            found.push(text.slice(colon + 1, end));
            at = end;
        }
        return found;
    }

    get() {
        return ask(this.server, 'GET', this.target('polling'));
    }

    // A GET that the server holds when this resolves, on a bare connection, unless there is something to say: it came in
    // one piece with a POST of PACKETS that was answered.
    async hold(...packets) {
        const post = encode(this.eio, ...(packets.length ? packets : ['6']));
        const [raw, get] = [await this.server.dial(), this.target('polling')];
        raw.send(`POST ${get} HTTP/1.1\r\nHost: x\r\nContent-Length: ${post.length}\r\n\r\n${post}`
            + `GET ${get} HTTP/1.1\r\nHost: x\r\n\r\n`);
        assert.equal(String((await raw.response()).body), 'ok');
        return raw;
    }

    post(body, headers = { 'Content-Type': 'text/plain;charset=UTF-8' }) {
        return ask(this.server, 'POST', this.target('polling'), { headers, body });
    }

    async expectPoll(text) {
        const answer = await this.get();
        assert.deepEqual([answer.status, answer.text], [200, text]);
    }

    async expectPost(body, headers) {
        const answer = await this.post(body, headers);
        assert.deepEqual([answer.status, answer.text, answer.headers['content-type']], [200, 'ok', 'text/html']);
    }

    // A WebSocket for this session, open.
    socket() {
        return Client.connect(`ws://127.0.0.1:${this.server.port}${this.target('websocket')}`);
    }

    // A WebSocket that has probed.
    async probe() {
        const socket = await this.socket();
        socket.send('2probe');
        await socket.expect('3probe');
        return socket;
    }

    // Asks in a way that leaves the session alone: in the other version it is refused as long as the session lives.
    async isKnown() {
        const target = this.target('polling').replace(/EIO=\d/, `EIO=${7 - this.eio}`);
        const { text } = await ask(this.server, 'POST', target);
        return JSON.parse(text).code === 3;
    }

    // What was held is answered with TEXT.
    async expectLet(held, text) {
        const { status, body } = await held.response();
        assert.deepEqual([status, String(body)], [200, text]);
    }

    async expectGone() {
        expectRefusal(await this.get(), 1);
    }

    // Resolves when the server has forgotten the session.
    async gone() {
        let isOver = false;
        const watch = (async () => {
            while (!isOver && await this.isKnown());
        })();
        await withPatience(watch, 'the end of the session').finally(() => { isOver = true; });
    }
}

// A session over WebSocket from the start, its open packet read.
export async function openSocket(server, { path = '/engine.io/', eio = 4, query = '' } = {}) {
    const url = `ws://127.0.0.1:${server.port}${path}?EIO=${eio}&transport=websocket${query}`;
    const client = await Client.connect(url);
    const text = await client.next();
    assert.equal(text[0], '0');
    client.open = JSON.parse(text.slice(1));
    return client;
}
