// SPDX-License-Identifier: MIT
// Every request for memory of a short conversation fails once: that costs a connection at most, and never the server.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BINARY, CONTINUATION, PING, Raw, TEXT, fragment, frame } from './lib/raw.js';
import { PROGRAM, start } from './lib/server.js';

const SOURCE = fileURLToPath(new URL('lib/fail-alloc.c', import.meta.url));
const MAX_POINTS = 400;
const HANGING_MS = 300; // for a conversation that lost what it waits for

// Has the program's Nth request for memory from now on fail.
class Fault {
    #file;

    constructor(t) {
        const dir = mkdtempSync(join(tmpdir(), 'fail-alloc-'));
        t.after(() => rmSync(dir, { recursive: true }));
        this.path = join(dir, 'left');
        this.library = join(dir, 'fail-alloc.so');
        execFileSync(process.env.CC ?? 'cc', ['-std=gnu2x', '-shared', '-fPIC', '-O1', '-o', this.library, SOURCE]);
        this.#file = openSync(this.path, 'w+');
        t.after(() => this.set(0));
        this.set(0);
    }

    get env() {
        return { LD_PRELOAD: this.library, FAIL_ALLOC: this.path };
    }

    set(n) {
        const bytes = Buffer.alloc(4);
        bytes.writeInt32LE(n);
        writeSync(this.#file, bytes, 0, 4, 0);
    }

    // Whether it is still to come.
    get isAhead() {
        return readFileSync(this.path).readInt32LE() > 0;
    }
}

async function upgraded(server, path) {
    const raw = await server.dial();
    await raw.upgrade(path);
    return raw;
}

const post = (raw, path, body) => raw.request(`POST ${path}`, `Content-Length: ${body.length}`, '', body);

// The parts of a conversation: what goes wrong in one of them is no matter.
const acts = [
    async server => {
        const [a, b] = [await upgraded(server, '/login'), await upgraded(server, '/login')];
        for (const [raw, name] of [[a, 'one'], [b, 'two']]) {
            raw.send(frame(TEXT, `{"type":"login","name":"${name}"}`));
            await raw.frame();
        }
        const offer = `{"type":"offer","name":"two","offer":{"sdp":"${'x'.repeat(20_000)}"}}`;
        a.send(frame(TEXT, offer));
        await b.frame();
        a.send(fragment(TEXT, '{"type":"answer",'), frame(PING, 'x'), fragment(CONTINUATION, ' '.repeat(3000)),
            frame(CONTINUATION, '"name":"two","answer":1}'));
        await a.frame();
        await b.frame();
        b.send(frame(TEXT, '{"type":"offer","name":"\\u0066our","offer":1}'), frame(TEXT, '{"type":"leave"}'));
        await b.frame();
    },
    async server => {
        const [a, b] = [await upgraded(server, '/join'), await upgraded(server, '/join')];
        a.send(frame(TEXT, '{"type":"join","room":"r","id":"a","nick":"n"}'));
        await a.frame();
        b.send(frame(TEXT, '{"type":"join","room":"r","id":"b","nick":"n"}'));
        await b.frame();
    },
    async server => {
        const a = await upgraded(server, '/topics');
        a.send(frame(TEXT, '{"type":"subscribe","topics":["t","u"]}'), frame(TEXT, '{"type":"publish","topic":"t"}'));
        await a.frame();
    },
    async server => {
        const a = await upgraded(server, '/peerjs/peerjs?key=peerjs&id=p&token=t');
        await a.frame();
        a.send(frame(TEXT, '{"type":"OFFER","dst":"q","payload":{}}'));
        const b = await upgraded(server, '/peerjs/peerjs?key=peerjs&id=q&token=t');
        await b.frame();
        await b.frame();
    },
    async server => {
        const raw = await server.dial();
        const path = '/socket.io/?EIO=4&transport=polling';
        const { body } = await raw.request(`GET ${path}`);
        const { sid } = JSON.parse(body.subarray(1));
        await post(raw, `${path}&sid=${sid}`, '40');
        await raw.request(`GET ${path}&sid=${sid}`);
        await post(raw, `${path}&sid=${sid}`, '42["create or join","r"]');
        await raw.request(`GET ${path}&sid=${sid}`);
    },
    async server => {
        const raw = await upgraded(server, '/socket.io/?EIO=4&transport=websocket');
        await raw.frame();
        raw.send(frame(TEXT, '40'));
        await raw.frame();
        raw.send(frame(TEXT, '42["create or join","s"]'), frame(TEXT, '451-["message",{"_placeholder":true,"num":0}]'),
            frame(BINARY, 'x'));
        await raw.frame();
    },
    async server => {
        const raw = await server.dial();
        await raw.request('GET /');
    },
];

async function converse(server, act) {
    const open = [];
    const dial = async () => {
        open.push(await Raw.dial(server.port));
        return open.at(-1);
    };
    let timer;
    const hanging = new Promise(done => { timer = setTimeout(done, HANGING_MS); });
    await Promise.race([act({ dial }).catch(() => {}), hanging]);
    clearTimeout(timer);
    open.forEach(raw => raw.destroy());
}

// A sanitizer's program has a heap of its own, that nothing can be put before.
const isSanitized = /__[at]san_init/.test(readFileSync(PROGRAM, 'latin1'));

test('every allocation of a conversation may fail', { skip: isSanitized, timeout: 120_000 }, async t => {
    const fault = new Fault(t);
    const server = await start(t, ['--workers', '1'], { env: fault.env });
    const [a, b] = await server.login('honest A', 'honest B');
    a.send('{"type":"offer","name":"honest B","offer":1}');
    await b.next();
    let n = 0;
    for (const act of acts) {
        for (let at = 1, isThere = true; isThere; at++, n++) {
            assert.ok(at < MAX_POINTS, 'this conversation has no end');
            fault.set(at);
            await converse(server, act);
            isThere = !fault.isAhead;
            fault.set(0);
            const [next] = await server.login(`next ${n}`);
            await next.close();
        }
    }
    t.diagnostic(`${n} failures`);
    assert.ok(n > 30, `only ${n} requests for memory were there to fail`);
    a.send('{"type":"candidate","name":"honest B","candidate":1}');
    await b.expect('{"type":"candidate","candidate":1}');
});
