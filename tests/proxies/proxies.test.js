// SPDX-License-Identifier: MIT
// strowger behind the proxies that packaging/proxy has a file for: every client works through them, and is who it is.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Certificates } from '../e2e/lib/certificates.js';
import { ring } from '../e2e/lib/calls.js';
import { Client } from '../e2e/lib/client.js';
import { withPatience } from '../e2e/lib/patience.js';
import { start } from '../e2e/lib/server.js';
import { Guest, meet } from '../e2e/lib/socketio.js';
import { proxies, SHORT_TIMEOUT_MS, startProxy } from './lib/proxy.js';

const PING_MS = 200;

// strowger as the files in packaging/proxy want it started, and PROXY before it.
class Site {
    static async start(t, proxy, args) {
        const certificates = new Certificates(t);
        certificates.make('site');
        const server = await start(t, ['--listen', '127.0.0.1:0', '--behind-proxy', '127.0.0.1', ...args]);
        const port = await startProxy(t, proxy, { backend: server.port, certificates, name: 'site' });
        const origin = `https://localhost:${port}`;
        return Object.assign(new Site(), { t, server, port, origin, ca: certificates.read('site.crt') });
    }

    async connect(path, options) {
        const client = await Client.connect(`wss://localhost:${this.port}${path}`, { ca: this.ca, family: 4, ...options });
        this.t.after(() => client.destroy());
        return client;
    }

    guests(n, kind) {
        return Guest.all(this.t, this, n, { ca: this.ca, ...kind });
    }
}

async function login(site, name) {
    const client = await site.connect('/login');
    client.send({ type: 'login', name });
    await client.expect('{"type":"login","success":true}');
    return client;
}

async function callsArePassedOn(site) {
    const [a, b] = [await login(site, 'A'), await login(site, 'B')];
    await ring(a, b);
    b.send('{"type":"answer","name":"A","answer":2}');
    await a.expect('{"type":"answer","answer":2}');
    const large = 'x'.repeat(100_000);
    a.send({ type: 'candidate', name: 'B', candidate: large });
    assert.equal((await b.nextJson()).candidate, large);
    await a.close();
    await b.expect('{"type":"leave"}');
}

async function aDroppedClientIsMissed(site) {
    const [a, b] = [await login(site, 'C'), await login(site, 'D')];
    await ring(a, b, { from: 'C', to: 'D' });
    a.destroy();
    await b.expect('{"type":"leave"}');
}

// The proxy would end what is silent for SHORT_TIMEOUT, and would not wait for a third of these pings.
async function silenceIsBridged(site) {
    const silent = await site.connect('/login');
    for (let i = 0; i < 3 * SHORT_TIMEOUT_MS / PING_MS; i++) {
        await withPatience(once(silent.ws, 'ping'), 'a ping');
    }
    await silent.expectSilence();
}

async function joiningWorks(site) {
    const [a, b] = [await site.connect('/join'), await site.connect('/join')];
    a.send('{"type":"join","id":"A","nick":"n"}');
    await a.expect('{"type":"joined","payload":{"id":"A","peers":[]}}');
    b.send('{"type":"join","id":"B","nick":"m"}');
    await b.expect('{"type":"joined","payload":{"id":"B","peers":[{"id":"A","nick":"n"}]}}');
    await a.expect('{"type":"join","payload":{"id":"B","nick":"m"}}');
}

async function peersAreFound(site) {
    const [a, b] = await Promise.all(['a', 'b'].map(async id => {
        const client = await site.connect(`/peerjs?key=peerjs&id=${id}&token=of-${id}&version=1.5.5`);
        await client.expect('{"type":"OPEN"}');
        return client;
    }));
    a.send('{"type":"OFFER","payload":{"sdp":1},"dst":"b"}');
    await b.expect('{"type":"OFFER","src":"a","dst":"b","payload":{"sdp":1}}');
}

function roomsWork(kind) {
    return async site => {
        const [a, b] = await site.guests(2, kind);
        await meet(a, b, `${kind.version} by ${kind.transport}`);
        a.emit('message', { type: 'offer' });
        await b.expect('message', { type: 'offer' });
    };
}

const KINDS = [[2, 'polling'], [2, 'upgrade'], [4, 'polling'], [4, 'upgrade'], [4, 'websocket']];
const CASES = [
    ['calls are passed on', callsArePassedOn],
    ['a client that is dropped is missed', aDroppedClientIsMissed],
    ['silence is bridged', silenceIsBridged],
    ['joining works', joiningWorks],
    ['peers are found', peersAreFound],
    ...KINDS.map(([version, transport]) =>
        [`rooms work, Socket.IO ${version} by ${transport}`, roomsWork({ version, transport })]),
];

for (const proxy of proxies) {
    test(`behind ${proxy.title}`, { skip: proxy.skip }, async t => {
        const site = await Site.start(t, proxy, ['--room-log', 'off', '--ws-ping-interval', `${PING_MS}ms`]);
        for (const [name, run] of CASES) {
            await t.test(name, () => run(site));
        }
        await t.test('a drain is told', async () => {
            const client = await site.connect('/login');
            await site.server.stop();
            assert.equal((await withPatience(client.closed, 'the end')).code, 1001);
        });
    });

    test(`behind ${proxy.title} addresses are told apart`, { skip: proxy.skip }, async t => {
        const site = await Site.start(t, proxy, ['--max-connections-per-address', '2', '--trust-loopback', 'off']);
        const connect = (localAddress, headers) => site.connect('/login', { localAddress, headers });
        await connect('127.0.0.7');
        await connect('127.0.0.7');
        await assert.rejects(connect('127.0.0.7'), /429/);
        const lies = { 'X-Forwarded-For': '192.0.2.1', Forwarded: 'for=192.0.2.1' };
        await assert.rejects(connect('127.0.0.7', lies), /429/);
        await connect('127.0.0.8', lies);
        await connect('127.0.0.8', lies);
        await assert.rejects(connect('127.0.0.8'), /429/);
    });
}
