// SPDX-License-Identifier: MIT
// A bare TCP connection for what no client library would send, with just enough HTTP and WebSocket to read the answers.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { withPatience } from './patience.js';

export class Raw {
    #bytes = Buffer.alloc(0);
    #ended = false;
    #wake = () => {};

    static async dial(port, host = '127.0.0.1') {
        const raw = new Raw(net.connect({ port, host, noDelay: true }));
        await withPatience(once(raw.socket, 'connect'), 'a connection');
        return raw;
    }

    constructor(socket) {
        this.socket = socket;
        const end = () => {
            this.#ended = true;
            this.#wake();
        };
        this.ended = new Promise(done => socket.on('close', done));
        socket.on('data', bytes => {
            this.#bytes = Buffer.concat([this.#bytes, bytes]);
            this.#wake();
        });
        socket.on('end', end).on('close', end).on('error', () => {}); // a reset ends it too
    }

    send(...parts) {
        parts.forEach(part => this.socket.write(part));
    }

    // Exactly N bytes.
    async read(n) {
        await this.#until(() => this.#bytes.length >= n, `${n} bytes`);
        return this.#take(n);
    }

    // Up to and with END.
    async readUntil(end) {
        await this.#until(() => this.#bytes.includes(end), JSON.stringify(end));
        return this.#take(this.#bytes.indexOf(end) + end.length).toString('latin1');
    }

    // All that comes until the server ends the connection.
    async readToEnd() {
        await this.#until(() => this.#ended, 'the end');
        return this.#take(this.#bytes.length);
    }

    async expectEnd() {
        assert.equal((await this.readToEnd()).toString('latin1'), '');
    }

    destroy() {
        this.socket.destroy();
    }

    // One HTTP response; that to a HEAD request has no body.
    async response({ isHead = false } = {}) {
        const [line, ...fields] = (await this.readUntil('\r\n\r\n')).trimEnd().split('\r\n');
        const [, status, reason] = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(line) ?? assert.fail(`no status line: ${line}`);
        const headers = Object.fromEntries(fields.map(field => {
            const [, name, value] = /^([!-9;-~]+): (.*)$/.exec(field) ?? assert.fail(`no field: ${field}`);
            return [name.toLowerCase(), value];
        }));
        const hasBody = !isHead && status !== '304' && status !== '101';
        const body = hasBody ? await this.read(Number(headers['content-length'])) : Buffer.alloc(0);
        return { status: Number(status), reason, headers, body };
    }

    // Sends a request and reads its response. FIELDS are lines; Host is added.
    async request(line, ...fields) {
        this.send([`${line} HTTP/1.1`, 'Host: localhost', ...fields, '', ''].join('\r\n'));
        return this.response({ isHead: line.startsWith('HEAD ') });
    }

    // Becomes a WebSocket.
    async upgrade(path) {
        const key = randomBytes(16).toString('base64');
        const { status, headers } = await this.request(`GET ${path}`, 'Connection: Upgrade', 'Upgrade: websocket',
            'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`);
        assert.equal(status, 101);
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        assert.equal(headers['sec-websocket-accept'], accept);
    }

    // The next WebSocket frame, which as a server's must not be masked.
    async frame() {
        const [first, second] = await this.read(2);
        assert.equal(second & 0x80, 0, 'a masked frame from the server');
        const length = second === 126 ? (await this.read(2)).readUInt16BE()
            : second === 127 ? Number((await this.read(8)).readBigUInt64BE()) : second;
        return { fin: first >> 7, opcode: first & 0x0f, payload: await this.read(length) };
    }

    async expectFrame(opcode, payload) {
        const got = await this.frame();
        assert.deepEqual([got.opcode, got.payload.toString()], [opcode, payload.toString()]);
    }

    // A close frame with CODE, then the end of the connection.
    async expectClose(code) {
        const { opcode, payload } = await this.frame();
        assert.equal(opcode, CLOSE, `no close frame but opcode ${opcode}: ${payload}`);
        assert.equal(payload.length ? payload.readUInt16BE() : undefined, code);
        await this.expectEnd();
    }

    async #until(isThere, what) {
        const there = new Promise((done, failed) => {
            this.#wake = () => {
                if (isThere()) {
                    done();
                } else if (this.#ended) {
                    failed(new Error(`ended after ${JSON.stringify(this.#bytes.toString('latin1'))}, not ${what}`));
                }
            };
            this.#wake();
        });
        await withPatience(there, what);
    }

    #take(n) {
        const bytes = this.#bytes.subarray(0, n);
        this.#bytes = this.#bytes.subarray(n);
        return bytes;
    }
}

export const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];

// A client's frame, masked. FIRST replaces the first byte (FIN and OPCODE), LENGTH the length that is promised.
export function frame(opcode, payload = '', { first = 0x80 | opcode, length } = {}) {
    const data = Buffer.from(payload);
    const promised = length ?? data.length;
    const size = promised < 126 ? Buffer.of(0x80 | promised)
        : promised < 65536 ? Buffer.of(0xfe, promised >> 8, promised & 0xff)
            : Buffer.concat([Buffer.of(0xff), Buffer.from(BigInt(promised).toString(16).padStart(16, '0'), 'hex')]);
    const key = randomBytes(4);
    return Buffer.concat([Buffer.of(first), size, key, data.map((byte, i) => byte ^ key[i % 4])]);
}

// A frame that is not its message's last.
export function fragment(opcode, payload) {
    return frame(opcode, payload, { first: opcode });
}

// A close frame's payload.
export function closing(code, reason = '') {
    return Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]);
}
