// SPDX-License-Identifier: MIT
// Debian's coturn with our packaging/turnserver.conf, on this machine's loopback, and a client that asks it for relays.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';
import { withPatience } from './patience.js';

const CONFIG = fileURLToPath(new URL('../../../packaging/turnserver.conf', import.meta.url));

// Why tests that need coturn are skipped, or false.
export function isMissing() {
    try {
        execFileSync('sh', ['-c', 'command -v turnserver && command -v turnutils_uclient'], { stdio: 'ignore' });
        return false;
    } catch {
        return 'coturn is not installed';
    }
}

// What a test must say otherwise than an operator: where all happens on loopback, and nothing is left behind.
function configure(directory, port, secret) {
    return readFileSync(CONFIG, 'utf8')
        .replace('#static-auth-secret=SECRET', `static-auth-secret=${secret}`)
        .replace('realm=EXAMPLE.ORG', 'realm=example.org')
        .replace('listening-port=3478', `listening-port=${port}`)
        .concat(...['listening-ip=127.0.0.1', 'relay-ip=127.0.0.1', 'allow-loopback-peers', 'allowed-peer-ip=127.0.0.1',
            `pidfile=${join(directory, 'pid')}`, `userdb=${join(directory, 'db')}`, 'no-tls', 'no-dtls', 'log-file=stdout']
            .map(line => `${line}\n`));
}

// Starts coturn for the test T, with SECRET. Returns its port.
export async function startCoturn(t, secret) {
    const directory = mkdtempSync(join(tmpdir(), 'strowger-'));
    const file = join(directory, 'turnserver.conf');
    const port = await freePort();
    writeFileSync(file, configure(directory, port, secret), { mode: 0o600 });
    const child = spawn('turnserver', ['-c', file], { stdio: ['ignore', 'pipe', 'ignore'] });
    let log = '';
    child.stdout.setEncoding('utf8').on('data', text => { log += text; });
    const ended = once(child, 'close');
    t.after(async () => {
        child.kill('SIGKILL');
        await ended;
        rmSync(directory, { recursive: true });
        assert.doesNotMatch(log, /bad configuration|unknown/i);
    });
    return port;
}

const [ALLOCATE, CREATE_PERMISSION] = [0x0003, 0x0008];
const [USERNAME, INTEGRITY, ERROR_CODE, XOR_PEER_ADDRESS, REALM, NONCE, REQUESTED_TRANSPORT] =
    [0x0006, 0x0008, 0x0009, 0x0012, 0x0014, 0x0015, 0x0019];
const COOKIE = Buffer.from('2112a442', 'hex');
const RETRANSMIT_MS = 300;

function attribute(type, value) {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(type, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)]);
}

function parse(bytes) {
    const attributes = new Map();
    for (let at = 20; at < bytes.length;) {
        const length = bytes.readUInt16BE(at + 2);
        attributes.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + length));
        at += 4 + (length + 3 & ~3);
    }
    const error = attributes.get(ERROR_CODE);
    return { attributes, error: error ? error[2] * 100 + error[3] : 0 };
}

// The bytes of an IPv6 address without a zone.
function ipv6Bytes(ip) {
    const [before, after = ''] = ip.split('::');
    const groups = text => text.split(':').filter(Boolean).flatMap(group => (group.includes('.')
        ? group.split('.').map(Number) : [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]));
    const [first, last] = [groups(before), groups(after)];
    return Buffer.from([...first, ...Array(16 - first.length - last.length).fill(0), ...last]);
}

// A client of the TURN server at PORT (RFC 8656). Each call returns the error code that it was answered with, or 0.
export class TurnClient {
    #socket = dgram.createSocket('udp4');
    #port;
    #credentials;
    #session = [];

    constructor(t, port, { username, credential }) {
        this.#port = port;
        this.#credentials = { username, credential };
        t.after(() => this.#socket.close());
    }

    async allocate() {
        const transport = attribute(REQUESTED_TRANSPORT, Buffer.from([17, 0, 0, 0]));
        const { attributes, error } = await this.#ask(ALLOCATE, [transport]);
        assert.equal(error, 401); // nobody gets one without a name
        const realm = attributes.get(REALM);
        this.#session = [[REALM, realm], [NONCE, attributes.get(NONCE)], [USERNAME, Buffer.from(this.#credentials.username)]]
            .map(([type, value]) => attribute(type, value));
        this.key = createHash('md5').update(`${this.#credentials.username}:${realm}:${this.#credentials.credential}`)
            .digest();
        return (await this.#ask(ALLOCATE, [transport])).error;
    }

    // Asks to relay to the address IP.
    async permit(ip) {
        const plain = isIPv6(ip) ? ipv6Bytes(ip) : Buffer.from(ip.split('.').map(Number));
        return (await this.#ask(CREATE_PERMISSION, id => {
            const mask = Buffer.concat([COOKIE, id]);
            return [attribute(XOR_PEER_ADDRESS, Buffer.concat([Buffer.from([0, isIPv6(ip) ? 2 : 1, 0, 0]),
                plain.map((byte, i) => byte ^ mask[i])]))];
        })).error;
    }

    async #ask(type, attributes) {
        const id = randomBytes(12);
        const own = typeof attributes === 'function' ? attributes(id) : attributes;
        const request = this.#sign(type, id, Buffer.concat([...own, ...this.#session]));
        const answered = new Promise(done => {
            const listen = bytes => {
                if (bytes.subarray(8, 20).equals(id)) {
                    this.#socket.off('message', listen);
                    done(parse(bytes));
                }
            };
            this.#socket.on('message', listen);
        });
        const send = () => this.#socket.send(request, this.#port, '127.0.0.1');
        const timer = setInterval(send, RETRANSMIT_MS);
        send();
        return withPatience(answered, 'an answer of coturn').finally(() => clearInterval(timer));
    }

    #sign(type, id, body) {
        const head = Buffer.alloc(4);
        head.writeUInt16BE(type, 0);
        head.writeUInt16BE(body.length + (this.key ? 24 : 0), 2);
        const message = Buffer.concat([head, COOKIE, id, body]);
        if (!this.key) {
            return message;
        }
        return Buffer.concat([message, attribute(INTEGRITY, createHmac('sha1', this.key).update(message).digest())]);
    }
}
