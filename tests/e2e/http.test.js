// SPDX-License-Identifier: MIT
// HTTP/1.1: the page and its files, conditional and compressed answers, refusals, and connections that are kept.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import zlib from 'node:zlib';
import { TEXT, frame } from './lib/raw.js';
import { start } from './lib/server.js';

const HOST = 'Host: localhost';

// The answer of a new server to one request.
async function answer(t, line, ...fields) {
    const raw = await (await start(t)).dial();
    return raw.request(line, ...fields);
}

test('the page', async t => {
    await t.test('is HTML, and all that it names is there', async t => {
        const raw = await (await start(t)).dial();
        const page = await raw.request('GET /');
        assert.equal(page.status, 200);
        assert.match(page.headers['content-type'], /^text\/html; *charset=utf-8$/i);
        const named = [...page.body.toString().matchAll(/(?:src|href)="([^":#?]+)"/g)].map(([, path]) => path);
        assert.ok(named.length > 0);
        for (const path of named.filter(path => !path.startsWith('//'))) {
            const { status, headers } = await raw.request(`GET ${new URL(path, 'http://localhost/').pathname}`);
            assert.equal(status, 200, path);
            assert.ok(!path.endsWith('.js') || /javascript/.test(headers['content-type']), path);
            assert.ok(!path.endsWith('.css') || /^text\/css/.test(headers['content-type']), path);
        }
    });

    await t.test('HEAD has the fields of GET and no body', async t => {
        const raw = await (await start(t)).dial();
        const { headers: { date, ...get } } = await raw.request('GET /');
        const { status, headers: { date: later, ...head } } = await raw.request('HEAD /');
        assert.equal(status, 200);
        assert.deepEqual(head, get);
        assert.ok(date && later);
        assert.equal((await raw.request('GET /')).status, 200);
    });

    await t.test('a query changes nothing', async t => {
        assert.equal((await answer(t, 'GET /?to=B&x=%20')).status, 200);
    });

    await t.test('the absolute form is understood', async t => {
        assert.equal((await answer(t, 'GET http://localhost/')).status, 200);
    });
});

test('an ETag saves the body', async t => {
    const raw = await (await start(t)).dial();
    const { headers: { etag } } = await raw.request('GET /');
    assert.match(etag, /^(W\/)?"[^"]+"$/);
    for (const list of [etag, `W/${etag.replace(/^W\//, '')}`, `"x", ${etag}`, '*']) {
        for (const method of ['GET', 'HEAD']) {
            const { status, headers } = await raw.request(`${method} /`, `If-None-Match: ${list}`);
            assert.equal(status, 304, list);
            assert.equal(headers.etag, etag);
        }
    }
    for (const list of ['"x"', etag.slice(0, -1), '']) {
        assert.equal((await raw.request('GET /', `If-None-Match: ${list}`)).status, 200, list);
    }
});

test('gzip for those who take it', async t => {
    const raw = await (await start(t)).dial();
    const plain = await raw.request('GET /');
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.match(plain.headers.vary, /accept-encoding/i);
    for (const list of ['gzip', 'gzip, deflate, br, zstd', 'br;q=1.0, gzip;q=0.8', 'GZIP', '*']) {
        const zipped = await raw.request('GET /', `Accept-Encoding: ${list}`);
        assert.equal(zipped.headers['content-encoding'], 'gzip', list);
        assert.deepEqual(zlib.gunzipSync(zipped.body), plain.body);
        assert.ok(zipped.body.length < plain.body.length);
        assert.match(zipped.headers.vary, /accept-encoding/i);
        assert.notEqual(zipped.headers.etag, plain.headers.etag, 'other bytes, other strong validator');
        const again = await raw.request('GET /', `Accept-Encoding: ${list}`, `If-None-Match: ${zipped.headers.etag}`);
        assert.equal(again.status, 304);
    }
    for (const list of ['', 'br', 'gzip;q=0', 'gzip;q=0.0, *', 'identity', 'xgzip']) {
        const got = await raw.request('GET /', `Accept-Encoding: ${list}`);
        assert.equal(got.headers['content-encoding'], undefined, list);
        assert.deepEqual(got.body, plain.body);
    }
});

test('what is not there', async t => {
    const absent = ['/nothing', '/nothing/at/all.js', '/index.htm', '/.git/config', '/%E2%82%AC'];
    for (const path of absent) {
        await t.test(`${path}: 404`, async t => {
            assert.equal((await answer(t, `GET ${path}`)).status, 404);
        });
    }

    for (const path of ['/%zz', '/%', '/%00', '/%0d%0aX:y', '/%ff', '/../x', '/a%2fb', '/\\x']) {
        await t.test(`${path}: 400`, async t => {
            assert.equal((await answer(t, `GET ${path}`)).status, 400);
        });
    }

    for (const path of ['/login', '/join', '/login?x=1']) {
        await t.test(`${path} without Upgrade: 426`, async t => {
            const { status, headers } = await answer(t, `GET ${path}`);
            assert.equal(status, 426);
            assert.equal(headers.upgrade, 'websocket');
            assert.match(headers.connection, /upgrade/i);
        });
    }

    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'BREW']) {
        await t.test(`${method} /: 405, with Allow`, async t => {
            const { status, headers } = await answer(t, `${method} /`);
            assert.equal(status, 405);
            const allowed = headers.allow.split(/, */).filter(other => other !== 'OPTIONS');
            assert.deepEqual(allowed.sort(), ['GET', 'HEAD']);
        });
    }
});

test('requests that a proxy might read otherwise are refused, and the connection ends', async t => {
    const refused = {
        'bare LF': `GET / HTTP/1.1\n${HOST}\n\n`,
        'bare LF in the fields': `GET / HTTP/1.1\r\n${HOST}\nX: y\r\n\r\n`,
        'bare CR': `GET / HTTP/1.1\r\n${HOST}\r\nX: a\rb\r\n\r\n`,
        'obs-fold': `GET / HTTP/1.1\r\n${HOST}\r\nX: a\r\n b\r\n\r\n`,
        'a blank before the colon': `GET / HTTP/1.1\r\n${HOST}\r\nX : a\r\n\r\n`,
        'a blank before the first field': `GET / HTTP/1.1\r\n ${HOST}\r\n\r\n`,
        'no colon': `GET / HTTP/1.1\r\n${HOST}\r\nnothing\r\n\r\n`,
        'no name': `GET / HTTP/1.1\r\n${HOST}\r\n: x\r\n\r\n`,
        'a zero byte': `GET / HTTP/1.1\r\n${HOST}\r\nX: a\0b\r\n\r\n`,
        'no Host': 'GET / HTTP/1.1\r\n\r\n',
        'two Hosts': `GET / HTTP/1.1\r\n${HOST}\r\n${HOST}\r\n\r\n`,
        'a bad Host': 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
        'Content-Length twice': `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n`,
        'Content-Length twice alike': `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n`,
        'Content-Length and Transfer-Encoding': `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 5\r\n`
            + 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        'a signed Content-Length': `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: +5\r\n\r\nhello`,
        'a list of Content-Lengths': `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 5, 5\r\n\r\nhello`,
        'two blanks in the request line': `GET  / HTTP/1.1\r\n${HOST}\r\n\r\n`,
        'no slash': `GET index HTTP/1.1\r\n${HOST}\r\n\r\n`,
        'no version': 'GET /\r\n\r\n',
        'no method': ` / HTTP/1.1\r\n${HOST}\r\n\r\n`,
        'lower case': `GET / http/1.1\r\n${HOST}\r\n\r\n`,
        CONNECT: `CONNECT x:1 HTTP/1.1\r\n${HOST}\r\n\r\n`,
        'a TLS hello': Buffer.from('16030100410100003d0303', 'hex'),
    };
    for (const [what, bytes] of Object.entries(refused)) {
        await t.test(`${what}: 400`, async t => {
            const raw = await (await start(t)).dial();
            raw.send(bytes, `GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
            const { status, headers } = await raw.response();
            assert.equal(status, 400);
            assert.equal(headers.connection.toLowerCase(), 'close');
            await raw.expectEnd();
        });
    }

    const others = {
        '66 fields': [431, `GET / HTTP/1.1\r\n${HOST}\r\n${'X: y\r\n'.repeat(65)}\r\n`],
        'a field of 9 KiB': [431, `GET / HTTP/1.1\r\n${HOST}\r\nX: ${'y'.repeat(9 * 1024)}\r\n\r\n`],
        'fields without end': [431, `GET / HTTP/1.1\r\n${HOST}\r\n${`X: ${'y'.repeat(1000)}\r\n`.repeat(9)}`],
        'a target of 9 KiB': [414, `GET /${'y'.repeat(9 * 1024)} HTTP/1.1\r\n${HOST}\r\n\r\n`],
        'no line end at all': [[400, 414, 431], 'G'.repeat(9 * 1024)],
        'HTTP/2.0': [505, `GET / HTTP/2.0\r\n${HOST}\r\n\r\n`],
        'an unknown transfer coding': [501, `POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n`],
        'an unknown expectation': [417, `GET / HTTP/1.1\r\n${HOST}\r\nExpect: tea\r\n\r\n`],
    };
    for (const [what, [status, bytes]] of Object.entries(others)) {
        await t.test(`${what}: ${status}`, async t => {
            const raw = await (await start(t)).dial();
            raw.send(bytes);
            const got = await raw.response();
            assert.ok([status].flat().includes(got.status), `${got.status}`);
            await raw.expectEnd();
        });
    }

    await t.test('64 fields and a head of nearly 8 KiB are fine', async t => {
        const raw = await (await start(t)).dial();
        assert.equal((await raw.request('GET /', ...Array(63).fill('X: y'))).status, 200);
        assert.equal((await raw.request('GET /', `X: ${'y'.repeat(8000)}`)).status, 200);
    });
});

test('connections', async t => {
    await t.test('are kept, and answer pipelined requests in order', async t => {
        const raw = await (await start(t)).dial();
        raw.send(['/', '/nothing', '/login', '/'].map(path => `GET ${path} HTTP/1.1\r\n${HOST}\r\n\r\n`).join(''));
        for (const status of [200, 404, 426, 200]) {
            assert.equal((await raw.response()).status, status);
        }
        assert.equal((await raw.request('GET /')).status, 200);
    });

    await t.test('answer many requests and their bodies, one after the other', async t => {
        const raw = await (await start(t)).dial();
        const { body } = await raw.request('GET /');
        raw.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`.repeat(200));
        for (let i = 0; i < 200; i++) {
            assert.deepEqual((await raw.response()).body, body);
        }
    });

    await t.test('a request may come byte by byte', async t => {
        const raw = await (await start(t)).dial();
        for (const byte of `GET / HTTP/1.1\r\n${HOST}\r\n\r\n`) {
            raw.send(byte);
        }
        assert.equal((await raw.response()).status, 200);
    });

    await t.test('end when asked to', async t => {
        const raw = await (await start(t)).dial();
        const { status, headers } = await raw.request('GET /', 'Connection: close');
        assert.equal(status, 200);
        assert.equal(headers.connection.toLowerCase(), 'close');
        await raw.expectEnd();
    });

    await t.test('of HTTP/1.0 end after the answer, and need no Host', async t => {
        const raw = await (await start(t)).dial();
        raw.send('GET / HTTP/1.0\r\n\r\n');
        assert.equal((await raw.response()).status, 200);
        await raw.expectEnd();
    });

    await t.test('a half close after the request is still answered', async t => {
        const raw = await (await start(t)).dial();
        raw.socket.end(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
        assert.equal((await raw.response()).status, 200);
        await raw.expectEnd();
    });

    await t.test('a half close after many requests leaves none unanswered', async t => {
        const raw = await (await start(t)).dial();
        raw.socket.end(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`.repeat(200));
        for (let i = 0; i < 200; i++) {
            assert.equal((await raw.response()).status, 200);
        }
        await raw.expectEnd();
    });

    await t.test('a body that nobody wants hides no request', async t => {
        const raw = await (await start(t)).dial();
        const hidden = `GET /nothing HTTP/1.1\r\n${HOST}\r\n\r\n`;
        raw.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`);
        assert.equal((await raw.response()).status, 405);
        raw.socket.end();
        await raw.expectEnd();
    });

    await t.test('--head-timeout ends those whose head is not complete in time', async t => {
        const server = await start(t, ['--head-timeout', '300ms']);
        const mute = await server.dial();
        const half = await server.dial();
        half.send('GET / HTTP/1.1\r\n');
        const slow = await server.dial();
        slow.send('GET / HTTP/1.1\r\n');
        const drip = setInterval(() => slow.send('X'), 50);
        slow.ended.then(() => clearInterval(drip));
        const later = await server.dial();
        await later.request('GET /');
        later.send('GET / HTTP/1.1\r\n');
        for (const raw of [mute, half, slow, later]) {
            assert.match((await raw.readToEnd()).toString(), /^(HTTP\/1\.1 408 |$)/);
        }
    });

    await t.test('and those whose body is not, length told or not', async t => {
        const server = await start(t, ['--head-timeout', '300ms']);
        const path = '/socket.io/?EIO=4&transport=polling';
        for (const field of ['Content-Length: 1000', 'Transfer-Encoding: chunked']) {
            const { body } = await (await server.dial()).request(`GET ${path}`);
            const { sid } = JSON.parse(body.subarray(1));
            const slow = await server.dial();
            slow.send(`POST ${path}&sid=${sid} HTTP/1.1\r\n${HOST}\r\n${field}\r\n\r\n`);
            let n = 0;
            const drip = setInterval(() => {
                slow.send(field.includes('chunked') ? '1\r\nx\r\n' : 'x');
                n++;
            }, 50);
            slow.ended.then(() => clearInterval(drip));
            assert.match((await slow.readToEnd()).toString(), /^HTTP\/1\.1 408 /);
            assert.ok(n < 100, 'before it was whole');
        }
    });
});

test('--web-root', async t => {
    const dir = await mkdtemp(join(tmpdir(), 'strowger-'));
    t.after(() => rm(dir, { recursive: true }));
    const root = join(dir, 'root');
    await mkdir(join(root, 'sub'), { recursive: true });
    await mkdir(join(root, '.secret'));
    await mkdir(join(dir, 'root-too'));
    const large = Buffer.alloc(3_000_000, 'large ');
    const files = {
        'root/index.html': '<p>mine</p>',
        'root/sub/index.html': '<p>sub</p>',
        'root/sub/a b.js': 'let a;',
        'root/sub/style.css': 'p{}',
        'root/empty.txt': '',
        'root/李.svg': '<svg/>',
        'root/large.bin': large,
        'root/.hidden': 'SECRET',
        'root/.secret/file': 'SECRET',
        'root-too/file': 'SECRET',
        outside: 'SECRET',
    };
    for (const [name, text] of Object.entries(files)) {
        await writeFile(join(dir, name), text);
    }
    await symlink('../outside', join(root, 'link-out'));
    await symlink('/etc', join(root, 'etc'));
    await symlink('../root-too', join(root, 'too'));
    await symlink('sub/style.css', join(root, 'link-in.css'));
    await symlink('loop', join(root, 'loop'));

    await t.test('serves its files instead of the built-in page', async t => {
        const raw = await (await start(t, ['--web-root', root])).dial();
        const served = [
            ['/', /^text\/html/, '<p>mine</p>'],
            ['/index.html', /^text\/html/, '<p>mine</p>'],
            ['/sub/', /^text\/html/, '<p>sub</p>'],
            ['/sub/a%20b.js', /^text\/javascript/, 'let a;'],
            ['/sub/style.css', /^text\/css/, 'p{}'],
            ['/sub/../sub/./style.css', /^text\/css/, 'p{}'],
            ['/link-in.css', /^text\/css/, 'p{}'],
            ['/empty.txt', /^text\/plain/, ''],
            ['/%E6%9D%8E.svg', /^image\/svg\+xml/, '<svg/>'],
        ];
        for (const [path, type, text] of served) {
            const { status, headers, body } = await raw.request(`GET ${path}`);
            assert.deepEqual([status, body.toString()], [200, text], path);
            assert.match(headers['content-type'], type);
        }
        const { body } = await raw.request('GET /large.bin');
        assert.ok(body.equals(large));
        assert.equal((await raw.request('HEAD /large.bin')).headers['content-length'], `${large.length}`);
    });

    await t.test('a half close behind a WebSocket that waits for its turn ends that', async t => {
        const raw = await (await start(t, ['--web-root', root, '--mount', '/echo=echo'])).dial();
        const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13',
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
        raw.send(['GET /large.bin HTTP/1.1', HOST, '', 'GET /echo HTTP/1.1', HOST, ...upgrade, '', ''].join('\r\n'));
        raw.socket.end(frame(TEXT, 'a'));
        assert.equal((await raw.response()).body.length, large.length);
        assert.equal((await raw.response()).status, 101);
        await raw.expectFrame(TEXT, 'a');
        await raw.expectEnd();
    });

    await t.test('with an ETag that changes with the file', async t => {
        const raw = await (await start(t, ['--web-root', root])).dial();
        await writeFile(join(root, 'changing.txt'), 'one');
        const { headers: { etag } } = await raw.request('GET /changing.txt');
        assert.equal((await raw.request('GET /changing.txt', `If-None-Match: ${etag}`)).status, 304);
        await writeFile(join(root, 'changing.txt'), 'three');
        const changed = await raw.request('GET /changing.txt', `If-None-Match: ${etag}`);
        assert.deepEqual([changed.status, changed.body.toString()], [200, 'three']);
    });

    await t.test('and nothing else: no traversal, no dotfiles, no links that lead out', async t => {
        const raw = await (await start(t, ['--web-root', root])).dial();
        const outside = [
            '/../outside', '/%2e%2e/outside', '/..%2foutside', '/sub/../../outside', '/sub/%2E%2E/%2e%2e/outside',
            '//outside', '/./../outside', '/..%5coutside', '/sub\\..\\..\\outside', '/%c0%ae%c0%ae/outside',
            '/..%252foutside', '/.hidden', '/.secret/file', '/%2ehidden', '/sub/../.hidden', '/./.hidden',
            '/../root-too/file', '/too/file', '/link-out', '/etc/passwd', '/etc/hostname', '/loop', '/index.html/',
            '/index.html/x', '/nothing', '/..', `/${'../'.repeat(500)}etc/passwd`, `/${'a/'.repeat(2000)}`,
            `/${'x'.repeat(5000)}`,
        ];
        for (const path of outside) {
            raw.send(`GET ${path} HTTP/1.1\r\n${HOST}\r\n\r\n`);
            const { status, headers, body } = await raw.response();
            assert.ok([400, 403, 404].includes(status), `${path}: ${status}`);
            assert.ok(!/SECRET|root:/.test(body), path);
            assert.notEqual(headers.connection, 'close', `${path} ended the connection`);
        }
    });

    await t.test('leaves the mounts as they are', async t => {
        const server = await start(t, ['--web-root', root]);
        assert.equal((await (await server.dial()).request('GET /login')).status, 426);
        await server.login('A');
    });
});
