// SPDX-License-Identifier: MIT
// TLS: versions, certificates, tickets, files that are wrong, clients that are, and everything else just as without it.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, copyFileSync, truncateSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import { Certificates } from './lib/certificates.js';
import { Client } from './lib/client.js';
import { withPatience } from './lib/patience.js';
import { Raw } from './lib/raw.js';
import { run, start } from './lib/server.js';

// A TLS connection, its handshake done. It reads and writes like a bare one.
async function dial(port, options = {}) {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    await withPatience(once(socket, 'secureConnect'), 'a handshake');
    return new Raw(socket);
}

// What a handshake that must not succeed fails with.
async function refusal(port, options) {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    socket.on('secureConnect', () => socket.destroy(new Error('the handshake succeeded')));
    const [error] = await withPatience(once(socket, 'error'), 'a refusal');
    return error;
}

// A server that speaks TLS alone, with a certificate of its own.
async function startSecure(t, args = []) {
    const certificates = new Certificates(t);
    const server = await start(t, [...certificates.make('localhost'), ...args]);
    return Object.assign(server, { certificates });
}

function wss(server, path, options) {
    return Client.connect(`wss://127.0.0.1:${server.port}${path}`, { rejectUnauthorized: false, ...options });
}

for (const version of ['TLSv1.2', 'TLSv1.3']) {
    test(`${version}: pages and WebSockets`, async t => {
        const server = await startSecure(t);
        assert.match(server.log, /listening on https:/);
        const only = { minVersion: version, maxVersion: version };
        const page = await dial(server.port, { ...only, ca: server.certificates.read('localhost.crt'),
            rejectUnauthorized: true });
        assert.equal(page.socket.getProtocol(), version);
        assert.match(page.socket.getCipher().standardName, /GCM|CHACHA20/);
        assert.equal((await page.request('GET /')).status, 200);
        assert.equal((await page.request('GET /nothing')).status, 404);
        page.destroy();
        const [a, b] = await Promise.all(['A', 'B'].map(async name => {
            const client = await wss(server, '/login', only);
            client.send({ type: 'login', name });
            await client.expect('{"type":"login","success":true}');
            return client;
        }));
        a.send({ type: 'offer', name: 'B', offer: 'o' });
        assert.equal((await b.nextJson()).name, 'A');
        assert.equal((await a.close(1000)).code, 1000);
        await b.close();
    });
}

test('older versions and weak ciphers are refused', async t => {
    const { port } = await startSecure(t);
    for (const version of ['TLSv1', 'TLSv1.1']) {
        const error = await refusal(port, { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' });
        assert.match(error.code, /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/);
    }
    for (const ciphers of ['AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA', 'DHE-RSA-AES256-GCM-SHA384']) {
        assert.match((await refusal(port, { maxVersion: 'TLSv1.2', ciphers })).code, /HANDSHAKE_FAILURE/);
    }
});

test('ECDSA and RSA side by side', async t => {
    const certificates = new Certificates(t);
    const server = await start(t, [...certificates.make('ec', 'ec'), ...certificates.make('rsa', 'rsa')]);
    const wishes = { 'ECDSA+SHA256': 'ec', 'RSA-PSS+SHA256': 'rsa', 'ECDSA+SHA256:RSA-PSS+SHA256': 'ec' };
    for (const [sigalgs, name] of Object.entries(wishes)) {
        for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
            const raw = await dial(server.port, { sigalgs, maxVersion });
            assert.equal(raw.socket.getPeerCertificate().subject.CN, name, `${sigalgs} with ${maxVersion}`);
            raw.destroy();
        }
    }
});

test('ALPN is http/1.1 or a refusal', async t => {
    const { port } = await startSecure(t);
    const offers = [[['h2', 'http/1.1'], 'http/1.1'], [['http/1.1'], 'http/1.1'], [undefined, false]];
    for (const [offered, chosen] of offers) {
        const raw = await dial(port, { ALPNProtocols: offered });
        assert.equal(raw.socket.alpnProtocol, chosen);
        raw.destroy();
    }
    assert.match((await refusal(port, { ALPNProtocols: ['h2'] })).code, /NO_APPLICATION_PROTOCOL/);
});

// Opens a connection with SESSION and returns it and the ticket it was given.
async function visit(port, maxVersion, session) {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion, session });
    const given = once(socket, 'session');
    const raw = new Raw(socket);
    await withPatience(once(socket, 'secureConnect'), 'a handshake');
    assert.equal((await raw.request('GET /')).status, 200);
    const isReused = socket.isSessionReused();
    const [ticket] = maxVersion === 'TLSv1.2' && isReused ? [session] : await withPatience(given, 'a ticket');
    raw.destroy();
    return { isReused, ticket };
}

test('tickets resume a session, also after the certificates were read again', async t => {
    const server = await startSecure(t);
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
        const first = await visit(server.port, version);
        assert.equal(first.isReused, false);
        const second = await visit(server.port, version, first.ticket);
        assert.equal(second.isReused, true, version);
        server.log = '';
        process.kill(server.pid, 'SIGHUP');
        await server.logged(/certificates read again/);
        assert.equal((await visit(server.port, version, second.ticket)).isReused, true, `${version} after SIGHUP`);
    }
});

test("another server's ticket means a full handshake", async t => {
    const [one, other] = [await startSecure(t), await startSecure(t)];
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
        const { ticket } = await visit(one.port, version);
        assert.equal((await visit(other.port, version, ticket)).isReused, false, version);
    }
});

test('SIGHUP brings new certificates to new connections and leaves the old ones alone', async t => {
    const server = await startSecure(t);
    const { certificates } = server;
    const old = await wss(server, '/login');
    old.send({ type: 'login', name: 'Old' });
    await old.expect('{"type":"login","success":true}');

    certificates.make('new', 'ec', 'the new one');
    copyFileSync(certificates.path('new.crt'), certificates.path('localhost.crt'));
    process.kill(server.pid, 'SIGHUP');
    await server.logged(/configuration kept as it was.*not the key/);
    let raw = await dial(server.port);
    assert.equal(raw.socket.getPeerCertificate().subject.CN, 'localhost', 'half of a pair was taken');
    raw.destroy();

    copyFileSync(certificates.path('new.key'), certificates.path('localhost.key'));
    process.kill(server.pid, 'SIGHUP');
    await server.logged(/certificates read again/);
    raw = await dial(server.port);
    assert.equal(raw.socket.getPeerCertificate().subject.CN, 'the new one');
    raw.destroy();
    await old.expectSilence();
    old.send({ type: 'offer', name: 'Old', offer: 'o' });
    await old.next();
});

test('why a handshake failed is told at the level debug', async t => {
    const server = await startSecure(t, ['--log-level', 'debug']);
    await refusal(server.port, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' });
    await server.logged(/debug "?TLS handshake failed"? reason="unsupported protocol"/);
    const plain = await server.dial();
    plain.send('GET / HTTP/1.1\r\n\r\n');
    await server.logged(/reason="http request"/);
});

test('of several certificates the log names the one that has expired', async t => {
    const certificates = new Certificates(t);
    const options = ['ec', 'rsa'].flatMap(kind => certificates.make(kind, kind));
    const [cert, key] = ['rsa.crt', 'rsa.key'].map(name => certificates.path(name));
    certificates.openssl('x509', '-in', cert, '-signkey', key, '-days', '-1', '-out', cert);
    const server = await start(t, options);
    const expired = [...server.log.matchAll(/certificate has expired.* file=(\S+)/g)].map(([, file]) => file);
    assert.deepEqual(expired, [cert]);
});

test('files that are wrong are refused in one line that names them', async t => {
    const certificates = new Certificates(t);
    const good = certificates.make('good');
    const rsa = certificates.make('rsa', 'rsa');
    const other = certificates.make('other');
    const [, cert, , key] = good;
    const at = name => certificates.path(name);
    writeFileSync(at('text'), 'no PEM\n', { mode: 0o600 });
    writeFileSync(at('empty'), '', { mode: 0o600 });
    writeFileSync(at('huge'), '');
    truncateSync(at('huge'), 2 ** 32);
    execFileSync('mkfifo', [at('pipe')]);
    certificates.openssl('genrsa', '-out', at('weak.key'), '1024');
    certificates.openssl('req', '-x509', '-new', '-key', at('weak.key'), '-out', at('weak.crt'), '-subj', '/CN=weak');
    certificates.openssl('pkey', '-in', key, '-aes128', '-passout', 'pass:secret', '-out', at('locked.key'));
    for (const [name, mode] of [['open', 0o644], ['group', 0o640], ['written', 0o620]]) {
        copyFileSync(key, at(`${name}.key`));
        chmodSync(at(`${name}.key`), mode);
    }
    const pair = (c, k) => ['--tls-cert', c, '--tls-key', k];
    const files = [
        [pair(at('none.crt'), key), /none\.crt': No such file/],
        [pair(cert, at('none.key')), /none\.key': No such file/],
        [pair(at('text'), key), /text': no certificate/],
        [pair(cert, at('text')), /text': no private key/],
        [pair(at('empty'), key), /empty': no certificate/],
        [pair(cert, at('empty')), /empty': no private key/],
        [pair(cert, at('.')), /no regular file/],
        [pair(at('pipe'), key), /pipe': no regular file/],
        [pair(cert, at('pipe')), /pipe': no regular file/],
        [pair(at('huge'), key), /huge': larger than/],
        [pair(key, key), /no certificate/],
        [pair(cert, other[3]), /not the key of the certificate in '/],
        [pair(cert, rsa[3]), /not the key of the certificate in '/],
        [pair(at('weak.crt'), at('weak.key')), /too small/],
        [pair(cert, at('locked.key')), /passphrase.*openssl pkey/],
        [pair(cert, at('open.key')), /open\.key.*644.*chmod 600/],
        [pair(cert, at('group.key')), /group\.key.*640.*chmod 600/],
        [pair(cert, at('written.key')), /written\.key.*620.*chmod 600/],
        [[...good, ...other], /already a key of this kind/],
    ];
    const settings = [
        [['--tls-cert', cert], /needs a --tls-key/],
        [['--tls-key', key], /needs a --tls-cert/],
        [[...good, '--dev'], /--dev/],
        [[...good, '--listen', '127.0.0.1:0'], /no --listen tls:/],
        [['--listen', 'tls:127.0.0.1:0'], /needs --tls-cert/],
        [['--listen', '127.0.0.1'], /--listen/],
        [['--listen', '::1:80'], /--listen/],
        [['--listen', '127.0.0.1:65536'], /--listen/],
        [['--behind-proxy', '10.0.0.0/33'], /--behind-proxy/],
        [['--behind-proxy', 'proxy.example'], /--behind-proxy/],
    ];
    for (const [args, pattern, status] of [...files.map(row => [...row, 1]), ...settings.map(row => [...row, 2])]) {
        const { code, stdout, stderr } = await run('--port', '0', ...args);
        assert.deepEqual([code, stdout], [status, ''], `${args}: ${stderr}`);
        assert.match(stderr, /^strowger: [^\n]+\n$/);
        assert.match(stderr, pattern);
    }
});

test('plain and TLS side by side', async t => {
    const certificates = new Certificates(t);
    const listen = ['--listen', '127.0.0.1:0', '--listen', 'tls:127.0.0.1:0', '--listen', 'tls:[::1]:0'];
    const server = await start(t, [...certificates.make('both'), ...listen]);
    await server.logged(/https:\/\/\[::1\]/);
    const [plain, secure, six] = [...server.log.matchAll(/listening on \w+:\/\/\S+:(\d+)\/$/gm)].map(m => Number(m[1]));
    const caller = await Client.connect(`wss://127.0.0.1:${secure}/login`, { rejectUnauthorized: false });
    caller.send({ type: 'login', name: 'Secure' });
    await caller.expect('{"type":"login","success":true}');
    const callee = await Client.connect(`ws://127.0.0.1:${plain}/login`);
    callee.send({ type: 'login', name: 'Plain' });
    await callee.expect('{"type":"login","success":true}');
    caller.send({ type: 'offer', name: 'Plain', offer: 'o' });
    assert.equal((await callee.nextJson()).name, 'Secure');
    const raw = await dial(six, { host: '::1' });
    assert.equal((await raw.request('GET /')).status, 200);
    for (const one of [caller, callee, raw]) {
        one.destroy();
    }
});

test('a handshake that does not end in time is cut off', async t => {
    const certificates = new Certificates(t);
    const server = await start(t, [...certificates.make('slow'), '--handshake-timeout', '400ms']);
    const begun = Date.now();
    const silent = await server.dial();
    const half = await server.dial();
    half.send(Buffer.from('160301', 'hex'));
    await Promise.all([silent.expectEnd(), half.expectEnd()]);
    assert.ok(Date.now() - begun >= 390, 'too early');
    assert.ok(Date.now() - begun < 4000, 'too late');
    // Once it is done, the time is the request's.
    const raw = await dial(server.port);
    const later = await server.dial();
    await later.expectEnd();
    assert.equal((await raw.request('GET /')).status, 200);
    raw.destroy();
});

test('what a request may take begins with the end of the handshake', async t => {
    const server = await startSecure(t, ['--head-timeout', '400ms']);
    const begun = Date.now();
    const raw = await dial(server.port);
    await raw.expectEnd();
    assert.ok(Date.now() - begun >= 390 && Date.now() - begun < 4000);
});

test('plain HTTP is told that this is TLS', async t => {
    const server = await startSecure(t);
    const raw = await server.dial();
    const { status, headers, body } = await raw.request('GET /');
    assert.equal(status, 400);
    assert.equal(headers.connection, 'close');
    assert.match(String(body), /https/);
    await raw.expectEnd();
});

test('garbage gets an alert and a clean end', async t => {
    const server = await startSecure(t);
    const garbage = [Buffer.alloc(64), Buffer.from('SSH-2.0-OpenSSH_9\r\n'), Buffer.from('1603010004ffffffff', 'hex'),
        randomBytes(20000).fill(0x80, 0, 1)];
    for (const bytes of garbage) {
        const raw = await server.dial();
        raw.socket.write(bytes);
        const answer = await raw.readToEnd();
        assert.ok(answer.length === 0 || answer[0] === 21, `no alert: ${answer.toString('hex')}`);
    }
    (await dial(server.port)).destroy();
});

// A TCP relay before PORT; what the client sends goes on as PASS has it.
async function relay(t, port, pass) {
    const server = net.createServer({ noDelay: true }, near => {
        const far = net.connect({ port, host: '127.0.0.1', noDelay: true });
        near.on('data', data => pass(far, data)).on('end', () => far.end()).on('error', () => far.destroy());
        far.on('data', data => near.write(data)).on('end', () => near.end()).on('error', () => near.destroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    return server.address().port;
}

test('a handshake that comes byte by byte', async t => {
    const server = await startSecure(t);
    let bytes = Buffer.alloc(0);
    let isSending = false;
    const port = await relay(t, server.port, async (far, data) => {
        bytes = Buffer.concat([bytes, data]);
        while (!isSending && bytes.length) {
            isSending = true;
            await new Promise(done => far.write(bytes.subarray(0, 1), done));
            bytes = bytes.subarray(1);
            isSending = false;
        }
    });
    const raw = await dial(port);
    assert.equal((await raw.request('GET /')).status, 200);
    raw.destroy();
});

test('a record that was changed on its way ends the connection', async t => {
    const server = await startSecure(t);
    let isBad = false;
    const port = await relay(t, server.port, (far, data) => {
        if (isBad) {
            data[data.length - 1] ^= 1;
        }
        far.write(data);
    });
    const client = await Client.connect(`wss://127.0.0.1:${port}/login`, { rejectUnauthorized: false });
    client.send({ type: 'login', name: 'A' });
    await client.expect('{"type":"login","success":true}');
    isBad = true;
    client.send({ type: 'login', name: 'B' });
    await client.expectClose(1006);
});

test('who says goodbye first still gets the answer', async t => {
    const server = await startSecure(t);
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
        const raw = await dial(server.port, { maxVersion, allowHalfOpen: true });
        raw.socket.end('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
        assert.equal((await raw.response()).status, 200);
        await raw.expectEnd();
    }
});

test('the end is announced, so that nobody can cut an answer short unseen', async t => {
    const { port } = await startSecure(t);
    // Node.js does not tell a connection that was cut from one that was closed; OpenSSL does.
    const client = ['s_client', '-quiet', '-ign_eof', '-connect', `127.0.0.1:${port}`];
    const input = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const { status, stdout, stderr } = spawnSync('openssl', client, { input, encoding: 'utf8', timeout: 8000 });
    assert.match(stdout, /^HTTP\/1\.1 200 /);
    assert.doesNotMatch(stderr, /unexpected eof/);
    assert.equal(status, 0);
});

test('ten megabytes there and back', async t => {
    const server = await startSecure(t, ['--mount', '/echo=echo', '--max-message', '17m']);
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
        const client = await wss(server, '/echo', { maxVersion, maxPayload: 1 << 25 });
        const sent = randomBytes(10 << 20);
        client.send(sent);
        assert.ok(sent.equals(await client.next()));
        client.send('and then');
        await client.expect('and then');
        await client.close();
    }
});

// A request belongs to the worker that has its session: the connection moves there, and TLS with it.
test('connections move between workers', async t => {
    const server = await startSecure(t, ['--workers', '3']);
    const path = '/socket.io/?EIO=4&transport=polling';
    const opening = await dial(server.port);
    const { sid } = JSON.parse((await opening.request(`GET ${path}`)).body.subarray(1));
    for (let i = 0; i < 20; i++) { // the kernel chooses the worker: not all will be with the session's
        const raw = await dial(server.port);
        raw.send(`POST ${path}&sid=${sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n3`);
        assert.equal(String((await raw.response()).body), 'ok');
        assert.equal((await raw.request('GET /')).status, 200);
        raw.destroy();
    }
    opening.destroy();
});

test('a receiver that pauses gets everything', async t => {
    const server = await startSecure(t, ['--mount', '/echo=echo', '--max-message', '17m']);
    const client = await wss(server, '/echo', { maxPayload: 1 << 25 });
    client.ws.pause();
    const sent = randomBytes(900_000);
    client.send(sent);
    client.send('behind it');
    const other = await wss(server, '/echo', { maxPayload: 1 << 25 });
    other.send(sent); // when all of this has come back, what can leave for the first one has left
    assert.ok(sent.equals(await other.next()));
    await other.close();
    client.ws.resume();
    assert.ok(sent.equals(await client.next()));
    await client.expect('behind it');
    await client.close();
});

test('--dev makes a certificate for this machine and serves https beside http', async t => {
    const server = await start(t, ['--dev']);
    await server.logged(/for telephones/);
    const [plain, secure] = [...server.log.matchAll(/listening on (https?):\/\/localhost:(\d+)\/$/gm)];
    assert.deepEqual([plain[1], secure[1]], ['http', 'https']);
    const raw = await dial(Number(secure[2]));
    const certificate = raw.socket.getPeerX509Certificate();
    assert.ok(certificate.checkHost('localhost'));
    for (const ip of ['127.0.0.1', '::1']) {
        assert.ok(certificate.checkIP(ip), ip);
    }
    assert.equal((await raw.request('GET /')).status, 200);
    raw.destroy();
    const again = await server.dial();
    assert.equal((await again.request('GET /')).status, 200);
});

const V1 = 'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n';
const V2 = Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c'),
    Buffer.from('c0000207c633640104d201bb', 'hex')]);

test('a proxy says first whom it speaks for', async t => {
    const certificates = new Certificates(t);
    const listen = ['--listen', '127.0.0.1:0', '--listen', 'tls:127.0.0.1:0'];
    const server = await start(t, [...certificates.make('proxied'), ...listen, '--behind-proxy', '127.0.0.0/8']);
    await server.logged(/https:/);
    const secure = Number(/https:\/\/127\.0\.0\.1:(\d+)/.exec(server.log)[1]);
    for (const [name, header] of [['1', V1], ['2', V2], ['none', '']]) {
        await t.test(`version ${name}, plain`, async () => {
            const raw = await server.dial();
            raw.send(header);
            assert.equal((await raw.request('GET /')).status, 200);
        });
        await t.test(`version ${name}, TLS`, async () => {
            const socket = net.connect(secure, '127.0.0.1');
            socket.write(header);
            const raw = await dial(secure, { socket });
            assert.equal((await raw.request('GET /')).status, 200);
            raw.destroy();
        });
    }
    await t.test('in pieces', async () => {
        for (const header of [Buffer.from(V1), V2]) {
            const raw = await server.dial();
            for (const byte of header) {
                await new Promise(done => raw.socket.write(Buffer.of(byte), done));
            }
            assert.equal((await raw.request('GET /')).status, 200);
        }
    });
    await t.test('wrongly', async () => {
        const version3 = Buffer.from(V2).fill(0x31, 12, 13);
        for (const header of ['PROXY TCP4 192.0.2.7\r\n', `PROXY ${'x'.repeat(200)}`, version3]) {
            const raw = await server.dial();
            raw.socket.write(header);
            await raw.readToEnd();
        }
        const cut = await server.dial();
        cut.socket.end('PROXY TCP4 ');
        await cut.readToEnd();
    });
    await t.test('but not to a server that was not told of it', async t => {
        const other = await start(t, ['--behind-proxy', '192.0.2.0/24']);
        const raw = await other.dial();
        raw.send(V1);
        assert.equal((await raw.request('GET /')).status, 400);
    });
});

// Where OpenSSL fails a connection it does not always have something to say.
test('who wants to negotiate anew is let go, and nobody else', async t => {
    const { port } = await startSecure(t);
    const bystander = await dial(port);
    for (let i = 0; i < 4; i++) { // at each worker
        const raw = await dial(port, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
        for (let j = 0; j < 3; j++) {
            raw.socket.renegotiate({}, () => {});
        }
        await raw.readToEnd();
    }
    assert.equal((await bystander.request('GET /')).status, 200);
    bystander.destroy();
});
