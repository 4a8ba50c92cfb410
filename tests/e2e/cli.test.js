// SPDX-License-Identifier: MIT
// The command line: help, versions, units, and errors that say in one line what is wrong.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { Raw } from './lib/raw.js';
import { PROGRAM, run, start } from './lib/server.js';

// The program refuses ARGS before it does anything, in one line that matches PATTERN.
async function refuses(args, pattern) {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 2, `${code}: ${stderr}`);
    assert.equal(stdout, '');
    assert.match(stderr, /^[^\n]+\n$/, 'not one line');
    assert.match(stderr, pattern);
}

test('--help and -h list every option with its default, and the mounts', async () => {
    for (const flag of ['--help', '-h']) {
        const { code, stdout, stderr } = await run(flag);
        assert.deepEqual([code, stderr], [0, '']);
        const expected = [
            '-p', '--port', '8888', '--host', '--mount', '--web-root', '--greeting', '--unknown-text', '--max-message',
            '256k', '--ws-ping-interval', '25s', '--ws-ping-timeout', '--head-timeout', '10s', '--log-level', 'info',
            '-h', '--help', '-v', '--version', '/login', '/join', 'auto', 'echo',
        ];
        for (const word of expected) {
            assert.ok(stdout.includes(word), `${word} is not in ${stdout}`);
        }
        assert.ok(stdout.split('\n').every(line => line.length <= 120), 'too wide for a terminal');
    }
});

test('--version and -v say it', async () => {
    for (const flag of ['--version', '-v']) {
        const { code, stdout, stderr } = await run(flag);
        assert.deepEqual([code, stderr], [0, '']);
        assert.match(stdout, /^strowger \d+\.\d+\.\d+\S*\n$/);
    }
});

test('what is unknown is refused', async t => {
    for (const option of ['--nothing', '--por', '--ports', '-x', '--', '-', '--Port', '--port-']) {
        await t.test(option, () => refuses([option, '1'], new RegExp(option === '--' ? '.' : option)));
    }
    await t.test('an argument that is no option', () => refuses(['8888'], /8888/));
    await t.test('a value where none belongs', () => refuses(['--help=yes'], /help/));
});

test('what can not be printed is no success', async () => {
    for (const what of ['--help', 'config', 'reference sample', 'completion bash']) {
        const { status, stderr } = spawnSync('sh', ['-c', `"$0" ${what} >/dev/full`, PROGRAM], { encoding: 'utf8' });
        assert.deepEqual([status, stderr], [1, 'strowger: not all could be written to stdout\n'], what);
    }
});

test('values are checked', async t => {
    const wrong = {
        '--port': ['', 'x', '-1', '65536', '99999999999999999999', '8888x', '0x10', ' 80', '1.5', '+1'],
        '--log-level': ['', 'loud', 'INFOS'],
        '--max-message': ['', '10x', 'k', '-1k', '64kk', '1.5m', '99999999999999999999g', '64 k'],
        '--ws-ping-interval': ['', '10x', 's', '-1s', '10 s', '1h2', '99999999999999999999s', '10S '],
        '--ws-ping-timeout': ['600mss', 'ten'],
        '--head-timeout': ['1d1'],
    };
    for (const [option, values] of Object.entries(wrong)) {
        for (const value of values) {
            await t.test(`${option} ${JSON.stringify(value)}`, () => refuses([option, value], new RegExp(option)));
        }
        await t.test(`${option} alone`, () => refuses([option], new RegExp(option)));
    }
});

test('units are understood', async t => {
    await start(t, ['--ws-ping-interval', '600ms', '--ws-ping-timeout=10s', '--head-timeout=1m', '--max-message=2m']);
    const server = await start(t, ['--max-message=1k', '--mount', '/echo=echo', '--log-level', 'debug']);
    const a = await server.connect('/echo');
    a.send('x'.repeat(1024));
    await a.expect('x'.repeat(1024));
    a.send('x'.repeat(1025));
    await a.expectClose(1009);
});

test('the last of an option given twice counts', async t => {
    const server = await start(t, ['--greeting', 'one', '--greeting', 'two']);
    await (await server.connect()).expect('two');
});

test('it says in one line where to go, and nothing else', async t => {
    const server = await start(t);
    assert.match(server.log, /^[^\n]*listening on http:\/\/localhost:\d+\/\n$/);
});

test('-p is --port, written in all the usual ways', async t => {
    const reserved = net.createServer().listen(0, '::');
    await once(reserved, 'listening');
    const { port } = reserved.address();
    reserved.close();
    await once(reserved, 'close');
    for (const args of [['-p', `${port}`], [`-p${port}`], [`--port=${port}`], ['--port', `${port}`]]) {
        const server = await start(t, args);
        assert.equal(server.port, port);
        await server.stop();
    }
});

test('--host', async t => {
    await t.test('listens there alone', async t => {
        const server = await start(t, ['--host', '127.0.0.1']);
        await server.login('A');
        await assert.rejects(Raw.dial(server.port, '::1'), { code: 'ECONNREFUSED' });
        await assert.rejects(Raw.dial(server.port, '127.0.0.2'), { code: 'ECONNREFUSED' });
    });

    await t.test('takes an IPv6 address', async t => {
        const server = await start(t, ['--host', '::1']);
        await server.connect('/login', { host: '[::1]' });
        await assert.rejects(Raw.dial(server.port, '127.0.0.1'), { code: 'ECONNREFUSED' });
    });

    await t.test('refuses what is no address of ours', async () => {
        for (const host of ['no such host', '300.1.1.1', '192.0.2.1', '']) {
            const { code, stderr } = await run('--port', '0', '--host', host);
            assert.ok(code === 1 || code === 2, `${code}`);
            assert.match(stderr, /^[^\n]+\n$/);
        }
    });
});

test('a port in use ends it with status 1 and one line', async t => {
    await t.test('by TCP', async t => {
        const other = net.createServer().listen(0, '::');
        await once(other, 'listening');
        t.after(() => other.close());
        const { code, stderr } = await run('--port', `${other.address().port}`);
        assert.equal(code, 1);
        assert.match(stderr, new RegExp(`^[^\\n]*${other.address().port}[^\\n]*\\n$`));
    });

    await t.test('by UDP', async t => {
        const other = dgram.createSocket('udp6').bind(0, '::');
        await once(other, 'listening');
        t.after(() => other.close());
        const { code, stderr } = await run('--port', `${other.address().port}`);
        assert.equal(code, 1);
        assert.match(stderr, new RegExp(`^[^\\n]*${other.address().port}[^\\n]*\\n$`));
    });

    await t.test('by another strowger', async t => {
        const server = await start(t);
        const { code, stderr } = await run('--port', `${server.port}`);
        assert.equal(code, 1);
        assert.match(stderr, new RegExp(`^[^\\n]*${server.port}[^\\n]*\\n$`));
        await server.login('A');
    });
});

test('SIGTERM ends it with status 0, whoever is connected', async t => {
    const server = await start(t, ['--mount', '/echo=echo']);
    const [a, b] = await server.login('A', 'B');
    const echo = await server.connect('/echo');
    await server.dial(); // and one that says nothing
    await server.stop();
    for (const client of [a, b, echo]) {
        await client.closed;
    }
});
