// SPDX-License-Identifier: MIT
// STUN Binding over UDP: what is answered, with what, from where, and what is met with silence.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import zlib from 'node:zlib';
import { Queue } from './lib/queue.js';
import { start } from './lib/server.js';

const COOKIE = 0x2112a442;
const [REQUEST, INDICATION, SUCCESS, ERROR] = [0x0001, 0x0011, 0x0101, 0x0111];
const [XOR_MAPPED_ADDRESS, ERROR_CODE, UNKNOWN_ATTRIBUTES, FINGERPRINT] = [0x0020, 0x0009, 0x000a, 0x8028];

// RFC 5769, section 2.1
const RFC_5769_REQUEST = '000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e7400240004'
    + '6e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2'
    + '80280004e57a3bcf';

function attribute(type, value, length = value.length) {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(type, 0);
    head.writeUInt16BE(length, 2);
    return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)]);
}

function message(attributes = [], { type = REQUEST, cookie = COOKIE, length } = {}) {
    const body = Buffer.concat(attributes);
    const head = Buffer.concat([Buffer.alloc(8), randomBytes(12)]);
    head.writeUInt16BE(type, 0);
    head.writeUInt16BE(length ?? body.length, 2);
    head.writeUInt32BE(cookie, 4);
    return Buffer.concat([head, body]);
}

// MESSAGE with FINGERPRINT added (RFC 8489, section 14.7); FLIP spoils it.
function fingerprinted(text, flip = 0) {
    const bytes = Buffer.from(text);
    bytes.writeUInt16BE(bytes.length - 20 + 8, 2);
    const value = Buffer.alloc(4);
    value.writeUInt32BE((crc32(bytes) ^ 0x5354554e ^ flip) >>> 0);
    return Buffer.concat([bytes, attribute(FINGERPRINT, value)]);
}

// zlib.crc32 came with Node 20.15; gzip's trailer holds the same value in every version.
function crc32(bytes) {
    const zipped = zlib.gzipSync(bytes);
    return zipped.readUInt32LE(zipped.length - 8);
}

function attributesOf(bytes) {
    const found = [];
    for (let at = 20; at < bytes.length;) {
        const length = bytes.readUInt16BE(at + 2);
        found.push([bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + length)]);
        at += 4 + (length + 3 & ~3);
    }
    return found;
}

// The port and the address's bytes that XOR-MAPPED-ADDRESS means.
function mappedAddress(reply) {
    const value = attributesOf(reply).find(([type]) => type === XOR_MAPPED_ADDRESS)[1];
    const address = value.subarray(4).map((byte, i) => byte ^ reply[4 + i]);
    return { family: value[1], port: value.readUInt16BE(2) ^ COOKIE >>> 16, address: address.toString('hex') };
}

// A UDP socket at HOST that asks the server at TO.
async function asker(t, server, { host = '127.0.0.1', to = host, port = 0 } = {}) {
    const socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const replies = new Queue();
    socket.on('message', (bytes, from) => replies.put({ bytes, from }));
    socket.bind(port, host);
    await once(socket, 'listening');
    t.after(() => socket.close());
    const send = bytes => socket.send(bytes, server.port, to);
    const ask = async bytes => {
        send(bytes);
        const { bytes: reply, from } = await replies.next('a STUN reply');
        assert.deepEqual(reply.subarray(4, 20), bytes.subarray(4, 20), 'not the reply to this request');
        assert.equal(reply.readUInt16BE(2), reply.length - 20);
        assert.ok(reply.length <= 128);
        return { reply, from };
    };
    return { socket, send, ask, replies };
}

test('a bare request over IPv4 is answered with 32 bytes', async t => {
    const { ask, socket } = await asker(t, await start(t));
    const { reply } = await ask(message());
    assert.equal(reply.readUInt16BE(0), SUCCESS);
    assert.equal(reply.length, 32);
    assert.deepEqual(mappedAddress(reply), { family: 1, port: socket.address().port, address: '7f000001' });
});

test('a bare request over IPv6 is answered with 44 bytes', async t => {
    const { ask, socket } = await asker(t, await start(t), { host: '::1' });
    const { reply } = await ask(message());
    assert.equal(reply.readUInt16BE(0), SUCCESS);
    assert.equal(reply.length, 44);
    assert.deepEqual(mappedAddress(reply),
        { family: 2, port: socket.address().port, address: '00000000000000000000000000000001' });
});

test('the reply leaves from the address that was asked', async t => {
    const server = await start(t);
    for (const to of ['127.0.0.2', '127.1.2.3', '127.0.0.1']) {
        const { ask } = await asker(t, server, { host: '0.0.0.0', to });
        const { from } = await ask(message());
        assert.deepEqual([from.address, from.port], [to, server.port]);
    }
});

test('attributes that an open server need not heed are ignored', async t => {
    const { ask } = await asker(t, await start(t));
    const attributes = [
        attribute(0x0006, Buffer.from('user:name')), attribute(0x0014, Buffer.from('realm')),
        attribute(0x0015, Buffer.from('nonce')), attribute(0x0024, Buffer.alloc(4)), attribute(0x0025, Buffer.alloc(0)),
        attribute(0x8022, Buffer.from('software')), attribute(0xff01, Buffer.from('optional')),
        attribute(0x0008, Buffer.alloc(20)), attribute(0x001c, Buffer.alloc(32)),
    ];
    const { reply } = await ask(message(attributes));
    assert.equal(reply.readUInt16BE(0), SUCCESS);
    assert.equal(reply.length, 32);
});

test('an unknown attribute that must be understood is answered with 420', async t => {
    const { ask } = await asker(t, await start(t));
    const forty = Array.from({ length: 40 }, (_, i) => 0x7f00 + i);
    for (const types of [[0x7f01], [0x0003], [0x7f01, 0x7f02, 0x7f03], forty]) {
        const { reply } = await ask(message(types.map(type => attribute(type, Buffer.from('x')))));
        assert.equal(reply.readUInt16BE(0), ERROR);
        const found = new Map(attributesOf(reply));
        assert.deepEqual(found.get(ERROR_CODE).subarray(0, 4), Buffer.of(0, 0, 4, 20));
        const listed = found.get(UNKNOWN_ATTRIBUTES);
        const expected = types.slice(0, 8);
        assert.deepEqual(expected.map((_, i) => listed.readUInt16BE(2 * i)), expected);
        assert.ok(!found.has(XOR_MAPPED_ADDRESS));
    }
});

test('a FINGERPRINT is checked and mirrored', async t => {
    const { ask } = await asker(t, await start(t));
    const software = attribute(0x8022, Buffer.from('test'));
    const unknown = attribute(0x7f01, Buffer.alloc(4));
    for (const [request, type] of [[message(), SUCCESS], [message([software]), SUCCESS], [message([unknown]), ERROR]]) {
        const { reply } = await ask(fingerprinted(request));
        assert.equal(reply.readUInt16BE(0), type);
        assert.deepEqual(fingerprinted(reply.subarray(0, -8)), reply);
    }
});

test('RFC 5769\'s sample request is answered', async t => {
    const { ask } = await asker(t, await start(t));
    const { reply } = await ask(Buffer.from(RFC_5769_REQUEST, 'hex'));
    assert.equal(reply.readUInt16BE(0), SUCCESS);
    assert.equal(reply.length, 32 + 8);
});

test('all else is met with silence', async t => {
    const { send, ask, replies } = await asker(t, await start(t));
    const short = message().subarray(0, 19);
    const wellPrinted = fingerprinted(message());
    const silent = {
        'an empty datagram': Buffer.alloc(0),
        'one byte': Buffer.of(0),
        '19 bytes': short,
        'a text': Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
        'no cookie, as RFC 3489 had it': message([], { cookie: 0x11223344 }),
        'an indication': message([], { type: INDICATION }),
        'a success response': message([], { type: SUCCESS }),
        'an error response': message([], { type: ERROR }),
        'another method': message([], { type: 0x0003 }),
        'first bits set': message([], { type: 0xc001 }),
        'second bit set': message([], { type: 0x4001 }),
        'a length that is too long': message([], { length: 8 }),
        'a length that is too short': message([attribute(0x8022, Buffer.alloc(4))], { length: 0 }),
        'a length that is no multiple of four': message([Buffer.alloc(3)]),
        'an attribute past the end': message([attribute(0x8022, Buffer.alloc(4), 200)]),
        'half an attribute head': message([Buffer.of(0x80, 0x22)]),
        'a wrong FINGERPRINT': fingerprinted(message(), 1),
        'a FINGERPRINT that is not last': Buffer.concat([wellPrinted, attribute(0x8022, Buffer.alloc(4))]),
        'a FINGERPRINT of three bytes': message([attribute(FINGERPRINT, Buffer.alloc(3))]),
        '65,000 bytes': Buffer.alloc(65_000, 0),
    };
    silent['a FINGERPRINT that is not last'].writeUInt16BE(wellPrinted.length - 20 + 8, 2);
    for (const [what, bytes] of Object.entries(silent)) {
        await t.test(what, async () => {
            send(bytes);
            await ask(message()); // datagrams on loopback keep their order: a reply to the former would be first
            assert.deepEqual(replies.drain(), []);
        });
    }
});

test('requests in a burst are answered one by one', async t => {
    const { send, replies } = await asker(t, await start(t));
    const asked = new Set();
    for (let i = 0; i < 50; i++) {
        const request = message();
        asked.add(request.toString('hex', 8, 20));
        send(request);
    }
    while (asked.size > 0) {
        const { bytes } = await replies.next(`${asked.size} more replies`);
        assert.ok(asked.delete(bytes.toString('hex', 8, 20)));
    }
});

test('one network gets so many answers, --stun-rate, and its neighbours theirs', async t => {
    const server = await start(t, ['--workers', '1', '--trust-loopback', 'off', '--stun-rate', '1:5']);
    const to = '127.0.0.1';
    const [a, b, c] = await Promise.all(['127.0.7.1', '127.0.7.200', '127.0.8.1'].map(host =>
        asker(t, server, { host, to })));
    for (let i = 0; i < 5; i++) {
        await a.ask(message());
    }
    for (let i = 0; i < 20; i++) {
        a.send(message());
        b.send(message());
    }
    await c.ask(message()); // behind them all
    assert.ok(a.replies.drain().length + b.replies.drain().length <= 1, 'one second may have passed');
});

test('ports of services and our own get no answer', async t => {
    const server = await start(t, ['--host', '127.0.0.1', '--workers', '1']);
    const to = '127.0.0.1';
    const honest = await asker(t, server, { to });
    for (const port of [server.port, 1023, 53]) {
        let suspect;
        try {
            suspect = await asker(t, server, { host: '127.9.9.9', to, port });
        } catch (error) {
            t.diagnostic(`port ${port}: ${error.message}`); // not everyone may have the low ones
            continue;
        }
        await new Promise(done => suspect.socket.send(message(), server.port, to, done));
        await honest.ask(message());
        for (let turns = 0; turns < 3; turns++) { // in each of which node looks at every socket
            await new Promise(setImmediate);
        }
        assert.deepEqual(suspect.replies.drain(), [], `port ${port}`);
    }
});
