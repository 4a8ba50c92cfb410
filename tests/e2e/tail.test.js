// SPDX-License-Identifier: MIT
// Watching what passes: who says what kind of thing to whom, for those who asked, and never what was said.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { startWithAdmin } from './lib/admin.js';
import { ring } from './lib/calls.js';
import { withPatience } from './lib/patience.js';
import { Guest, meet } from './lib/socketio.js';

const FOUR = ['--workers', '4'];
const SECRET = 'a=fingerprint:sha-256 AB:CD';

// A line without what is different each time.
function known({ at, bytes, ...rest }) {
    assert.ok(Math.abs(at - Date.now() / 1000) < 60, `at ${at}`);
    return rest;
}

async function expectLines(watcher, ...wanted) {
    for (const line of wanted) {
        assert.deepEqual(known(await watcher.next()), line);
    }
}

// Calls until the two ends of one are at different workers, then ends all: the lines come from several.
async function call(server, name) {
    const [a, b] = await server.login(`${name} A`, `${name} B`);
    a.send({ type: 'offer', name: `${name} B`, offer: { sdp: SECRET } });
    await b.next();
    b.send({ type: 'answer', name: `${name} A`, answer: 1 });
    await a.next();
    a.send({ type: 'candidate', name: `${name} B`, candidate: { candidate: 'candidate:1 1 udp 1 1.2.3.4 5 typ srflx' } });
    await b.next();
    a.send({ type: 'leave' });
    await b.expect('{"type":"leave"}');
    await a.close();
    await b.close();
}

test('a call, line by line, wherever its ends are', async t => {
    const { server, admin } = await startWithAdmin(t, FOUR);
    const watcher = await admin.follow(t, '/tail');
    for (let i = 0; i < 8; i++) {
        const [a, b] = [`${i} A`, `${i} B`];
        await call(server, `${i}`);
        const lines = [];
        for (let n = 0; n < 8; n++) {
            lines.push(known(await watcher.next()));
        }
        const line = (type, from, more = {}) => ({ dialect: 'login', type, from, ...more, outcome: 'sent' });
        const wanted = [
            line('join', a), line('join', b), line('offer', a, { to: b }), line('answer', b, { to: a }),
            { ...line('candidate', a, { to: b }), candidate: 'srflx' },
            line('leave', a, { to: b }), line('leave', a), line('leave', b),
        ];
        // Each worker's lines are in order; what happens at two of them at nearly the same time may not be.
        const sorted = list => list.map(one => JSON.stringify(Object.entries(one).sort())).sort();
        assert.deepEqual(sorted(lines), sorted(wanted));
    }
});

test('each watcher is told what it asked for, and nothing before or after', async t => {
    const { server, admin } = await startWithAdmin(t, FOUR);
    const [a] = await server.login('A');
    const all = await admin.follow(t, '/tail');
    const one = await admin.follow(t, '/tail?peer=%42');
    const room = await admin.follow(t, '/tail?room=r%20%C3%A9');
    a.send({ type: 'offer', name: 'B', offer: 1 });
    await a.expectError();
    a.send({ type: 'offer', name: 'C', offer: 1 });
    await a.expectError();
    const joiner = await server.connect('/join');
    joiner.send({ type: 'join', id: 'j', room: 'r é' });
    await joiner.next();
    const absent = to => ({ dialect: 'login', type: 'offer', from: 'A', to, outcome: 'absent' });
    const joins = { dialect: 'join', type: 'join', from: 'j', room: 'r é', outcome: 'sent' };
    await expectLines(one, absent('B'));
    await expectLines(room, joins);
    await expectLines(all, absent('B'), absent('C'), { dialect: 'join', type: 'join', from: 'j', outcome: 'sent' }, joins);
    one.answer.destroy();
    const again = await admin.follow(t, '/tail?peer=B'); // maybe under the number that has just become free
    a.send({ type: 'offer', name: 'B', offer: 1 });
    await expectLines(again, absent('B'));
    assert.deepEqual(room.drain(), []);
});

test('what was said is not told', async t => {
    const { server, admin } = await startWithAdmin(t);
    const socket = net.connect(Number(admin.place.split(':')[1]), '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', piece => { text += piece; });
    socket.write('GET /tail HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await withPatience(once(socket, 'data'), 'the answer');
    await call(server, 'x');
    while (!text.includes('srflx')) {
        await withPatience(once(socket, 'data'), 'a line');
    }
    assert.ok(!text.includes('fingerprint') && !text.includes('1.2.3.4'), text);
    socket.destroy();
});

test('messages of rooms are told apart as far as can be seen', async t => {
    const { server, admin } = await startWithAdmin(t, [...FOUR, '--room-log', 'off']);
    const [a, b] = await Guest.all(t, server, 2);
    await meet(a, b);
    const watcher = await admin.follow(t, '/tail?room=r');
    for (const message of ['got user media', { type: 'offer', sdp: 'v=0\r\n' }, { candidate: 'candidate:1 typ relay' }]) {
        a.emit('message', message);
        await b.expect('message', message);
    }
    const line = (type, more = {}) => ({ dialect: 'rooms', type, ...more, from: a.id, room: 'r', receivers: 1, outcome: 'sent' });
    await expectLines(watcher, line('message'), line('offer'), line('candidate', { candidate: 'relay' }));
});

test('the seventeenth watcher is refused, until one of them goes', async t => {
    const { admin } = await startWithAdmin(t, FOUR);
    const watchers = await Promise.all(Array.from({ length: 16 }, () => admin.follow(t, '/tail')));
    assert.equal((await admin.get('/tail')).status, 503);
    watchers[0].answer.destroy();
    const busy = async () => {
        const { answer } = await admin.follow(t, '/tail');
        return answer.statusCode === 503;
    };
    await withPatience((async () => { while (await busy()); })(), 'a place');
    assert.equal((await admin.get('/tail?room=%zz')).status, 503); // full again
});

test('who does not read is let go, and nobody else notices', async t => {
    const { server, admin } = await startWithAdmin(t, FOUR);
    const [a] = await server.login('A');
    const slow = net.connect(Number(admin.place.split(':')[1]), '127.0.0.1');
    slow.write('GET /tail HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await withPatience(once(slow, 'readable'), 'the answer'); // and is never read
    slow.on('error', () => {});
    const name = 'n'.repeat(256);
    const offer = JSON.stringify({ type: 'offer', name, offer: 1 });
    const isWatched = async () => (await admin.metrics()).get('strowger_watchers') === 1;
    await withPatience((async () => {
        while (await isWatched()) {
            for (let i = 0; i < 1000; i++) {
                a.send(offer);
            }
            await a.settle();
        }
    })(), 'the end of who does not read');
    await a.expectSilence();
    slow.destroy();
});

test('the terminal', async t => {
    const { server, admin } = await startWithAdmin(t, FOUR);
    const tail = admin.spawn(t, 'tail');
    await withPatience((async () => { while ((await admin.metrics()).get('strowger_watchers') !== 1); })(), 'a watcher');
    const [a, b] = await server.login('A', 'B\u001b[31m\u202e');
    const next = async pattern => assert.match(await tail.next(), pattern);
    await next(/^\d\d:\d\d:\d\d\.\d{3} {2}\S+ +is here$/);
    await next(/is here$/);
    a.send({ type: 'offer', name: 'B\u001b[31m\u202e', offer: 1 });
    await b.next();
    await next(/ {2}A +--> B\\u001b\[31m\? +offer, \d+ bytes$/);
    for (const kind of ['host', 'host', 'relay']) {
        a.send({ type: 'candidate', name: 'B\u001b[31m\u202e', candidate: { candidate: `candidate:1 typ ${kind}` } });
        await b.next();
    }
    b.send({ type: 'answer', name: 'A', answer: 1 });
    await a.next();
    await next(/ {2}A +--> B\S+ +3 candidates: 2 host, 1 relay; \d+ bytes$/);
    await next(/ {2}B\S+ +--> A +answer, \d+ bytes, \d+ ms after the offer$/);
    a.send({ type: 'offer', name: 'nobody', offer: 1 });
    await a.expectError();
    await next(/ {2}A +--x nobody +offer: nobody there$/);
    await b.close();
    // The leave's line goes round by A's worker, who knows A's name.
    const [left, gone] = [await tail.next(), await tail.next()].sort((one, other) => one.length - other.length).reverse();
    assert.match(left, / {2}B\S+ +--> A +leave, \d+ bytes$/);
    assert.match(gone, / {2}B\S+ +is gone$/);
});

test('an offer without an answer is told once, behind the time in which nothing passed', async t => {
    const { server, admin } = await startWithAdmin(t, FOUR);
    const tail = admin.spawn(t, 'tail', '--peer', 'A');
    await withPatience((async () => { while ((await admin.metrics()).get('strowger_watchers') !== 1); })(), 'a watcher');
    const [a, b] = await server.login('A', 'B');
    await ring(a, b);
    a.send({ type: 'candidate', name: 'B', candidate: null });
    await b.next();
    const wanted = [
        / {2}A +is here$/, / {2}A +--> B +offer, \d+ bytes$/, / {2}A +--> B +end of candidates; \d+ bytes$/,
        /^ +\([45]\.\d s\)$/, / {2}A +--\? B +no answer for 5 s$/,
    ];
    for (const pattern of wanted) {
        assert.match(await tail.next(), pattern);
    }
    b.send({ type: 'answer', name: 'A', answer: 1 });
    await a.next();
    assert.match(await tail.next(), / {2}B +--> A +answer, \d+ bytes, \d+\.\d s after the offer$/);
});
