// SPDX-License-Identifier: MIT
// What killed the tutorials' servers, and what kills others, sent to ours while an honest pair talks on undisturbed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { expectSilence } from './lib/client.js';
import { withPatience } from './lib/patience.js';
import { CONTINUATION, TEXT, fragment, frame } from './lib/raw.js';
import { start } from './lib/server.js';

// Two who are in a call and prove, whenever asked, that it goes on.
async function honestPair(server) {
    const [a, b] = await server.login('honest A', 'honest B');
    a.send('{"type":"offer","name":"honest B","offer":1}');
    await b.expect('{"type":"offer","offer":1,"name":"honest A"}');
    let n = 0;
    return {
        async talk() {
            n++;
            a.send(`{"type":"candidate","name":"honest B","candidate":${n}}`);
            await b.expect(`{"type":"candidate","candidate":${n}}`);
            b.send(`{"type":"candidate","name":"honest A","candidate":${n}}`);
            await a.expect(`{"type":"candidate","candidate":${n}}`);
            await expectSilence(a, b);
        },
    };
}

// What ended or confused the servers of the files in the reference, in the order in which it lists them.
const sequences = {
    'names were kept after a close': async server => {
        for (let i = 0; i < 3; i++) {
            const [a] = await server.login('A');
            await a.close();
        }
    },
    'leave for an unknown name': says('{"type":"leave","name":"nobody"}'),
    'leave without a name': says('{"type":"leave"}'),
    'leave without a name, not logged in': saysUnnamed('{"type":"leave"}'),
    'JSON null': says('null'),
    'JSON null, not logged in': saysUnnamed('null'),
    'an offer to __proto__': says('{"type":"offer","name":"__proto__","offer":1}'),
    'an offer to constructor': says('{"type":"offer","name":"constructor","offer":1}'),
    'an offer to toString': says('{"type":"answer","name":"toString","answer":1}'),
    'an offer to hasOwnProperty': says('{"type":"candidate","name":"hasOwnProperty","candidate":1}'),
    'a second login left the old name bound': async server => {
        const [a] = await server.login('A');
        a.send('{"type":"login","name":"A2"}');
        await a.expect('{"type":"login","success":true}');
        const [other] = await server.login('A');
        await other.close();
        await a.close();
        await server.login('A', 'A2');
    },
    'an offer to oneself, then the close': async server => {
        const [a] = await server.login('A');
        a.send('{"type":"offer","name":"A","offer":1}');
        await a.expect('{"type":"offer","offer":1,"name":"A"}');
        await a.close();
    },
    'the callee closes unanswered, then the caller': async server => {
        const [a, b] = await server.login('A', 'B');
        a.send('{"type":"offer","name":"B","offer":1}');
        await b.next();
        await b.close();
        await a.expect('{"type":"leave"}');
        await a.close();
    },
    'hang up, the callee closes, the caller closes': async server => {
        const [a, b] = await server.login('A', 'B');
        a.send('{"type":"offer","name":"B","offer":1}');
        await b.next();
        b.send('{"type":"answer","name":"A","answer":1}');
        await a.next();
        a.send('{"type":"leave","name":"B"}');
        await b.expect('{"type":"leave"}');
        await b.close();
        await a.close();
        await server.login('A', 'B');
    },
    'two who offer each other at once': async server => {
        const [a, b] = await server.login('A', 'B');
        a.send('{"type":"offer","name":"B","offer":1}');
        b.send('{"type":"offer","name":"A","offer":2}');
        await b.expect('{"type":"offer","offer":1,"name":"A"}');
        await a.expect('{"type":"offer","offer":2,"name":"B"}');
        a.destroy();
        await b.expect('{"type":"leave"}');
    },
    'a third who calls one of the pair, and drops': async server => {
        const [a, b, c] = await server.login('A', 'B', 'C');
        a.send('{"type":"offer","name":"B","offer":1}');
        await b.next();
        c.send('{"type":"offer","name":"B","offer":2}');
        await b.next();
        c.destroy();
        await b.expect('{"type":"leave"}');
        a.send('{"type":"leave"}');
        await b.expect('{"type":"leave"}');
    },
    'the join dialect: {, nothing, null': async server => {
        const a = await server.connect('/join');
        for (const message of ['{', '', 'null', '{"type":"join"}', '{"type":"join","id":null}']) {
            a.send(message);
            await a.expectError();
        }
    },
    'the join dialect: one id twice, the older closes': async server => {
        const [a, b] = [await server.connect('/join'), await server.connect('/join')];
        a.send('{"type":"join","id":1}');
        await a.next();
        b.send('{"type":"join","id":1}');
        await b.expectError();
        await a.close();
        b.send('{"type":"join","id":1}');
        await b.expect('{"type":"joined","payload":{"id":1,"peers":[]}}');
    },
    'texts that killed other libraries': async server => {
        const a = await server.connect('/');
        for (const message of ['{', 'null', '5', '"x"', '', '[]']) {
            a.send(message);
            await a.expectError();
        }
        a.send('{"type":"subscribe","topics":5}'); // answered with nothing, as a subscription is
        a.send('{"type":"ping"}');
        await a.expect('{"type":"pong"}');
    },
    'HEAD / and a zero byte in a path': async server => {
        const raw = await server.dial();
        assert.equal((await raw.request('HEAD /')).status, 200);
        assert.equal((await raw.request('GET /js/%00')).status, 400);
    },
};

// A connection that is logged in says TEXT, and is answered with an error.
function says(text) {
    return async server => {
        const [a] = await server.login('A');
        a.send(text);
        await a.expectError();
    };
}

function saysUnnamed(text) {
    return async server => {
        const a = await server.connect('/login');
        a.send(text);
        await a.expectError();
    };
}

test('what the tutorials\' servers died of', async t => {
    for (const [what, sequence] of Object.entries(sequences)) {
        await t.test(what, async t => {
            const server = await start(t);
            const pair = await honestPair(server);
            await sequence(server);
            await pair.talk();
        });
    }
});

const MUCH = 64 * 1024 * 1024; // bytes: more than the buffers of two sockets hold, and more than a server should

// Sends BYTES over and over while reading nothing, until the server has let go of the connection or takes no more.
async function expectHeldBack(raw, bytes, pair) {
    const chunk = Buffer.concat(Array(Math.ceil(2 ** 20 / bytes.length)).fill(Buffer.from(bytes)));
    let taken = 0;
    const feed = () => raw.socket.write(chunk, error => {
        taken += chunk.length;
        return error || taken >= MUCH || feed();
    });
    raw.socket.pause();
    feed();
    for (let before, idle = 0; idle < 50 && !raw.socket.destroyed; before = taken) {
        await pair.talk();
        assert.ok(taken < MUCH, 'all was taken');
        idle = taken === before ? idle + 1 : 0;
    }
}

test('an attacker', async t => {
    await t.test('who drops in the middle of anything disturbs nobody', async t => {
        const server = await start(t);
        const pair = await honestPair(server);
        const cuts = ['G', 'GET / HTTP/1.1\r\nHost', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf'];
        for (const cut of cuts) {
            const raw = await server.dial();
            raw.send(cut);
            raw.socket.resetAndDestroy();
        }
        for (const cut of [1, 2, 5, 8, 20]) {
            const raw = await server.dial();
            await raw.upgrade('/login');
            raw.send(frame(TEXT, '{"type":"login","name":"A"}').subarray(0, cut));
            raw.destroy();
            await pair.talk();
        }
    });

    await t.test('who sends random bytes disturbs nobody', async t => {
        const server = await start(t);
        const pair = await honestPair(server);
        let seed = 1;
        const random = () => seed = (seed * 1103515245 + 12345) % 0x80000000;
        for (let i = 0; i < 50; i++) {
            const raw = await server.dial();
            if (i % 2) {
                await raw.upgrade('/login');
            }
            raw.send(Buffer.from(Array.from({ length: 500 }, () => random() >> 16)));
            raw.socket.end();
            await raw.readToEnd();
        }
        await pair.talk();
    });

    await t.test('who sends messages without end and reads none is held back', async t => {
        const server = await start(t, ['--mount', '/echo=echo']);
        const pair = await honestPair(server);
        const raw = await server.dial();
        await raw.upgrade('/echo');
        await expectHeldBack(raw, frame(TEXT, 'x'.repeat(60_000)), pair);
    });

    await t.test('who sends requests without end and reads none is held back', async t => {
        const server = await start(t);
        const pair = await honestPair(server);
        await expectHeldBack(await server.dial(), 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', pair);
    });

    await t.test('who never reads what another sends is dropped, and the other goes on', async t => {
        const server = await start(t);
        const pair = await honestPair(server);
        const deaf = await server.dial();
        await deaf.upgrade('/login');
        deaf.send(frame(TEXT, '{"type":"login","name":"deaf"}'));
        await deaf.expectFrame(TEXT, '{"type":"login","success":true}');
        deaf.socket.pause();
        const [a] = await server.login('A');
        for (let i = 0; i < MUCH / 200_000; i++) {
            a.send(`{"type":"candidate","name":"deaf","candidate":"${'x'.repeat(200_000)}"}`);
        }
        const errors = await a.settle();
        assert.ok(errors.length > 0, 'all was kept for somebody who does not read');
        assert.match(errors[0], /^{"type":"error","message":"[^"]*deaf/);
        await pair.talk();
    });

    await t.test('who fragments for ever keeps nobody waiting', async t => {
        const server = await start(t);
        const pair = await honestPair(server);
        const raw = await server.dial();
        await raw.upgrade('/login');
        raw.send(fragment(TEXT, '{'), Buffer.concat(Array.from({ length: 900 }, () => fragment(CONTINUATION, ' '))));
        await pair.talk();
    });

    await t.test('whose name holds line ends writes no lines into the log', async t => {
        const server = await start(t, ['--log-level', 'trace']);
        const [a] = await server.login('x\nFORGED \u001b[31m\r\nFORGED');
        a.send('{"type":"dance\\nFORGED"}');
        await a.expectError();
        await a.close();
        await server.stop();
        assert.doesNotMatch(server.log, /^FORGED|\u001b|\r/m);
    });
});

test('out of file descriptors', async t => {
    const directory = mkdtempSync(join(tmpdir(), 'strowger-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const handOver = join(directory, 'hand-over');
    const server = await start(t, ['--mount', '/echo=echo', '--max-connections', '1000', '--hand-over', handOver],
        { openFiles: 64 });
    const pair = await honestPair(server);
    const waiting = [];
    const accepted = [];
    let isOver = false;
    for (let i = 0; i < 80; i++) {
        const raw = await server.dial();
        waiting.push(raw.upgrade('/echo').then(() => (isOver ? raw.destroy() : accepted.push(raw))));
    }
    await untilFull(server);

    await pair.talk();
    const { length } = accepted;
    assert.ok(length < 64, `${length} connections with 64 descriptors`);
    await expectIdle(server);
    await pair.talk();

    const successor = await connectSuccessor(t, handOver);
    await expectIdle(server);
    await pair.talk();

    isOver = true; // each that comes in makes room for the next
    accepted.forEach(raw => raw.destroy());
    await withPatience(Promise.all(waiting), 'those in the queue to be accepted');
    await withPatience(successor.served, 'the successor to be given sockets');
    const [a] = await server.login('A');
    await a.expectSilence();
    await pair.talk();
});

// A process that takes over who serves at PATH, as far as being given the sockets, and then gives up.
async function connectSuccessor(t, path) {
    const code = ['import socket, sys', 's = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)',
        's.connect(sys.argv[1]); print("there", flush=True)', 'sys.exit(len(s.recv(100)) != 16)'].join('\n');
    const child = spawn('python3', ['-c', code, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill());
    const served = once(child, 'exit').then(([status]) => assert.equal(status, 0));
    await once(child.stdout, 'data');
    return { served };
}

// Waits until the server has no descriptor left but perhaps one that it keeps in reserve.
async function untilFull(server) {
    const deadline = Date.now() + 5000;
    while ((await readdir(`/proc/${server.pid}/fd`)).length < 63) {
        assert.ok(Date.now() < deadline, 'the descriptors were not used up');
    }
}

// The server uses no processor while there is nothing to do: it does not spin on what it cannot accept.
async function expectIdle(server) {
    const ticks = async () => {
        const fields = (await readFile(`/proc/${server.pid}/stat`, 'latin1')).split(' ');
        return Number(fields[13]) + Number(fields[14]); // utime and stime, in hundredths of a second
    };
    const before = await ticks();
    await new Promise(done => setTimeout(done, 300));
    assert.ok(await ticks() - before < 10, 'it spins');
}
