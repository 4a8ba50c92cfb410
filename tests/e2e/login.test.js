// SPDX-License-Identifier: MIT
// The login dialect, message by message: names, relaying, and all that is answered with an error.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inCall, ring } from './lib/calls.js';
import { expectSilence } from './lib/client.js';
import { start } from './lib/server.js';

const SUCCESS = '{"type":"login","success":true}';
const REFUSED = '{"type":"login","success":false}';

// Line by line, what one says is what the other hears of it.
async function expectRelayed(...lines) {
    for (const [from, said, to, heard] of lines) {
        from.send(said);
        await to.expect(heard);
    }
}

test('names', async t => {
    await t.test('a free one is given, a taken one refused, and the connection stays usable', async t => {
        const server = await start(t);
        const [a] = await server.login('A');
        const other = await server.connect();
        other.send('{"type":"login","name":"A"}');
        await other.expect(REFUSED);
        other.send('{"type":"login","name":"B"}');
        await other.expect(SUCCESS);
        await ring(a, other);
    });

    await t.test('no string, nothing, or more than 256 bytes is refused', async t => {
        const server = await start(t);
        const a = await server.connect();
        const over = ['x'.repeat(257), 'é'.repeat(129), '😀'.repeat(64) + 'x', '\\u00e9'.repeat(129)];
        const wrong = ['""', 'null', '7', 'true', 'false', '{"a":1}', '["x"]', ...over.map(name => `"${name}"`)];
        for (const name of wrong) {
            a.send(`{"type":"login","name":${name}}`);
            await a.expect(REFUSED);
        }
        a.send('{"type":"login"}');
        await a.expect(REFUSED);
        a.send('{"type":"offer","name":"A","offer":1}');
        await a.expectError();
    });

    await t.test('256 bytes are not too many, counted decoded and in UTF-8', async t => {
        const server = await start(t);
        const a = await server.connect();
        for (const name of ['x'.repeat(256), 'é'.repeat(128), '😀'.repeat(64), '\\u0061'.repeat(256)]) {
            a.send(`{"type":"login","name":"${name}"}`);
            await a.expect(SUCCESS);
        }
    });

    await t.test('half a surrogate pair is no name', async t => {
        const server = await start(t);
        const a = await server.connect();
        for (const name of ['\\ud83d', '\\ude00', '\\ude00\\ud83d', 'x\\ud83dx']) {
            a.send(`{"type":"login","name":"${name}"}`);
            await a.expect(REFUSED);
        }
        a.send('{"type":"login","name":"\\ud83d\\ude00"}');
        await a.expect(SUCCESS);
    });

    await t.test("one's own name again is one's own", async t => {
        const server = await start(t);
        const [a] = await server.login('A');
        a.send('{"type":"login","name":"A"}');
        await a.expect(SUCCESS);
    });

    await t.test('a second login moves to the new name and frees the old one', async t => {
        const server = await start(t);
        const [a, b] = await server.login('A', 'B');
        a.send('{"type":"login","name":"A2"}');
        await a.expect(SUCCESS);
        await ring(b, a, { from: 'B', to: 'A2' });
        b.send('{"type":"offer","name":"A","offer":1}');
        await b.expectError(/A/);
        await server.login('A');
    });

    await t.test('a second login that is refused keeps the old name', async t => {
        const server = await start(t);
        const [a, b] = await server.login('A', 'B');
        for (const name of ['B', '', 5]) {
            a.send({ type: 'login', name });
            await a.expect(REFUSED);
        }
        await ring(b, a, { from: 'B', to: 'A' });
        await ring(a, b);
    });

    await t.test('a call outlives its caller\'s renaming by exactly one leave', async t => {
        const { server, a, b } = await inCall(t);
        a.send('{"type":"login","name":"A2"}');
        await a.expect(SUCCESS);
        await a.close();
        await server.login('A2');
        assert.deepEqual(await b.settle(), ['{"type":"leave"}']);
    });

    await t.test('are compared decoded', async t => {
        const server = await start(t);
        const [b, smile] = await server.login('B', '😀/é');
        const a = await server.connect();
        a.send('{"type":"login","name":"\\u0042"}');
        await a.expect(REFUSED);
        a.send('{"type":"login","name":"\\u0041"}');
        await a.expect(SUCCESS);
        await ring(a, b);
        a.send('{"type":"offer","name":"\\uD83D\\uDE00\\/\\u00e9","offer":1}');
        await smile.expect('{"type":"offer","offer":1,"name":"A"}');
    });

    const odd = [
        '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'undefined', 'null', ' ', ' A', 'A ', 'a/b', 'a"b',
        'a\\b', 'a\nb\u0000\u001f\u007f', '\u2028\ufeff\uffff', '李雷', 'e\u0301', '👩‍👩‍👧', '</script>',
    ];
    for (const name of odd) {
        await t.test(`${JSON.stringify(name)} is a name like any other`, async t => {
            const server = await start(t);
            const [a] = await server.login('A');
            a.send({ type: 'offer', name, offer: 1 });
            await a.expectError();
            const [b] = await server.login(name);
            const second = await server.connect();
            second.send({ type: 'login', name });
            await second.expect(REFUSED);
            await ring(b, a, { from: JSON.stringify(name).slice(1, -1), to: 'A' });
            a.send({ type: 'answer', name, answer: 2 });
            await b.expect('{"type":"answer","answer":2}');
            b.send({ type: 'offer', name, offer: 3 });
            await b.expect(`{"type":"offer","offer":3,"name":${JSON.stringify(name)}}`);
        });
    }

    await t.test('differ as bytes differ', async t => {
        const server = await start(t);
        await server.login('a', 'A', 'a ', 'e\u0301', 'é', 'a\u0000', 'a\u0000b');
    });
});

test('relaying', async t => {
    await t.test('offer, answer and candidate have the tutorials\' keys in their order', async t => {
        const server = await start(t);
        const [a, b] = await server.login('A', 'B');
        await expectRelayed(
            [a, '{"type":"offer","name":"B","offer":{"type":"offer","sdp":"v=0\\r\\n"}}',
                b, '{"type":"offer","offer":{"type":"offer","sdp":"v=0\\r\\n"},"name":"A"}'],
            [b, '{"type":"answer","name":"A","answer":{"type":"answer","sdp":"v=0\\r\\n"}}',
                a, '{"type":"answer","answer":{"type":"answer","sdp":"v=0\\r\\n"}}'],
            [a, '{"type":"candidate","name":"B","candidate":{"candidate":"candidate:1 1 UDP","sdpMLineIndex":0}}',
                b, '{"type":"candidate","candidate":{"candidate":"candidate:1 1 UDP","sdpMLineIndex":0}}'],
            [b, '{"type":"candidate","name":"A","candidate":null}', a, '{"type":"candidate","candidate":null}'],
        );
        await expectSilence(a, b);
    });

    await t.test('no other keys pass, whatever their order', async t => {
        const server = await start(t);
        const [a, b] = await server.login('A', 'B');
        await expectRelayed(
            [a, '{"extra":1,"offer":"o","name":"B","to":"C","type":"offer","answer":2,"candidate":3}',
                b, '{"type":"offer","offer":"o","name":"A"}'],
            [b, '{"offer":1,"name":"A","answer":"a","type":"answer","extra":{"name":"B"}}',
                a, '{"type":"answer","answer":"a"}'],
            [a, '{"name":"B","extra":[],"candidate":"c","type":"candidate"}',
                b, '{"type":"candidate","candidate":"c"}'],
        );
    });

    const payloads = [
        '{}', '[]', '""', 'null', 'true', 'false', '0', '-0', '1.0', '1e5', '1E+400', '-1.50e-3',
        '123456789012345678901234567890', '0.1000000000000000000000000001', '{ "a" :\t1 ,\n "a": 2 }', '[ 1 ,2\r\n]',
        '"\\u0041\\/\\b\\f\\n\\r\\t\\"\\\\"', '"\\ud83d"', '"\\uD83D\\uDE00 😀 é 李雷"', '"},\\"name\\":\\"C"',
        '{"type":"leave","name":"C","offer":{"name":"D"}}', '{"__proto__":{"x":1},"constructor":2}', '"\u2028\u007f"',
    ];
    await t.test('a payload leaves byte for byte as it came', async t => {
        const server = await start(t);
        const [a, b] = await server.login('A', 'B');
        for (const x of payloads) {
            a.send(`{"type":"offer","name":"B","offer":${x}}`);
            await b.expect(`{"type":"offer","offer":${x},"name":"A"}`);
            a.send(` {\t"answer" :\r\n ${x} , "type"\n:"answer" , "name": "B" }\n`);
            await b.expect(`{"type":"answer","answer":${x}}`);
            a.send(`{"candidate":${x},"name":"B","type":"candidate"}`);
            await b.expect(`{"type":"candidate","candidate":${x}}`);
        }
    });

    await t.test('a description of 100 kB passes', async t => {
        const server = await start(t);
        const [a, b] = await server.login('A', 'B');
        const line = 'a=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n';
        const sdp = JSON.stringify({ type: 'offer', sdp: line.repeat(2200) });
        a.send(`{"type":"offer","name":"B","offer":${sdp}}`);
        await b.expect(`{"type":"offer","offer":${sdp},"name":"A"}`);
    });

    await t.test('without a payload there is no such key', async t => {
        const server = await start(t);
        const [a, b] = await server.login('A', 'B');
        await expectRelayed(
            [a, '{"type":"offer","name":"B"}', b, '{"type":"offer","name":"A"}'],
            [a, '{"type":"answer","name":"B"}', b, '{"type":"answer"}'],
            [a, '{"type":"candidate","name":"B"}', b, '{"type":"candidate"}'],
        );
    });

    await t.test('messages arrive in the order sent', async t => {
        const server = await start(t);
        const [a, b] = await server.login('A', 'B');
        for (let i = 0; i < 1000; i++) {
            a.send(`{"type":"candidate","name":"B","candidate":${i}}`);
        }
        for (let i = 0; i < 1000; i++) {
            await b.expect(`{"type":"candidate","candidate":${i}}`);
        }
    });

    await t.test('of duplicate keys the last counts', async t => {
        const server = await start(t);
        const [a, b, c] = await server.login('A', 'B', 'C');
        a.send('{"type":"leave","name":"C","offer":1,"type":"offer","offer":2,"name":"B"}');
        await b.expect('{"type":"offer","offer":2,"name":"A"}');
        a.send('{"name":"C","n\\u0061me":"B","type":"x","typ\\u0065":"candidate","candidate":1,"\\u0063andidate":2}');
        await b.expect('{"type":"candidate","candidate":2}');
        await expectSilence(a, c);
    });

    await t.test('keys and types are compared decoded', async t => {
        const server = await start(t);
        const [b] = await server.login('B');
        const a = await server.connect();
        a.send('{"typ\\u0065":"\\u006cogin","\\u006e\\u0061me":"A"}');
        await a.expect(SUCCESS);
        a.send('{"typ\\u0065":"off\\u0065r","nam\\u0065":"B","off\\u0065r":"\\u0078"}');
        await b.expect('{"type":"offer","offer":"\\u0078","name":"A"}');
        a.send('{"Type":"offer","NAME":"B","type":"Offer","name":"B"}');
        await a.expectError(/^Unrecognized command: Offer$/);
    });

    await t.test('nobody can set the name that the callee sees', async t => {
        const server = await start(t);
        const [a, b] = await server.login('A', 'B');
        const forged = [
            '"from":"C"', '"sender":"C"', '"name":"C","name":"B"', '"n\\u0061me":"C","name":"B"', '"NAME":"C"',
            '"\\u0000name":"C"', '"name ":"C"',
        ];
        for (const member of forged) {
            a.send(`{"type":"offer","name":"B",${member},"name":"B","offer":1}`);
            await b.expect('{"type":"offer","offer":1,"name":"A"}');
        }
    });

    await t.test('one may call oneself', async t => {
        const server = await start(t);
        const [a, b] = await server.login('A', 'B');
        await ring(a, a, { to: 'A' });
        a.send('{"type":"answer","name":"A","answer":2}');
        await a.expect('{"type":"answer","answer":2}');
        a.send('{"type":"candidate","name":"A","candidate":3}');
        await a.expect('{"type":"candidate","candidate":3}');
        a.send('{"type":"leave","name":"A"}');
        await a.expect('{"type":"leave"}');
        await ring(a, a, { to: 'A' });
        await a.close();
        const [a2] = await server.login('A');
        await ring(a2, b);
        await expectSilence(a2, b);
    });

    await t.test('candidates and answers need no offer before them', async t => {
        const server = await start(t);
        const [a, b] = await server.login('A', 'B');
        await expectRelayed(
            [a, '{"type":"candidate","name":"B","candidate":1}', b, '{"type":"candidate","candidate":1}'],
            [a, '{"type":"answer","name":"B","answer":1}', b, '{"type":"answer","answer":1}'],
        );
    });

    await t.test('JSON in a binary frame is taken like text, and relayed as text', async t => {
        const server = await start(t);
        const [b] = await server.login('B');
        const a = await server.connect();
        a.send(Buffer.from('{"type":"login","name":"A"}'));
        await a.expect(SUCCESS);
        a.send(Buffer.from('{"type":"offer","name":"B","offer":"é"}'));
        await b.expect('{"type":"offer","offer":"é","name":"A"}');
        a.send(Buffer.from([0x7b, 0xff, 0x7d]));
        await a.expectError();
        a.send(Buffer.from('{"type":"offer","name":"B","offer":"\xff"}', 'latin1'));
        await a.expectError();
        await expectSilence(a, b);
    });
});

test('errors', async t => {
    await t.test('another type is named', async t => {
        const server = await start(t);
        const [a] = await server.login('A');
        a.send('{"type":"dance"}');
        await a.expect('{"type":"error","message":"Unrecognized command: dance"}');
        a.send('{"type":""}');
        await a.expect('{"type":"error","message":"Unrecognized command: "}');
        a.send('{"type":"__proto__","name":"A"}');
        await a.expect('{"type":"error","message":"Unrecognized command: __proto__"}');
        a.send('{"type":"a\\"b\\\\\\n\\u00e9\\ud83d\\ude00"}');
        await a.expect('{"type":"error","message":"Unrecognized command: a\\"b\\\\\\né😀"}');
    });

    await t.test('--unknown-text says it as file 001 does', async t => {
        const server = await start(t, ['--unknown-text', 'Command not found: ']);
        const [a] = await server.login('A');
        a.send('{"type":"dance"}');
        await a.expect('{"type":"error","message":"Command not found: dance"}');
    });

    await t.test('a type that is no string is an error', async t => {
        const server = await start(t);
        const [a] = await server.login('A');
        for (const type of ['5', 'null', 'true', '{}', '["login"]', '"\\ud83d"']) {
            a.send(`{"type":${type},"name":"B"}`);
            await a.expectError();
        }
        await expectSilence(a);
    });

    await t.test('not JSON, not an object, no type: each is told apart, and the connection stays open', async t => {
        const server = await start(t);
        const [a, b] = await server.login('A', 'B');
        const told = async messages => {
            const texts = new Set();
            for (const message of messages) {
                a.send(message);
                texts.add(await a.expectError());
            }
            return texts;
        };
        const notJson = await told([
            '{', 'hello', '', ' ', '{"type":"login"', '{"type":"login",}', "{'type':'login'}", '{"type":"login"}{}',
            '[1,]', '01', '+1', 'NaN', '"\n"', '"\\x"', '\ufeff{"type":"login"}', '{"type"}', 'nul', '// x', '\u0000',
        ]);
        const notObject = await told(['null', '5', '"login"', '[]', 'true', '[{"type":"login","name":"C"}]']);
        const noType = await told(['{}', '{"name":"B"}', '{"Type":"login"}', '{"payload":{"type":"login"}}']);
        for (const text of notJson) {
            assert.ok(!notObject.has(text) && !noType.has(text), text);
        }
        for (const text of notObject) {
            assert.ok(!noType.has(text), text);
        }
        await ring(a, b);
        await expectSilence(a, b);
    });

    await t.test('deep nesting is no harm', async t => {
        const server = await start(t);
        const [a, b] = await server.login('A', 'B');
        const nested = depth => '['.repeat(depth) + ']'.repeat(depth);
        a.send(`{"type":"offer","name":"B","offer":${nested(32)}}`);
        await b.expect(`{"type":"offer","offer":${nested(32)},"name":"A"}`);
        a.send(`{"type":"offer","name":"B","offer":${nested(100_000)}}`);
        await a.expectError();
        a.send('['.repeat(200_000));
        await a.expectError();
        await ring(a, b);
    });

    for (const type of ['offer', 'answer', 'candidate', 'leave']) {
        await t.test(`${type} to somebody who is not there names them`, async t => {
            const server = await start(t);
            const [a] = await server.login('A');
            for (const name of ['nobody', '李雷', 'a"b']) {
                a.send({ type, name, [type]: 1 });
                assert.ok((await a.expectError()).includes(name));
            }
        });

        await t.test(`${type} before login is an error, and nothing is relayed`, async t => {
            const server = await start(t);
            const [b] = await server.login('B');
            const a = await server.connect();
            a.send({ type, name: 'B', [type]: 1 });
            await a.expectError();
            await expectSilence(a, b);
        });
    }

    for (const type of ['offer', 'answer', 'candidate']) {
        await t.test(`${type} to no name at all is an error`, async t => {
            const server = await start(t);
            const [a] = await server.login('A');
            for (const name of [undefined, null, 5, true, '', ['A'], { name: 'A' }, 'x'.repeat(300)]) {
                a.send({ type, name, [type]: 1 });
                await a.expectError();
            }
        });
    }
});

test('greeting', async t => {
    await t.test('by default there is none', async t => {
        const server = await start(t);
        const a = await server.connect();
        await a.expectSilence();
    });

    for (const text of ['Hello world', 'hello world!', '{"type":"hello"}', 'grüß "dich"']) {
        await t.test(`--greeting ${text} comes first, as it is`, async t => {
            const server = await start(t, ['--greeting', text]);
            const a = await server.connect('/login');
            await a.expect(text);
            a.send('{"type":"login","name":"A"}');
            await a.expect(SUCCESS);
        });
    }

    await t.test('comes on the path of the tutorials\' pages too', async t => {
        const server = await start(t, ['--greeting', 'Hello world']);
        const a = await server.connect('/');
        await a.expect('Hello world');
        a.send('{"type":"login","name":"A"}');
        await a.expect(SUCCESS);
    });
});
