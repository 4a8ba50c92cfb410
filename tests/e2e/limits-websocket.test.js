// SPDX-License-Identifier: MIT
// What is too much on one WebSocket, for how long a message may take, and how its client is told.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, fragment, frame } from './lib/raw.js';
import { start } from './lib/server.js';

async function echo(t, ...args) {
    const server = await start(t, ['--mount', '/echo=echo', ...args]);
    return upgraded(server, '/echo');
}

async function upgraded(server, path) {
    const raw = await server.dial();
    await raw.upgrade(path);
    return raw;
}

async function expectRefusal(raw, code, reason) {
    const { opcode, payload } = await raw.frame();
    assert.deepEqual([opcode, payload.readUInt16BE(), payload.subarray(2).toString()], [CLOSE, code, reason]);
    await raw.expectEnd();
}

test('fragments of a message', async t => {
    await t.test('1,024 are fine, and no more', async t => {
        const raw = await echo(t);
        const middle = Array.from({ length: 1022 }, () => fragment(CONTINUATION, 'x'));
        raw.send(Buffer.concat([fragment(TEXT, 'x'), ...middle, frame(CONTINUATION, 'x')]));
        await raw.expectFrame(TEXT, 'x'.repeat(1024));
        raw.send(Buffer.concat([fragment(TEXT, 'x'), ...middle, fragment(CONTINUATION, 'x'), frame(CONTINUATION, 'x')]));
        await raw.expectClose(1009);
    });
});

test('a message that was begun must end in time, --message-timeout', async t => {
    const begun = {
        'a head': [frame(TEXT, 'x').subarray(0, 1)],
        'a payload': [frame(TEXT, 'hello').subarray(0, 8)],
        'a fragmented message': [fragment(TEXT, 'hello')],
    };
    for (const path of ['/echo', '/eio/?EIO=4&transport=websocket']) {
        for (const [what, parts] of Object.entries(begun)) {
            await t.test(`${what} at ${path}`, async t => {
                const server = await start(t, ['--mount', '/echo=echo', '--mount', '/eio/=eio-echo',
                    '--message-timeout', '100ms']);
                const raw = await upgraded(server, path);
                if (path !== '/echo') {
                    assert.equal((await raw.frame()).payload[0], '0'.charCodeAt());
                }
                raw.send(...parts);
                await expectRefusal(raw, 1008, 'message timeout');
            });
        }
    }

    await t.test('however often a byte of it comes', async t => {
        const raw = await echo(t, '--message-timeout', '200ms');
        const bytes = frame(BINARY, Buffer.alloc(1000));
        let at = 0;
        const dribble = setInterval(() => raw.send(bytes.subarray(at, ++at)), 10);
        t.after(() => clearInterval(dribble));
        await expectRefusal(raw, 1008, 'message timeout');
        assert.ok(at < bytes.length, 'all of it was sent');
    });

    await t.test('pings in between are answered and change nothing', async t => {
        const raw = await echo(t, '--message-timeout', '200ms');
        raw.send(fragment(TEXT, ''), frame(PING, 'still there?'));
        await raw.expectFrame(PONG, 'still there?');
        await expectRefusal(raw, 1008, 'message timeout');
    });
});

test('control frames in a second, --max-controls', async t => {
    await t.test('100 pings are answered, and no more', async t => {
        const raw = await echo(t);
        const pings = Array.from({ length: 201 }, (_, i) => frame(PING, `${i}`)); // a second may end among them
        raw.send(Buffer.concat(pings));
        let n = 0, got;
        while ((got = await raw.frame()).opcode === PONG) {
            assert.equal(got.payload.toString(), `${n++}`);
        }
        assert.ok(n >= 100, `${n} pongs`);
        assert.deepEqual([got.opcode, got.payload.readUInt16BE()], [CLOSE, 1008]);
        await raw.expectEnd();
    });

    await t.test('those of an earlier second do not count', async t => {
        const raw = await echo(t, '--max-controls', '3');
        for (let i = 0; i < 3; i++) {
            raw.send(frame(PING, 'a'), frame(PING, 'b'));
            await raw.expectFrame(PONG, 'a');
            await raw.expectFrame(PONG, 'b');
            await new Promise(done => { setTimeout(done, 1100); });
        }
    });
});

test('a message in pieces', async t => {
    // What the kernel says of PID's memory, in KiB: VmRSS, that it touched; VmData, that it asked for.
    async function memory(server, what) {
        const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
        return Number(new RegExp(`${what}:\\s*(\\d+)`).exec(status)[1]);
    }

    // A sanitizer's program has a heap of its own, and terabytes for its notes.
    const isSanitized = async server => await memory(server, 'VmPeak') > 2 ** 30;

    await t.test('takes at most 1.1 times the memory of what has come', async t => {
        const server = await start(t, ['--mount', '/echo=echo', '--workers', '1', '--max-controls', '65535']);
        const [n, size, parts] = [100, 1000, 200];
        if (await isSanitized(server)) {
            return t.skip('a sanitizer is there');
        }
        const raws = await Promise.all(Array.from({ length: n }, () => upgraded(server, '/echo')));
        const before = await memory(server, 'VmRSS');
        for (let i = 0; i < parts; i++) { // all grow together: none finds free what another left behind
            raws.forEach(raw => raw.send(fragment(i ? CONTINUATION : BINARY, Buffer.alloc(size)), frame(PING)));
            await Promise.all(raws.map(raw => raw.expectFrame(PONG, '')));
        }
        const share = (await memory(server, 'VmRSS') - before) * 1024 / (n * size * parts);
        t.diagnostic(`${share.toFixed(3)} times`);
        assert.ok(share <= 1.1, `${share.toFixed(3)} times what has come`);
    });

    await t.test('what is only promised takes nothing', async t => {
        const server = await start(t, ['--mount', '/echo=echo', '--workers', '1', '--max-message', '100m']);
        const raws = await Promise.all(Array.from({ length: 100 }, () => upgraded(server, '/echo')));
        const before = await memory(server, 'VmData');
        raws.forEach(raw => raw.send(frame(BINARY, 'x', { length: 100 << 20 })));
        const other = await upgraded(server, '/echo');
        other.send(frame(TEXT, 'behind them'));
        await other.expectFrame(TEXT, 'behind them');
        const taken = await memory(server, 'VmData') - before;
        assert.ok(taken < 1024, `${taken} KiB`);
    });
});
