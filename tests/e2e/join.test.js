// SPDX-License-Identifier: MIT
// The join dialect, sentence by sentence: rooms, who hears what, and that nobody speaks in another's name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectSilence } from './lib/client.js';
import { start } from './lib/server.js';

// A client that joined as ID and was told of those who are there; all of OTHERS have heard of it.
async function join(server, id, { nick = `nick of ${id}`, others = [], ...more } = {}) {
    const client = await server.connect('/join');
    client.send({ type: 'join', id, nick, ...more });
    const joined = await client.nextJson();
    assert.equal(joined.type, 'joined');
    assert.deepEqual(joined.payload.id, id);
    for (const other of others) {
        await other.expect(JSON.stringify({ type: 'join', payload: { id, nick } }));
    }
    return client;
}

// A, B and C in the one room of a new server.
async function three(t) {
    const server = await start(t);
    const a = await join(server, 'A');
    const b = await join(server, 'B', { others: [a] });
    const c = await join(server, 'C', { others: [a, b] });
    return { server, a, b, c };
}

test('joining', async t => {
    await t.test('the newcomer hears who is there, everybody else hears of the newcomer', async t => {
        const server = await start(t);
        const a = await server.connect('/join');
        a.send('{"type":"join","id":"A","nick":"n"}');
        await a.expect('{"type":"joined","payload":{"id":"A","peers":[]}}');
        const b = await server.connect('/join');
        b.send('{"type":"join","id":"B","nick":"m"}');
        await b.expect('{"type":"joined","payload":{"id":"B","peers":[{"id":"A","nick":"n"}]}}');
        await a.expect('{"type":"join","payload":{"id":"B","nick":"m"}}');
        const c = await server.connect('/join');
        c.send('{"type":"join","id":"C","nick":"o"}');
        const { payload } = await c.nextJson();
        assert.deepEqual(new Set(payload.peers.map(({ id }) => id)), new Set(['A', 'B']));
        await a.expect('{"type":"join","payload":{"id":"C","nick":"o"}}');
        await b.expect('{"type":"join","payload":{"id":"C","nick":"o"}}');
        await expectSilence(a, b, c);
    });

    await t.test('a number id stays a number', async t => {
        const server = await start(t);
        const a = await server.connect('/join');
        a.send('{"type":"join","id":7,"nick":"n"}');
        await a.expect('{"type":"joined","payload":{"id":7,"peers":[]}}');
        const b = await server.connect('/join');
        b.send('{"type":"join","id":-1.5,"nick":"m"}');
        await b.expect('{"type":"joined","payload":{"id":-1.5,"peers":[{"id":7,"nick":"n"}]}}');
        await a.expect('{"type":"join","payload":{"id":-1.5,"nick":"m"}}');
        a.send('{"type":"offer","payload":1}');
        assert.deepEqual(await b.nextJson(), { type: 'offer', payload: 1, id: 7, nick: 'n' });
        b.send('{"type":"answer","receiverId":7,"payload":2}');
        assert.deepEqual(await a.nextJson(), { type: 'answer', receiverId: 7, payload: 2, id: -1.5, nick: 'm' });
        await a.close();
        await b.expect('{"type":"leave","payload":{"id":7,"nick":"n"}}');
    });

    await t.test('a large number keeps its digits', async t => {
        const server = await start(t);
        const a = await server.connect('/join');
        a.send('{"type":"join","id":12345678901234567890}');
        await a.expect('{"type":"joined","payload":{"id":12345678901234567890,"peers":[]}}');
    });

    await t.test('without a nick there is none', async t => {
        const server = await start(t);
        const a = await join(server, 'A');
        const b = await server.connect('/join');
        b.send('{"type":"join","id":"B"}');
        await b.next();
        await a.expect('{"type":"join","payload":{"id":"B"}}');
        const c = await server.connect('/join');
        c.send('{"type":"join","id":"C","nick":""}');
        const { payload } = await c.nextJson();
        assert.deepEqual(payload.peers.find(({ id }) => id === 'B'), { id: 'B' });
        await a.expect('{"type":"join","payload":{"id":"C","nick":""}}');
        await b.expect('{"type":"join","payload":{"id":"C","nick":""}}');
        b.send('{"type":"offer","nick":"forged","payload":1}');
        assert.deepEqual(await a.nextJson(), { type: 'offer', payload: 1, id: 'B' });
        await b.close();
        await a.expect('{"type":"leave","payload":{"id":"B"}}');
    });

    await t.test('a taken id is refused; the connection stays unjoined and may take another', async t => {
        const server = await start(t);
        const a = await join(server, 'A');
        const b = await server.connect('/join');
        for (const id of ['"A"', '"\\u0041"']) {
            b.send(`{"type":"join","id":${id},"nick":"x"}`);
            await b.expectError(/A/);
        }
        a.send('{"type":"offer","payload":1}');
        b.send('{"type":"offer","payload":2}');
        await b.expectError();
        await expectSilence(a, b);
        b.send('{"type":"join","id":"B"}');
        await b.expect('{"type":"joined","payload":{"id":"B","peers":[{"id":"A","nick":"nick of A"}]}}');
        await a.expect('{"type":"join","payload":{"id":"B"}}');
    });

    await t.test('a taken number is refused too', async t => {
        const server = await start(t);
        await join(server, 7);
        const b = await server.connect('/join');
        b.send('{"type":"join","id":7}');
        await b.expectError(/7/);
    });

    await t.test('an id is a string or a number, a nick a string, a room a string', async t => {
        const server = await start(t);
        const a = await join(server, 'A');
        const b = await server.connect('/join');
        const wrongs = [
            '', ',"id":null', ',"id":true', ',"id":{}', ',"id":["B"]', ',"id":"\\ud83d"', ',"id":"B","nick":5',
            ',"id":"B","nick":["x"]', ',"id":"B","room":5', ',"id":"B","room":{}',
        ];
        for (const wrong of wrongs) {
            b.send(`{"type":"join"${wrong}}`);
            await b.expectError();
        }
        await expectSilence(b, a);
    });

    await t.test('odd ids and nicks are like any other', async t => {
        const server = await start(t);
        const a = await join(server, 'A');
        for (const id of ['__proto__', 'constructor', 'a"b\\c', '李雷', '😀\u0000\u2028', ' ']) {
            const b = await join(server, id, { nick: id, others: [a] });
            b.send('{"type":"offer","payload":1}');
            assert.deepEqual(await a.nextJson(), { type: 'offer', payload: 1, id, nick: id });
            a.send({ type: 'answer', receiverId: id, payload: 2 });
            assert.deepEqual(await b.nextJson(),
                { type: 'answer', receiverId: id, payload: 2, id: 'A', nick: 'nick of A' });
            await b.close();
            await a.expect(JSON.stringify({ type: 'leave', payload: { id, nick: id } }));
        }
    });

    await t.test('joining twice on one connection leaves nothing behind', async t => {
        const server = await start(t);
        const a = await join(server, 'A');
        const b = await join(server, 'B', { others: [a] });
        b.send('{"type":"join","id":"B2"}');
        b.send('{"type":"join","id":"B"}');
        await b.settle();
        await b.close();
        await join(server, 'C');
        const there = new Set(['B']);
        for (const { type, payload } of (await a.settle()).map(JSON.parse)) {
            assert.equal(there.has(payload.id), type === 'leave', `${payload.id}: ${type} twice`);
            type === 'join' ? there.add(payload.id) : there.delete(payload.id);
        }
        assert.deepEqual([...there], ['C']);
        await join(server, 'B');
        await join(server, 'B2');
    });
});

test('rooms', async t => {
    await t.test('are separate: nobody hears another room', async t => {
        const server = await start(t);
        const a = await join(server, 'A', { room: 'r' });
        const b = await join(server, 'B', { room: 'r', others: [a] });
        const c = await join(server, 'C', { room: 's' });
        const d = await join(server, 'D');
        await expectSilence(a, b, c, d);
        a.send('{"type":"offer","payload":1}');
        assert.equal((await b.nextJson()).id, 'A');
        a.send('{"type":"icecandidate","payload":1}');
        assert.equal((await b.nextJson()).id, 'A');
        a.send('{"type":"answer","receiverId":"C","payload":1}');
        await a.expectError(/C/);
        a.send('{"type":"icecandidate","receiverId":"D","payload":1}');
        await a.expectError(/D/);
        await a.close();
        await b.expect('{"type":"leave","payload":{"id":"A","nick":"nick of A"}}');
        await expectSilence(b, c, d);
    });

    await t.test('list only their own', async t => {
        const server = await start(t);
        await join(server, 'A', { room: 'r' });
        await join(server, 'B');
        const c = await server.connect('/join');
        c.send('{"type":"join","id":"C","room":"r"}');
        await c.expect('{"type":"joined","payload":{"id":"C","peers":[{"id":"A","nick":"nick of A"}]}}');
    });

    await t.test('have ids of their own', async t => {
        const server = await start(t);
        await join(server, 'A', { room: 'r' });
        await join(server, 'A', { room: '__proto__' });
        await join(server, 'A');
    });
});

test('relaying', async t => {
    await t.test('an offer with the right id and nick passes unchanged, to everyone else', async t => {
        const { a, b, c } = await three(t);
        const offer = '{"type":"offer","id":"A","nick":"nick of A","payload":{ "sdp" : "\\u0041\\r\\n", "n": 1.0e2 }}';
        a.send(offer);
        await b.expect(offer);
        await c.expect(offer);
        await expectSilence(a, b, c);
    });

    await t.test('id and nick are added where absent, and all else stays', async t => {
        const { a, b, c } = await three(t);
        a.send('{"x":[1.0,{"id":"deep"}],"type":"offer","payload":{ "a" :1e2},"Id":3}');
        for (const other of [b, c]) {
            const text = await other.next();
            assert.ok(text.includes('"x":[1.0,{"id":"deep"}]') && text.includes('"payload":{ "a" :1e2}'), text);
            assert.deepEqual(JSON.parse(text),
                { x: [1, { id: 'deep' }], type: 'offer', payload: { a: 100 }, Id: 3, id: 'A', nick: 'nick of A' });
        }
    });

    const forgeries = [
        '"id":"B","nick":"nick of B"', '"id":5,"nick":null', '"id":{"id":"B"},"nick":["nick of B"]',
        '"id":"A","id":"B"', '"id":"B","id":"A"', '"id" : "B" ,"id":"B"',
        '"id":"B","id":"B","nick":"x","nick":"y","id":"B"', '"i\\u0064":"B"', '"\\u006eick":"nick of B","\\u0069d":"B"',
    ];
    for (const forged of forgeries) {
        await t.test(`nobody speaks as another: ${forged}`, async t => {
            const { a, b } = await three(t);
            for (const text of [`{"type":"offer","payload":1,${forged}}`, `{${forged},"type":"offer","payload":1}`]) {
                a.send(text);
                const heard = await b.next();
                assert.deepEqual(JSON.parse(heard), { type: 'offer', payload: 1, id: 'A', nick: 'nick of A' });
                // Readers differ in which of two equal keys they take: there must be one.
                assert.equal(heard.match(/"(i|\\u0069)(d|\\u0064)"/g).length, 1, heard);
                assert.equal(heard.match(/"(n|\\u006e)ick"/g).length, 1, heard);
            }
        });
    }

    await t.test('an answer goes to its receiver alone', async t => {
        const { a, b, c } = await three(t);
        b.send('{"type":"answer","receiverId":"A","payload":{"sdp":"v=0"}}');
        assert.deepEqual(await a.nextJson(),
            { type: 'answer', receiverId: 'A', payload: { sdp: 'v=0' }, id: 'B', nick: 'nick of B' });
        b.send('{"type":"answer","id":"C","receiverId":"A","payload":1,"more":2}');
        assert.deepEqual(await a.nextJson(),
            { type: 'answer', id: 'B', receiverId: 'A', payload: 1, more: 2, nick: 'nick of B' });
        b.send('{"type":"answer","receiverId":"C","receiv\\u0065rId":"\\u0041","payload":3}');
        assert.equal((await a.nextJson()).payload, 3);
        await expectSilence(b, a, c);
    });

    await t.test('an answer to nobody is an error', async t => {
        const { a, b, c } = await three(t);
        a.send('{"type":"answer","receiverId":"nobody","payload":1}');
        await a.expectError(/nobody/);
        const nobody = ['', ',"receiverId":null', ',"receiverId":{}', ',"receiverId":true', ',"receiverId":7'];
        for (const receiver of nobody) {
            a.send(`{"type":"answer"${receiver},"payload":1}`);
            await a.expectError();
        }
        await expectSilence(a, b, c);
    });

    await t.test('an icecandidate goes to its receiver, or without one to everyone else', async t => {
        const { a, b, c } = await three(t);
        a.send('{"type":"icecandidate","receiverId":"C","payload":0}');
        assert.deepEqual(await c.nextJson(),
            { type: 'icecandidate', receiverId: 'C', payload: 0, id: 'A', nick: 'nick of A' });
        await expectSilence(a, b, c);
        a.send('{"type":"icecandidate","id":"forged","payload":1}');
        for (const other of [b, c]) {
            assert.deepEqual(await other.nextJson(), { type: 'icecandidate', id: 'A', payload: 1, nick: 'nick of A' });
        }
        a.send('{"type":"icecandidate","receiverId":"nobody","payload":1}');
        await a.expectError(/nobody/);
        await expectSilence(a, b, c);
    });

    await t.test('messages arrive in the order sent', async t => {
        const { a, b, c } = await three(t);
        for (let i = 0; i < 300; i++) {
            a.send({ type: i % 2 ? 'offer' : 'icecandidate', payload: i });
        }
        for (const other of [b, c]) {
            for (let i = 0; i < 300; i++) {
                assert.equal((await other.nextJson()).payload, i);
            }
        }
    });

    await t.test('JSON in a binary frame is taken like text', async t => {
        const { a, b } = await three(t);
        a.send(Buffer.from('{"type":"offer","payload":"é"}'));
        assert.deepEqual(await b.nextJson(), { type: 'offer', payload: 'é', id: 'A', nick: 'nick of A' });
    });
});

test('leaving', async t => {
    await t.test('by message: everyone else hears it once, and the leaver hears and says no more', async t => {
        const { server, a, b, c } = await three(t);
        a.send('{"type":"leave"}');
        for (const other of [b, c]) {
            await other.expect('{"type":"leave","payload":{"id":"A","nick":"nick of A"}}');
        }
        b.send('{"type":"offer","payload":1}');
        assert.equal((await c.nextJson()).id, 'B');
        a.send('{"type":"offer","payload":1}');
        await a.expectError();
        await a.close();
        await join(server, 'A', { others: [b, c] });
        await expectSilence(b, c);
    });

    await t.test('and coming back on the same connection', async t => {
        const { a, b, c } = await three(t);
        a.send('{"type":"leave"}');
        a.send('{"type":"join","id":"A2","nick":"again"}');
        assert.equal((await a.nextJson()).payload.peers.length, 2);
        for (const other of [b, c]) {
            await other.expect('{"type":"leave","payload":{"id":"A","nick":"nick of A"}}');
            await other.expect('{"type":"join","payload":{"id":"A2","nick":"again"}}');
        }
        await expectSilence(a, b, c);
    });

    for (const [how, end] of [['close', client => client.close()], ['drop', client => client.destroy()]]) {
        await t.test(`by ${how}: everyone else hears it once, and the id is free`, async t => {
            const { server, a, b, c } = await three(t);
            await end(a);
            for (const other of [b, c]) {
                await other.expect('{"type":"leave","payload":{"id":"A","nick":"nick of A"}}');
            }
            await join(server, 'A', { others: [b, c] });
            await expectSilence(b, c);
        });
    }

    await t.test('nobody leaves in another\'s name', async t => {
        const { a, b, c } = await three(t);
        a.send('{"type":"leave","id":"B","nick":"nick of B","payload":{"id":"B"}}');
        await c.expect('{"type":"leave","payload":{"id":"A","nick":"nick of A"}}');
        await b.expect('{"type":"leave","payload":{"id":"A","nick":"nick of A"}}');
        await expectSilence(b, c);
    });
});

test('errors', async t => {
    await t.test('who has not joined hears and sends nothing', async t => {
        const server = await start(t);
        const a = await join(server, 'A');
        const b = await server.connect('/join');
        const messages = [
            '{"type":"offer","id":"A","payload":1}', '{"type":"answer","receiverId":"A","payload":1}',
            '{"type":"leave"}', '{"type":"icecandidate","payload":1}',
            '{"type":"icecandidate","receiverId":"A","payload":1}',
        ];
        for (const message of messages) {
            b.send(message);
            await b.expectError();
        }
        a.send('{"type":"offer","payload":1}');
        a.send('{"type":"icecandidate","payload":1}');
        await expectSilence(a, b);
        await b.close();
        await expectSilence(a);
    });

    await t.test('another type is named', async t => {
        const server = await start(t, ['--unknown-text', 'No such thing: ']);
        const a = await join(server, 'A');
        a.send('{"type":"dance"}');
        await a.expect('{"type":"error","message":"No such thing: dance"}');
    });

    await t.test('what is no JSON object with a type is an error, and the connection stays open', async t => {
        const { a, b } = await three(t);
        const messages = [
            '{', '', 'hello', 'null', '5', '[]', '"join"', '{}', '{"type":5}', '{"type":null}', '{"id":"A"}',
            '{"type":"join","id":"X"', '['.repeat(100_000),
        ];
        for (const message of messages) {
            a.send(message);
            await a.expectError();
        }
        a.send('{"type":"icecandidate","receiverId":"B","payload":1}');
        assert.equal((await b.nextJson()).id, 'A');
    });
});
