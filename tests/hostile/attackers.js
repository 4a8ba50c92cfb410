// SPDX-License-Identifier: MIT
// What attackers do, each a function that takes the server's port and returns what the attackers got for it.
import dgram from 'node:dgram';
import net from 'node:net';
import { randomBytes } from 'node:crypto';
import { CONTINUATION, PING, TEXT, fragment, frame } from '../e2e/lib/raw.js';

const HOST = '127.0.0.1';
const PATIENCE_MS = 60_000;
const ENDS_MS = 20_000; // in which the server ends whom it should

const pause = ms => new Promise(done => setTimeout(done, ms));

// A connection that gathers all that comes, and knows when it began and ended and how.
class Line {
    static dial(port, { from, ...options } = {}) {
        const line = new Line(net.connect({ port, host: HOST, localAddress: from, noDelay: true, ...options }));
        return new Promise((done, failed) => {
            line.socket.once('connect', () => done(line)).once('error', failed);
        });
    }

    constructor(socket) {
        this.socket = socket;
        this.began = Date.now();
        this.chunks = []; // joined when somebody looks
        this.ended = new Promise(done => {
            socket.on('data', bytes => this.chunks.push(bytes));
            socket.on('error', ({ code }) => { this.error = code; });
            socket.on('end', () => { this.hasEnd = true; });
            socket.on('close', () => {
                this.ms = Date.now() - this.began;
                done(this);
            });
        });
    }

    // What has come and is not gone.
    get bytes() {
        if (this.chunks.length !== 1) {
            this.chunks = [Buffer.concat(this.chunks)];
        }
        return this.chunks[0];
    }

    send(bytes) {
        return this.socket.writable && this.socket.write(bytes);
    }

    // Waits for bytes that match PATTERN; what came up to their end is `gone` then.
    async heard(pattern) {
        const deadline = Date.now() + PATIENCE_MS;
        for (;;) {
            const found = pattern.exec(this.bytes.toString('latin1'));
            if (found) {
                this.gone = this.bytes.toString('latin1', 0, found.index + found[0].length);
                this.chunks = [this.bytes.subarray(found.index + found[0].length)];
                return found;
            }
            if (this.socket.destroyed || Date.now() > deadline) {
                throw new Error(`in vain: ${pattern} in ${JSON.stringify(this.bytes.toString('latin1').slice(0, 200))}`);
            }
            await pause(1);
        }
    }

    async upgrade(path) {
        const key = randomBytes(16).toString('base64');
        this.send(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
            + `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
        await this.heard(/^HTTP\/1\.1 101 [^]*?\r\n\r\n/);
    }

    async login(name) {
        await this.upgrade('/login');
        this.send(frame(TEXT, JSON.stringify({ type: 'login', name })));
        await this.heard(/"success":true}/);
    }

    // How it ended: the code of a close frame or the status of an answer, the last of them; or "silence", or the error;
    // or "held", when it did not.
    get verdict() {
        if (this.isHeld) {
            return 'held';
        }
        const text = this.bytes.toString('latin1');
        const close = /\x88([\x02-\x7d])([^][^])[^]*$/.exec(text);
        const status = [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].at(-1)?.[1];
        return this.error ?? (close ? close[2].charCodeAt(0) * 256 + close[2].charCodeAt(1) : status ?? 'silence');
    }
}

// N connections made by MAKE, in bundles so that nobody waits in a queue of thousands.
async function many(n, make, bundle = 64) {
    const made = [];
    while (made.length < n) {
        made.push(...await Promise.all(Array.from({ length: Math.min(bundle, n - made.length) },
            (_, i) => make(made.length + i))));
    }
    return made;
}

// The ends of LINES: how many of each kind, and the shortest and longest time. Who is not ended for long is "held".
async function ends(lines) {
    const impatience = setTimeout(() => lines.forEach(line => {
        line.isHeld ||= !line.socket.destroyed;
        line.socket.destroy();
    }), ENDS_MS);
    await Promise.all(lines.map(line => line.ended));
    clearTimeout(impatience);
    const verdicts = {};
    for (const { verdict } of lines) {
        verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    }
    const times = lines.map(line => line.ms);
    return { verdicts, shortest: Math.min(...times), longest: Math.max(...times) };
}

// Sends one byte more to each of LINES every EVERY milliseconds for as long as one of them lasts.
async function dribble(lines, byte, every = 50) {
    while (lines.some(line => !line.socket.destroyed && !line.hasEnd)) {
        lines.forEach(line => line.send(byte));
        await pause(every);
    }
}

// N who begin with START, in base64, and then say BYTE after BYTE: on a WebSocket at PATH if there is one.
export async function dribblers({ port, n, start, byte, path }) {
    const lines = await many(n, async () => {
        const line = await Line.dial(port);
        await (path && line.upgrade(path));
        line.began = Date.now();
        line.send(Buffer.from(start, 'base64'));
        return line;
    });
    dribble(lines, byte);
    return ends(lines);
}

// N who connect from FROM, say START, in base64, which may be nothing, and no more.
export async function silent({ port, n, start = '', from }) {
    const lines = await many(n, () => Line.dial(port, { from }));
    lines.forEach(line => line.send(Buffer.from(start, 'base64')));
    return ends(lines);
}

// N who open a session by polling and never end the body of their first message.
export async function slowBodies({ port, n }) {
    const lines = await many(n, async () => {
        const line = await Line.dial(port);
        const target = '/socket.io/?EIO=4&transport=polling';
        line.send(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
        const [, sid] = await line.heard(/"sid":"([^"]+)"[^]*}/);
        line.send(`POST ${target}&sid=${sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n4`);
        line.began = Date.now();
        return line;
    });
    dribble(lines, 'x');
    return ends(lines);
}

// TOTAL connections, AT_ONCE of them at a time, each of which sends a part of a handshake or nothing.
export async function halfOpen({ port, total, atOnce }) {
    const held = [];
    let refused = 0;
    await many(total, i => Line.dial(port, { from: `127.0.${1 + i % 200}.1` }).then(line => {
        line.send(i % 2 ? 'GET /login HTTP/1.1\r\nHost: x\r\nUpgr' : '');
        held.push(line);
        if (held.length > atOnce) {
            held.shift().socket.resetAndDestroy();
        }
    }, () => { refused++; }), 256);
    held.forEach(line => line.socket.resetAndDestroy());
    await Promise.all(held.map(line => line.ended));
    return { refused };
}

// N WebSockets that each send BYTES, in base64, all at once.
export async function sayOnSockets({ port, n, bytes, path = '/login', holdMs = 0 }) {
    const lines = await many(n, async () => {
        const line = await Line.dial(port);
        await line.upgrade(path);
        return line;
    });
    lines.forEach(line => {
        line.began = Date.now();
        line.send(Buffer.from(bytes, 'base64'));
    });
    if (holdMs) {
        await pause(holdMs);
        lines.forEach(line => line.socket.destroy());
    }
    return ends(lines);
}

// One who logs in and then does not read, and N who send it a message every EVERY milliseconds for MS of them. It reads on,
// and what has come is its verdict, when the first of them was told that it is gone; the others go on.
export async function deafOne({ port, n, ms, every = 2, bytes = 2000 }) {
    const deaf = await Line.dial(port);
    await deaf.login('deaf');
    deaf.socket.pause();
    const senders = await many(n, async i => {
        const line = await Line.dial(port);
        await line.login(`sender ${i}`);
        line.send(frame(TEXT, '{"type":"offer","name":"deaf","offer":1}'));
        return line;
    });
    const message = frame(TEXT, JSON.stringify({ type: 'candidate', name: 'deaf', candidate: 'x'.repeat(bytes) }));
    const isTold = line => /"type":"(leave|error)"/.test(line.bytes.toString('latin1'));
    const began = Date.now();
    let endMs;
    while (Date.now() < began + ms) {
        senders.forEach(line => line.socket.writableLength < 1e6 && line.send(message));
        await pause(every);
        if (deaf.socket.isPaused() && senders.some(isTold)) {
            endMs = Date.now() - began;
            deaf.socket.resume();
        }
    }
    const { verdicts } = await ends([deaf]);
    senders.forEach(line => line.socket.destroy());
    return { told: senders.filter(isTold).length, verdicts, endMs };
}

// N who come, log in and go, AT_ONCE of them at a time.
export async function storm({ port, n, atOnce = 64 }) {
    let failures = 0;
    await many(n, async i => {
        try {
            const line = await Line.dial(port);
            await line.login(`storm ${i}`);
            line.socket.resetAndDestroy();
        } catch {
            failures++;
        }
    }, atOnce);
    return { failures };
}

let held = [];

// N who log in and are rung by one partner each, and stay. For a helper that is then stopped.
export async function settle({ port, n, from, prefix = 'held' }) {
    held = await many(n, async i => {
        const line = await Line.dial(port, { from });
        await line.login(`${prefix} ${i}`);
        return line;
    });
}

// How those who settled ended.
export function settled() {
    return ends(held);
}

// Rings the N who settled, and resolves with the milliseconds until each was said to have left.
export async function ring({ port, n, prefix = 'held' }) {
    const callers = await many(n, async i => {
        const line = await Line.dial(port);
        await line.login(`caller of ${prefix} ${i}`);
        line.send(frame(TEXT, JSON.stringify({ type: 'offer', name: `${prefix} ${i}`, offer: 1 })));
        return line;
    });
    const began = Date.now();
    const times = await Promise.all(callers.map(async line => {
        const alive = setInterval(() => line.send(frame(PING)), 200); // so that it is not taken for gone itself
        await line.heard(/"type":"leave"/).finally(() => clearInterval(alive));
        return Date.now() - began;
    }));
    callers.forEach(line => line.socket.destroy());
    return { shortest: Math.min(...times), longest: Math.max(...times) };
}

// N pairs, each of whom says MESSAGES numbers to the other. What was heard wrong.
export async function talk({ port, n, messages, from }) {
    const numbers = Array.from({ length: messages }, (_, i) => i);
    const wrong = [];
    await many(n, async i => {
        const names = [`talker ${i} A`, `talker ${i} B`];
        const [a, b] = await Promise.all(names.map(async name => {
            const line = await Line.dial(port, { from });
            await line.login(name);
            return line;
        }));
        for (const [line, to] of [[a, names[1]], [b, names[0]]]) {
            numbers.forEach(candidate => line.send(frame(TEXT, JSON.stringify({ type: 'candidate', name: to, candidate }))));
        }
        for (const line of [a, b]) {
            await line.heard(new RegExp(`"candidate":${messages - 1}}`)).catch(error => wrong.push(error.message));
            const heard = [...line.gone.matchAll(/"candidate":(\d+)}/g)].map(([, number]) => Number(number));
            if (String(heard) !== String(numbers)) {
                wrong.push(String(heard));
            }
            line.socket.destroy();
        }
    });
    return { wrong };
}

// FRAGMENTS frames of one message on each of N WebSockets, SIZE bytes each; the last is missing.
export async function fragmentBombs({ port, n, fragments, size, holdMs }) {
    const bytes = Buffer.concat([fragment(TEXT, 'x'.repeat(size)),
        ...Array.from({ length: fragments - 1 }, () => fragment(CONTINUATION, 'x'.repeat(size)))]);
    return sayOnSockets({ port, n, bytes: bytes.toString('base64'), holdMs });
}

// N who log in and send as many messages as the server takes, each to a partner who hears them, until they are ended.
export async function chatter({ port, n }) {
    const lines = await many(n, async i => {
        const names = [`chatterer ${i}`, `listener ${i}`];
        const [line, partner] = await Promise.all(names.map(async name => {
            const one = await Line.dial(port);
            await one.login(name);
            return one;
        }));
        partner.socket.removeAllListeners('data').resume(); // it reads and forgets
        line.message = frame(TEXT, JSON.stringify({ type: 'candidate', name: names[1], candidate: 'x'.repeat(100) }));
        line.partner = partner;
        return line;
    });
    const bundle = line => Buffer.concat(Array(20).fill(line.message));
    const talk = setInterval(() => lines.forEach(line => line.socket.writableLength < 1e5 && line.send(bundle(line))), 5);
    const found = await ends(lines);
    clearInterval(talk);
    lines.forEach(line => line.partner.socket.destroy());
    return found;
}

// N STUN Binding requests from a socket at FROM, as fast as it goes. How long it took, what came back, and by how much
// longer an answer is than its request.
export async function stunFlood({ port, from, n }) {
    const socket = dgram.createSocket('udp4');
    await new Promise(done => socket.bind(0, from, done));
    const counts = { answers: 0, bytesBack: 0 };
    socket.on('message', bytes => {
        counts.answers++;
        counts.bytesBack += bytes.length;
    });
    const request = Buffer.concat([Buffer.from('000100002112a442', 'hex'), randomBytes(12)]);
    const began = Date.now();
    for (let sent = 0; sent < n; sent += 50) {
        for (let i = 0; i < 50; i++) {
            socket.send(request, port, HOST);
        }
        await pause(1);
    }
    await pause(200);
    socket.close();
    const growth = counts.bytesBack / counts.answers / request.length;
    return { ...counts, growth, ms: Date.now() - began };
}
